"""Kinds that are executed inside the settling transaction: transform, decision, loop, output, sensor."""

import pytest

from runs.errors import TaskFailure
from runs.kinds import EXECUTORS, INLINE, Done, deliveries_of, goes_on, item_of, iterations
from runs.plan import Json, Step
from tests.runs.steps import step, work_of


def done(one: Step, prev: Json = None, **names: Json) -> Done:
    return INLINE[one.kind](one, {"input": {}, "nodes": {}, "prev": prev, "run": {}, **names}, prev)


def value(one: Step, prev: Json = None, **names: Json) -> Json:
    return done(one, prev, **names).value


def port(one: Step, prev: Json = None, **names: Json) -> str:
    ports = done(one, prev, **names).ports
    assert ports is not None
    (name,) = ports
    return name


def code(one: Step, prev: Json = None, **names: Json) -> str:
    with pytest.raises(TaskFailure) as failed:
        done(one, prev, **names)
    assert failed.value.message
    assert not failed.value.is_retryable
    return failed.value.code


def test_each_inline_kind_is_executed_by_a_worker_alike() -> None:
    work, _ends = work_of(step("transform", transformation="{{ prev }}!"), "Hello")

    assert EXECUTORS["transform"].execute(work) == Done("Hello!")
    assert set(INLINE) <= set(EXECUTORS)


# transform


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"type": "expression", "transformation": "nobody"}, "expression"),
        ({"type": "expression", "transformation": "1 +"}, "expression"),
        ({"type": "template", "transformation": "{{ input.nothing }}"}, "expression"),
        ({"type": "jsonpath", "transformation": "$["}, "expression"),
        ({"type": "expression", "transformation": "prev", "input_format": "json"}, "invalid_input"),
        ({"type": "template", "transformation": "no json", "output_format": "json"}, "invalid_output"),
        ({"transformation": "x", "output_format": "parquet"}, "expression"),
        ({"transformation": "x", "validation_schema": {"type": "number"}}, "invalid_output"),
        ({"transformation": "x", "validation_schema": {"type": "nonsense"}}, "invalid_input"),
        ({"transformation": "x", "validation_schema": {"$ref": "http://127.0.0.1:1/x"}}, "invalid_input"),
    ],
)
def test_a_transform_that_cannot_be_made_says_why(settings: dict[str, Json], why: str) -> None:
    assert code(step("transform", **settings), "{broken") == why


def test_a_template_gives_text_and_an_expression_any_value() -> None:
    assert value(step("transform", transformation="Dear {{ input.name }}"), input={"name": "Vera"}) == "Dear Vera"
    assert value(step("transform", type="expression", transformation="prev.a + 1"), {"a": 1}) == 2
    assert value(step("transform", type="expression", transformation="prev | lines"), "a\nb") == ["a", "b"]
    assert value(step("transform"), {"as": "it is"}) == {"as": "it is"}


def test_a_path_to_one_place_gives_its_value_and_another_a_list() -> None:
    orders: Json = {"orders": [{"id": 1}, {"id": 2}]}

    assert value(step("transform", type="jsonpath", transformation="$.orders[0].id"), orders) == 1
    assert value(step("transform", type="jsonpath", transformation="$.orders[*].id"), orders) == [1, 2]
    assert value(step("transform", type="jsonpath", transformation="$.nothing"), orders) is None
    assert value(step("transform", type="jsonpath", transformation="$.nothing[*]"), orders) == []


def test_formats_are_read_and_written() -> None:
    rows: Json = [{"a": "1", "b": "x"}, {"a": "2", "b": 'y, "z"'}]
    table = 'a,b\n1,x\n2,"y, ""z"""\n'

    assert value(step("transform", input_format="csv"), table) == rows
    assert value(step("transform", output_format="csv"), rows) == table
    assert value(step("transform", input_format="json"), '{"a": [1]}') == {"a": [1]}
    assert value(step("transform", output_format="text"), {"a": None}) == '{"a": null}'
    assert value(step("transform", input_format="lines"), "a\nb") == ["a", "b"]
    assert value(step("transform", transformation='{"n": {{ prev }}}', output_format="json"), 3) == {"n": 3}


# decision

TICKET = {"outputs": ("urgent", "question", "default"), "branches": ["urgent", "question"]}


@pytest.mark.parametrize("language", ["python", "javascript", "cel"])
def test_a_decision_in_a_language_that_nobody_speaks_is_refused(language: str) -> None:
    assert code(step("decision", expression="true", language=language)) == "expression"


def test_a_decision_without_an_expression_fails() -> None:
    assert code(step("decision")) == "expression"


def test_a_decision_chooses_the_branch_that_its_expression_names_and_hands_on_what_came_in() -> None:
    one = step("decision", expression="prev.topic", **TICKET)

    assert done(one, {"topic": "urgent"}) == Done({"topic": "urgent"}, frozenset({"urgent"}))


@pytest.mark.parametrize("topic", ["something else", None, 5, ["urgent"], "default"])
def test_what_names_no_branch_goes_to_the_default_branch(topic: Json) -> None:
    assert port(step("decision", expression="prev", **TICKET), topic) == "default"
    assert port(step("decision", expression="prev", default_branch="question", **TICKET), topic) == "question"
    assert port(step("decision", expression="prev", default_branch="gone", **TICKET), topic) == "default"


def test_a_boolean_and_a_number_stand_for_the_branch_of_their_name() -> None:
    one = step("decision", expression="prev > 3", outputs=("true", "false", "default"), branches=["true", "false"])

    assert (port(one, 4), port(one, 3)) == ("true", "false")
    for number, name in ((2, "2"), (2.0, "2"), (1e7, "10000000"), (1234567.5, "1234567.5"), (-0.25, "-0.25")):
        two = step("decision", expression="prev", outputs=("1", name, "default"), branches=["1", name])
        assert port(two, number) == name


def test_a_path_decides_by_what_it_finds() -> None:
    one = step("decision", language="jsonpath", expression="$.topic", **TICKET)
    some = step(
        "decision",
        language="jsonpath",
        expression="$.orders[?@.price > 80]",
        outputs=("true", "false", "default"),
        branches=["true", "false"],
    )

    assert port(one, {"topic": "question"}) == "question"
    assert port(some, {"orders": [{"price": 90}]}) == "true"
    assert port(some, {"orders": [{"price": 9}]}) == "false"


# loop

NAMES: dict[str, Json] = {"input": {"list": [1, 2, 3], "n": 3}, "nodes": {}, "prev": None, "run": {}}


def loop_code(one: Step) -> str:
    with pytest.raises(TaskFailure) as failed:
        iterations(one, NAMES, None)
    return failed.value.code


def test_a_loop_over_no_list_fails() -> None:
    assert loop_code(step("loop", iterate_over="input.n")) == "expression"
    assert loop_code(step("loop", iterate_over="input.gone")) == "expression"
    assert loop_code(step("loop")) == "expression"
    assert loop_code(step("loop", type="times", iterate_over="-1")) == "expression"
    assert loop_code(step("loop", type="times", iterate_over='"many"')) == "expression"


def test_times_above_its_most_fail_and_are_never_cut() -> None:
    assert loop_code(step("loop", type="times", iterate_over="input.n", max_iterations=2)) == "too_many_iterations"
    assert iterations(step("loop", type="times", iterate_over="input.n", max_iterations=3), NAMES, None) == [None] * 3


def test_more_times_than_a_run_has_room_for_make_no_list() -> None:
    assert loop_code(step("loop", type="times", iterate_over="900000000", max_iterations=10**9)) == "limit_reached"
    assert loop_code(step("loop", type="times", max_iterations=10**9)) == "limit_reached"


def test_for_each_gives_the_items_or_batches_of_them() -> None:
    assert iterations(step("loop", iterate_over="input.list", max_iterations=1), NAMES, None) == [1, 2, 3]
    assert iterations(step("loop", iterate_over="input.list", batch_size=2), NAMES, None) == [[1, 2], [3]]
    assert iterations(step("loop"), NAMES, ["from", "before"]) == ["from", "before"]
    assert item_of(step("loop"), ["a", "b"], 1, "result") == "b"


def test_while_asks_before_each_iteration() -> None:
    one = step("loop", type="while", iterate_over="index < 2 and item != 5", max_iterations=9)

    assert iterations(one, NAMES, None) is None
    assert goes_on(one, NAMES, index=0, previous=None)
    assert goes_on(one, NAMES, index=1, previous=1)
    assert not goes_on(one, NAMES, index=1, previous=5)
    assert not goes_on(one, NAMES, index=2, previous=1)


def test_until_asks_after_each_iteration_with_its_result_and_its_number() -> None:
    one = step("loop", type="until", break_condition="prev > 10 or index == 2", max_iterations=9)

    assert goes_on(one, NAMES, index=0, previous=None)
    assert goes_on(one, NAMES, index=1, previous=3)
    assert not goes_on(one, NAMES, index=1, previous=11)
    assert goes_on(one, NAMES, index=2, previous=3)
    assert not goes_on(one, NAMES, index=3, previous=3)


@pytest.mark.parametrize("settings", [{"type": "while", "iterate_over": "true"}, {"break_condition": "false"}])
def test_a_loop_that_would_go_on_after_its_most_fails(settings: dict[str, Json]) -> None:
    one = step("loop", **{"type": "until", "max_iterations": 2, **settings})

    assert goes_on(one, NAMES, index=1, previous=None)
    with pytest.raises(TaskFailure) as failed:
        goes_on(one, NAMES, index=2, previous=None)
    assert failed.value.code == "too_many_iterations"


# output and sensor


def test_an_output_gives_what_came_in_or_what_its_template_says() -> None:
    assert value(step("output"), {"a": 1}) == {"a": 1}
    assert value(step("output", format_template='{"n": {{ prev }}}'), 1) == {"n": 1}
    assert value(step("output", type="text"), {"a": 1}) == '{"a": 1}'
    assert value(step("output", type="text", format_template="Sum: {{ prev }}"), 3) == "Sum: 3"
    assert value(step("output", type="stream"), ["a", {"b": 1}]) == 'a\n{"b": 1}'
    assert code(step("output", format_template="no json")) == "invalid_output"


def test_an_output_tells_where_its_value_goes_to() -> None:
    one = step(
        "output",
        file_path="reports/{{ input.day }}.txt",
        webhook_url="https://example.com/{{ input.day }}",
        destinations=["E-mail", {"channel": "slack", "to": "{{ input.day }}"}],
    )

    found = deliveries_of(one, {"input": {"day": "mon"}}, "text")

    assert [(each.channel, each.target, each.value) for each in found] == [
        ("file", "reports/mon.txt", "text"),
        ("webhook", "https://example.com/mon", "text"),
        ("destination", "E-mail", "text"),
        ("destination", {"channel": "slack", "to": "mon"}, "text"),
    ]
    assert deliveries_of(step("output"), {}, "text") == ()


def test_a_sensor_gives_the_whole_input() -> None:
    assert value(step("sensor"), input={"event": 1}) == {"event": 1}
