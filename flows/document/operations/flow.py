"""The operation on the flow's own properties."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self, cast

from flows.document.element_json import decode_flow_changes
from flows.document.elements import FlowChanges
from flows.document.graph import Effect, Graph, pair_of
from flows.document.json import Json, check_keys
from flows.document.limits import DocumentLimits
from flows.document.operations.operation import NOTHING, Applied, References, SingleOperation

_EDIT = frozenset({"kind", "set"})


@dataclass(frozen=True, slots=True)
class EditFlow(SingleOperation):
    """Set the named properties of the flow."""

    kind: ClassVar[str] = "edit_flow"
    changes: FlowChanges

    @classmethod
    def decode(cls, fields: Json, limits: DocumentLimits) -> Self:
        check_keys(fields, cls.kind, _EDIT)
        return cls(decode_flow_changes(fields["set"], limits))

    def encode(self) -> Json:
        return {"kind": self.kind, "set": dict(self.changes)}

    def references(self) -> References:
        return NOTHING, NOTHING

    def apply(self, graph: Graph, limits: DocumentLimits) -> Applied:
        before = graph.properties
        after = replace(before, **self.changes)
        inverse = cast(FlowChanges, {name: getattr(before, name) for name in self.changes})
        return Applied(Effect({}, {}, pair_of(before, after)), self, (EditFlow(inverse),))
