"""What `bench.attacks` lets loose on a server: each is a coroutine that goes on until its process is ended.

`prepare` makes beforehand, as anybody may, what an attack needs. Whatever the server answers, and however it parts
with somebody, they come back at once.
"""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace

import httpx

from bench.websocket import Socket

BODY = 6_800_000
MEMBERS = 9_999
EDGES = 9_000
LINKS = "see https://example.com/a?b=c and [more](https://example.com/more) " * 20


@dataclass(frozen=True, slots=True)
class Target:
    """A server, a flow to be in, the tokens of those who attack, and the session of the first of them."""

    port: int
    flow: str
    tokens: list[str]
    cookie: str

    @property
    def url(self) -> str:
        """Where its calls are."""
        return f"http://127.0.0.1:{self.port}"

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        """Return a program of somebody's."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=f"{self.url}/api/v1", headers=headers, timeout=120)


async def prepare(name: str, target: Target) -> Target:
    """Make the flow that an attack takes place in, and return the target with it."""
    if name not in FLOWS:
        return target
    async with target.client(target.tokens[0]) as client:
        made = await client.post("/flows", json={"title": name, **FLOWS[name]()})
        made.raise_for_status()
        return replace(target, flow=made.json()["id"])


# Large bodies.


async def bodies(target: Target) -> None:
    """Send bodies of 720,000 unknown keys to where anybody may send one, with and without a sham token or session."""
    body = b"{" + b",".join(b'"k%06d":1' % number for number in range(BODY // 12)) + b"}"
    shams = ("", "Authorization: Bearer sham\r\n", "Cookie: helix=sham\r\n")
    places = ("/api/v1/auth/token", "/api/v1/auth/token/refresh", "/api/v1/auth/register", "/login/", "/", "/flows/")
    kinds = ("application/json", "application/x-www-form-urlencoded")
    await _crowd(4, lambda turn: _post(target, places[turn % 6], shams[turn // 6 % 3], kinds[turn // 2 % 2], body))


async def _post(target: Target, path: str, sham: str, kind: str, body: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    try:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{sham}Content-Type: {kind}\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
        for start in range(0, len(body), 65_536):
            writer.write(body[start : start + 65_536])
            await writer.drain()
        await asyncio.wait_for(reader.read(4096), 30)
    finally:
        writer.close()


# The silliest that a member may do.


async def group(target: Target) -> None:
    """Move a group of 9,999 a hundred times in a batch, and take it back."""
    moves: dict[str, object] = {
        "kind": "batch",
        "operations": [{"kind": "move_node", "id": "g", "x": at, "y": 0} for at in range(100)],
    }
    await _by_turns(target, moves)


async def hub(target: Target) -> None:
    """Remove a node of 9,000 edges, and take it back."""
    await _by_turns(target, {"kind": "remove_node", "id": "g"})


async def circles(target: Target) -> None:
    """Put a group into what lies in it, two hundred times in a call, each of which is refused."""
    circle: dict[str, object] = {"kind": "edit_node", "id": "n0", "set": {"parent": "n30"}}
    await _operations(target, [circle] * 200)


async def nesting(target: Target) -> None:
    """Move all that lies in each other, two hundred times in a call."""
    await _operations(target, [{"kind": "move_node", "id": "n0", "x": at, "y": 0} for at in range(200)])


async def canvas(target: Target) -> None:
    """Ask for the canvas and the document of ten thousand notes that are full of links."""
    async with target.client(target.tokens[0]) as client:
        places = (f"/api/v1/flows/{target.flow}", f"/flows/{target.flow}/", f"/flows/{target.flow}/canvas")
        headers: tuple[dict[str, str], ...] = ({}, {"Cookie": target.cookie}, {"Cookie": target.cookie})
        await _crowd(4, lambda turn: client.get(target.url + places[turn % 3], headers=headers[turn % 3]))


async def graph(target: Target) -> None:
    """Replace a graph of ten thousand nodes by another, again and again."""
    async with target.client(target.tokens[0]) as client:

        async def put(turn: int) -> object:
            version = (await client.get(f"/flows/{target.flow}/changes?since=999999")).json()["version"]
            nodes = [{**node, "x": turn + at} for at, node in enumerate(_notes("x"))]
            body = await asyncio.to_thread(json.dumps, {"version": version, "nodes": nodes, "edges": []})
            return await client.put(f"/flows/{target.flow}/graph", content=body)

        await _crowd(4, put)


async def pictures(target: Target) -> None:
    """Ask for pictures of ten thousand notes that are full of links."""
    async with target.client(target.tokens[0]) as client:
        formats = ("png", "pdf", "svg")
        place = f"/flows/{target.flow}/export?scale=4&format="
        await _crowd(4, lambda turn: client.get(place + formats[turn % 3]))


async def tools(target: Target) -> None:
    """Have ten thousand notes read by a tool, and tools called with a megabyte of nonsense."""
    small = {"name": "get_flow", "arguments": {"flow": target.flow}}
    large = {"name": "get_flow", "arguments": {"flow": target.flow, "more": [{"a": []}] * 100_000}}
    bodies = [json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": one}) for one in (small, large)]
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    async with target.client(target.tokens[0]) as client:
        url = f"{target.url}/mcp"
        await _crowd(8, lambda turn: client.post(url, content=bodies[turn % 2], headers=headers))


async def subscriptions(target: Target) -> None:
    """Begin GraphQL subscriptions whose text is as long as a frame, 29 times a second on each of ten sockets."""
    text = "subscription { " + "...F " * 12_000 + "} fragment F on Subscription { __typename }"
    headers = {"Authorization": f"Bearer {target.tokens[0]}", "Sec-WebSocket-Protocol": "graphql-transport-ws"}

    async def subscribe(turn: int) -> None:
        socket = await Socket(f"ws://127.0.0.1:{target.port}/ws/graphql", headers, lambda payload, arrived: None).open()
        socket.send(b'{"type":"connection_init"}')
        for number in itertools.count():
            if socket.closed is not None:
                break
            payload = {"query": text}
            socket.send(json.dumps({"type": "subscribe", "id": f"{turn}-{number}", "payload": payload}).encode())
            await asyncio.sleep(1 / 29)

    await _crowd(10, subscribe)


async def _by_turns(target: Target, operation: dict[str, object]) -> None:
    async with target.client(target.tokens[0]) as client:

        async def there_and_back(turn: int) -> object:
            if turn % 2:
                return await client.post(f"/flows/{target.flow}/undo")
            return await client.post(f"/flows/{target.flow}/operations", json={"operations": [operation]})

        await _crowd(4, there_and_back)


async def _operations(target: Target, operations: list[dict[str, object]]) -> None:
    async with target.client(target.tokens[0]) as client:
        body = json.dumps({"operations": operations})
        await _crowd(4, lambda turn: client.post(f"/flows/{target.flow}/operations", content=body))


def _notes(description: str) -> list[dict[str, object]]:
    return [
        {"id": f"n{at}", "kind": "note", "x": at % 100 * 220, "y": at // 100 * 140, "description": description}
        for at in range(10_000)
    ]


def _grouped() -> dict[str, object]:
    members = [{"id": f"n{at}", "kind": "agent", "x": at, "y": at, "parent": "g"} for at in range(MEMBERS)]
    return {"nodes": [{"id": "g", "kind": "group", "x": 0, "y": 0}, *members]}


def _hub() -> dict[str, object]:
    nodes = [{"id": f"n{at}", "kind": "agent", "x": at, "y": at} for at in range(EDGES)]
    edges = [{"id": f"e{at}", "source": "g", "target": f"n{at}"} for at in range(EDGES)]
    return {"nodes": [{"id": "g", "kind": "agent", "x": 0, "y": 0}, *nodes], "edges": edges}


def _nested() -> dict[str, object]:
    inside = [{"id": f"n{at}", "kind": "group", "x": 0, "y": 0, "parent": f"n{at - 1}"} for at in range(1, 31)]
    leaves = [{"id": f"l{at}", "kind": "note", "x": 0, "y": 0, "parent": "n30"} for at in range(9_000)]
    return {"nodes": [{"id": "n0", "kind": "group", "x": 0, "y": 0}, *inside, *leaves]}


FLOWS: dict[str, Callable[[], dict[str, object]]] = {
    "group": _grouped,
    "hub": _hub,
    "circles": _nested,
    "nesting": _nested,
    "canvas": lambda: {"nodes": _notes(LINKS[:600])},
    "graph": lambda: {"nodes": _notes("x")},
    "pictures": lambda: {"nodes": _notes(LINKS[:600])},
    "tools": lambda: {"nodes": _notes(LINKS[:600])},
}


# At the door.


async def doors(target: Target) -> None:
    """Register and log in from a new address each time, with right and wrong passwords."""
    async with target.client() as client:

        async def knock(turn: int) -> object:
            person = {"email": f"flood{turn // 3}@example.com", "password": "a long and unusual one"}
            headers = {"X-Forwarded-For": f"10.{turn >> 16 & 255}.{turn >> 8 & 255}.{turn & 255}"}
            if turn % 3 == 0:
                return await client.post("/auth/register", headers=headers, json={**person, "name": "Flood"})
            if turn % 3 == 1:
                person["password"] = "wrong"
            return await client.post("/auth/token", headers=headers, json=person)

        await _crowd(100, knock)


# Peers that are slow.


async def silence(target: Target) -> None:
    """Connect, three hundred at once: half heads, half bodies, heads without end, silence, and nobody who reads."""
    half_body = b"POST /api/v1/auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n{"
    beginnings = (
        b"",
        b"GET / HTTP/1.1\r\nHost: loc",
        half_body,
        b"GET /login/ HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200,
    )

    async def wait(turn: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", target.port)
        try:
            writer.write(beginnings[turn % 4])
            endless = turn % 5 == 0
            for _ in range(200):
                await asyncio.sleep(0.05 if endless else 0.5)
                writer.write(b"x-filler: " + b"y" * 500 + b"\r\n" if endless else b"z")
                await writer.drain()
        finally:
            writer.transport.abort()

    await _crowd(300, wait)


# Presence.


async def presence(target: Target) -> None:
    """Select 65 KB of invented ids, 29 times a second, while somebody in the flow reads slowly."""
    slow = await _join(target, target.tokens[1])
    sipping = asyncio.create_task(_sip(slow))
    viewer = await _join(target, target.tokens[0])
    for turn in itertools.count():
        ids = [f"{turn:08}-{at:06}" for at in range(3_500)]
        viewer.send(json.dumps({"type": "presence", "selection": ids}, separators=(",", ":")).encode())
        await asyncio.sleep(1 / 29)
        if sipping.done() or viewer.closed is not None:
            raise ConnectionError("parted with")


async def _sip(reader: Socket) -> None:
    while True:
        await asyncio.sleep(1)
        reader.transport.resume_reading()
        await asyncio.sleep(0.005)
        reader.transport.pause_reading()


async def _join(target: Target, token: str) -> Socket:
    url, headers = f"ws://127.0.0.1:{target.port}/ws/flows/{target.flow}/", {"Authorization": f"Bearer {token}"}
    socket = await Socket(url, headers, lambda payload, arrived: None).open()
    hello = {"type": "hello", "protocol": 1, "client": f"attack-{token[-8:]}", "format": "json"}
    socket.send(json.dumps(hello).encode())
    return socket


ATTACKS: dict[str, tuple[int, Callable[[Target], Coroutine[object, object, None]]]] = {
    "bodies": (1, bodies),
    "group": (2, group),
    "hub": (2, hub),
    "circles": (2, circles),
    "nesting": (2, nesting),
    "canvas": (2, canvas),
    "graph": (2, graph),
    "pictures": (2, pictures),
    "tools": (2, tools),
    "subscriptions": (2, subscriptions),
    "doors": (3, doors),
    "silence": (4, silence),
    "presence": (5, presence),
}
"""Each by its name, with the number of the attack that it belongs to."""


async def _crowd(width: int, act: Callable[[int], Awaitable[object]]) -> None:
    """Act so many at a time, for ever, each act with a number of its own."""
    turns = itertools.count()

    async def one() -> None:
        for turn in turns:
            with suppress(OSError, httpx.HTTPError, TimeoutError):
                await act(turn)
            await asyncio.sleep(0)

    await asyncio.gather(*(one() for _ in range(width)))
