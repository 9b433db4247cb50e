"""The flow as this process knows it: the whole document at one version, and the way it got there lately.

Only the session's task changes it (`open`, `advance`); it does so without awaiting in between, so whoever reads it on
the event loop always finds document, version and digest in agreement.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from flows.document import Document
from flows.limits import Limits
from flows.storage.store import Loaded
from sessions.live import steps
from sessions.live.step_cache import Recent
from sessions.live.steps import Step


class Current:
    """Document, version, digest and epoch. `read` runs a function that uses the database."""

    def __init__(self, flow_id: UUID, limits: Limits, read: Callable[..., Awaitable[Any]]) -> None:
        self.flow_id = flow_id
        self._limits, self._read = limits, read
        self.document = Document()
        self.version, self.digest, self.epoch = 0, "", ""
        self._recent = self._nothing_yet()

    def open(self, loaded: Loaded) -> None:
        """Begin from what was just read."""
        self.document, self.version = loaded.document, loaded.version
        self.digest, self.epoch = loaded.digest, loaded.epoch
        self._recent = self._nothing_yet()

    def advance(self, step: Step) -> None:
        """Take a step that starts here."""
        self.document.advance(step.effect)
        self.version, self.digest = step.version, step.digest
        self._recent.add(step)

    async def missed(self, since: int) -> Step | None:
        """Return what happened after `since` up to now, as of the moment of return.

        None if nothing did, or if it is too much or cannot be told: then only a snapshot helps.
        """
        if since >= self.version or since < 1 or self.version - since > self._limits.catch_up:
            return None
        if recent := self._recent.since(since):
            return recent
        base = self.version
        missed: Step | None = await self._read(
            steps.read_back, self.flow_id, since, base, steps.elements_of(self.document)
        )
        if missed is None or self.version == base:
            return missed
        later = self._recent.since(base)
        return steps.joined([missed, later]) if later else None

    def _nothing_yet(self) -> Recent:
        return Recent(self._limits.catch_up, self._limits.recent_bytes)
