"""Several people at one flow, in memory: a log and its undo, without rows or sockets."""

from dataclasses import dataclass, field

from flows.document import (
    DEFAULT_LIMITS,
    Document,
    DocumentLimits,
    OwnChange,
    PastVersion,
    Record,
    Skipped,
    Undone,
    UndoStep,
    apply,
    decode_operation,
    redo_steps,
    selective_undo,
    undo_steps,
)


@dataclass
class Company:
    """A document and its log; people are numbers."""

    document: Document
    limits: DocumentLimits = DEFAULT_LIMITS
    steps: int = 100
    log: list[tuple[OwnChange, PastVersion]] = field(default_factory=list)
    skipped: tuple[Skipped, ...] = ()

    def do(self, actor: int, operation: dict | Record, step: str | None = None) -> bool:
        """Apply what a person asks; tell whether it made a version."""
        record = decode_operation(operation, self.limits) if isinstance(operation, dict) else operation
        return self._write(actor, apply(self.document, record, self.limits), "api", None, step)

    def undo(self, actor: int) -> bool:
        """Take back; tell whether there was anything."""
        return self._back(actor, "undo", undo_steps(self.own(actor), self.steps))

    def redo(self, actor: int) -> bool:
        """Take an undo back; tell whether there was anything."""
        return self._back(actor, "redo", redo_steps(self.own(actor), self.steps))

    def own(self, actor: int) -> list[OwnChange]:
        return [change for change, past in reversed(self.log) if past.actor == actor]

    def _back(self, actor: int, via: str, steps: list[UndoStep]) -> bool:
        past = [past for _change, past in reversed(self.log)]
        match selective_undo(self.document, past, steps, actor, self.limits):
            case Undone(outcome, undo_of, skipped):
                self.skipped = skipped
                assert self._write(actor, outcome, via, undo_of), "an undo that changes nothing"
                return True
            case skipped:
                self.skipped = skipped
                return False

    def _write(self, actor, outcome, via, undo_of, step=None) -> bool:
        if outcome.effect.is_empty:
            return False
        version = len(self.log) + 2
        before = self.document.copy()
        self.document.advance(outcome.effect)
        back = self.document.copy()
        back.advance(apply(back, outcome.inverse, self.limits).effect)
        assert back == before, "the inverse of what was written does not restore"
        self.log.append((OwnChange(version, via, undo_of, step), PastVersion(version, actor, outcome.inverse)))
        return True
