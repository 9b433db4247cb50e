"""Who is in a flow and what they are doing: people, cursors, selections, live drags.

Nothing here is stored. Each process knows its own people for certain, and those of other processes because they say
so every `ANNOUNCE_SECONDS`; a process silent for `PRESENCE_SECONDS` is forgotten with everybody in it. Changes are
collected until somebody takes them, so a hundred movements of one cursor between two frames are one. A plain value
without clock, sockets or tasks.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import orjson

ANNOUNCE_SECONDS = 10.0
FLUSHES_PER_SECOND = 30
State = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a flow by one socket. `id` is the account, `session` the socket."""

    session: str
    id: int
    name: str
    colour: str
    role: str

    def entry(self) -> dict[str, object]:
        """Say it as the protocol does."""
        return {"session": self.session, "id": self.id, "name": self.name, "colour": self.colour, "role": self.role}


@dataclass(slots=True)
class Presence:
    """One session: the person, what they are doing, and the process they are connected to ("" is ours)."""

    person: Person
    process: str
    encoded: bytes
    state: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Coming:
    """A session that came, changed (`entry`), or went (None). `number` counts all of them."""

    number: int
    session: str
    entry: bytes | None


class Board:
    """Everybody in one flow, over all processes."""

    def __init__(self) -> None:
        self._present: dict[str, Presence] = {}
        self._persons: Counter[int] = Counter()
        self._heard: dict[str, float] = {}
        self._comings: list[Coming] = []
        self._moved: dict[str, dict[str, object]] = {}
        self._roster: bytes | None = None
        self.number = 0

    def __iter__(self) -> Iterator[Presence]:
        return iter(self._present.values())

    def __len__(self) -> int:
        return len(self._present)

    @property
    def persons(self) -> int:
        """How many persons there are, however many sockets each has."""
        return len(self._persons)

    def has_person(self, id: int) -> bool:
        """Whether somebody is here already."""
        return id in self._persons

    def ours(self) -> list[Presence]:
        """Return those connected to this process."""
        return [present for present in list(self._present.values()) if not present.process]

    def entries(self) -> list[bytes]:
        """Return everybody's encoded entry."""
        return [present.encoded for present in self._present.values()]

    def roster(self) -> bytes:
        """Return everybody's entries as one JSON list, encoded once for any number of arrivals."""
        if self._roster is None:
            self._roster = b"[" + b",".join(self.entries()) + b"]"
        return self._roster

    def put(self, person: Person, process: str = "") -> None:
        """Note that somebody is here, or that their role or name changed."""
        before = self._present.get(person.session)
        if before and before.person == person:
            return
        encoded = orjson.dumps(person.entry())
        self._present[person.session] = Presence(person, process, encoded, before.state if before else {})
        if before is None:
            self._persons[person.id] += 1
        self._note(person.session, encoded)

    def remove(self, session: str) -> None:
        """Note that a session is over."""
        present = self._present.pop(session, None)
        if present is None:
            return
        self._persons[present.person.id] -= 1
        if not self._persons[present.person.id]:
            del self._persons[present.person.id]
        self._moved.pop(session, None)
        self._note(session, None)

    def update(self, session: str, state: State) -> None:
        """Note what somebody is doing: only the named parts change."""
        present = self._present.get(session)
        if present is None:
            return
        changed = {
            name: value for name, value in state.items() if name not in present.state or present.state[name] != value
        }
        if changed:
            present.state.update(changed)
            self._moved.setdefault(session, {}).update(changed)

    def hear(self, process: str, people: Iterable[tuple[Person, State]], now: float, *, whole: bool) -> None:
        """Take what another process says of its people; `whole` means there are no others in it."""
        self._heard[process] = now
        named = set()
        for person, state in people:
            known = self._present.get(person.session)
            if known is None or known.process == process:
                self.put(person, process)
                self.update(person.session, state)
                named.add(person.session)
        if whole:
            self._forget(process, keep=named)

    def hear_left(self, process: str, sessions: Iterable[str]) -> None:
        """Take another process's word that some of its sessions are over."""
        for session in sessions:
            present = self._present.get(session)
            if present and present.process == process:
                self.remove(session)

    def hear_states(self, process: str, states: Mapping[str, State], now: float) -> None:
        """Take what another process's people are doing."""
        if process in self._heard:
            self._heard[process] = now
        for session, state in states.items():
            present = self._present.get(session)
            if present and present.process == process:
                self.update(session, state)

    def forget(self, process: str) -> None:
        """Note that a process is gone."""
        self._heard.pop(process, None)
        self._forget(process, keep=set())

    def forget_silent(self, now: float, seconds: float) -> None:
        """Forget the processes that said nothing for so long."""
        for process in [process for process, heard in self._heard.items() if now - heard > seconds]:
            self.forget(process)

    def take_comings(self) -> list[Coming]:
        """Return who came and went since the last time: the last word on each session."""
        comings, self._comings = self._comings, []
        return list({coming.session: coming for coming in comings}.values())

    def take_movements(self) -> dict[str, dict[str, object]]:
        """Return what changed in people's states since the last time."""
        moved, self._moved = self._moved, {}
        return moved

    def has_news(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._comings or self._moved)

    def _note(self, session: str, encoded: bytes | None) -> None:
        self.number += 1
        self._roster = None
        self._comings.append(Coming(self.number, session, encoded))

    def _forget(self, process: str, keep: set[str]) -> None:
        gone = [s for s, present in self._present.items() if present.process == process and s not in keep]
        for session in gone:
            self.remove(session)


def with_role(person: Person, role: str) -> Person:
    """Return the same person in another role."""
    return replace(person, role=role)
