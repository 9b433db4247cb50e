"""Keeps the board up to date: with our people as they join, move and leave, with other processes' as announced.

Every process announces its people to the flow's group: all of them every `ANNOUNCE_SECONDS`, and each change as it
happens. A "process" here is one live session of it, so that an ending session takes no one of its successor along.
Messages of the group are validated like any outside input. Nothing depends on a goodbye: silence is enough. The
board's changes are flushed to our sockets and to the group at a pace that the broadcaster sets.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, Protocol

import structlog

from flows.limits import Limits
from sessions.presence.board import Board
from sessions.presence.state import State, merge
from sessions.processes.group_channel import GroupChannel, Message
from sessions.protocol.codec import valid_state
from sessions.protocol.codes import Close
from sessions.protocol.fields import is_count
from sessions.sockets.admission import Participant
from sessions.sockets.socket import Socket

log = structlog.get_logger(__name__)


class Sockets(Protocol):
    """The sockets that presence is sent to."""

    def __iter__(self) -> Iterator[Socket]:
        """Go through a copy of them."""

    def remove(self, socket: Socket) -> bool:
        """Remove a socket; False if it was not here."""

    def owes_presence(self) -> bool:
        """Whether a socket that was too slow for some of it can be sent it now."""

    def broadcast_presence(self, board: Board) -> float:
        """Send the board's changes; return how long to pause before the next time."""


class PresenceSync:
    """Presence of one flow in one process."""

    def __init__(self, board: Board, broadcaster: Sockets, channel: GroupChannel, process: str, limits: Limits) -> None:
        self._board, self._broadcaster, self._channel = board, broadcaster, channel
        self._process, self._limits = process, limits
        self._timer: asyncio.TimerHandle | None = None
        self._not_before = 0.0
        self._unsent: dict[str, dict[str, object]] = {}

    def start(self) -> None:
        """Ask the other processes for their people, and announce ours."""
        self._send("live.ask")
        self.announce()

    def add(self, socket: Socket) -> None:
        """Add a person; an older socket of the same person and client is closed."""
        for other in self._broadcaster:
            if other.person.id == socket.person.id and other.client == socket.client:
                other.close(Close.REPLACED)
                self._broadcaster.remove(other)
                self.remove(other)
        self._send("live.replaced", user=socket.person.id, client=socket.client)
        self.update_person(socket.person)
        socket.number = self._board.number
        log.info("person_joined", flow=str(socket.flow_id), user=socket.person.id, session=socket.session)

    def update_person(self, person: Participant) -> None:
        """Put one of ours on the board, new or changed."""
        self._board.put(person)
        self._send("live.people", whole=False, people=[_encode(person, {})], left=[])
        self.schedule_flush()

    def remove(self, socket: Socket) -> None:
        """Take one of ours off the board."""
        self._board.remove(socket.session)
        self._unsent.pop(socket.session, None)
        self._send("live.people", whole=False, people=[], left=[socket.session])
        self.schedule_flush()
        log.info("person_left", flow=str(socket.flow_id), user=socket.person.id, session=socket.session)

    def update_state(self, session: str, state: State) -> None:
        """Update what one of ours is doing."""
        kept = self._board.update(session, state)
        if not self._channel.is_alone:
            merge(self._unsent.setdefault(session, {}), kept)
        self.schedule_flush()

    def announce(self) -> None:
        """Announce all our people, unless no other process is there to hear it."""
        if self._channel.is_alone:
            return
        people = [_encode(present.person, present.state) for present in self._board.ours()]
        self._send("live.people", whole=True, people=people, left=[])

    def forget_silent(self) -> None:
        """Forget processes that have been silent for too long."""
        self._board.forget_silent(time.monotonic(), self._limits.presence_seconds)
        self.schedule_flush()

    def schedule_flush(self) -> None:
        """Flush soon, if there is anything to flush."""
        if self._timer is None and (self._board.has_changes() or self._unsent or self._broadcaster.owes_presence()):
            wait = max(0.0, self._not_before - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._flush)

    def receive(self, message: Message) -> None:
        """Take a message of the group. Raises KeyError, TypeError or ValueError for a malformed one."""
        process = message["process"]
        if process == self._process:
            return
        now = time.monotonic()
        match message["type"]:
            case "live.ask":
                self.announce()
            case "live.people":
                people = [_decode(one) for one in message["people"]]
                self._board.receive(process, people, now, whole=message["whole"] is True)
                self._board.remove_remote(process, message["left"])
            case "live.presence":
                self._board.receive_states(process, _valid_states(message["states"]), now)
            case "live.leaving":
                self._board.forget_process(process)
            case "live.replaced":
                self._close_replaced(message["user"], message["client"])
        self.schedule_flush()

    def close(self) -> None:
        """Announce that all our people are gone."""
        if self._timer is not None:
            self._timer.cancel()
        self._send("live.leaving")

    def _close_replaced(self, user: object, client: object) -> None:
        for socket in self._broadcaster:
            if socket.person.id == user and socket.client == client:
                socket.close(Close.REPLACED)

    def _flush(self) -> None:
        self._timer = None
        pause = self._broadcaster.broadcast_presence(self._board)
        if self._unsent:
            states, self._unsent = self._unsent, {}
            self._send("live.presence", states=states)
        self._not_before = time.monotonic() + pause

    def _send(self, type: str, **values: Any) -> None:
        self._channel.send({"type": type, "process": self._process, **values})


_PERSON = tuple(field.name for field in fields(Participant))


def _encode(person: Participant, state: State) -> dict[str, object]:
    return {name: getattr(person, name) for name in _PERSON} | {"state": dict(state)}


def _decode(value: dict[str, Any]) -> tuple[Participant, State]:
    person = Participant(*(value[name] for name in ("session", "id", "name", "colour", "role")))
    person = replace(person, is_guest=value.get("is_guest") is True, program=value.get("program"))
    texts = person.session, person.name, person.colour, person.role, person.program or ""
    if not isinstance(person.id, int) or not all(isinstance(text, str) for text in texts):
        raise ValueError("not a person")
    state = value["state"]
    return person, state if _is_valid(state) else {}


def _valid_states(value: dict[str, State]) -> dict[str, State]:
    return {session: state for session, state in value.items() if isinstance(state, dict) and _is_valid(state)}


def _is_valid(state: State) -> bool:
    """Tell whether this is a state as a client may send it, or with the counts of what was left out."""
    own = {name: value for name, value in state.items() if name != "selected"}
    counts = [state["selected"]] if "selected" in state else []
    if isinstance(drag := own.get("drag"), dict) and "count" in drag:
        counts.append(drag["count"])
        own["drag"] = {name: value for name, value in drag.items() if name != "count"}
    return valid_state(own) and all(is_count(count) for count in counts)
