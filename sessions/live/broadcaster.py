"""Everybody of one flow who is connected to this process, and what they are sent.

A step is encoded once for each format and put to every socket in turn. The first goes out at once; what follows while
it was being sent is collected for as long as that took, at most `LONGEST_PAUSE`, and leaves as one frame. Presence is
paced by what it costs: where a flush takes long, there are fewer of them, and edits go first.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from uuid import UUID

import structlog
from django.urls import reverse

from flows.document import Document
from flows.limits import Limits
from flows.rendering import fragments
from sessions import metrics
from sessions.live.replica import Current
from sessions.live.steps import Step, joined
from sessions.presence.board import FLUSHES_PER_SECOND, Board, Coming
from sessions.protocol.encoding import (
    Encoded,
    encode,
    fitting,
    heads,
    json_effect,
    moves,
    people_frames,
    presence_frames,
    snapshot_address,
    snapshot_parts,
    state_bytes,
)
from sessions.protocol.frames import Format
from sessions.sockets.socket import Socket

LONGEST_PAUSE = 0.016
PRESENCE_SHARE = 4
SMALLEST_ELEMENT = 100
log = structlog.get_logger(__name__)


class Audience:
    """The sockets of one flow. `document` gives the flow as it is after the last step."""

    def __init__(self, flow_id: UUID, limits: Limits, document: Callable[[], Document]) -> None:
        self._limits, self._document = limits, document
        self._flow_id = flow_id
        self._sockets: dict[str, Socket] = {}
        self._pending: list[Step] = []
        self._timer: asyncio.TimerHandle | None = None
        self._not_before = 0.0
        self._presence_cost = 0.0
        self._snapshots: tuple[int, list[Encoded]] = (-1, [])

    def __len__(self) -> int:
        return len(self._sockets)

    def __iter__(self) -> Iterator[Socket]:
        return iter(list(self._sockets.values()))

    def get(self, session: str) -> Socket | None:
        """Return a socket by its session."""
        return self._sockets.get(session)

    def has_client(self, user_id: int, client: str) -> bool:
        """Whether this client of this person is connected here."""
        return any(one.person.id == user_id and one.client == client for one in self)

    def add(self, socket: Socket) -> None:
        """Let a socket that was brought to the session's version hear what follows."""
        self._sockets[socket.session] = socket

    def remove(self, socket: Socket) -> bool:
        """Forget a socket; False if it was none of these."""
        return self._sockets.pop(socket.session, None) is not None

    def tell(self, step: Step) -> None:
        """Send a step, now or with what follows within a moment."""
        self._pending.append(step)
        wait = self._not_before - time.monotonic()
        if wait <= 0:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait, self.flush)

    def flush(self) -> None:
        """Send what was collected."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pending:
            return
        begun = time.monotonic()
        step, self._pending = joined(self._pending), []
        frames: dict[Format, Encoded | None] = {}
        for socket in self:
            if socket.format not in frames:
                frames[socket.format] = self._made(step, socket.format)
            frame = frames[socket.format]
            if frame:
                socket.send_version(frame, step.version, begun)
            else:
                self.send_snapshot(socket, step.version, step.digest)
        took = time.monotonic() - begun
        metrics.fanout_seconds.observe(took)
        self._not_before = begun + took + min(took, LONGEST_PAUSE)

    def drop(self) -> None:
        """Forget what was collected: the session starts again and brings everybody forward by itself."""
        self._pending.clear()
        self.flush()

    def frame(self, step: Step, format: Format) -> Encoded | None:
        """Encode a step, or return None if it is too long for a frame. The document is at its end."""
        moved, limit = moves(step.effect), self._limits.outbound_frame_bytes
        nodes, edges = step.effect.nodes.values(), step.effect.edges.values()
        shown = sum(node.after is not None for node in nodes) + sum(edge.after is not None for edge in edges)
        shown -= len(moved)
        if shown * SMALLEST_ELEMENT > limit:
            return None
        head = {"previous": step.previous, "version": step.version, "digest": step.digest}
        if format == "json":
            frame = encode("apply_changes", **head, changes=heads(step.changes), **json_effect(step.effect))
        else:
            html = str(fragments(step.effect, self._document()))
            places = {"move": moved} if moved else {}
            frame = encode("apply_changes", **head, changes=heads(step.changes), html=html, **places)
        return fitting(frame, limit)

    def _made(self, step: Step, format: Format) -> Encoded | None:
        """Encode a step; if that goes wrong, a snapshot must do. What is committed is not to be tried again."""
        try:
            return self.frame(step, format)
        except Exception:
            log.exception("frame_failed", flow=str(self._flow_id), version=step.version, format=format)
            return None

    def bring_forward(self, socket: Socket, since: int | None, missed: Step | None, flow: Current) -> None:
        """Send a socket that holds `since` (None: nothing) what `Current.missed` just said, or a snapshot."""
        if since == flow.version:
            return
        frame = self._made(missed, socket.format) if missed else None
        if missed and frame:
            socket.send_version(frame, missed.version, time.monotonic())
        else:
            self.send_snapshot(socket, flow.version, flow.digest, counted=socket.session in self._sockets)

    def send_snapshot(self, socket: Socket, version: int, digest: str, *, counted: bool = True) -> None:
        """Send the whole flow, or say where it is to be fetched. A newcomer's is not counted as unseen."""
        if socket.format == "html":
            parts = [snapshot_address(reverse("flows:canvas", args=[self._flow_id]), version, digest)]
        else:
            if self._snapshots[0] != version:
                limit = self._limits.outbound_frame_bytes
                self._snapshots = (version, snapshot_parts(self._document(), version, digest, limit))
            parts = self._snapshots[1]
        socket.send_snapshot(parts, version, counted=counted)

    def forget_snapshot(self) -> None:
        """Free the memory of a snapshot that nobody asked for lately."""
        self._snapshots = (-1, [])

    def tell_presence(self, board: Board) -> float:
        """Send who came and went and what people do; return for how long to pause."""
        begun = time.monotonic()
        self.flush()
        self._tell_people(board.take_comings())
        self._tell_movements(board)
        self._presence_cost = time.monotonic() - begun
        return max(1 / FLUSHES_PER_SECOND, PRESENCE_SHARE * self._presence_cost)

    def _tell_people(self, comings: list[Coming]) -> None:
        if not comings:
            return
        first = comings[0].number
        everything = self._people(comings)
        for socket in self:
            mine = everything
            if socket.number >= first:
                mine = self._people([coming for coming in comings if coming.number > socket.number])
            for frame in mine:
                socket.send(frame)

    def _people(self, comings: list[Coming]) -> list[Encoded]:
        came = [coming.entry for coming in comings if coming.entry is not None]
        went = [coming.session for coming in comings if coming.entry is None]
        return people_frames(came, went, self._limits.outbound_frame_bytes)

    def _tell_movements(self, board: Board) -> None:
        limit = self._limits.outbound_frame_bytes
        states = {session: state_bytes(session, state) for session, state in board.take_movements().items()}
        shared = presence_frames(states.values(), limit)
        for socket in self:
            if socket.is_backed_up:
                socket.missed_presence = bool(states) or socket.missed_presence
            elif socket.missed_presence:
                self.send_states(socket, board)
            elif socket.session not in states:
                for frame in shared:
                    socket.send(frame)
            else:
                others = [state for session, state in states.items() if session != socket.session]
                for frame in presence_frames(others, limit):
                    socket.send(frame)

    def send_states(self, socket: Socket, board: Board) -> None:
        """Send what everybody else is doing."""
        socket.missed_presence = False
        states = [
            state_bytes(present.person.session, present.state)
            for present in board
            if present.state and present.person.session != socket.session
        ]
        for frame in presence_frames(states, self._limits.outbound_frame_bytes):
            socket.send(frame)
