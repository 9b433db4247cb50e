"""Several operations at once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self, TypeAlias

from flows.document.draft import Draft
from flows.document.errors import Reason, Rejected, invalid
from flows.document.graph import Graph
from flows.document.json import Json, canonical_json, check_keys, read_boolean, read_object
from flows.document.limits import DocumentLimits
from flows.document.operations.operation import (
    NOTHING,
    Applied,
    Outcome,
    Record,
    References,
    SingleOperation,
    Skipped,
    each_once,
)

DecodeSingle: TypeAlias = Callable[[Json, DocumentLimits], SingleOperation]
_REQUIRED = frozenset({"kind", "operations"})
_OPTIONAL = frozenset({"whole"})


@dataclass(frozen=True, slots=True)
class Batch(Record):
    """All or none. If it need not be `whole`, what is asked of elements that are gone is left out and the rest is done;
    a record is always whole."""

    kind: ClassVar[str] = "batch"
    operations: tuple[SingleOperation, ...]
    whole: bool = True
    encoded: str | None = field(default=None, compare=False, repr=False)

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits, decode_single: DecodeSingle) -> Self:
        """Decode a batch, whose operations `decode_single` decodes."""
        check_keys(fields, cls.kind, _REQUIRED, _OPTIONAL)
        values, whole = fields["operations"], read_boolean(fields.get("whole", True), "whole")
        if not isinstance(values, list):
            raise invalid(Reason.NOT_A_LIST, name="operations")
        if len(values) > limits.batch:
            raise Rejected("limit_reached", Reason.TOO_MANY_OPERATIONS, most=limits.batch)
        return cls(tuple(decode_single(read_object(value, "operation"), limits) for value in values), whole)

    def encode(self) -> Json:
        inside = [operation.encode() for operation in self.operations]
        return {"kind": self.kind, "operations": inside} | ({} if self.whole else {"whole": False})

    def text(self) -> str:
        return canonical_json(self.encode()) if self.encoded is None else self.encoded

    def with_text(self) -> "Batch":
        return replace(self, encoded=self.text())

    def references(self) -> References:
        return _joined([operation.references() for operation in self.operations])

    def affected(self, graph: Graph) -> References:
        return _joined([operation.affected(graph) for operation in self.operations])

    def apply(self, graph: Graph, limits: DocumentLimits) -> Outcome:
        """Apply one after the other to a draft."""
        draft, applied = Draft(graph), list[Applied]()
        gone, skipped = list[Rejected](), list[Skipped]()
        for number, operation in enumerate(self.operations, 1):
            try:
                step = operation.apply(draft, limits)
            except Rejected as refusal:
                if refusal.missing is None or self.whole:
                    raise _inside(refusal, number) from None
                gone.append(_inside(refusal, number))
                freed = _without_missing(operation, refusal.missing)
                skipped.append(Skipped(*refusal.missing) if freed is None else _freed(freed))
                if freed is None:
                    continue
                step = _apply(freed, draft, limits, number)
            draft.advance(step.effect)
            applied.append(step)
        if gone and draft.effect.is_empty:
            raise gone[0]
        record = Batch(tuple(step.record for step in applied))
        inverse = Batch(tuple(operation for step in reversed(applied) for operation in step.inverse))
        return Outcome(draft.effect, record, inverse, each_once(skipped))


def _apply(operation: SingleOperation, graph: Graph, limits: DocumentLimits, number: int) -> Applied:
    try:
        return operation.apply(graph, limits)
    except Rejected as refusal:
        raise _inside(refusal, number) from None


def _without_missing(operation: SingleOperation, missing: tuple[str, str]) -> SingleOperation | None:
    """Return an operation without the group that is gone, as its members are set free; None if it is about another."""
    what, id = missing
    return operation.without(id) if what == "node" else None


def _freed(operation: SingleOperation) -> Skipped:
    (id,) = operation.references()[0]
    return Skipped("node", id, ("parent",))


def _inside(refusal: Rejected, number: int) -> Rejected:
    inner = refusal.with_traceback(None)
    return Rejected(refusal.code, Reason.BATCH_ITEM, missing=refusal.missing, number=number, inner=inner)


def _joined(references: list[References]) -> References:
    return (
        NOTHING.union(*(nodes for nodes, _edges in references)),
        NOTHING.union(*(edges for _nodes, edges in references)),
    )
