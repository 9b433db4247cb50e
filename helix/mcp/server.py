"""The server as the library wants it: lists the caller's tools, and calls one. Imported when it is first needed."""

from typing import Any, Final

import mcp_types as types
import orjson
import structlog
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server

from helix.mcp.inner import RestApi
from helix.mcp.tools import TOOLS, Arguments, Result, Tool, tools_of
from helix.mcp.verbatim import Verbatim

INSTRUCTIONS: Final = (
    "Flows of people, edited together: read them, change them by operations, check and run them. A run goes on by "
    "itself; get_run tells what became of it."
)
KEY: Final = "idempotency-key"
"""In a call's `_meta`: a call that is sent again under the same key starts nothing new."""
log = structlog.get_logger(__name__)


def server() -> Server[Any]:
    """Return the server."""
    return Server(
        "helix",
        title="Helix",
        instructions=INSTRUCTIONS,
        on_list_tools=_list_tools,
        on_call_tool=_call_tool,
    )


async def _list_tools(
    context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
) -> types.ListToolsResult:
    found = await tools_of(_api(context))
    return types.ListToolsResult(tools=[_described(tool) for tool in found.values()])


async def _call_tool(context: ServerRequestContext[Any], params: types.CallToolRequestParams) -> types.CallToolResult:
    api, verbatim = _api(context), _verbatim(context)
    tool = next((one for one in TOOLS if one.name == params.name), None) or (await tools_of(api)).get(params.name)
    if tool is None:
        return _given(verbatim, Result(None, f"not_found: There is no tool “{params.name[:100]}”."))
    key = str((params.meta or {}).get(KEY) or "")
    try:
        return _given(verbatim, await tool.do(api, Arguments(params.arguments or {}, key[:200])))
    except Exception:
        log.exception("mcp_tool_failed", tool=params.name)
        return _given(verbatim, Result(None, "internal: Something went wrong on the server."))


def _api(context: ServerRequestContext[Any]) -> RestApi:
    scope = context.request.scope  # type: ignore[union-attr]
    return RestApi(scope["helix.api"], scope)


def _verbatim(context: ServerRequestContext[Any]) -> Verbatim:
    verbatim: Verbatim = context.request.scope["helix.verbatim"]  # type: ignore[union-attr]
    return verbatim


def _described(tool: Tool) -> types.Tool:
    hints = types.ToolAnnotations(read_only_hint=not tool.changes)
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=dict(tool.schema),
        annotations=hints,
    )


def _given(verbatim: Verbatim, result: Result) -> types.CallToolResult:
    if result.content:
        mark = verbatim.mark(result.content)
        return types.CallToolResult(
            content=[types.TextContent(text=mark)], structured_content=verbatim.structured(mark)
        )
    text = orjson.dumps(result.value).decode() if result.value is not None else ""
    said = "\n".join(part for part in (result.error, text) if part)
    structured = result.value if isinstance(result.value, dict) else None
    content: Any = [types.TextContent(text=said)]
    return types.CallToolResult(content=content, structured_content=structured, is_error=bool(result.error))
