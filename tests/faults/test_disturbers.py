"""Who does not read, who floods and who sends rubbish: they are parted with, and nobody else pays for it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.faults.disturbers import add_heavy, edit_meanwhile, flood, heavy, memory, operation_of, silent_reader
from tests.programs import Programs
from tests.servers import Server
from tests.sessions.client import Client, Closed, connect_to

ROOM = 20.0
"""MiB that the server's memory may have grown by when a disturber is gone."""


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(server=request.param) as server:
        yield server


class Room:
    """A flow with a neighbour in it, whose edits are to go on, on a server that is warm."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.programs = Programs(server)
        self.flow: str = self.programs.flow

    async def come(self, **options: object) -> Client:
        """Connect as the owner and say hello."""
        client = await connect_to(self.server.socket_url, self.programs.owner, self.flow, **options)
        await client.hello()
        return client

    async def open(self) -> None:
        self.neighbour = await self.come()
        await self.neighbour.do(add_heavy())
        for number in range(30):
            await self.neighbour.do(heavy(number))
        self.before = memory(self.server.process.pid)

    async def expect_calm(self) -> None:
        """Expect the memory back, and everything in order."""
        async with asyncio.timeout(30):
            while memory(self.server.process.pid) > self.before + ROOM:
                await self.neighbour.settle()
                await asyncio.sleep(0.2)
        final = await asyncio.to_thread(self.programs.call, self.programs.owner, "GET", f"/flows/{self.flow}")
        await self.neighbour.reach(final["version"])
        assert self.neighbour.replica.nodes == {node["id"]: node for node in final["nodes"]}


@pytest.fixture
async def room(server: Server) -> AsyncIterator[Room]:
    room = Room(server)
    await room.open()
    yield room
    await room.neighbour.leave()


async def test_who_does_not_read_is_parted_with(room: Room) -> None:
    silent = [await silent_reader(room.server.socket_url, room.programs.owner, room.flow) for _ in range(5)]
    made = 100
    for number in range(made):
        assert (await room.neighbour.do(heavy(1000 + number)))["type"] == "acked"
    for client in silent:
        assert await client.closed() in (4408, 1006), "1006 if it was not even read in time that we close"
        assert len([frame for frame in client.frames if frame["type"] == "apply_changes"]) < made
    await room.expect_calm()
    back = await room.come()
    assert back.replica.version == room.neighbour.replica.version
    await back.leave()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("x" * 100_000, (4413, 1006)),
        (operation_of(100_000), (4413, 1006)),
        (b"\x00" * 60_000, (4400, 1006)),
        ("x" * 60_000, (4400, 1006)),
        (operation_of(60_000), (0, 4408, 4429, 1006)),
        (json.dumps({"type": "ping"}), (0, 4408, 4429, 1006)),
    ],
    ids=["100 KB of nothing", "100 KB operations", "60 KB binary", "60 KB of nothing", "60 KB operations", "pings"],
)
async def test_a_flood_ends_or_is_refused_and_the_neighbours_work_goes_on(
    room: Room, text: str | bytes, codes: tuple[int, ...]
) -> None:
    disturber = await room.come()

    async def disturb() -> None:
        assert await flood(disturber, text) in codes
        await disturber.leave()

    made, acked = await edit_meanwhile(room.neighbour, disturb)
    assert acked == made > 0
    await room.expect_calm()


HOSTILE: list[str | bytes] = [
    b"",
    b"\xff\xfe",
    "",
    "{",
    "nul\x00l",
    "null",
    "[]",
    '{"type":"ping"}{"type":"ping"}',
    '{"type":"__proto__"}',
    '{"type":"constructor"}',
    '{"type":"seen","version":NaN}',
    '{"type":"presence","cursor":[1e999,0]}',
    '{"type":"seen","version":' + "9" * 5000 + "}",
    '{"type":"operate","seq":0,"operation":{}}',
    '{"type":"operate","seq":-1,"operation":{}}',
    '{"type":"operate","seq":9007199254740992,"operation":{}}',
    '{"type":"operate","seq":1e308,"operation":{}}',
    '{"type":"undo","seq":0}',
    "[" * 1000 + "]" * 1000,
    '{"type":"operate","seq":1,"operation":' + "[" * 5000 + "]" * 5000 + "}",
    '{"type":' + '{"a":' * 1000 + "1" + "}" * 1000 + "}",
    '{"type":"ping","type":"ping","extra":"' + "x" * 60_000 + '"}',
    json.dumps({"type": "presence", "selection": ["a" * 65]}),
    json.dumps({"type": "hello", "protocol": 1, "client": "x" * 8, "since": None, "format": "json"}),
]


async def test_frames_that_are_none_are_answered_and_the_fifth_in_a_row_ends_it(room: Room) -> None:
    client = await room.come()
    for number, text in enumerate(HOSTILE):
        await client.wire.send(text)
        assert (await client.next("error"))["code"] in ("invalid", "rate_limited"), text[:80]
        if number % 4 == 3:
            await client.send("ping")
            await client.next("pong")
    lines = len(room.server.log.read_text().splitlines())
    for text in HOSTILE[:5]:
        await client.wire.send(text)
    assert await client.closed() == 4400
    await room.neighbour.settle()
    said = [line for line in room.server.log.read_text().splitlines()[lines:] if "socket_closed" in line]
    assert len(said) == 1
    assert '"code": 4400' in said[0]
    await room.expect_calm()


OPERATIONS = [
    None,
    7,
    "x" * 60_000,
    [],
    {},
    {"kind": "__proto__"},
    {"kind": "add_node"},
    {"kind": "add_node", "node": {"__proto__": {"id": "a"}}},
    {"kind": "move_node", "id": "heavy-0", "x": 10**400, "y": 0},
    {"kind": "edit_node", "id": "heavy-0", "set": {"settings": {"__proto__": {"a": 1}}}},
    {"kind": "edit_node", "id": "heavy-0", "set": {"label": "\ud800"}},
    {"kind": "edit_node", "id": "heavy-0", "set": {"label": "a\x00b"}},
    {"kind": "batch", "operations": [{"kind": "batch", "operations": []}]},
]


async def test_operations_that_are_none_are_refused_each_under_its_seq(room: Room) -> None:
    client = await room.come()
    version = client.replica.version
    for operation in OPERATIONS:
        answer = await client.do(operation)
        assert (answer["type"], answer["code"]) == ("refused", "invalid"), operation
    deep = '{"type":"operate","seq":77,"operation":' + '{"a":' * 900 + "1" + "}" * 900 + "}"
    await client.wire.send(deep)
    assert (await client.answer(77))["code"] == "invalid"
    assert client.replica.version == version
    await client.leave()
    await room.expect_calm()


async def test_who_is_cut_off_in_the_middle_of_a_frame_is_only_gone(room: Room) -> None:
    client = await room.come()
    connection = client.wire._connection  # type: ignore[attr-defined]
    connection.transport.write(b"\x81\xfe\xff\xff\x00\x00\x00\x00half a frame")
    connection.transport.abort()
    with pytest.raises(Closed):
        await client.settle()
    await room.neighbour.until(lambda: client.session not in room.neighbour.people)
    await room.expect_calm()
