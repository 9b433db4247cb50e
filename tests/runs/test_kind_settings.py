"""Whatever stands in settings and whatever comes in: an executor gives a value or a `TaskFailure`, nothing else.

An inline kind is executed under the run's lock, where any other exception would stop the run for ever.
"""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.document import KINDS
from runs.errors import TASK_CODES, TaskFailure
from runs.kinds import INLINE, Done, check_form, check_inputs, deliveries_of, fields_of, goes_on, iterations
from runs.kinds.request import request_of
from runs.kinds.response import value_of, wait_of
from runs.plan import Json
from runs.values import encode
from tests.runs.steps import plan_of, step

TEXTS = st.sampled_from(
    [
        "",
        " ",
        "prev",
        "prev.a",
        "input",
        "{{ prev }}",
        "{{ prev.a }}",
        "{{",
        "1/0",
        "$.a",
        "$..[?@.a]",
        "json",
        "csv",
        "lines",
        "true",
        "a\nb",
        "a,b\n1,2,3\n",
        '"\0',
        "\ud800",
        "https://example.com/{{ prev }}",
        "//",
        "http://[",
        "http://ü.example/ü?ü#ü",
        "bearer",
        "basic",
        "api_key",
        "form",
        "text",
        "file",
        "expression",
        "jsonpath",
        "until",
        "while",
        "times",
        "POST",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.just("$secret"), inner, max_size=3),
    max_leaves=8,
)


def settings_of(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return settings of a kind with anything in them."""
    return st.dictionaries(st.sampled_from([setting.name for setting in KINDS[kind].settings]), VALUES, max_size=6)


def ends_well(call: Any) -> Any:
    """Return what a call gives; None if it fails as a task may."""
    try:
        return call()
    except TaskFailure as failure:
        assert failure.code in TASK_CODES
        assert failure.message
        return None


@pytest.mark.parametrize("kind", sorted(INLINE))
@given(data=st.data())
def test_an_inline_kind_gives_a_value_or_fails(kind: str, data: st.DataObject) -> None:
    one = step(kind, outputs=("a", "true", "default"), **data.draw(settings_of(kind)))
    prev: Json = data.draw(VALUES)
    names: dict[str, Json] = {"input": data.draw(VALUES), "nodes": {}, "prev": prev, "run": {}}

    done = ends_well(lambda: INLINE[kind](one, names, prev))

    assert done is None or isinstance(done, Done)
    if done is not None:
        ends_well(lambda: encode(done.value))
        assert done.ports is None or done.ports <= set(one.outputs)
    ends_well(lambda: deliveries_of(one, names, prev))


@given(settings=settings_of("loop"), prev=VALUES)
@example(settings={"type": "times", "iterate_over": "1e300", "max_iterations": 5}, prev=None)
def test_a_loop_gives_iterations_or_fails(settings: dict[str, Any], prev: Json) -> None:
    one = step("loop", **settings)
    names: dict[str, Json] = {"input": prev, "nodes": {}, "prev": prev, "run": {}}

    items = ends_well(lambda: iterations(one, names, prev))

    assert items is None or isinstance(items, list)
    for index in (0, 1, 100):
        assert ends_well(lambda index=index: goes_on(one, names, index=index, previous=prev)) in (None, True, False)


@given(settings=settings_of("input"), given_input=VALUES, form=VALUES)
def test_an_input_is_checked_to_its_problems(settings: dict[str, Any], given_input: Json, form: Json) -> None:
    for is_event in (False, True):
        checked = check_inputs(plan_of(step("input", **settings)), given_input, is_event=is_event)
        assert all(problem.message and problem.code for problem in checked.problems)
    check_form(fields_of(form), given_input)


@given(settings=settings_of("api"), prev=VALUES)
@example(settings={"url": "http://ü:x/", "params": {"a": [{"$secret": "a"}]}}, prev=None)
@example(settings={"url": "x", "body": "\ud800", "headers": {"Content-Type": "x"}}, prev=None)
def test_a_request_is_made_or_refused(settings: dict[str, Any], prev: Json) -> None:
    names: dict[str, Json] = {"input": prev, "nodes": {}, "prev": prev, "run": {}}

    request = ends_well(lambda: request_of(step("api", **settings), names, lambda name: f"secret {name}", task="t"))

    if request is not None:
        assert request.url.isascii()
        assert all(" " <= sign <= "~" or sign == "\t" for value in request.headers.values() for sign in value)


@given(
    kind=st.sampled_from(
        ["application/json", "text/plain; charset=utf-16", "image/png", "", ";;;=", "text/x; charset"]
    ),
    body=st.binary(max_size=60),
    wait=st.text(max_size=10),
)
def test_an_answer_is_read_whatever_it_is(kind: str, body: bytes, wait: str) -> None:
    value = value_of(200, {"content-type": kind, "retry-after": wait}, body, "http://x/y")

    ends_well(lambda: encode(value))
    assert (found := wait_of({"retry-after": wait})) is None or 0 <= found <= 3_600
