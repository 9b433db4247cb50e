"""What applying an operation results in."""

from dataclasses import dataclass

from flows.document.effect import Effect
from flows.document.left import Left
from flows.document.operations import Record, SingleOperation


@dataclass(frozen=True, slots=True)
class Outcome:
    """The difference made; the complete record for the log; what takes it back, None for the flow's creation; and the
    elements that were asked for and are gone, where that was allowed."""

    effect: Effect
    record: Record
    inverse: Record | None
    left: tuple[Left, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """The outcome of a single operation: its inverse is a sequence, so that several can be joined."""

    effect: Effect
    record: SingleOperation
    inverse: tuple[SingleOperation, ...]
