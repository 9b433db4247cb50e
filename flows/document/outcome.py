"""What applying an operation results in."""

from dataclasses import dataclass

from flows.document.effect import Effect
from flows.document.operations import Record, SingleOperation


@dataclass(frozen=True, slots=True)
class Outcome:
    """The difference made; the complete record for the log; and what takes it back, None for the flow's creation."""

    effect: Effect
    record: Record
    inverse: Record | None


@dataclass(frozen=True, slots=True)
class Step:
    """The outcome of a single operation: its inverse is a sequence, so that several can be joined."""

    effect: Effect
    record: SingleOperation
    inverse: tuple[SingleOperation, ...]
