"""What a run is given, against all its input nodes."""

import math

import pytest

from runs.kinds import INLINE, check_inputs
from runs.plan import Json, Step
from tests.runs.steps import plan_of, step

FORM = step(
    "input",
    "form",
    type="form",
    fields=[
        {"name": "name", "type": "string", "required": True, "maximum": 10},
        {"name": "age", "title": "Your age", "type": "integer", "minimum": 18, "maximum": 99},
        {"name": "plan", "enum": ["free", "paid"], "default": "free"},
        {"name": "news", "type": "boolean"},
    ],
)
TEXT = step("input", "t", type="text", default_values="Hello")
FILE = step("input", "f", type="file")
DATA = step("input", "j", type="json", validation_rules={"type": "array", "required": True})


def problems(given: object, *steps: Step) -> list[tuple[str, str, str]]:
    found = check_inputs(plan_of(*steps), given).problems
    assert all(one.message for one in found)
    return [(one.node, one.field, one.code) for one in found]


@pytest.mark.parametrize("given", ["text", 5, ["name"]])
def test_an_input_that_is_no_object_is_refused(given: object) -> None:
    assert problems(given, FORM) == [("", "", "invalid")]


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({}, "name", "required"),
        ({"name": ""}, "name", "required"),
        ({"name": None}, "name", "required"),
        ({"name": 5}, "name", "invalid"),
        ({"name": "much too long"}, "name", "invalid"),
        ({"name": "Vera", "age": 17}, "age", "invalid"),
        ({"name": "Vera", "age": 100}, "age", "invalid"),
        ({"name": "Vera", "age": 18.5}, "age", "invalid"),
        ({"name": "Vera", "age": True}, "age", "invalid"),
        ({"name": "Vera", "age": math.inf}, "age", "invalid"),
        ({"name": "Vera", "age": math.nan}, "age", "invalid"),
        ({"name": "Vera", "plan": "gold"}, "plan", "invalid"),
        ({"name": "Vera", "news": "yes"}, "news", "invalid"),
    ],
)
def test_a_field_that_does_not_fit_is_named(given: dict[str, Json], field: str, code: str) -> None:
    assert problems(given, FORM) == [("form", field, code)]


def test_the_fields_are_at_their_bounds_and_defaults_fill_what_is_missing() -> None:
    found = check_inputs(plan_of(FORM), {"name": "x" * 10, "age": 18, "more": 1})

    assert found.problems == ()
    assert found.input == {"name": "x" * 10, "age": 18, "plan": "free", "news": None, "more": 1}
    assert found.values == {"form": {"name": "x" * 10, "age": 18, "plan": "free", "news": None}}


@pytest.mark.parametrize(
    "value",
    [
        "data",
        {},
        {"name": "a.txt"},
        {"name": "a.txt", "data": "not base64!"},
        {"name": "a.txt", "type": 1, "data": "YQ=="},
        {"name": "", "type": "text/plain", "data": "YQ=="},
        {"name": "a.txt", "type": "text/plain", "data": "YQ==", "path": "/etc/passwd"},
    ],
)
def test_what_is_no_file_is_refused(value: Json) -> None:
    assert problems({"f": value}, FILE) == [("f", "", "invalid")]


def test_text_file_and_json_come_under_the_id_of_their_node() -> None:
    file: Json = {"name": "a.txt", "type": "text/plain", "data": "YQ=="}

    found = check_inputs(plan_of(TEXT, FILE, DATA), {"f": file, "j": [1]})

    assert found.problems == ()
    assert found.values == {"t": "Hello", "f": file, "j": [1]}
    assert found.input == {"t": "Hello", "f": file, "j": [1]}
    assert problems({"t": 5, "j": [1]}, TEXT, DATA) == [("t", "", "invalid")]


def test_rules_are_a_schema_of_the_value_or_by_field() -> None:
    by_field = step("input", "r", fields=["mail"], validation_rules={"mail": {"pattern": "^[^@]+@[^@]+$"}})

    assert problems({}, DATA) == [("j", "", "required")]
    assert problems({"j": {}}, DATA) == [("j", "", "invalid")]
    assert problems({"mail": "no"}, by_field) == [("r", "mail", "invalid")]
    assert problems({"mail": "a@b"}, by_field) == []


def test_a_node_that_is_off_asks_for_nothing() -> None:
    off = Step("form", "input", "", FORM.settings, (), ("out",), enabled=False)

    assert problems({}, off) == []


def test_an_event_needs_no_form_and_keeps_its_defaults() -> None:
    found = check_inputs(plan_of(FORM), {"event": 1}, is_event=True)

    assert found.problems == ()
    assert found.input == {"event": 1, "name": None, "age": None, "plan": "free", "news": None}


def test_a_node_takes_its_part_of_the_runs_input() -> None:
    whole: Json = {"name": "Vera", "age": 20, "plan": "paid", "news": None, "t": "text", "more": 1}

    def value(one: Step) -> Json:
        return INLINE["input"](one, {"input": whole}, None).value

    assert value(FORM) == {"name": "Vera", "age": 20, "plan": "paid", "news": None}
    assert value(TEXT) == "text"
    assert value(FILE) is None


def test_a_form_may_be_names_alone_and_its_defaults_stand_apart() -> None:
    named = step("input", "n", fields=["name", "mail", "name", 5, {"title": "none"}], default_values={"mail": "a@b"})

    assert check_inputs(plan_of(named), {"name": "Vera"}).values == {"n": {"name": "Vera", "mail": "a@b"}}
