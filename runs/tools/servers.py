"""Tool servers as the library sees them: how one is reached, what it offers, and what a tool gave, as a text.

A server on the network is reached through the guard; a command is started only by the name under which the operator
set it up (`HELIX_TOOL_COMMANDS`), without our environment. What a server sends is bounded in number and length.
"""

import json
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings

from flows import limits
from flows.expressions import Json
from runs.errors import TaskFailure
from runs.models import ToolServer
from runs.providers.values import Tool
from runs.secrets import masked, unseal
from runs.tools.sessions import Broken, Key, Unheard, said, why_not, why_of
from runs.values import encode
from web.deferred_translation import kept as _
from web.egress import EgressError, check_url

if TYPE_CHECKING:
    from mcp.client._transport import Transport, TransportStreams
    from mcp.client.client import Client

TOOLS: Final = 200
"""So many tools of one server are offered."""
SCHEMA_BYTES: Final = 65_536
DESCRIPTION: Final = 2_000
RESULT: Final = 262_144
"""Characters of what a tool gave that a model gets to read."""


PLAIN: Final = frozenset({"accept", "accept-language", "content-type", "user-agent"})
"""Headers that hold no secret."""


def key_of(row: ToolServer) -> Key:
    """Return what a session with a server is known by."""
    return Key(row.pk, row.updated_at.isoformat())


def connecting(row: ToolServer) -> "Callable[[], Client]":
    """Return what opens a client of a server, in the thread of sessions. Raises `Broken`."""
    if row.command:
        words = settings.HELIX_TOOL_COMMANDS.get(row.command)
        if not words:
            raise Broken(_("HELIX_TOOL_COMMANDS names no command “{name}”.").format(name=row.command))
        return lambda: _client(_started(words))
    headers = headers_of(row)
    if headers is None:
        raise Broken(_("The headers cannot be opened: the installation's own key is another now."))
    try:
        check_url(row.url, settings.HELIX_EGRESS_ALLOW)
    except EgressError as error:
        raise Broken(why_not(error.why)) from None
    return lambda: _client(_reached(row.url, headers))


def headers_of(row: ToolServer) -> dict[str, str] | None:
    """Return the headers that go out with each call; None if no key of now opens them."""
    held = unseal(row.sealed, row.sealed_about())
    return None if held is None else json.loads(held or "{}")


def secrets_of(row: ToolServer) -> list[str]:
    """Return what may be secret of a server's headers: their values, also without the scheme before them."""
    held = [value for name, value in (headers_of(row) or {}).items() if name.lower() not in PLAIN]
    return [*held, *(value.partition(" ")[2].strip() for value in held)]


async def listed(client: "Client") -> list[Tool]:
    """Return the tools that a server offers."""
    found, cursor = list[Tool](), None
    while len(found) < TOOLS:
        page = await client.list_tools(cursor=cursor, cache_mode="bypass")
        found += [
            Tool(one.name, (one.description or one.title or "")[:DESCRIPTION], one.input_schema)
            for one in page.tools
            if len(json.dumps(one.input_schema)) <= SCHEMA_BYTES
        ]
        cursor = page.next_cursor
        if not cursor:
            break
    return found[:TOOLS]


async def called(
    client: "Client",
    name: str,
    arguments: Mapping[str, Json],
    *,
    seconds: float,
    key: str,
    secrets: Sequence[str] = (),
) -> tuple[str, bool]:
    """Return what a tool gave, as a model reads it, without secrets, and whether that is an error.

    What one call brings about is its own result: an answer that is too long or is none. Raises `Unheard` where the
    server did not answer in time, or arguments cannot be sent.
    """
    from mcp.shared.exceptions import MCPError
    from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT

    if wrong := _unsendable(arguments):
        raise Unheard(wrong)
    meta: Any = {"idempotency-key": key}
    try:
        result = await client.call_tool(name, dict(arguments), read_timeout_seconds=seconds, meta=meta)
    except MCPError as error:
        why = why_of(error)
        if why == "too_large":
            return why_not(why), True
        if error.code == REQUEST_TIMEOUT or why == "timeout":
            raise Unheard(_("The tool took too long.")) from None
        if error.code == CONNECTION_CLOSED:
            raise
        return said(str(masked(str(error), secrets))), True
    except (RuntimeError, ValueError) as error:  # what it gave does not fit its own schema, or the protocol
        return said(str(masked(str(error), secrets))), True
    text = "\n".join(_text(block) for block in result.content)
    if not text and result.structured_content is not None:
        text = json.dumps(result.structured_content, ensure_ascii=False)
    text = str(masked(text, secrets))
    if len(text) > RESULT:
        text = f"{text[:RESULT]} …"
    return text, bool(result.is_error)


def _unsendable(arguments: Mapping[str, Json]) -> str:
    """Return why arguments cannot be sent; "" if they can."""
    try:
        encode(dict(arguments))
        json.dumps(dict(arguments), ensure_ascii=False).encode()
    except TaskFailure as failure:
        return failure.message if failure.code == "too_large" else _("Not valid JSON.")
    except UnicodeEncodeError:
        return _("Not valid JSON.")
    return ""


def _text(block: Any) -> str:
    match block.type:
        case "text":
            return str(block.text)
        case "resource" if (text := getattr(block.resource, "text", None)) is not None:
            return str(text)
        case "resource_link":
            return str(block.uri)
        case kind:
            return f"[{kind}]"


@asynccontextmanager
async def _started(words: list[str]) -> "AsyncIterator[TransportStreams]":
    from mcp.client.stdio import StdioServerParameters, stdio_client

    parameters = StdioServerParameters(command=words[0], args=words[1:])
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123  (what it writes beside its messages is nobody's)
        async with stdio_client(parameters, errlog=nowhere) as streams:
            yield streams


@asynccontextmanager
async def _reached(url: str, headers: Mapping[str, str]) -> "AsyncIterator[TransportStreams]":
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    from runs.tools.requests import Apart
    from web.egress_async import guarded_transport

    most = limits.current().response_bytes
    transport = Apart(guarded_transport(settings.HELIX_EGRESS_ALLOW, most_bytes=most))
    timeout = httpx2.Timeout(30.0, read=300.0)
    async with (
        httpx2.AsyncClient(transport=transport, headers=dict(headers), timeout=timeout, trust_env=False) as http,
        streamable_http_client(url, http_client=http, max_sse_event_size=most) as streams,
    ):
        yield streams


def _client(transport: "Transport") -> "Client":
    from mcp.client.client import Client

    return Client(transport)
