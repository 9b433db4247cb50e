"""How far one socket may fall behind: what was sent to it and not yet acknowledged by `seen`.

Pure counting: the caller says what time it is (monotonic seconds) and acts on the answer.
"""

from collections import deque
from dataclasses import dataclass

from flows.limits import Limits

VERSIONS_SECONDS = 2.0
STRIDE = 0.25


@dataclass(slots=True)
class Mark:
    """What was sent within one stride of time: its newest version, its bytes, whether a version travelled in it."""

    version: int
    size: int
    since: float
    versioned: bool


class SendWindow:
    """The unacknowledged frames of one socket."""

    __slots__ = ("_behind_since", "_limits", "_marks", "_seen", "_sent", "size")

    def __init__(self, limits: Limits, version: int) -> None:
        self._limits = limits
        self._marks: deque[Mark] = deque()
        self._seen = self._sent = version
        self._behind_since: float | None = None
        self.size = 0

    def sent(self, size: int, now: float, *, version: int | None = None) -> None:
        """Note a frame; `version` is given for what holds the flow's state."""
        self.size += size
        self._sent = max(self._sent, version or 0)
        last = self._marks[-1] if self._marks else None
        if last and now - last.since < STRIDE:
            last.size += size
            last.version = self._sent
            last.versioned = last.versioned or version is not None
        else:
            self._marks.append(Mark(self._sent, size, now, version is not None))
        self._watch_versions(now)

    def seen(self, version: int, now: float) -> None:
        """Note that everything up to `version` arrived."""
        self._seen = max(self._seen, min(version, self._sent))
        while self._marks and self._marks[0].version <= self._seen:
            self.size -= self._marks.popleft().size
        self._watch_versions(now)

    def is_too_slow(self, now: float) -> bool:
        """Whether any bound is passed."""
        if self.size > self._limits.unseen_bytes:
            return True
        if self._behind_since is not None and now - self._behind_since > VERSIONS_SECONDS:
            return True
        oldest = next((mark.since for mark in self._marks if mark.versioned), now)
        return now - oldest > self._limits.unseen_seconds

    def _watch_versions(self, now: float) -> None:
        if self._sent - self._seen <= self._limits.unseen_versions:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = now
