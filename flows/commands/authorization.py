"""What a batch asks for: wire values decoded for those who may write as of now, refusals for the others."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias
from uuid import UUID

from flows import access
from flows import limits as helix_limits
from flows.document import (
    CreateFlow,
    DocumentLimits,
    Reason,
    Record,
    Rejected,
    ReplaceGraph,
    decode_graph,
    decode_operation,
)
from flows.errors import FlowReason
from flows.submission import Acked, Name, Redo, Refused, Submission, Undo

Asked: TypeAlias = Record | Undo | Redo | Rejected
"""What a submission came to when it was read: a record, the wish to take something back, or why it can be none."""


def read_graph(nodes: object, edges: object) -> Asked:
    """Decode a whole graph into what a submission may hold: the record, or the refusal."""
    try:
        return ReplaceGraph(*decode_graph(nodes, edges, helix_limits.current()))
    except Rejected as refusal:
        return refusal


def read(flow_id: UUID, submissions: Sequence[Submission]) -> list[Asked]:
    """Decode what is asked by those who may write as of now; the others are forbidden to."""
    granted = access.grants_of(flow_id, {one.principal for one in submissions})
    writers = {principal for principal, grant in granted.items() if grant.role.includes(access.Role.EDITOR)}
    limits = helix_limits.current()
    forbidden = Rejected("forbidden", FlowReason.FORBIDDEN)
    return [decode(one, limits) if one.principal in writers else forbidden for one in submissions]


def decode(submission: Submission, limits: DocumentLimits) -> Asked:
    """Read one submission by what it says, whoever it is from."""
    operation = submission.operation
    if isinstance(operation, CreateFlow):
        return Rejected("invalid", Reason.ALREADY_CREATED)
    if isinstance(operation, Record | Rejected | Undo | Redo):
        return operation
    try:
        return decode_operation(operation, limits)
    except Rejected as refusal:
        return refusal.with_traceback(None)  # which would keep the operation as long as its refusal


def fresh(
    submissions: Iterable[Submission], asked: Iterable[Asked], known: dict[Name, Acked | Refused]
) -> list[Record]:
    """Return the records that were not answered before: what is worth reading rows for."""
    pairs = zip(submissions, asked, strict=True)
    return [what for one, what in pairs if isinstance(what, Record) and one.name not in known]
