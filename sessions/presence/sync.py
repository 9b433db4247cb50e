"""Keeping the board: our people as they come, move and go; other processes' people as those announce them.

Every process says to the group who is with it, in whole every `ANNOUNCE_SECONDS`, and what changed as it changes.
Here a process is one session's start in it: a session that ends takes nobody of its successor along.
What comes from the group is checked like anything from outside. Nobody depends on a farewell: silence is enough. What
the board collects is flushed to our sockets and to the group at a pace the audience sets.
"""

import asyncio
import time
from typing import Any

import structlog

from flows.limits import Limits
from sessions.live.broadcaster import Audience
from sessions.presence.board import Board, Person, State
from sessions.processes.group_channel import GroupChannel, Message
from sessions.protocol.codes import Close
from sessions.protocol.decoding import valid_state
from sessions.sockets.socket import Socket

log = structlog.get_logger(__name__)


class Rollcall:
    """Presence of one flow in one process."""

    def __init__(self, board: Board, audience: Audience, channel: GroupChannel, process: str, limits: Limits) -> None:
        self._board, self._audience, self._channel = board, audience, channel
        self._process, self._limits = process, limits
        self._timer: asyncio.TimerHandle | None = None
        self._not_before = 0.0
        self._told: dict[str, dict[str, object]] = {}

    def begin(self) -> None:
        """Ask the other processes who is with them, and say who is with us."""
        self._say("queries.ask")
        self.announce()

    def arrive(self, socket: Socket) -> None:
        """Put somebody on the board; another socket of the same person and client makes room."""
        for other in self._audience:
            if other.person.id == socket.person.id and other.client == socket.client:
                other.close(Close.REPLACED)
                self._audience.remove(other)
                self.leave(other)
        self._say("live.replaced", user=socket.person.id, client=socket.client)
        self.put(socket.person)
        socket.number = self._board.number
        log.info("person_joined", flow=str(socket.flow_id), user=socket.person.id, session=socket.session)

    def put(self, person: Person) -> None:
        """Note one of ours, new or changed."""
        self._board.put(person)
        self._say("live.people", whole=False, people=[_wire(person, {})], left=[])
        self.nudge()

    def leave(self, socket: Socket) -> None:
        """Take somebody off the board."""
        self._board.remove(socket.session)
        self._told.pop(socket.session, None)
        self._say("live.people", whole=False, people=[], left=[socket.session])
        self.nudge()
        log.info("person_left", flow=str(socket.flow_id), user=socket.person.id, session=socket.session)

    def update(self, session: str, state: State) -> None:
        """Note what one of ours is doing."""
        self._board.update(session, state)
        if not self._channel.is_alone:
            self._told.setdefault(session, {}).update(state)
        self.nudge()

    def announce(self) -> None:
        """Say who is with us, all of them."""
        people = [_wire(present.person, present.state) for present in self._board.ours()]
        self._say("live.people", whole=True, people=people, left=[])

    def forget_silent(self) -> None:
        """Forget processes that have been silent for too long."""
        self._board.forget_silent(time.monotonic(), self._limits.presence_seconds)
        self.nudge()

    def nudge(self) -> None:
        """Flush soon, if there is anything to flush."""
        if self._timer is None and (self._board.has_news() or self._told):
            wait = max(0.0, self._not_before - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._flush)

    def hear(self, message: Message) -> None:
        """Take a message of the group. Raises KeyError, TypeError or ValueError for what is none of ours."""
        process = message["process"]
        if process == self._process:
            return
        now = time.monotonic()
        match message["type"]:
            case "queries.ask":
                self.announce()
            case "live.people":
                people = [_person(one) for one in message["people"]]
                self._board.hear(process, people, now, whole=message["whole"] is True)
                self._board.hear_left(process, message["left"])
            case "live.presence":
                self._board.hear_states(process, _states(message["states"]), now)
            case "live.leaving":
                self._board.forget(process)
            case "live.replaced":
                self._replace(message["user"], message["client"])
        self.nudge()

    def close(self) -> None:
        """Say that all of ours are gone."""
        if self._timer is not None:
            self._timer.cancel()
        self._say("live.leaving")

    def _replace(self, user: object, client: object) -> None:
        for socket in self._audience:
            if socket.person.id == user and socket.client == client:
                socket.close(Close.REPLACED)

    def _flush(self) -> None:
        self._timer = None
        pause = self._audience.tell_presence(self._board)
        if self._told:
            told, self._told = self._told, {}
            self._say("live.presence", states=told)
        self._not_before = time.monotonic() + pause

    def _say(self, type: str, **fields: Any) -> None:
        self._channel.send({"type": type, "process": self._process, **fields})


def _wire(person: Person, state: State) -> dict[str, object]:
    return {**person.entry(), "state": dict(state)}


def _person(value: dict[str, Any]) -> tuple[Person, State]:
    person = Person(*(value[name] for name in ("session", "id", "name", "colour", "role")))
    if not isinstance(person.id, int) or not all(
        isinstance(text, str) for text in (person.session, person.name, person.colour, person.role)
    ):
        raise ValueError("not a person")
    state = value["state"]
    return person, state if valid_state(state) else {}


def _states(value: dict[str, State]) -> dict[str, State]:
    return {session: state for session, state in value.items() if isinstance(state, dict) and valid_state(state)}
