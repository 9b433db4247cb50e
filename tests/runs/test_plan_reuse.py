"""Which results a run that is made again may take over."""

from dataclasses import replace

import pytest

from runs.plan import downstream, result_key
from runs.plan.steps import Step
from tests.runs.test_plan_compile import looped, plan_of, step
from tests.validation.graphs import Wire, edge, node

INPUTS = {"prev": "aa", "input": "bb"}


def key(one: Step, **more: object) -> str:
    given: dict[str, object] = {"version": 1, "secrets": {"key": 3}, "inputs": INPUTS} | more
    return result_key(one, **given)  # type: ignore[arg-type]


API: Wire = {"url": "https://example.com/{{ input.id }}", "method": "POST"}


@pytest.mark.parametrize(
    "other",
    [
        {"version": 2},
        {"secrets": {"key": 4}},
        {"secrets": {}},
        {"inputs": INPUTS | {"prev": "ab"}},
        {"inputs": {"prev": "aa"}},
    ],
)
def test_what_a_result_depends_on_changes_its_key(other: dict[str, object]) -> None:
    assert key(step("api", **API)) != key(step("api", **API), **other)


def test_settings_change_it() -> None:
    assert key(step("api", **API)) != key(step("api", **API | {"method": "PUT"}))
    assert key(step("skill", code="1")) != key(step("transform", transformation="1"))


def test_labels_ids_and_how_a_step_is_tried_do_not() -> None:
    how = {"retries": 2, "retry_attempts": 3, "timeout_ms": 9, "criticality": "critical", "reuse": False}
    asked = {"runs_on": ["gpu"], "on_error": "go_on", "join": "any", "ask_first": {"question": "Go?"}}
    other = step("api", **API, **how, **asked, imported={"from": "elsewhere"})

    assert key(step("api", **API)) == key(replace(other, label="other", id="9"))


def test_the_order_of_settings_and_names_does_not() -> None:
    turned = dict(reversed(API.items()))
    assert key(step("api", **API)) == key(step("api", **turned), inputs=dict(reversed(INPUTS.items())))


def test_a_key_is_64_hex_digits_whatever_a_setting_holds() -> None:
    assert len(bytes.fromhex(key(replace(step("skill"), settings={"code": "\ud800 \x00 é"})))) == 32


def test_from_a_step_on_is_all_that_follows_it() -> None:
    nodes = [node("0", "input"), *(node(id) for id in "1234"), node("z", "output")]
    edges = [edge("0", "1"), edge("0", "2"), edge("1", "3"), edge("2", "4"), edge("3", "z"), edge("4", "z")]

    assert downstream(plan_of(nodes, edges), "1") == {"1", "3", "z"}
    assert downstream(plan_of(nodes, edges), "z") == {"z"}


def test_a_loop_that_is_made_again_makes_its_body_again() -> None:
    assert downstream(looped(), "0") == {"0", "1", "2", "3", "z"}
    assert downstream(looped(), "1") == {"1", "2", "3", "z"}


def test_from_a_step_in_a_body_on_is_the_rest_of_the_body_and_what_follows_the_loop() -> None:
    assert downstream(looped(), "3") == {"3", "1", "z"}
    assert downstream(looped(), "2") == {"2", "3", "1", "z"}
