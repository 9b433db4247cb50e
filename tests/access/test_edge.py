"""What is answered before Django, by everybody: tools at `/mcp`, static files, sockets; in the letters of `calls`.

A part of the ASGI application that is not known here fails a test, and so does a tool.
"""

from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from channels.routing import ProtocolTypeRouter, URLRouter
from django.test import override_settings

from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.models import Flow, Star
from helix.body_limit import MCP, BodyLimit
from helix.draining import Draining
from helix.mcp import McpEndpoint, McpRoute
from helix.mcp.tools import TOOLS
from helix.storage import StaticFiles
from sessions.routing import websockets
from tests.access.calls import ALL, METHODS
from tests.access.cast import BY_CODE, BY_STATUS, Somebody, assemble, differences
from tests.runs.staged import staged_run
from tests.sessions.conftest import cast, everybody_parts, live, restart

__all__ = ["cast", "everybody_parts", "live"]

PEOPLE = "1y 333 yyyy yyyyy yyyyy yy"
"""Guests have no tools: their token is for one flow and its page."""
LISTING = "1y 333 yyyy yyyyy yyy33 yy"
MEMBERS = "14 333 yyyy yyyyy yyyy4 44"
EDITORS = "14 333 33yy 3yyyy 3yyy4 44"
OFFERED = "14 333 44yy 4yyyy 4yy44 44"
"""Of those who may run it; a token for one flow lists none."""

TOOLS_OF: dict[str, tuple[dict[str, Any], str]] = {
    # tool: (arguments, row)
    "list_flows": ({}, LISTING),
    "get_flow": ({"flow": "{flow_id}"}, MEMBERS),
    "edit_flow": ({"flow": "{flow_id}", "operations": [{"kind": "move_node", "id": "n1", "x": 5, "y": 5}]}, EDITORS),
    "validate_flow": ({"flow": "{flow_id}"}, MEMBERS),
    "run_flow": ({"flow": "{flow_id}"}, EDITORS),
    "get_run": ({"run": "{run_id}"}, MEMBERS),
    "answer": ({"run": "{run_id}", "task": "{task_id}", "value": True}, EDITORS),
}
MESSAGES: dict[str, tuple[dict[str, Any], str]] = {
    # method: (parameters, row)
    "ping": ({}, PEOPLE),
    "tools/list": ({}, PEOPLE),
}
SOCKETS = {"ws/flows/<str:flow_id>/": "test_frames", "ws/graphql": "test_subscriptions", "": "refused"}


@pytest.fixture
async def people(live: None, flow: Flow, cast: dict[str, User]) -> Any:
    """Everybody, with their tokens."""
    found = await sync_to_async(assemble)(flow, *cast.values())
    for one in found.values():
        await sync_to_async(one.program.bearer)()
    yield found
    await restart()


@pytest.mark.parametrize("name", TOOLS_OF)
async def test_every_tool_by_everybody(
    name: str, people: dict[str, Somebody], flow: Flow, cast: dict[str, User]
) -> None:
    arguments, cells = TOOLS_OF[name]
    answers = {}
    for who, one in people.items():
        ids = await sync_to_async(staged_run)(cast["alice"], flow, f"/{name}") | {"flow_id": flow.pk}
        given = {key: value.format(**ids) if isinstance(value, str) else value for key, value in arguments.items()}
        answers[who] = await called(one, "tools/call", {"name": name, "arguments": given})

    assert differences(cells, answers.__getitem__) == {}


@pytest.mark.parametrize("method", MESSAGES)
async def test_every_message_by_everybody(method: str, people: dict[str, Somebody]) -> None:
    parameters, cells = MESSAGES[method]
    answers = {who: await called(one, method, parameters) for who, one in people.items()}

    assert differences(cells, answers.__getitem__) == {}


async def test_an_offered_flow_is_a_tool_of_those_who_may_run_it(people: dict[str, Somebody], flow: Flow) -> None:
    await sync_to_async(offer)(people, flow)
    answers = {}
    for who, one in people.items():
        response = await posted(one, "tools/list", {})
        tools = response.json()["result"]["tools"] if response.status_code == 200 else []
        titles = {tool["title"] for tool in tools}
        is_there = flow.title in titles and len(titles) > 1
        answers[who] = letter(response) if response.status_code != 200 else "y" if is_there else "4"

    assert differences(OFFERED, answers.__getitem__) == {}


@pytest.mark.parametrize("method", [one for one in METHODS if one != "post"])
async def test_messages_come_by_post_alone(method: str, people: dict[str, Somebody]) -> None:
    for one in people.values():
        response = await posted(one, "ping", {}, method)
        assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_static_files_are_everybody_s(people: dict[str, Somebody], tmp_path: Path) -> None:
    (tmp_path / "app.css").write_text("p{}")
    with override_settings(STATIC_ROOT=tmp_path):
        files = StaticFiles(None)
    answers = {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(files), base_url="http://localhost") as client:
        for who, one in people.items():
            for method in METHODS:
                headers = bearing(one)
                response = await client.request(method, "/static/app.css", headers=headers)
                answers[who, method] = response.status_code, response.headers.get("allow")

    assert differences(ALL, lambda who: "y" if answers[who, "get"] == answers[who, "head"] == (200, None) else "") == {}
    refused = {answer for (_, method), answer in answers.items() if method not in {"get", "head"}}
    assert refused == {(405, "GET, HEAD")}


def test_no_tool_is_missing_here() -> None:
    assert {tool.name for tool in TOOLS} == TOOLS_OF.keys()


def test_no_part_of_the_application_is_missing_here() -> None:
    from helix.asgi import application

    assert isinstance(application, Draining) and isinstance(application.app, ProtocolTypeRouter)
    parts = application.app.application_mapping
    assert parts.keys() == {"http", "websocket"}
    http = parts["http"]
    assert isinstance(http, StaticFiles) and isinstance(http.application, BodyLimit)
    assert isinstance(http.application.app, McpRoute) and MCP == "/mcp"
    assert isinstance(http.application.app.mcp.app, McpEndpoint)  # type: ignore[attr-defined]
    assert parts["websocket"] is websockets and isinstance(websockets, URLRouter)
    assert {str(one.pattern) for one in websockets.routes} == SOCKETS.keys()


def offer(people: dict[str, Somebody], flow: Flow) -> None:
    """Offer the flow as a tool, and let all who have an account choose it."""
    owner = people["owner"].program.user
    assert owner is not None
    commands.offer_as_tool(Person(owner.pk), flow.pk, is_offered=True)
    chosen = {one.program.user.pk for one in people.values() if one.program.user is not None}
    Star.objects.bulk_create(Star(flow=flow, user_id=user) for user in chosen)


def bearing(somebody: Somebody) -> dict[str, str]:
    """Return the headers of somebody's request."""
    return {"Authorization": f"Bearer {somebody.program.access}"} if somebody.program.access else {}


async def posted(somebody: Somebody, method: str, parameters: dict[str, Any], way: str = "post") -> httpx.Response:
    """Send a message to `/mcp`."""
    from helix.asgi import http

    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    headers = {"Accept": "application/json, text/event-stream", **bearing(somebody)}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(http), base_url="http://localhost") as client:
        return await client.request(way, MCP, json=body, headers=headers)


async def called(somebody: Somebody, method: str, parameters: dict[str, Any]) -> str:
    """Return the letter of what a message is answered."""
    response = await posted(somebody, method, parameters)
    if response.status_code != 200:
        return letter(response)
    result = response.json().get("result")
    if result is None or not result.get("isError"):
        return "y" if result is not None else response.text
    code = result["content"][0]["text"].partition(":")[0]
    return BY_CODE.get(code, code)


def letter(response: httpx.Response) -> str:
    """Return the letter of a refusal before any message is read."""
    return BY_STATUS.get(response.status_code, response.text)
