"""How much of the log one person's undos may walk back, while the flow is locked and others wait.

What was refused once is refused again without a walk as long as nothing is written. Besides, everyone has a budget in
each flow, in versions read, which fills up again; who has used it up waits. Undoing what one has just done never comes
near it: it is for those who ask again and again for what lies far back, or stands in others' way.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeAlias
from uuid import UUID

from flows.document import Code
from flows.errors import FlowReason

MOST = 50_000.0
PER_SECOND = 5_000.0
_BYTES_PER_VERSION = 500
_REMEMBERED = 2_000
Refusal: TypeAlias = tuple[Code, FlowReason]
"""What a `Rejected` says. Never the exception: raised again and again, it keeps all that every raise went through."""


@dataclass(slots=True)
class UndoBudget:
    """One person's allowance in one flow, and what was refused them last, at which digest of the log."""

    left: float = MOST
    since: float = 0.0
    _refused: dict[type, tuple[str, Refusal]] = field(default_factory=dict)

    def has_room(self, now: float) -> bool:
        """Tell whether there is any allowance left; `now` is in seconds that never go back."""
        self.left = min(MOST, self.left + max(0.0, now - self.since) * PER_SECOND)
        self.since = now
        return self.left > 0

    def spend(self, size: int) -> None:
        """Use some for one version, whose inverse has so many characters."""
        self.left -= 1 + size / _BYTES_PER_VERSION

    def refused_at(self, digest: str, request: type) -> Refusal | None:
        """Return what this was refused with, if the log still ends at this digest."""
        at, refusal = self._refused.get(request, ("", None))
        return refusal if at == digest else None

    def refuse(self, digest: str, request: type, refusal: Refusal) -> None:
        """Remember a refusal as long as the log ends at this digest."""
        self._refused[request] = digest, refusal


class UndoBudgets:
    """Everybody's, of this process; who has not undone anything for long is forgotten."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[UUID, int], UndoBudget] = OrderedDict()
        self._lock = Lock()

    def of(self, flow_id: UUID, actor: int) -> UndoBudget:
        """Return a person's, in a flow."""
        key = flow_id, actor
        with self._lock:
            budget = self._kept.setdefault(key, UndoBudget(since=time.monotonic()))
            self._kept.move_to_end(key)
            if len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)
        return budget
