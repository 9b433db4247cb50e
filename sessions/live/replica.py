"""The flow in this process's memory: the whole document at one version, and its last deltas.

Only the session's task changes it (`open`, `advance`), without awaiting in between, so on the event loop document,
version and digest always agree.
"""

from collections import deque
from uuid import UUID

from flows.document import Document
from flows.limits import Limits
from flows.rendering.fragment_cache import weight
from flows.storage.store import Loaded
from sessions.database import Database
from sessions.live import deltas
from sessions.live.deltas import Delta, merge

ELEMENT_BYTES = 500
"""About what an element or a version takes besides its text."""


class Replica:
    """Document, version, digest and epoch."""

    def __init__(self, flow_id: UUID, limits: Limits, database: Database) -> None:
        self.flow_id = flow_id
        self._limits, self._database = limits, database
        self.document = Document()
        self.version, self.digest, self.epoch = 0, "", ""
        self._cache = self._empty_cache()

    def open(self, loaded: Loaded) -> None:
        """Start from what was just read."""
        self.document, self.version = loaded.document, loaded.version
        self.digest, self.epoch = loaded.digest, loaded.epoch
        self._cache = self._empty_cache()

    def advance(self, delta: Delta) -> None:
        """Take a delta that starts here."""
        self.document.advance(delta.effect)
        self.version, self.digest = delta.version, delta.digest
        self._cache.add(delta)

    async def missed(self, since: int) -> Delta | None:
        """Return what happened after `since` up to now, as of the moment of return.

        None if nothing did, or if it is too much or not known: then a snapshot is needed.
        """
        if since >= self.version or since < 1 or self.version - since > self._limits.catch_up:
            return None
        if cached := self._cache.since(since):
            return cached
        base = self.version
        missed = await self._database(deltas.read_back, self.flow_id, since, base, deltas.copy_of(self.document))
        if missed is None or self.version == base:
            return missed
        later = self._cache.since(base)
        return deltas.merge([missed, later]) if later else None

    def _empty_cache(self) -> "DeltaCache":
        return DeltaCache(self._limits.catch_up, self._limits.recent_bytes)


class DeltaCache:
    """The last deltas, for clients that come back after a short absence.

    They follow each other, as far back as `versions` and about `room` bytes allow: people decide how long an element
    is. Older ones are read from the log.
    """

    def __init__(self, versions: int, room: int) -> None:
        self._versions, self._room = versions, room
        self._deltas: deque[tuple[Delta, int]] = deque()
        self.size = 0

    def add(self, delta: Delta) -> None:
        """Keep a delta that follows the last one."""
        self._deltas.append((delta, size_of(delta)))
        self.size += self._deltas[-1][1]
        while self._deltas and (self.size > self._room or delta.version - self._deltas[0][0].previous > self._versions):
            self.size -= self._deltas.popleft()[1]

    def since(self, version: int) -> Delta | None:
        """Return everything after `version` as one delta, or None if that is not known here."""
        later = [delta for delta, _size in self._deltas if delta.previous >= version]
        return merge(later) if later and later[0].previous == version else None


def size_of(delta: Delta) -> int:
    """Return about how many bytes a delta holds. What two deltas share counts twice: one begins where one ends."""
    effect = delta.effect
    elements: list[object] = [one for pair in effect.nodes.values() for one in (pair.before, pair.after)]
    elements += [one for pair in effect.edges.values() for one in (pair.before, pair.after)]
    text = sum(map(weight, elements))
    if effect.flow is not None:
        text += sum(len(one.title) + len(one.description) for one in (effect.flow.before, effect.flow.after) if one)
    return (len(delta.changes) + len(elements) // 2) * ELEMENT_BYTES + text
