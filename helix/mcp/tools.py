"""The tools: what each is called, what it takes, and the calls of the API that it is.

A tool gives back what the API answers, as JSON; a refusal is an error of the tool, with code and message, so that a
model can mend what it asked for.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from helix.mcp.inner import Answer, RestApi
from runs.models import Run

Schema = Mapping[str, Any]
WAIT_SECONDS: Final = 25.0
"""So long a tool that is a flow waits for its run."""
LOOKS: Final = (0.1, 0.2, 0.4, 0.8)
"""Seconds between two looks at a run; the last for ever."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gives: JSON, or what is wrong. `content` is an object as the API wrote it, in place of a value."""

    value: Any
    error: str = ""
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a tool is given; `key` makes a call that is sent again the same call."""

    values: Mapping[str, Any]
    key: str = ""

    def path(self, name: str) -> str:
        """Return an argument as a part of an address."""
        return quote(str(self.values.get(name, "")), safe="", errors="replace") or "-"

    def body(self, *names: str) -> dict[str, Any]:
        """Return arguments as a body, without those that were not given."""
        return {name: self.values[name] for name in names if self.values.get(name) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool. `changes` tells whether it changes anything."""

    name: str
    title: str
    description: str
    schema: Schema
    do: Callable[[RestApi, Arguments], Awaitable[Result]]
    changes: bool = True


def result_of(answer: Answer) -> Result:
    """Return what the API answered as a tool's result."""
    if answer.is_refused:
        return Result(answer.body, answer.sentence)
    return Result(None, content=answer.content) if answer.content.startswith(b"{") else Result(answer.body)


async def _list_flows(api: RestApi, given: Arguments) -> Result:
    query = {name: given.values.get(name) for name in ("q", "limit", "offset")}
    return result_of(await api.call("GET", "/flows", query=query))


async def _get_flow(api: RestApi, given: Arguments) -> Result:
    return result_of(await api.call("GET", f"/flows/{given.path('flow')}"))


async def _edit_flow(api: RestApi, given: Arguments) -> Result:
    body = given.body("operations", "version")
    answer = await api.call("POST", f"/flows/{given.path('flow')}/operations", body=body)
    if answer.is_refused:
        return result_of(answer)
    refused = [one for one in answer.body["results"] if "code" in one]
    nothing_done = refused and len(refused) == len(answer.body["results"])
    return Result(answer.body, f"{refused[0]['code']}: {refused[0]['message']}" if nothing_done else "")


async def _validate_flow(api: RestApi, given: Arguments) -> Result:
    return result_of(await api.call("GET", f"/flows/{given.path('flow')}/problems"))


async def _run_flow(api: RestApi, given: Arguments) -> Result:
    return result_of(await _started(api, given.path("flow"), given.body("input", "version"), given.key))


async def _get_run(api: RestApi, given: Arguments) -> Result:
    answer = await api.call("GET", f"/runs/{given.path('run')}")
    return result_of(answer) if answer.is_refused else Result(await _whole(api, answer.body))


async def _answer(api: RestApi, given: Arguments) -> Result:
    path = f"/runs/{given.path('run')}/tasks/{given.path('task')}/answer"
    return result_of(await api.call("POST", path, body={"value": given.values.get("value")}))


def run_of(flow: str) -> Callable[[RestApi, Arguments], Awaitable[Result]]:
    """Return a tool's work that runs one flow, and waits a moment for what it gives."""

    async def run(api: RestApi, given: Arguments) -> Result:
        answer = await _started(api, quote(flow, safe=""), {"input": dict(given.values)}, given.key)
        if answer.is_refused:
            return result_of(answer)
        found = await _waited(api, str(answer.body["id"]), time.monotonic() + WAIT_SECONDS)
        if found.is_refused:
            return result_of(found)
        whole = await _whole(api, found.body)
        failed = whole["state"] in ("failed", "cancelled")
        return Result(whole, f"{whole['state']}: {whole.get('reason') or ''}" if failed else "")

    return run


async def _started(api: RestApi, flow: str, body: Mapping[str, Any], key: str) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return await api.call("POST", f"/flows/{flow}/runs", body=body, headers=headers)


async def _waited(api: RestApi, run: str, deadline: float) -> Answer:
    """Return a run once it has ended or waits for people, or as it is when the time is over."""
    looks = iter(LOOKS)
    while True:
        answer = await api.call("GET", f"/runs/{run}")
        is_over = answer.is_refused or answer.body["state"] in (*Run.ENDED, "paused", "waiting")
        if is_over or time.monotonic() > deadline:
            return answer
        await asyncio.sleep(next(looks, LOOKS[-1]))


async def _whole(api: RestApi, run: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run with its output, however long, and with what it asks the caller."""
    whole, output = dict(run), run.get("output")
    if isinstance(output, dict) and set(output) == {"$blob", "bytes"}:
        found = await api.call("GET", f"/runs/{run['id']}/values/{quote(str(output['$blob']), safe='')}")
        whole["output"] = output if found.is_refused else found.body
    if run["state"] not in Run.ENDED:
        asked = await api.call("GET", "/questions", query={"state": "open"})
        items = [] if asked.is_refused else asked.body["items"]
        whole["questions"] = [item for item in items if item["run"] == run["id"]]
    return whole


def _schema(*required: str, **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


_FLOW: Final = {"type": "string", "description": "The id of a flow."}
_RUN: Final = {"type": "string", "description": "The id of a run."}
_ANY: Final[Schema] = {"description": "Any JSON."}
_OPERATIONS: Final = {
    "type": "array",
    "items": {"type": "object"},
    "description": (
        'Edits in order, for example {"kind": "add_node", "node": {"id": "n1", "kind": "agent", "x": 0, "y": 0}}, '
        '{"kind": "edit_node", "id": "n1", "set": {"label": "Sort", "settings": {"prompt": "…"}}}, '
        '{"kind": "add_edge", "edge": {"id": "e1", "source": "n1", "target": "n2"}}, '
        '{"kind": "remove_node", "id": "n1"}.'
    ),
}
_INPUT: Final = {
    "type": "object",
    "description": "The fields of all forms by name; for each text, file or json input a key of its node's id.",
}

TOOLS: Final = (
    Tool(
        name="list_flows",
        title="List flows",
        description="List the flows that you can see, the last changed first.",
        schema=_schema(q={"type": "string"}, limit={"type": "integer"}, offset={"type": "integer"}),
        do=_list_flows,
        changes=False,
    ),
    Tool(
        name="get_flow",
        title="Read a flow",
        description="Read a flow: its nodes with their settings, and its edges.",
        schema=_schema("flow", flow=_FLOW),
        do=_get_flow,
        changes=False,
    ),
    Tool(
        name="edit_flow",
        title="Edit a flow",
        description="Change a flow by operations; each is done or refused by itself. Others see it at once.",
        schema=_schema("flow", "operations", flow=_FLOW, operations=_OPERATIONS, version={"type": "integer"}),
        do=_edit_flow,
    ),
    Tool(
        name="validate_flow",
        title="Check a flow",
        description="List what is wrong with a flow, and what of it stops runs.",
        schema=_schema("flow", flow=_FLOW),
        do=_validate_flow,
        changes=False,
    ),
    Tool(
        name="run_flow",
        title="Run a flow",
        description="Start a run of a flow, and return it at once. `get_run` tells what became of it.",
        schema=_schema("flow", flow=_FLOW, input=_INPUT, version={"type": "integer"}),
        do=_run_flow,
    ),
    Tool(
        name="get_run",
        title="Read a run",
        description="Read a run: its state and progress, what it gave, and what it asks you.",
        schema=_schema("run", run=_RUN),
        do=_get_run,
        changes=False,
    ),
    Tool(
        name="answer",
        title="Answer a question",
        description="Answer what a task of a run asks you.",
        schema=_schema("run", "task", "value", run=_RUN, task={"type": "string"}, value=_ANY),
        do=_answer,
    ),
)
"""Those that are always there."""


async def tools_of(api: RestApi) -> dict[str, Tool]:
    """Return all tools of the caller by name: ours, and one for each flow that is offered as one."""
    answer = await api.call("GET", "/flow-tools")
    offered = [] if answer.is_refused else answer.body["items"]
    flows = [
        Tool(
            name=one["name"],
            title=one["title"],
            description=one["description"],
            schema=one["input_schema"],
            do=run_of(one["flow"]),
        )
        for one in offered
    ]
    return {tool.name: tool for tool in (*flows, *TOOLS)}
