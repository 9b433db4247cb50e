"""Who is in a flow and what they are doing: people, cursors, selections, live drags.

Nothing here is stored. A process knows its own people for certain, and those of other processes because they announce
them every `ANNOUNCE_SECONDS`; a process silent for `PRESENCE_SECONDS` is forgotten with all its people. Changes are
collected until they are taken, so a hundred movements of one cursor between two frames are one. A plain value
without clock, sockets or tasks. What is kept of a state, and what is told of it, is bounded by `presence.state`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import orjson

from flows.document import compact
from flows.limits import Limits
from sessions.presence.state import Holds, State, bounded, difference, fitted, merge
from sessions.sockets.admission import Participant, RosterChange

FLUSHES_PER_SECOND = 30


@dataclass(slots=True)
class Presence:
    """One session: the person, what they are doing and what was told of it, and their process ("" is ours)."""

    person: Participant
    process: str
    encoded: bytes
    state: dict[str, object] = field(default_factory=dict)
    told: dict[str, object] = field(default_factory=dict)


class Board:
    """Everybody in one flow, over all processes. `holds` tells which elements exist."""

    def __init__(self, holds: Holds = lambda _: True, limits: Limits | None = None) -> None:
        self._holds, self._room = holds, (limits or Limits()).presence_bytes
        self._present: dict[str, Presence] = {}
        self._persons: Counter[int] = Counter()
        self._heard_at: dict[str, float] = {}
        self._changes: list[RosterChange] = []
        self._moved: set[str] = set()
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
        """Whether this person is here already."""
        return id in self._persons

    def ours(self) -> list[Presence]:
        """Return those connected to this process."""
        return [present for present in list(self._present.values()) if not present.process]

    def entries(self) -> list[bytes]:
        """Return every person's encoded entry."""
        return [present.encoded for present in self._present.values()]

    def roster(self) -> bytes:
        """Return all entries as one JSON list, encoded once for any number of arrivals."""
        if self._roster is None:
            self._roster = b"[" + b",".join(self.entries()) + b"]"
        return self._roster

    def put(self, person: Participant, process: str = "") -> None:
        """Add a person, or update their role or name."""
        before = self._present.get(person.session)
        if before and before.person == person:
            return
        encoded = compact(orjson.dumps(person.entry()))
        if before is None:
            self._present[person.session] = Presence(person, process, encoded)
            self._persons[person.id] += 1
        else:
            before.person, before.process, before.encoded = person, process, encoded
        self._record(person.session, encoded, came=before is None)

    def remove(self, session: str) -> None:
        """Remove a session that is over."""
        present = self._present.pop(session, None)
        if present is None:
            return
        self._persons[present.person.id] -= 1
        if not self._persons[present.person.id]:
            del self._persons[present.person.id]
        self._moved.discard(session)
        self._record(session, None)

    def update(self, session: str, state: State) -> State:
        """Update what a person is doing: only the named parts change. Return what was kept of them."""
        present = self._present.get(session)
        if present is None:
            return {}
        kept = bounded(state, self._holds)
        merge(present.state, kept)
        self._moved.add(session)
        return kept

    def receive(self, process: str, people: Iterable[tuple[Participant, State]], now: float, *, whole: bool) -> None:
        """Take another process's announcement of its people; `whole` means that it has no others."""
        self._heard_at[process] = now
        named = set()
        for person, state in people:
            known = self._present.get(person.session)
            if known is None or known.process == process:
                self.put(person, process)
                self.update(person.session, state)
                named.add(person.session)
        if whole:
            self._remove_all(process, keep=named)

    def remove_remote(self, process: str, sessions: Iterable[str]) -> None:
        """Remove sessions of another process that it says are over."""
        for session in sessions:
            present = self._present.get(session)
            if present and present.process == process:
                self.remove(session)

    def receive_states(self, process: str, states: Mapping[str, State], now: float) -> None:
        """Take what another process's people are doing."""
        if process in self._heard_at:
            self._heard_at[process] = now
        for session, state in states.items():
            present = self._present.get(session)
            if present and present.process == process:
                self.update(session, state)

    def forget_process(self, process: str) -> None:
        """Remove a process that is gone, with its people."""
        self._heard_at.pop(process, None)
        self._remove_all(process, keep=set())

    def forget_silent(self, now: float, seconds: float) -> None:
        """Remove the processes that have been silent for so long."""
        for process in [process for process, heard_at in self._heard_at.items() if now - heard_at > seconds]:
            self.forget_process(process)

    def take_changes(self) -> list[RosterChange]:
        """Return who came and left since the last call: the newest change of each session."""
        changes, self._changes = self._changes, []
        newest: dict[str, RosterChange] = {}
        for change in changes:
            newest[change.session] = change.since(newest.get(change.session))
        return list(newest.values())

    def take_states(self) -> dict[str, dict[str, object]]:
        """Return what changed in people's states since the last call."""
        changed = {}
        for session in self._moved:
            present = self._present[session]
            told = fitted(present.state, self._holds, self._room)
            if parts := difference(present.told, told):
                changed[session] = parts
            present.told = told
        self._moved = set()
        return changed

    def state_of(self, session: str) -> dict[str, object] | None:
        """Return what a person is doing, as it is told; None if they are gone."""
        present = self._present.get(session)
        return None if present is None else fitted(present.state, self._holds, self._room)

    def has_changes(self) -> bool:
        """Whether there is anything to take."""
        return bool(self._changes or self._moved)

    def _record(self, session: str, encoded: bytes | None, *, came: bool = False) -> None:
        self.number += 1
        self._roster = None
        self._changes.append(RosterChange(self.number, session, encoded, self.number if came else None))

    def _remove_all(self, process: str, keep: set[str]) -> None:
        gone = [s for s, present in self._present.items() if present.process == process and s not in keep]
        for session in gone:
            self.remove(session)
