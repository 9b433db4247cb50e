"""Our tools at `/mcp`: for whom, as the official client sees them, over both servers."""

import json
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from flows.submission import Refused, parse_operation
from helix.mcp import McpEndpoint, server
from helix.mcp.inner import Answer
from helix.mcp.tools import TOOLS, Result
from helix.mcp.verbatim import PIECE, Verbatim
from tests.programs import Programs
from tests.servers import Server

Connect = Callable[..., AbstractAsyncContextManager[Client]]
OURS = {"list_flows", "get_flow", "edit_flow", "validate_flow", "run_flow", "get_run", "answer"}
FIELDS = [{"name": "city", "type": "string", "required": True}, {"name": "days", "type": "integer", "default": 3}]
GREETING = [
    {
        "kind": "add_node",
        "node": {"id": "in", "kind": "input", "x": 0, "y": 0, "settings": {"type": "form", "fields": FIELDS}},
    },
    {
        "kind": "add_node",
        "node": {
            "id": "out",
            "kind": "output",
            "x": 200,
            "y": 0,
            "settings": {"type": "text", "format_template": "Hello {{ input.city }}, {{ input.days }}"},
        },
    },
    {"kind": "add_edge", "edge": {"id": "e", "source": "in", "target": "out"}},
]


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def live(request: pytest.FixtureRequest) -> Iterator[Server]:
    many = {"HELIX_LIMIT_LOGINS_PER_MINUTE": "1000000"}  # each test has accounts of its own
    with Server(server=request.param, demo=False, workers=1, environment=many) as server:
        yield server


@pytest.fixture
def programs(live: Server) -> Programs:
    return Programs(live)


@asynccontextmanager
async def connected(live: Server, token: str, mode: str = "auto") -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(f"{live.url}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:  # type: ignore[arg-type]
            yield client


async def called(client: Client, name: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool that is to succeed; return what it gives."""
    result = await client.call_tool(name, arguments)
    assert not result.is_error, said(result)
    value: dict[str, Any] = json.loads(said(result))
    assert result.structured_content == value
    return value


async def refusal(client: Client, name: str, **arguments: Any) -> str:
    result = await client.call_tool(name, arguments)
    assert result.is_error, said(result)
    return said(result).split(":")[0]


def said(result: CallToolResult) -> str:
    (block,) = result.content
    return str(block.text)  # type: ignore[union-attr]


def posted(live: Server, body: object, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **headers}
    return httpx.post(f"{live.url}/mcp", content=content, headers=given, timeout=60)


PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


# for whom


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic YTpi", "Bearer"])
def test_without_a_good_token_nobody_is_answered(live: Server, authorization: str | None) -> None:
    answer = posted(live, PING, **({"Authorization": authorization} if authorization else {}))

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["cache-control"] == "no-store"


def test_a_cookie_is_no_token(live: Server, programs: Programs) -> None:
    assert posted(live, PING, Cookie="helix=whatever; csrftoken=x").status_code == 401


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "HEAD"])
def test_messages_come_by_post_alone(live: Server, programs: Programs, method: str) -> None:
    headers = {"Authorization": f"Bearer {programs.owner}", "Accept": "text/event-stream"}

    assert httpx.request(method, f"{live.url}/mcp", headers=headers).status_code == 405


def test_a_body_has_a_largest_size_before_and_after_the_login(live: Server, programs: Programs) -> None:
    assert posted(live, b" " * 20_000).status_code == 413
    assert posted(live, b" " * 1_048_577, Authorization=f"Bearer {programs.owner}").status_code == 413


def test_a_message_has_so_many_lists_and_objects_and_no_more(live: Server, programs: Programs) -> None:
    def answer(brackets: int) -> httpx.Response:
        message = {**PING, "params": {"_meta": {"x": [[]] * (brackets - 4), "text": '\\"[{\\' * 10_000}}}
        return posted(live, message, Authorization=f"Bearer {programs.owner}")

    assert answer(20_000).status_code == 200
    refused = answer(20_001)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert refused.headers["cache-control"] == "no-store"


def test_what_no_message_can_hold_is_read_all_the_same() -> None:
    assert Answer(200, b'{"output": ["\\ud800b\\"", {"\\udfff": 1}]}').body == {"output": ['\ufffdb"', {"\ufffd": 1}]}
    assert Answer(200, b'{"output": "\\ud83d\\ude00"}').body == {"output": "\U0001f600"}
    assert Answer(200, b"no JSON").body is None


def test_an_object_goes_into_a_message_as_it_came() -> None:
    text = '"\\ \u2028é\U0001f600' * (PIECE // 4)
    first, second = (json.dumps({"text": given}, ensure_ascii=False).encode() for given in (text, "<b>\n"))
    verbatim = Verbatim()
    marks = [verbatim.mark(first), verbatim.mark(second)]
    message = {"texts": marks, "objects": [verbatim.structured(mark) for mark in marks], "like": "verbatim"}

    pieces = list(verbatim.filled(json.dumps(message, separators=(",", ":")).encode()))
    filled = json.loads(b"".join(pieces))

    assert filled["texts"] == [first.decode(), second.decode()]
    assert filled["objects"] == [{"text": text}, {"text": "<b>\n"}]
    assert filled["like"] == "verbatim"
    assert max(map(len, pieces)) <= 12 * PIECE


def test_what_is_no_message_is_refused(live: Server, programs: Programs) -> None:
    for body in (b"no json", b"[]", b'{"jsonrpc": "2.0"}', b"\xff"):
        assert posted(live, body, Authorization=f"Bearer {programs.owner}").status_code == 400


async def test_messages_are_read_and_written_apart_and_the_api_is_called_where_it_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reading and writing messages holds up no live session."""
    threads: dict[str, set[int]] = {"api": set(), "messages": set()}
    given = server._given

    def noted(verbatim: Verbatim, result: Result) -> CallToolResult:
        threads["messages"].add(threading.get_ident())
        return given(verbatim, result)

    async def api(scope: Any, receive: Any, send: Any) -> None:
        threads["api"].add(threading.get_ident())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"items": [], "id": "f"}'})

    monkeypatch.setattr(server, "_given", noted)
    headers = [(b"authorization", b"Bearer t"), (b"content-type", b"application/json"), (b"accept", b"*/*")]
    call = {"name": "get_flow", "arguments": {"flow": "f"}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}).encode()
    received = iter([{"type": "http.request", "body": body, "more_body": False}])
    sent = list[Any]()

    async def send(event: Any) -> None:
        sent.append(event)

    async def receive() -> Any:
        return next(received)

    scope = {"type": "http", "method": "POST", "path": "/mcp", "query_string": b"", "headers": headers}
    await McpEndpoint(api, 65_536, 100)(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 200, sent
    assert json.loads(b"".join(event["body"] for event in sent[1:]))["result"]["structuredContent"] == {
        "items": [],
        "id": "f",
    }
    assert threads["api"] == {threading.get_ident()}
    assert threads["messages"].isdisjoint(threads["api"]) and threads["messages"]


async def test_a_stranger_sees_nothing_and_a_viewer_changes_nothing(live: Server, programs: Programs) -> None:
    stranger = programs.account()
    viewer = programs.account()
    programs.call(
        programs.owner, "POST", f"/flows/{programs.flow}/members", {"email": programs.email, "role": "viewer"}
    )

    async with connected(live, stranger) as client:
        assert (await called(client, "list_flows"))["items"] == []
        for name in ("get_flow", "validate_flow", "run_flow"):
            assert await refusal(client, name, flow=programs.flow) == "not_found"
        assert await refusal(client, "edit_flow", flow=programs.flow, operations=GREETING) == "not_found"
    async with connected(live, viewer) as client:
        assert (await called(client, "get_flow", flow=programs.flow))["title"] == "Shared"
        assert await refusal(client, "edit_flow", flow=programs.flow, operations=GREETING) == "forbidden"
        assert await refusal(client, "run_flow", flow=programs.flow) == "forbidden"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_flow", '{"flow": "\\ud800"}'),
        ("get_flow", '{"flow": {"a": [1]}}'),
        ("get_flow", "null"),
        ("edit_flow", '{"flow": "FLOW", "operations": "\\ud800"}'),
        ("edit_flow", '{"flow": "FLOW", "operations": [' + "[" * 150 + "]" * 150 + "]}"),
        ("run_flow", '{"flow": "FLOW", "input": 123456789012345678901234567890}'),
        ("run_flow", '{"flow": "FLOW", "version": "now"}'),
        ("list_flows", '{"limit": -5}'),
        ("answer", '{"run": "x", "task": "../..", "value": null}'),
        ("x" * 5_000, "{}"),
    ],
)
def test_hostile_arguments_are_refused_and_break_nothing(
    live: Server, programs: Programs, name: str, arguments: str
) -> None:
    params = f'{{"name": "{name}", "arguments": {arguments.replace("FLOW", programs.flow)}}}'
    body = f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {params}}}'.encode()

    answer = posted(live, body, Authorization=f"Bearer {programs.owner}")

    assert answer.status_code in (200, 400), answer.text
    said = answer.json()
    assert "error" in said or said["result"]["isError"], said
    assert "internal:" not in answer.text


@pytest.mark.parametrize("flow", ["", "x", "../me", "..%2F..%2Fme", "a/b?c#d", "\n", "é"])
async def test_an_argument_cannot_lead_elsewhere(live: Server, programs: Programs, flow: str) -> None:
    async with connected(live, programs.owner) as client:
        assert await refusal(client, "get_flow", flow=flow) == "not_found"


def test_the_edits_that_a_description_shows_are_ones() -> None:
    (tool,) = (one for one in TOOLS if one.name == "edit_flow")
    decode, text = json.JSONDecoder(), tool.schema["properties"]["operations"]["description"]
    shown = [decode.raw_decode(text, found.start())[0] for found in re.finditer(r'\{"kind"(?=: "\w+_)', text)]

    assert [one["kind"] for one in shown] == ["add_node", "edit_node", "add_edge", "remove_node"]
    assert not [one for one in map(parse_operation, shown) if isinstance(one, Refused)]


async def test_an_unknown_tool_is_told_as_such(live: Server, programs: Programs) -> None:
    async with connected(live, programs.owner) as client:
        assert await refusal(client, "drop_tables") == "not_found"


# what they do


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_model_edits_checks_runs_and_reads(live: Server, programs: Programs, mode: str) -> None:
    async with connected(live, programs.owner, mode) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(listed) == OURS
        assert {name for name, tool in listed.items() if tool.annotations and tool.annotations.read_only_hint} == {
            "list_flows",
            "get_flow",
            "validate_flow",
            "get_run",
        }

        edited = await called(client, "edit_flow", flow=programs.flow, operations=GREETING)
        assert [one["version"] for one in edited["results"]] == [2, 3, 4]
        flow = await called(client, "get_flow", flow=programs.flow)
        assert [node["id"] for node in flow["nodes"]] == ["in", "out"]
        assert flow == programs.call(programs.owner, "GET", f"/flows/{programs.flow}")
        log = programs.call(programs.owner, "GET", f"/flows/{programs.flow}/changes?since=1")["items"]
        assert [one["via"] for one in log] == ["mcp"] * 3
        assert "items" in await called(client, "validate_flow", flow=programs.flow)
        run = await called(client, "run_flow", flow=programs.flow, input={"city": "Rome"})
        read = await called(client, "get_run", run=run["id"])

    assert (read["state"], read["output"], read["trigger"]) == ("done", "Hello Rome, 3", "api")


async def test_an_input_that_does_not_fit_says_where(live: Server, programs: Programs) -> None:
    async with connected(live, programs.owner) as client:
        await called(client, "edit_flow", flow=programs.flow, operations=GREETING)
        result = await client.call_tool("run_flow", {"flow": programs.flow, "input": {"days": "many"}})

    assert result.is_error
    assert result.structured_content is not None
    assert {one["field"] for one in result.structured_content["detail"]["input"]} == {"city", "days"}


async def test_a_flow_that_is_offered_is_a_tool_of_those_who_may_run_it_and_chose_it(
    live: Server, programs: Programs
) -> None:
    editor, stranger = programs.editor(), programs.account()
    async with connected(live, programs.owner) as client:
        await called(client, "edit_flow", flow=programs.flow, operations=GREETING)
    flow = programs.call(programs.owner, "PATCH", f"/flows/{programs.flow}", {"offer_as_tool": True})
    assert (flow["offer_as_tool"], flow["version"]) == (True, 4)
    name = f"shared_{programs.flow.replace('-', '')[:8]}"

    async with connected(live, stranger) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == OURS
        assert await refusal(client, name, city="Rome") == "not_found"
    async with connected(live, editor) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == OURS
        programs.call(editor, "PATCH", f"/flows/{programs.flow}", {"starred": True})
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert tools[name].title == "Shared"
        assert tools[name].input_schema["required"] == ["city"]
        assert tools[name].input_schema["properties"]["days"]["type"] == "integer"
        assert await refusal(client, name) == "invalid"
        run = await called(client, name, city="Oslo", days=1)
        assert (run["state"], run["output"]) == ("done", "Hello Oslo, 1")

        programs.call(programs.owner, "PATCH", f"/flows/{programs.flow}", {"offer_as_tool": False})
        assert {tool.name for tool in (await client.list_tools()).tools} == OURS


async def test_a_call_that_is_sent_again_starts_nothing_new(live: Server, programs: Programs) -> None:
    async with connected(live, programs.owner) as client:
        await called(client, "edit_flow", flow=programs.flow, operations=GREETING)
        meta: Any = {"idempotency-key": "again"}
        given = {"flow": programs.flow, "input": {"city": "Rome"}}
        runs = [said(await client.call_tool("run_flow", given, meta=meta)) for _ in range(2)]

    assert json.loads(runs[0])["id"] == json.loads(runs[1])["id"]


async def test_who_may_not_edit_may_not_offer(live: Server, programs: Programs) -> None:
    viewer = programs.account()
    programs.call(
        programs.owner, "POST", f"/flows/{programs.flow}/members", {"email": programs.email, "role": "viewer"}
    )

    with pytest.raises(httpx.HTTPStatusError, match="403"):
        programs.call(viewer, "PATCH", f"/flows/{programs.flow}", {"offer_as_tool": True})
