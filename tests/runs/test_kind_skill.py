"""Skills: what code is called with, what it gives, its schemas, its time; and that nothing runs outside a sandbox."""

import os
from dataclasses import replace
from typing import Any

import pytest

from runs.errors import TaskFailure
from runs.kinds import EXECUTORS, Done
from runs.plan import Json
from runs.plan.settings import run_settings
from runs.sandbox import has_full_python
from runs.work.clock import elapsed
from tests.runs.steps import step, work_of

ADD = "def run(a, b=1):\n    return {'sum': a + b}"
NUMBERS: Json = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def run(prev: Json, code: str = ADD, **settings: Any) -> Done:
    work, _ends = work_of(step("skill", code=code, **settings), prev)
    return EXECUTORS["skill"].execute(work)


def failed(prev: Json, code: str = ADD, **settings: Any) -> TaskFailure:
    with pytest.raises(TaskFailure) as failure:
        run(prev, code, **settings)
    return failure.value


@pytest.mark.parametrize(
    ("prev", "settings", "code"),
    [
        ({"a": 1}, {"code": ""}, "skill_error"),
        ({"a": 1}, {"runtime": "unsafe"}, "invalid_input"),
        ({"b": 1}, {"input_schema": NUMBERS}, "invalid_input"),
        ("text", {"input_schema": NUMBERS}, "invalid_input"),
        ({"a": 1}, {"output_schema": {"type": "string"}}, "invalid_output"),
        ({"a": 1}, {"output_schema": {"type": "nonsense"}}, "invalid_input"),
        ({"a": 1, "c": 2}, {}, "skill_error"),
        ({"a": 1}, {"code": "def run(**prev): return {1, 2}"}, "invalid_output"),
    ],
)
def test_what_cannot_be_run_says_why(prev: Json, settings: dict[str, Any], code: str) -> None:
    failure = failed(prev, **{"code": ADD, **settings})

    assert failure.code == code
    assert failure.message
    assert not failure.is_retryable


def test_a_skill_may_take_so_much_memory(settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, skill_bytes=2_000_000)

    assert run({}, "def run(**prev): return len('x' * 1_000_000)").value == 1_000_000
    assert failed({}, "def run(**prev): return len('x' * 2_000_001)").code == "skill_error"


def test_an_object_comes_as_arguments_and_all_else_as_input() -> None:
    assert run({"a": 1}).value == {"sum": 2}
    assert run({"a": 1, "b": 5}, input_schema=NUMBERS, output_schema={"type": "object"}).value == {"sum": 6}
    assert run([1, 2], "def run(input): return input[1]").value == 2
    assert run(None, "def run(input): return input is None").value is True
    assert run({"not a name": 1}, "def run(**prev): return list(prev)").value == ["not a name"]


def test_what_is_printed_is_said() -> None:
    said = list[str]()
    work, _ends = work_of(step("skill", code="def run(**prev):\n    print('Hello')"), {}, said=said)

    EXECUTORS["skill"].execute(work)

    assert "".join(said) == "Hello\n"


def test_it_ends_at_its_time_and_at_the_deadline_of_its_task() -> None:
    endless = step("skill", code="def run(**prev):\n    while True: pass")
    soon = elapsed() + 0.3
    for work, _ends in (
        work_of(replace(endless, timeout_ms=200), {}),
        work_of(replace(endless, timeout_ms=60_000), {}, deadline=soon),
    ):
        with pytest.raises(TaskFailure) as failure:
            EXECUTORS["skill"].execute(work)
        assert (failure.value.code, failure.value.is_retryable) == ("timeout", True)


def test_what_was_cancelled_before_is_not_run() -> None:
    said = list[str]()
    work, _ends = work_of(step("skill", code="def run(**prev):\n    print('ran')"), {}, said=said)
    work.cancelled.set()

    with pytest.raises(TaskFailure, match="cancelled"):
        EXECUTORS["skill"].execute(work)
    assert said == []


def test_full_python_is_refused_where_there_is_no_sandbox_for_it() -> None:
    """As root there is none; for an ordinary user `test_sandbox` runs it."""
    if os.geteuid() == 0:
        failure = failed({"a": 1}, runtime="full")
        assert (failure.code, failure.is_retryable) == ("sandbox", True)
    else:
        assert not has_full_python() or run({"a": 1}, runtime="full").value == {"sum": 2}


def test_full_python_asks_for_a_worker_that_has_it() -> None:
    assert run_settings("skill", {"runtime": "full", "runs_on": ["gpu"]})["runs_on"] == ("full_python", "gpu")
    assert run_settings("skill", {"runtime": "safe", "runs_on": ["gpu"]})["runs_on"] == ("gpu",)
