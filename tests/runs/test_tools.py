"""Tools of servers: who registers them, how agents call them, and what becomes of the servers that do not answer."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from runs.errors import TaskFailure
from runs.kinds.agent import execute
from runs.models import ToolServer as Row
from runs.providers.commands import ProviderRecord, put_provider
from runs.providers.health import FAILURES, REST, state_of
from runs.tools.commands import ToolServerRecord, put_tool_server
from runs.tools.servers import RESULT, connecting, key_of, listed
from runs.tools.sessions import Broken, sessions
from runs.tools.toolbox import Toolbox, ToolFailure, ToolResult, open_toolbox
from tests.api.conftest import Program
from tests.runs.agents import Kept, attempt
from tests.runs.provider import Provider, openai
from tests.runs.tool_server import CALLS, ToolServer, odd_server
from web.egress import networks

Refused = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {"tests": [sys.executable, "-m", "tests.runs.tool_server"]}
TOKEN = "Bearer very-secret"
HTTP = {"title": "Tests", "url": "https://tools.example.com/mcp", "headers": {"Authorization": TOKEN}}

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_dora(dora: User) -> Program:
    return Program(dora)


@pytest.fixture(autouse=True)
def installation(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.HELIX_EGRESS_ALLOW = networks(["127.0.0.0/8"])
    settings.HELIX_TOOL_COMMANDS = COMMANDS
    monkeypatch.chdir(ROOT)
    CALLS.clear()
    yield
    sessions().close()


@pytest.fixture(scope="module")
def server() -> Iterator[ToolServer]:
    with ToolServer() as started:
        yield started


def register(id: str, **given: Any) -> Row:
    return put_tool_server(id, ToolServerRecord(title=id.title(), **given))[0]


def asking(tools: list[str], *calls: dict[str, Any]) -> tuple[Provider, dict[str, Any]]:
    """Return a provider that calls a tool for each call, one after the other, then answers; and an agent's settings."""
    answers = [
        openai(finish="tool_calls", calls=[{"index": 0, "id": f"c{at}", "function": call}])
        for at, call in enumerate(calls)
    ]
    return Provider([*answers, openai("Done.")]), {"provider": "acme", "tools": tools, "reasoning": "react"}


def use(provider: Provider) -> None:
    record = ProviderRecord(title="Acme", dialect="openai", base_url=provider.url, models=["m"])
    put_provider("acme", record)


# who may, and what


@pytest.mark.parametrize("method", ["put", "delete"])
def test_staff_alone_register_tool_servers(
    method: str, as_alice: Program, nobody: Program, as_dora: Program, refused: Refused
) -> None:
    body = HTTP if method == "put" else None

    refused(as_alice.call(method, "/tool-servers/tests", body), 403, "forbidden")
    refused(nobody.call(method, "/tool-servers/tests", body), 401, "not_authenticated")
    assert not Row.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"title": "T"},
        {"title": "T", "url": "https://example.com", "command": "tests"},
        {"title": "T", "command": "/bin/sh"},
        {"title": "T", "command": ["/bin/sh", "-c", "true"]},
        {"title": "T", "command": "tests", "args": ["--evil"]},
        {"title": "T", "command": "tests", "headers": {"A": "b"}},
        {"title": "T", "url": "http://10.0.0.1/mcp"},
        {"title": "T", "url": "https://example.com", "headers": {"Host": "other"}},
        {"title": "T", "url": "https://example.com", "headers": {"A": "b\r\nC: d"}},
    ],
)
def test_what_is_no_tool_server_is_refused(body: dict[str, object], as_dora: Program, refused: Refused) -> None:
    refused(as_dora.put("/tool-servers/tests", body), 422, "invalid")
    assert not Row.objects.exists()


def test_everybody_sees_which_there_are_and_staff_see_where(as_dora: Program, as_alice: Program) -> None:
    assert as_dora.put("/tool-servers/tests", HTTP).status_code == 201
    seen = {"id": "tests", "title": "Tests", "state": "ok", "checked_at": None}

    assert as_alice.get("/tool-servers").json() == {"items": [seen]}  # type: ignore[attr-defined]
    assert as_alice.get("/tool-servers/tests").json() == seen  # type: ignore[attr-defined]
    assert as_dora.get("/tool-servers/tests").json() == seen | {  # type: ignore[attr-defined]
        "url": HTTP["url"],
        "command": "",
        "has_headers": True,
    }
    assert as_dora.delete("/tool-servers/tests").status_code == 204
    assert as_dora.get("/tool-servers/tests").status_code == 404


def test_headers_are_kept_sealed_and_never_shown(as_dora: Program, server: ToolServer) -> None:
    created = as_dora.put("/tool-servers/tests", {**HTTP, "url": server.url})

    assert TOKEN not in created.content.decode() + json.dumps(list(Row.objects.values()), default=str)
    server.headers.clear()
    open_toolbox(["tests"], seconds=30)
    assert {headers.get("authorization") for headers in server.headers} == {TOKEN}


# what an agent does with them


def test_an_unknown_server_fails_the_task_for_good() -> None:
    with pytest.raises(TaskFailure) as failed:
        execute(attempt({"tools": ["nobody"]}, prev="x"))

    assert (failed.value.code, failed.value.is_retryable) == ("tool", False)


@pytest.mark.parametrize("way", ["http", "command"])
def test_an_agent_calls_tools_and_answers_with_what_they_gave(way: str, server: ToolServer) -> None:
    register("tests", **({"url": server.url} if way == "http" else {"command": "tests"}))
    provider, settings = asking(
        ["tests"],
        {"name": "add", "arguments": '{"a": 2, "b": 3}'},
        {"name": "broken", "arguments": ""},
        {"name": "unknown", "arguments": "{}"},
    )
    kept = Kept()
    with provider:
        use(provider)
        assert execute(attempt(settings, prev="2 + 3?", kept=kept)).value == "Done."

    offered = [one["function"]["name"] for one in provider.asked[0]["tools"]]
    told = [one["content"] for one in provider.asked[3]["messages"] if one["role"] == "tool"]
    assert offered == ["add", "broken", "endless", "repeat", "long"]
    assert told[0] == "5"
    assert "this tool is broken" in told[1]
    assert "There is no tool" in told[2]
    assert [name for name in kept.values if "tool" in name] == ["1.tool.1.1", "1.tool.2.1", "1.tool.3.1"]


def test_what_was_called_before_is_not_called_again(server: ToolServer) -> None:
    register("tests", url=server.url)
    provider, settings = asking(["tests"], {"name": "add", "arguments": '{"a": 1, "b": 1}'})
    kept = Kept()
    with provider:
        use(provider)
        execute(attempt(settings, prev="x", kept=kept))
        del kept.values["1.model.2"]
        execute(attempt(settings, prev="x", kept=kept))

    assert CALLS == ["add 1 1"]


def test_the_built_in_model_calls_a_tool_that_is_named(server: ToolServer) -> None:
    register("tests", url=server.url)

    done = execute(attempt({"tools": ["tests"], "prompt": "Add a: 4 and b: 5"}, prev="x"))

    assert CALLS == ["add 4 4"]
    assert len(done.usage["calls"]) == 2  # type: ignore[arg-type]


def test_an_agent_that_wants_tools_for_ever_is_stopped(server: ToolServer, settings: Settings) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, tool_rounds=2)
    register("tests", url=server.url)
    provider, given = asking(["tests"], *[{"name": "add", "arguments": '{"a": 1, "b": 1}'}] * 5)
    with provider, pytest.raises(TaskFailure, match="more than 2") as failed:
        use(provider)
        execute(attempt(given, prev="x"))

    assert failed.value.code == "tool"
    assert len(CALLS) == 2


def test_an_agent_that_was_stopped_begins_anew_at_the_next_try(server: ToolServer, settings: Settings) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, tool_rounds=1)
    register("tests", url=server.url)
    call = {"name": "add", "arguments": '{"a": 1, "b": 1}'}
    provider, given = asking(["tests"], call, call)
    kept = Kept()
    with provider:
        use(provider)
        with pytest.raises(TaskFailure, match="more than 1"):
            execute(attempt(given, prev="x", kept=kept))

        execute(attempt(given, prev="x", kept=kept))

    assert len(CALLS) == 1


def test_two_servers_may_have_tools_of_one_name(server: ToolServer) -> None:
    register("first", url=server.url)
    register("se.cond", url=server.url)

    names = [tool.name for tool in open_toolbox(["first", "se.cond"], seconds=30).tools]

    assert names[:6] == ["add", "broken", "endless", "repeat", "long", "se_cond__add"]


def test_a_tool_that_takes_too_long_is_told_so_and_the_session_stays(server: ToolServer) -> None:
    register("tests", url=server.url)
    toolbox = open_toolbox(["tests"], seconds=30)

    result = toolbox.call("endless", {}, seconds=0.2, key="t")

    assert (result.is_error, result.text) == (True, "The tool took too long.")
    assert toolbox.call("add", {"a": 1, "b": 2}, seconds=30, key="t").text == "3"


def test_many_agents_share_a_session(server: ToolServer) -> None:
    register("tests", url=server.url)
    toolbox = open_toolbox(["tests"], seconds=60)

    def add(number: int) -> str:
        return toolbox.call("add", {"a": number, "b": 1}, seconds=60, key=f"t{number}").text

    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(add, range(100)))

    assert found == [str(number + 1) for number in range(100)]
    assert len(sessions()._sessions) == 1


def test_a_long_result_is_cut(server: ToolServer) -> None:
    register("tests", url=server.url)

    assert len(open_toolbox(["tests"], seconds=30).call("long", {}, seconds=30, key="t").text) < 300_000


def test_what_a_tool_gives_holds_none_of_the_headers_of_its_server(server: ToolServer) -> None:
    register("tests", url=server.url, headers={"Authorization": TOKEN, "X-Key": "swordfish", "User-Agent": "Helix 1"})
    toolbox = open_toolbox(["tests"], seconds=30)

    def repeated(text: str) -> str:
        return toolbox.call("repeat", {"text": text}, seconds=30, key="t").text

    assert repeated(f"{TOKEN}, very-secret, swordfish, Helix 1") == "•••, •••, •••, Helix 1"
    assert "very" not in repeated("x" * (RESULT - 4) + "very-secret")


def test_a_cancelled_call_ends_at_once(server: ToolServer) -> None:
    register("tests", url=server.url)
    ends = list[Callable[[], None]]()
    toolbox = open_toolbox(["tests"], seconds=60, on_cancel=ends.append)
    began, found = len(ends), list[str]()

    def call() -> None:
        try:
            toolbox.call("endless", {}, seconds=60, key="t")
        except ToolFailure as failure:
            found.append(failure.message)

    calling = threading.Thread(target=call)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("runs.tools.toolbox.note_failure", lambda row: None)  # the thread sees no transaction of ours
        calling.start()
        while len(ends) == began or "endless" not in CALLS:
            calling.join(0.01)
        ends[-1]()
        calling.join(30)

    assert found == ["Tests does not answer: the run was cancelled"]


# what becomes of servers that do not answer


def test_a_server_that_is_not_there_fails_the_task_and_is_left_alone_after_five() -> None:
    register("gone", url="http://127.0.0.1:9/mcp")

    for _try in range(FAILURES):
        with pytest.raises(ToolFailure, match="Gone does not answer"):
            open_toolbox(["gone"], seconds=10)
    with pytest.raises(ToolFailure, match="left alone"):
        open_toolbox(["gone"], seconds=10)

    assert state_of(Row.objects.get(pk="gone")) == "down"


def test_where_a_server_is_stands_in_no_failure(settings: Settings) -> None:
    settings.HELIX_TOOL_COMMANDS = {"away": ["/no/such/program"]}
    register("gone", url="http://127.0.0.1:9/mcp?key=very-secret")
    register("away", command="away")

    for id in ("gone", "away"):
        with pytest.raises(ToolFailure) as failed:
            open_toolbox([id], seconds=10)
        assert failed.value.message == f"{id.title()} does not answer: The server cannot be reached."


def test_a_name_that_leads_inside_is_not_followed(settings: Settings) -> None:
    settings.HELIX_EGRESS_ALLOW = ()
    Row.objects.create(pk="inside", title="Inside", url="http://localtest.invalid/mcp", updated_at=timezone.now())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("web.egress_async.resolved", lambda host, port: ["127.0.0.1"])
        with pytest.raises(ToolFailure):
            open_toolbox(["inside"], seconds=10)


def test_a_command_that_died_is_started_again() -> None:
    row = register("tests", command="tests")
    toolbox = open_toolbox(["tests"], seconds=60)
    assert toolbox.call("add", {"a": 1, "b": 2}, seconds=60, key="t").text == "3"

    for child in _children("tests.runs.tool_server"):
        child.kill()

    assert open_toolbox(["tests"], seconds=60).call("add", {"a": 2, "b": 2}, seconds=60, key="t").text == "4"
    assert state_of(Row.objects.get(pk=row.pk)) == "ok"


def test_a_command_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIX_SECRET_KEY", "very-secret")
    register("tests", command="tests")
    open_toolbox(["tests"], seconds=60)

    (child,) = _children("tests.runs.tool_server")

    assert "very-secret" not in child.environ().values()


def test_a_server_that_was_changed_has_a_new_session(server: ToolServer) -> None:
    register("tests", url=server.url)
    open_toolbox(["tests"], seconds=30)
    register("tests", url=server.url, headers={"X-New": "yes"})
    server.headers.clear()

    open_toolbox(["tests"], seconds=30)

    assert "yes" in {headers.get("x-new") for headers in server.headers}


# what one flow does to a server that all share

TOO_LONG = ToolResult("The tool took too long.", is_error=True)
threaded = pytest.mark.django_db(transaction=True)


@contextmanager
def under_way(box: Toolbox, *, times: int = 1, seconds: float = 60) -> Iterator[list[Future[ToolResult]]]:
    """Have others call a tool that never ends; at the end, they are cancelled."""
    ends = list[Callable[[], None]]()
    held = replace(box, on_cancel=ends.append)

    def call() -> ToolResult:
        try:
            return held.call("endless", {}, seconds=seconds, key="k")
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as threads:
        calls = [threads.submit(call) for _one in range(times)]
        while len(ends) < times:
            threading.Event().wait(0.01)
        try:
            yield calls
        finally:
            for end in ends:
                end()


def begun() -> None:
    """Wait until a call of a tool is under way."""
    while not CALLS:
        threading.Event().wait(0.01)


def failures() -> int:
    return Row.objects.get(pk="tests").failures


@threaded
def test_an_impatient_flow_breaks_no_call_of_another(server: ToolServer) -> None:
    register("tests", url=server.url)
    with under_way(open_toolbox(["tests"], seconds=30), seconds=2) as (call,):
        begun()
        with pytest.raises(ToolFailure, match="it took too long"):
            open_toolbox(["tests"], seconds=0.001)

        assert call.result(30) == TOO_LONG
    assert failures() == 0


def test_an_impatient_call_ends_no_session_that_is_being_opened() -> None:
    row = register("tests", command="tests")
    opened, began, reached = list[bool](), threading.Event(), connecting(row)

    def connect() -> Any:
        opened.append(True)
        began.set()
        return reached()

    with ThreadPoolExecutor(1) as threads:
        patient = threads.submit(sessions().call, key_of(row), connect, listed, seconds=60)
        assert began.wait(30)
        with pytest.raises(Broken) as hasty:
            sessions().call(key_of(row), connect, listed, seconds=0.001)
        assert len(patient.result(60)) == 5

    assert (hasty.value.why, hasty.value.counts, opened) == ("timeout", False, [True])


def test_an_impatient_flow_takes_a_server_from_nobody(server: ToolServer) -> None:
    register("tests", url=server.url)
    for _try in range(FAILURES):
        with pytest.raises(ToolFailure):
            open_toolbox(["tests"], seconds=0.0001)

    assert open_toolbox(["tests"], seconds=30).tools


def test_who_cancels_says_nothing_of_a_server_and_is_not_asked_again(server: ToolServer) -> None:
    register("tests", url=server.url)
    box, ended = open_toolbox(["tests"], seconds=30), list[bool]()

    def cancel(end: Callable[[], None]) -> None:
        ended.append(True)
        end()

    for _try in range(FAILURES):
        with pytest.raises(ToolFailure, match="the run was cancelled"):
            replace(box, on_cancel=cancel).call("endless", {}, seconds=30, key="k")
    with pytest.raises(ToolFailure, match="the run was cancelled"):
        open_toolbox(["tests"], seconds=30, on_cancel=cancel)

    assert (failures(), len(ended)) == (0, FAILURES + 1)


def test_when_its_rest_is_over_an_impatient_flow_is_not_the_one_that_tries(server: ToolServer) -> None:
    register("tests", url=server.url)
    Row.objects.update(failures=FAILURES, failed_at=timezone.now() - REST)

    with pytest.raises(ToolFailure, match="it took too long"):
        open_toolbox(["tests"], seconds=0.0001)

    assert open_toolbox(["tests"], seconds=30).tools
    assert failures() == 0


@threaded
def test_a_server_that_is_changed_ends_no_call(server: ToolServer) -> None:
    register("tests", url=server.url)
    with under_way(open_toolbox(["tests"], seconds=30), seconds=2) as (call,):
        begun()
        register("tests", url=server.url, headers={"X-New": "yes"})
        open_toolbox(["tests"], seconds=30)

        assert call.result(30) == TOO_LONG


@threaded
def test_many_long_calls_keep_no_other_from_its_own(server: ToolServer) -> None:
    register("tests", url=server.url)
    box = open_toolbox(["tests"], seconds=30)
    with under_way(box, times=12):
        begun()

        assert box.call("add", {"a": 1, "b": 2}, seconds=10, key="k").text == "3"
    assert failures() == 0


@threaded
@pytest.mark.parametrize("way", ["http", "command"])
@pytest.mark.parametrize("text", ["\ud800", float("nan")])
def test_arguments_that_cannot_be_sent_end_no_call_of_another(way: str, text: Any, server: ToolServer) -> None:
    register("tests", **({"url": server.url} if way == "http" else {"command": "tests"}))
    box = open_toolbox(["tests"], seconds=60)
    with under_way(box, seconds=2) as (call,):
        assert box.call("repeat", {"text": text}, seconds=30, key="k") == ToolResult("Not valid JSON.", is_error=True)

        assert call.result(30) == TOO_LONG
    assert failures() == 0


@threaded
def test_an_answer_that_is_too_long_ends_no_call_of_another(server: ToolServer, settings: Settings) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, response_bytes=500_000)
    register("tests", url=server.url)
    box = open_toolbox(["tests"], seconds=30)
    with under_way(box, seconds=2) as (call,):
        begun()
        long = box.call("long", {}, seconds=30, key="k")

        assert (long.text, long.is_error) == ("The answer is too long.", True)
        assert call.result(30) == TOO_LONG
    assert failures() == 0


def test_a_tool_that_gives_what_it_should_not_is_told_so_and_no_server_failed() -> None:
    with ToolServer(odd_server()) as odd:
        register("tests", url=odd.url)
        box = open_toolbox(["tests"], seconds=30)
        given = [box.call("odd", {}, seconds=30, key="k") for _try in range(2)]

    assert {one.is_error for one in given} == {True}
    assert "no number" in given[0].text
    assert failures() == 0


@threaded
def test_a_session_that_breaks_is_one_failure_for_all_that_are_in_it() -> None:
    register("tests", command="tests")
    with under_way(open_toolbox(["tests"], seconds=60), times=FAILURES) as calls:
        for child in _children("tests.runs.tool_server"):
            child.kill()

        assert {type(call.exception(30)) for call in calls} == {ToolFailure}
    assert failures() == 1


@pytest.mark.parametrize("given", [("endless", {}), ("repeat", {"text": "\ud800"})])
def test_calls_that_a_silent_server_answers_none_of_keep_no_session(
    given: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    register("tests", command="tests")
    box = open_toolbox(["tests"], seconds=60)
    monkeypatch.setattr("runs.tools.sessions.FAIR_SECONDS", 1.0)
    (silent,) = _children("tests.runs.tool_server")
    silent.suspend()

    assert box.call("endless", {}, seconds=1, key="k") == TOO_LONG
    assert box.call(*given, seconds=0.1, key="k").is_error
    with pytest.raises(ToolFailure, match="it took too long"):
        open_toolbox(["tests"], seconds=0.1)

    assert open_toolbox(["tests"], seconds=30).tools


def _children(word: str) -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if word in child.cmdline()]
