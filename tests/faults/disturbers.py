"""Clients that mean no good, and what they cost: used by tests and by `bench.disturbance`."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.sessions.client import Client, Closed, connect_to

LABEL = 2000
FLOOD = 1000


def memory(pid: int) -> float:
    """Return how much memory a process holds, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (held,) = (line.split()[1] for line in lines if line.startswith("VmRSS"))
    return int(held) / 1024


async def silent_reader(url: str, token: str, flow: str) -> Client:
    """Come in, and never read again: the connection fills up to the server."""
    client = await connect_to(url, token, flow, max_queue=1)
    client.says_seen = False
    await client.hello()
    return client


async def flood(client: Client, text: str | bytes) -> int:
    """Send the same frame a thousand times without reading, then return the code that ended it, 0 if nothing did."""
    try:
        for _ in range(FLOOD):
            await client.wire.send(text)
        await client.do(None, seq=2**53 - 1)
    except Closed as closed:
        return closed.code
    return 0


def operation_of(size: int, seq: int = 1) -> str:
    """Make a frame of so many bytes that holds an operation which is refused."""
    operation = {"kind": "edit_node", "id": "a", "set": {"label": ""}}
    text = json.dumps({"type": "operate", "seq": seq, "operation": operation})
    operation["set"] = {"label": "x" * (size - len(text))}
    return json.dumps({"type": "operate", "seq": seq, "operation": operation})


def heavy(number: int) -> dict[str, object]:
    """Make an edit that everybody is sent some forty thousand bytes for."""
    nodes = [
        {"kind": "edit_node", "id": f"heavy-{index}", "set": {"label": f"{number}" + "x" * (LABEL - 9)}}
        for index in range(20)
    ]
    return {"kind": "batch", "operations": nodes}


def add_heavy() -> dict[str, object]:
    """Add the nodes that heavy edits change."""
    nodes = [{"id": f"heavy-{index}", "kind": "note", "x": 100 * index, "y": 0} for index in range(20)]
    return {"kind": "batch", "operations": [{"kind": "add_node", "node": node} for node in nodes]}


async def edit_meanwhile(neighbour: Client, disturb: Callable[[], Awaitable[object]]) -> tuple[int, int]:
    """Let a neighbour edit, fifty times a second at most, as long as somebody disturbs: edits, acknowledgements."""
    disturbing = asyncio.ensure_future(disturb())
    made = acked = 0
    while not disturbing.done():
        made += 1
        acked += (await neighbour.do({"kind": "edit_flow", "set": {"title": f"Title {made}"}}))["type"] == "acked"
        await asyncio.sleep(0.02)
    await disturbing
    return made, acked
