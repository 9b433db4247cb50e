"""Tools in skills: called from the sandbox, each once, and only those of the servers that the skill chose."""

from collections.abc import Iterator
from typing import Any

import pytest

from runs.errors import TaskFailure
from runs.kinds import EXECUTORS
from runs.plan import Json
from runs.tools.commands import ToolServerRecord, put_tool_server
from runs.tools.sessions import sessions
from tests.runs.steps import Kept, step, work_of
from tests.runs.tool_server import CALLS, ToolServer
from web.egress import networks

pytestmark = pytest.mark.django_db(transaction=True)
ADD = "def run(a, b):\n    return {'sum': int(call_tool('add', a=a, b=b))}"

CAUGHT = """def run(**prev):
    try:
        call_tool('NAME')
    except RuntimeError as error:
        return str(error)"""


class Taken(Exception):  # noqa: N818
    """As `Fenced`: the task is another worker's by now."""


class TakenAway(Kept):
    def save(self, name: str, value: Json) -> None:
        raise Taken


@pytest.fixture(autouse=True)
def server(settings: Any) -> Iterator[ToolServer]:
    settings.HELIX_EGRESS_ALLOW = networks(["127.0.0.1/32"])
    CALLS.clear()
    with ToolServer() as started:
        put_tool_server("numbers", ToolServerRecord(title="Numbers", url=started.url))
        yield started
    sessions().close()


def run(code: str, prev: Json = None, kept: Kept | None = None, **settings: Any) -> Json:
    one = step("skill", code=code, **{"tools": ["numbers"], **settings})
    work, _ends = work_of(one, {"a": 1, "b": 2} if prev is None else prev, checkpoints=kept)
    return EXECUTORS["skill"].execute(work).value


def failed(code: str, **settings: Any) -> TaskFailure:
    with pytest.raises(TaskFailure) as failure:
        run(code, **settings)
    return failure.value


def test_code_that_chose_no_server_has_no_tools() -> None:
    assert failed(ADD, tools=[]).code == "skill_error"
    assert "call_tool" in failed(ADD, tools=None).message
    assert CALLS == []


def test_a_server_that_is_not_there_fails_the_task() -> None:
    failure = failed(ADD, tools=["gone"])

    assert (failure.code, failure.is_retryable) == ("tool", False)
    assert "gone" in failure.message


def test_what_goes_wrong_in_a_tool_is_raised_in_the_code() -> None:
    assert "this tool is broken" in str(run(CAUGHT.replace("NAME", "broken")))
    assert "nothing_like_it" in str(run(CAUGHT.replace("NAME", "nothing_like_it")))
    failure = failed("def run(**prev):\n    return call_tool('broken')")
    assert failure.code == "skill_error"
    assert "this tool is broken" in failure.message


def test_code_calls_a_tool_and_uses_what_it_says() -> None:
    assert run(ADD) == {"sum": 3}
    assert CALLS == ["add 1 2"]


def test_what_was_called_before_is_not_called_again() -> None:
    kept = Kept()
    twice = "def run(a, b):\n    return [call_tool('add', a=a, b=b), call_tool('add', a=b, b=b)]"

    assert run(twice, kept=kept) == ["3", "4"]
    assert run(twice, kept=kept) == ["3", "4"]
    assert CALLS == ["add 1 2", "add 2 2"]
    assert kept.saved == ["tool 1", "tool 2"]


def test_a_call_that_the_code_failed_of_is_made_again_at_the_next_try() -> None:
    kept = Kept()
    code = "def run(a, b):\n    return [call_tool('add', a=a, b=b), call_tool('NAME', a=b, b=b)]"

    assert failed(code.replace("NAME", "broken"), kept=kept).code == "skill_error"

    assert run(code.replace("NAME", "add"), kept=kept) == ["3", "4"]
    assert CALLS == ["add 1 2", "add 2 2"]


def test_code_that_calls_for_ever_is_stopped() -> None:
    kept = Kept({f"tool {number}": {"said": "1", "is_error": False} for number in range(1, 101)})

    assert failed("def run(**prev):\n    while True: call_tool('add', a=1, b=1)", kept=kept).code == "tool"
    assert CALLS == []


def test_a_task_that_is_anothers_by_now_gives_nothing_whatever_its_code_catches() -> None:
    caught = CAUGHT.replace("'NAME'", "'add', a=1, b=1")

    with pytest.raises(Taken):
        run(caught, kept=TakenAway())
