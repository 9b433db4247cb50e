"""A real tool server, for tests: over standard input and output as a program, or over HTTP in a thread."""

import asyncio
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import mcp_types as types
from mcp.server.lowlevel.server import Server
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from tests.ports import free_port

CALLS: list[str] = []
"""What was called, in this process."""


def server() -> MCPServer:
    """Return a server with a tool for each thing that may happen."""
    made = MCPServer("tests")

    @made.tool(description="Add two numbers.")
    def add(a: int, b: int) -> int:
        CALLS.append(f"add {a} {b}")
        return a + b

    @made.tool(description="Fail.")
    def broken() -> str:
        raise ToolError("this tool is broken")

    @made.tool(description="Never end.")
    async def endless() -> str:
        CALLS.append("endless")
        await asyncio.Event().wait()
        return "never"

    @made.tool(description="Repeat.")
    def repeat(text: str) -> str:
        return text

    @made.tool(description="Say much.")
    def long() -> str:
        return "x" * 1_000_000

    return made


def odd_server() -> Server[Any]:
    """Return a server whose only tool does not give what it says it gives."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    odd = types.Tool(name="odd", input_schema={"type": "object"}, output_schema=schema)

    async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[odd])

    async def call_tool(context: Any, params: Any) -> types.CallToolResult:
        return types.CallToolResult(content=[], structured_content={"n": "no number"})

    return Server("odd", on_list_tools=list_tools, on_call_tool=call_tool)


class ToolServer:
    """The server over HTTP on this machine, or another; `headers` are those of each request."""

    def __init__(self, made: MCPServer | Server[Any] | None = None) -> None:
        self._made = made or server()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self.headers: list[dict[str, str]] = []

    def __enter__(self) -> "ToolServer":
        import uvicorn

        app = self._watched(self._made.streamable_http_app())
        config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="error", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 30
        while not self._server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(30)

    def _watched(self, app: Callable[..., Any]) -> Callable[..., Any]:
        async def watched(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
            await app(scope, receive, send)

        return watched


if __name__ == "__main__":
    server().run("stdio")
