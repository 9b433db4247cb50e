"""What a broadcast costs, counted: encodings, tasks, turns of the loop, bytes. None of it grows with the sockets.

Time depends on the machine, counts do not: so what made a broadcast cheap (docs/performance.md) is not lost unseen.
"""

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any
from uuid import uuid4

import pytest

from accounts.principals import Person
from flows.document import Document, Effect, FlowProperties, MoveNode, Node, Pair
from flows.errors import FlowReason
from flows.limits import Limits
from flows.submission import Acked, ChangeHead, Refused, Submission
from sessions.live.broadcaster import Broadcaster
from sessions.live.commits import answer_all
from sessions.live.inbox import Entry
from sessions.live.replica import Delta, Replica
from sessions.presence.board import Board
from sessions.protocol.codec import Encoded, encode_acked
from sessions.protocol.frames import Format
from sessions.sockets.admission import Admission, Credential
from sessions.sockets.socket import Socket

NODES, LIMITS = 100, Limits()
HEAD_BYTES, MOVE_BYTES, REST_BYTES = 118, 32, 200
"""At most: of each change's head, of each node that only moved, and of a frame besides."""


@dataclass
class Costs:
    """What was counted."""

    encodings: int = 0
    turns: int = 0
    tasks: int = 0
    sizes: list[int] = field(default_factory=list)


class Peer:
    """A connection that takes whole frames, as both servers' do."""

    is_writable = True

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def write_frames(self, frames: bytes) -> bool:
        self.frames.append(frames)
        return True

    def receive_text_with(self, _on_text: object) -> None:
        raise NotImplementedError


async def never(_message: dict[str, Any]) -> None:
    raise AssertionError("it went the ordinary way")


def nodes() -> list[Node]:
    return [Node(f"n{i}", "agent", i, 0, 200, 80, f"Step {i}", "", "#336699", None, True, {}) for i in range(NODES)]


def flow_with(
    sockets: int, format: Format = "json", languages: tuple[str, ...] = ("en",)
) -> tuple[Broadcaster, list[Peer]]:
    """Return a broadcaster of that many sockets."""

    async def no_database(*_: object, **__: object) -> Any:
        raise AssertionError("a broadcast asks no database")

    replica = Replica(uuid4(), LIMITS, no_database)
    replica.document, replica.version = Document(FlowProperties("Flow", ""), nodes()), 1
    broadcaster, peers = Broadcaster(replica, LIMITS), [Peer() for _ in range(sockets)]
    for number, peer in enumerate(peers):
        admission = Admission(replica.flow_id, number, Person(number), f"Person {number}", "#336699", "editor")
        language = languages[number % len(languages)]
        socket = Socket(admission, Credential(), never, LIMITS, lambda: None, language=language, wire=peer)
        socket.start(f"client-{number:04}", format, 1)
        broadcaster.add(socket)
    return broadcaster, peers


def moved(replica: Replica, count: int) -> Delta:
    """Move so many nodes, each in a version of its own."""
    first = replica.version
    pairs = {node.id: Pair(node, node.at(node.x + 1, 7)) for node in replica.document.nodes()[:count]}
    heads = tuple(ChangeHead(first + 1 + i, 4711, "0123456789ab", 100 + i, "socket") for i in range(count))
    return Delta(first, first + count, "d" * 64, heads, Effect(pairs))


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Costs]:
    """Count what happens in the block."""
    costs, loop = Costs(), asyncio.get_running_loop()
    call_soon, create_task, encode = loop.call_soon, loop.create_task, Encoded.__init__

    def soon(*args: Any, **given: Any) -> Any:
        costs.turns += 1
        return call_soon(*args, **given)

    def task(*args: Any, **given: Any) -> Any:
        costs.tasks += 1
        return create_task(*args, **given)

    def encoded(self: Encoded, text: bytes) -> None:
        costs.encodings += 1
        costs.sizes.append(len(text))
        encode(self, text)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "call_soon", soon)
        patch.setattr(loop, "create_task", task)
        patch.setattr(Encoded, "__init__", encoded)
        yield costs


def broadcast(broadcaster: Broadcaster, count: int = 1) -> None:
    delta = moved(broadcaster.replica, count)
    broadcaster.replica.advance(delta)
    broadcaster.broadcast(delta)


@pytest.mark.parametrize("sockets", [1, 500])
async def test_a_broadcast_is_encoded_once_and_written_without_a_task(
    sockets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcaster, peers = flow_with(sockets)
    with counted(monkeypatch) as costs:
        broadcast(broadcaster)
    assert (costs.encodings, costs.tasks, costs.turns) == (1, 0, 1), "the one turn measures how long to rest"
    assert {len(peer.frames) for peer in peers} == {1}
    assert len({id(peer.frames[0]) for peer in peers}) == 1, "the same bytes for all"


@pytest.mark.parametrize("sockets", [3, 300])
async def test_markup_is_encoded_once_for_each_language(sockets: int, monkeypatch: pytest.MonkeyPatch) -> None:
    broadcaster, _peers = flow_with(sockets, "html", ("en", "de", "es"))
    with counted(monkeypatch) as costs:
        broadcast(broadcaster)
    assert (costs.encodings, costs.tasks, costs.turns) == (3, 0, 1)


async def test_what_comes_while_it_rests_leaves_as_one_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    broadcaster, peers = flow_with(50)
    broadcast(broadcaster)
    with counted(monkeypatch) as costs:
        for _ in range(NODES):
            broadcast(broadcaster)
        assert (costs.encodings, costs.turns) == (0, 0)
        broadcaster.flush()
    assert (costs.encodings, costs.tasks, costs.turns) == (1, 0, 1)
    assert {len(peer.frames) for peer in peers} == {2}


@pytest.mark.parametrize("format", ["json", "html"])
async def test_bytes_of_a_broadcast(format: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    broadcaster, _peers = flow_with(2, format)
    with counted(monkeypatch) as costs:
        broadcast(broadcaster, 1)
        broadcast(broadcaster, NODES)
        broadcaster.flush()
    one, many = costs.sizes
    assert one <= REST_BYTES + HEAD_BYTES + MOVE_BYTES
    assert many <= REST_BYTES + NODES * (HEAD_BYTES + MOVE_BYTES)


@contextmanager
def calls() -> Iterator[list[str]]:
    """Gather the functions of Python that the block calls, those of the language's own too; no garbage is collected."""
    called: list[str] = []

    def note(frame: FrameType, event: str, _given: object) -> None:
        if event == "call":
            called.append(frame.f_code.co_qualname)

    gc.disable()
    sys.setprofile(note)
    try:
        yield called
    finally:
        sys.setprofile(None)
        gc.enable()
        called.pop()  # the end of this block


CALLS_A_SOCKET = 4
"""At most: for each socket of a broadcast, with the one of this test's own peer."""


async def test_a_broadcast_calls_little_for_each_socket() -> None:
    counts = []
    for sockets in (10, 110):
        broadcaster, _peers = flow_with(sockets)
        broadcast(broadcaster)
        broadcaster.discard_pending()
        broadcast(broadcaster)
        with calls() as called:
            broadcaster.flush()
        counts.append(len(called))
    assert (counts[1] - counts[0]) / 100 <= CALLS_A_SOCKET, called


CALLS_A_POINTER = 6
"""At most: for each socket that is told where others point."""


async def test_presence_calls_little_for_each_socket() -> None:
    counts = []
    for sockets in (10, 110):
        broadcaster, peers = flow_with(sockets)
        board = Board(lambda _: True, LIMITS)
        for socket in list(broadcaster)[:3]:
            board.put(socket.person)
        broadcaster.broadcast_presence(board)
        for socket in list(broadcaster)[:3]:
            board.update(socket.session, {"cursor": [1, 2]})
        with calls() as called:
            broadcaster.broadcast_presence(board)
        counts.append(len(called))
        assert len(peers[-1].frames) == 2
    assert (counts[1] - counts[0]) / 100 <= CALLS_A_POINTER, called


def answered(broadcaster: Broadcaster, answers: list[Acked | Refused]) -> None:
    """Answer a batch in which the sockets took turns."""
    sockets = list(broadcaster)
    batch = [
        Entry(Submission(operation=MoveNode("n1", 1, 1), principal=Person(1), via="socket"), socket, seq)
        for seq, socket in zip(range(len(answers)), sockets * len(answers), strict=False)
    ]
    answer_all(batch, answers, broadcaster)


async def test_plain_answers_leave_a_socket_as_one_write() -> None:
    broadcaster, peers = flow_with(4)
    answered(broadcaster, [Acked(2 + at, fresh=True) for at in range(NODES)])
    assert [len(peer.frames) for peer in peers] == [1] * 4
    for first, peer in enumerate(peers):
        assert peer.frames[0] == b"".join(encode_acked(at, 2 + at).raw for at in range(first, NODES, 4))


async def test_a_refusal_stands_in_its_place_among_the_answers() -> None:
    broadcaster, (peer,) = flow_with(1)
    refused = Refused("forbidden", FlowReason.FORBIDDEN)
    answered(broadcaster, [Acked(2, fresh=True), Acked(3, fresh=True), refused, Acked(4, fresh=True)])
    told = b"".join(peer.frames)
    at = [told.index(b'"seq":%d' % seq) for seq in range(4)]
    assert at == sorted(at)
    assert len(peer.frames) == 3


def test_bytes_of_an_answer() -> None:
    assert encode_acked(2**31, 2**31).size <= 60
