"""The sockets of one flow in this process, and what is sent to all of them.

A delta is encoded once for each format, and as markup once for each language, and sent to each socket in order. The
first goes out at once; what follows is collected for twice as long as the sending took, at most `LONGEST_PAUSE`, and
leaves as one frame. Presence is paced by its cost: where a flush takes long, there are fewer of
them, and edits go first. A socket that takes nothing for the moment is told of others later, how things are then.
"""

import asyncio
import math
import time
from collections.abc import Iterable, Iterator

import structlog
from django.urls import reverse
from django.utils.translation import override

from flows.limits import Limits
from flows.rendering import fragments
from sessions import metrics
from sessions.live.replica import Delta, Replica, merge
from sessions.presence.board import FLUSHES_PER_SECOND, Board
from sessions.protocol.codec import (
    Encoded,
    change_entries,
    encode,
    fitting,
    json_changes,
    moves,
    people_frames,
    presence_frames,
    snapshot_parts,
    state_bytes,
)
from sessions.protocol.frames import ApplyChanges, Format, Snapshot
from sessions.sockets.admission import RosterChange
from sessions.sockets.socket import Socket

LONGEST_PAUSE = 0.016
RESTS = 2
PRESENCE_SHARE = 4
SMALLEST_ELEMENT = 100
log = structlog.get_logger(__name__)


class Broadcaster:
    """The sockets that follow a replica."""

    def __init__(self, replica: Replica, limits: Limits) -> None:
        self.replica, self._limits = replica, limits
        self._sockets: dict[str, Socket] = {}
        self._pending: list[Delta] = []
        self._timer: asyncio.TimerHandle | None = None
        self._not_before = 0.0
        self._snapshots: tuple[int, list[Encoded]] = (-1, [])
        self._roster_number = 0

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
        """Add a socket that is at the replica's version."""
        self._sockets[socket.session] = socket

    def remove(self, socket: Socket) -> bool:
        """Remove a socket; False if it was not here."""
        return self._sockets.pop(socket.session, None) is not None

    def broadcast(self, delta: Delta) -> None:
        """Send a delta, at once or joined with what follows within a moment. The replica is at its end."""
        self._pending.append(delta)
        wait = self._not_before - time.monotonic()
        if wait <= 0:
            self.flush()
        elif self._timer is None and wait < math.inf:
            self._timer = asyncio.get_running_loop().call_later(wait, self.flush)

    def flush(self) -> None:
        """Send what was collected."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pending:
            return
        started = time.monotonic()
        delta, self._pending = merge(self._pending), []
        frames: dict[tuple[Format, str], Encoded | None] = {}
        for socket in self:
            audience = socket.format, socket.language if socket.format == "html" else ""
            if audience not in frames:
                frames[audience] = self._frame_or_none(delta, *audience)
            frame = frames[audience]
            if frame:
                socket.send_version(frame, delta.version, started)
            else:
                self.send_snapshot(socket)
        self._not_before = math.inf
        asyncio.get_running_loop().call_soon(self._rest, started)

    def _rest(self, started: float) -> None:
        """Rest after a flush: `RESTS` times what it cost, with what the server wrote by the end of the loop's turn."""
        took = time.monotonic() - started
        metrics.fanout_seconds.observe(took)
        pause = min(RESTS * took, LONGEST_PAUSE)
        self._not_before = started + took + pause
        if self._pending and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(pause, self.flush)

    def send_all(self, frame: Encoded) -> None:
        """Send everybody a frame that holds no version."""
        for socket in self:
            socket.send(frame)

    def discard_pending(self) -> None:
        """Forget what was collected: the session restarts and brings every socket up to date by itself."""
        self._pending.clear()
        self.flush()

    def frame(self, delta: Delta, format: Format, language: str = "") -> Encoded | None:
        """Encode a delta, or return None if it is too long for a frame. The replica is at its end.

        Markup holds words, so there is one frame for each language; `json` holds none.
        """
        effect, moved, limit = delta.effect, moves(delta.effect), self._limits.outbound_frame_bytes
        shown = sum(node.after is not None for node in effect.nodes.values()) - len(moved)
        shown += sum(edge.after is not None for edge in effect.edges.values())
        if shown * SMALLEST_ELEMENT > limit:
            return None
        previous, version, digest, changes = delta.previous, delta.version, delta.digest, delta.changes
        if format == "json":
            frame = json_changes(effect, moved, previous=previous, version=version, digest=digest, changes=changes)
        else:
            with override(language):
                html = fragments(effect, self.replica.document)
            frame = ApplyChanges(
                previous=previous,
                version=version,
                digest=digest,
                changes=change_entries(changes),
                html=html,
                move=moved or None,
            )
        return fitting(encode(frame), limit)

    def bring_up_to_date(self, socket: Socket, since: int | None, missed: Delta | None) -> None:
        """Send a socket that holds `since` (None: nothing) what `Replica.missed` returned, or a snapshot."""
        if since == self.replica.version:
            return
        frame = self._frame_or_none(missed, socket.format, socket.language) if missed else None
        if missed and frame:
            socket.send_version(frame, missed.version, time.monotonic())
        else:
            self.send_snapshot(socket, counted=socket.session in self._sockets)

    def send_snapshot(self, socket: Socket, *, counted: bool = True) -> None:
        """Send the whole flow, or its address. A newcomer's is not counted as unseen."""
        version, digest = self.replica.version, self.replica.digest
        if socket.format == "html":
            url = reverse("flows:canvas", args=[self.replica.flow_id])
            parts = [encode(Snapshot(version=version, digest=digest, part=1, parts=1, url=url))]
        else:
            if self._snapshots[0] != version:
                limit = self._limits.outbound_frame_bytes
                self._snapshots = (version, snapshot_parts(self.replica.document, version, digest, limit))
            parts = self._snapshots[1]
        socket.send_snapshot(parts, version, counted=counted)

    def forget_snapshot(self) -> None:
        """Free the memory of a snapshot that was not asked for lately."""
        self._snapshots = (-1, [])

    def broadcast_presence(self, board: Board) -> float:
        """Send who joined and left and what people do; return how long to pause before the next time."""
        started = time.monotonic()
        self.flush()
        self._broadcast_people(board)
        self._broadcast_states(board)
        return max(1 / FLUSHES_PER_SECOND, PRESENCE_SHARE * (time.monotonic() - started))

    def send_states(self, socket: Socket, board: Board) -> None:
        """Send what the others are doing."""
        socket.owed_states = {present.person.session for present in board if present.state}
        self._send_owed(socket, board)

    def owes_presence(self) -> bool:
        """Whether a socket that was too slow for some of it can be sent it now."""
        return any(
            (socket.owed_states or socket.missed_people) and not socket.is_backed_up
            for socket in self._sockets.values()
        )

    def _frame_or_none(self, delta: Delta, format: Format, language: str) -> Encoded | None:
        """Encode a delta; a defect here leads to a snapshot, because what is committed must not be tried again."""
        try:
            return self.frame(delta, format, language)
        except Exception:
            log.exception("frame_failed", flow=str(self.replica.flow_id), version=delta.version, format=format)
            return None

    def _broadcast_people(self, board: Board) -> None:
        known, self._roster_number = self._roster_number, board.number
        changes = board.take_changes()
        shared = self._people(changes, known=known)
        for socket in self:
            if socket.missed_people or (changes and socket.is_backed_up):
                self._tell_later(socket, changes)
            elif changes:
                # A newcomer has some of these from its welcome.
                for frame in self._people(changes, known=socket.number) if socket.number > known else shared:
                    socket.send_presence(frame)

    def _tell_later(self, socket: Socket, changes: list[RosterChange]) -> None:
        """Collect who came and went; tell it as soon as the socket takes anything."""
        missed = socket.missed_people
        for change in changes:
            joined = change.since(missed.pop(change.session, None))
            if joined.concerns(socket.number):
                missed[change.session] = joined
        if missed and not socket.is_backed_up:
            socket.missed_people = {}
            for frame in self._people(list(missed.values()), known=socket.number):
                socket.send_presence(frame)

    def _people(self, changes: list[RosterChange], *, known: int) -> list[Encoded]:
        news = [change for change in changes if change.number > known]
        joined = [change.entry for change in news if change.entry is not None]
        left = [change.session for change in news if change.entry is None]
        return people_frames(joined, left, self._limits.outbound_frame_bytes)

    def _broadcast_states(self, board: Board) -> None:
        limit = self._limits.outbound_frame_bytes
        states = {session: state_bytes(session, state) for session, state in board.take_states().items()}
        shared = presence_frames(states.values(), limit)
        for own, socket in list(self._sockets.items()):
            if socket.owed_states or socket.is_backed_up:
                socket.owed_states.update(states)
                self._send_owed(socket, board)
            elif own not in states:
                self._send_states(socket, shared, states)
            else:
                others = [state for session, state in states.items() if session != own]
                self._send_states(socket, presence_frames(others, limit), states)

    def _send_states(self, socket: Socket, frames: list[Encoded], sessions: Iterable[str]) -> None:
        """Send states to a socket that takes them; when it does so no longer, it is owed all of them."""
        for number, frame in enumerate(frames):
            if number and socket.is_backed_up:
                socket.owed_states.update(sessions)
                return
            socket.send_presence(frame)

    def _send_owed(self, socket: Socket, board: Board) -> None:
        """Send the states that a socket is owed, for as long as it takes them."""
        owed = socket.owed_states
        owed.discard(socket.session)
        while owed and not socket.is_backed_up:
            states: list[bytes] = []
            room = self._limits.outbound_frame_bytes // 2
            while owed and room > 0:
                session = owed.pop()
                if state := board.state_of(session):
                    states.append(state_bytes(session, state))
                    room -= len(states[-1]) + 1
            for frame in presence_frames(states, self._limits.outbound_frame_bytes):
                socket.send_presence(frame)
