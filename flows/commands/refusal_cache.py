"""The undo refusals of this process: the same request is refused again without a walk, until something is written."""

from collections import OrderedDict
from threading import Lock
from typing import TypeAlias
from uuid import UUID

from flows.document import Code
from flows.errors import FlowReason
from flows.submission import RedoRequest, UndoRequest

Refusal: TypeAlias = tuple[Code, FlowReason]
"""What a `Rejected` says. Never the exception: raised again and again, it keeps all that every raise went through."""
_MAX_REFUSALS = 4_000


class RefusalCache:
    """Each person's last refusals in each flow, of an undo and of a redo, with the log's digest at that time."""

    def __init__(self) -> None:
        self._refusals: OrderedDict[tuple[UUID, int, type], tuple[str, Refusal]] = OrderedDict()
        self._lock = Lock()

    def find(self, flow_id: UUID, actor: int, request: UndoRequest | RedoRequest, digest: str) -> Refusal | None:
        """Return what this was refused with, if the log still ends at this digest."""
        with self._lock:
            given_at, refusal = self._refusals.get((flow_id, actor, type(request)), ("", None))
        return refusal if given_at == digest else None

    def add(self, flow_id: UUID, actor: int, request: UndoRequest | RedoRequest, digest: str, refusal: Refusal) -> None:
        """Keep a refusal in place of the last one."""
        key = flow_id, actor, type(request)
        with self._lock:
            self._refusals[key] = digest, refusal
            self._refusals.move_to_end(key)
            if len(self._refusals) > _MAX_REFUSALS:
                self._refusals.popitem(last=False)
