"""Opening: a flow's page, its snapshot, the library; what the server's memory grows by; how long frames are."""

import asyncio
import http.client
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import orjson

from bench.helix_person import HelixPerson
from bench.helix_server import HelixServer
from bench.load import join
from bench.peers import Peer

TIMES = 9


@dataclass(frozen=True, slots=True)
class Page:
    """Milliseconds from the request to the first byte and to the last; the very first time, and the median after."""

    cold: float
    first_byte: float
    full: float
    kilobytes: float


def fetch(server: HelixServer, path: str, times: int = TIMES) -> Page:
    """Fetch a page again and again as a logged-in browser that stays connected; raise `RuntimeError` unless 200."""
    connection = http.client.HTTPConnection("127.0.0.1", server.program.port, timeout=60)
    taken = []
    for _ in range(times + 1):
        started = perf_counter()
        connection.request("GET", path, headers={"Cookie": server.cookie, "Accept": "text/html"})
        answer = connection.getresponse()
        first = perf_counter()
        body = answer.read()
        taken.append((first - started, perf_counter() - started, len(body)))
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
    connection.close()
    warm = taken[1:]
    return Page(
        taken[0][1] * 1000, median(t[0] for t in warm) * 1000, median(t[1] for t in warm) * 1000, taken[-1][2] / 1024
    )


async def snapshots(server: HelixServer, flow: int, times: int = TIMES) -> Page:
    """Join again and again as a program: from `hello` to the welcome, and to the last part of the snapshot."""
    taken = []
    for _ in range(times + 1):
        person = server.person(0, server.journal(), flow=flow)
        await person.socket.open()
        started = perf_counter()
        person.greet()
        await asyncio.wait_for(person.joined, 60)
        taken.append((person.welcomed - started, perf_counter() - started, person.socket.bytes_received))
        person.socket.close()
        await asyncio.sleep(0.02)
    warm = taken[1:]
    return Page(
        taken[0][1] * 1000, median(t[0] for t in warm) * 1000, median(t[1] for t in warm) * 1000, taken[-1][2] / 1024
    )


async def peer_snapshots(peer: Peer, count: int, times: int = TIMES) -> Page:
    """The same at a peer that holds a document of `count` nodes: from the first message to the whole state."""
    journal = peer.journal()
    writer = peer.person(0, journal)
    await writer.join()
    writer.fill(count)
    await asyncio.sleep(1)
    taken = []
    for number in range(1, times + 2):
        person = peer.person(number, journal)
        await person.socket.open()
        started = perf_counter()
        person.greet()
        await asyncio.wait_for(person.joined, 60)
        taken.append((perf_counter() - started, person.socket.bytes_received))
        person.socket.close()
    writer.socket.close()
    warm = median(t[0] for t in taken[1:]) * 1000
    return Page(taken[0][0] * 1000, warm, warm, taken[-1][1] / 1024)


async def growth(server: HelixServer, flow: int, nodes: int) -> float:
    """Return by how many KB a node the server grows when the flow is first joined; a small flow is open already."""
    first = server.person(0, server.journal(), flow=0)
    await first.join()
    await asyncio.sleep(0.5)
    before = server.usage.memory()
    person = server.person(1, server.journal(), flow=flow)
    await person.join()
    await asyncio.sleep(0.5)
    grown = (server.usage.memory() - before) / 1024 / nodes
    for one in (first, person):
        one.socket.close()
    return grown


async def frame_sizes(server: HelixServer) -> tuple[int, int]:
    """Return the bytes of the frame that a batch of 100 moves and one label edit come to, in `html` format."""
    writer = server.person(0, server.journal())
    reader = server.person(1, server.journal(), form="html")
    await join([writer, reader])
    moves = [{"kind": "move_node", "id": f"n{at}", "x": at * 10.25, "y": at * 7.5} for at in range(100)]
    label = {"kind": "edit_node", "id": "n0", "set": {"label": "Ask the model for a plan"}}
    sizes = [await size_of(writer, reader, seq, operation) for seq, operation in enumerate(
        ({"kind": "batch", "operations": moves}, label), 1
    )]  # fmt: skip
    for one in (writer, reader):
        one.socket.close()
    return sizes[0], sizes[1]


async def size_of(writer: HelixPerson, reader: HelixPerson, seq: int, operation: object) -> int:
    """Submit one operation and return the size of what the reader gets for it."""
    came: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def receive(payload: bytes, arrived: float) -> None:
        if payload.startswith(b'{"type":"apply_changes"') and not came.done():
            came.set_result(len(payload))

    reader.socket.receive = receive
    writer.socket.send(orjson.dumps({"type": "operate", "seq": seq, "operation": operation}))
    return await asyncio.wait_for(came, 10)
