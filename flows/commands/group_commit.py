"""Edits of one flow, several at a time, in one transaction.

Lock the flow's row; read every principal's role now; drop what was answered before; apply each to a draft; write the
rows of the net effect, one log entry for each version and the answers to remember; commit. Of the rows only what the
edits mention is read, however large the flow is; with a graph in memory at the row's version, none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.principals import Principal
from flows import access
from flows import limits as helix_limits
from flows.commands.deleted_by import Deletions
from flows.commands.idempotency import recall, remember
from flows.commands.undo import Progress, undo_or_redo
from flows.commands.write_transaction import LockedFlow, in_write_transaction, lock_flow
from flows.document import (
    CreateFlow,
    DocumentLimits,
    Draft,
    Effect,
    Graph,
    Outcome,
    Reason,
    Record,
    Rejected,
    ReplaceGraph,
    Skipped,
    apply,
)
from flows.errors import FlowReason
from flows.log.entries import append
from flows.log.snapshots import snapshot_if_due
from flows.models import Flow
from flows.publish import hint_changed, publish_after_commit
from flows.search import search_text
from flows.storage.sql import execute, key_value, time_value
from flows.storage.store import write_effect
from flows.storage.stored_graph import StoredGraph
from flows.submission import (
    NOT_REMEMBERED,
    Acked,
    AppliedChange,
    ChangeHead,
    Name,
    Receipt,
    RedoRequest,
    Refused,
    Submission,
    UndoRequest,
    Versioned,
    Via,
    refused,
)


def submit(flow_id: UUID, submissions: Sequence[Submission]) -> Receipt:
    """Do what is asked of a flow, each submission by itself, and answer each in order; publish what changed.

    Raises `NotFound` if the flow is unknown or deleted; everything else that is expected is a `Refused` in the receipt.
    """
    receipt = commit(flow_id, submissions)
    if receipt.version > receipt.previous:
        publish_after_commit(hint_changed(receipt))
    return receipt


def replace_graph(
    principal: Principal, flow_id: UUID, graph: ReplaceGraph | Refused, *, version: int, via: Via
) -> Receipt:
    """Replace all nodes and edges if `version` is current. The same graph makes no version.

    A stale one is answered by a `Refused` with `version_conflict`. Raises `NotFound`.
    """
    return submit(flow_id, [Submission(operation=graph, principal=principal, via=via, based_on=version)])


def commit(flow_id: UUID, submissions: Sequence[Submission], *, graph: Versioned | None = None) -> Receipt:
    """Do as `submit` does without publishing: for a live session, which tells the others itself.

    `graph` spares reading rows if its version is the current one.
    """
    receipt = _commit(flow_id, submissions, graph)
    if receipt.changes:
        due = partial(snapshot_if_due, flow_id, receipt.previous, receipt.version)
        transaction.on_commit(due, robust=True)
    return receipt


@in_write_transaction
def _commit(flow_id: UUID, submissions: Sequence[Submission], graph: Versioned | None) -> Receipt:
    flow = lock_flow(flow_id)
    answered = recall(flow_id, {name for one in submissions if (name := one.name)})
    granted = access.grants_of(flow_id, {one.principal for one in submissions})
    writers = {principal for principal, grant in granted.items() if grant.role.includes(access.Role.EDITOR)}
    base: Graph
    in_memory = graph is not None and graph.version == flow.version
    if graph is not None and in_memory:
        base = graph.graph
    else:
        fresh = (one for one in submissions if one.principal in writers and one.name not in answered)
        base = StoredGraph(flow)
        base.prefetch([one.operation for one in fresh if isinstance(one.operation, Record)])
    group = GroupCommit(flow, base, flow.version, answered, in_memory)
    return group.write(tuple(group.answer(one, may_write=one.principal in writers) for one in submissions))


@dataclass(slots=True)
class GroupCommit:
    """One transaction's submissions: the flow so far, the answers so far, and what there is to write."""

    flow: LockedFlow
    base: Graph
    version: int
    answered: dict[Name, Acked | Refused]
    in_memory: bool
    limits: DocumentLimits = field(default_factory=helix_limits.current)
    draft: Draft = field(init=False)
    deletions: Deletions = field(init=False)
    applied: list[AppliedChange] = field(default_factory=list)
    to_remember: list[tuple[Name, int, Refused | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.draft = Draft(self.base)
        self.deletions = Deletions(self.flow.id, self.flow.version)

    def answer(self, submission: Submission, *, may_write: bool) -> Acked | Refused:
        """Apply one submission to the draft, unless its name was used before."""
        if submission.name is not None and submission.name in self.answered:
            return self._again(submission, self.answered[submission.name])
        try:
            if not may_write:
                raise Rejected("forbidden", FlowReason.FORBIDDEN)
            match submission.operation:
                case Refused() as unparsed:
                    return self._refuse(submission, unparsed)
                case UndoRequest() | RedoRequest() as request:
                    return self._undo(submission, request)
                case CreateFlow():
                    raise Rejected("invalid", Reason.ALREADY_CREATED)
                case record:
                    return self._apply(submission, record)
        except Rejected as refusal:
            return self._refuse(submission, self._explained(submission, refusal))

    def write(self, answers: tuple[Acked | Refused, ...]) -> Receipt:
        """Write the rows of the net effect, the log and the answers to remember."""
        flow, previous, effect = self.flow, self.flow.version, self.draft.effect
        remember(flow.id, self.to_remember)
        if self.applied:
            now = timezone.now()
            write_effect(flow.id, effect, self.version)
            flow.version, flow.digest = self.version, append(flow.id, flow.digest, self.applied, now)
            self._write_flow(effect, now)
        heads = tuple(head for head, _outcome in self.applied)
        return Receipt(flow.id, previous, flow.version, flow.digest, flow.epoch, answers, heads, effect)

    def _write_flow(self, effect: Effect, now: datetime) -> None:
        """Write what changed of the flow's own row, and no more."""
        values: dict[str, object] = {
            "version": self.flow.version,
            "digest": self.flow.digest,
            "node_count": self.draft.node_count,
            "edge_count": self.draft.edge_count,
            "updated_at": time_value(now),
            "updated_by_id": self.applied[-1][0].actor,
        }
        if effect.flow is not None:
            properties = self.draft.properties
            values |= {"title": properties.title, "description": properties.description}
            values["search_text"] = search_text(properties)
        assignments = ", ".join(f"{column} = %s" for column in values)
        statement = f"UPDATE {Flow._meta.db_table} SET {assignments} WHERE id = %s"  # noqa: S608  (our names)
        execute(statement, [*values.values(), key_value(self.flow.id)])

    def _apply(self, submission: Submission, record: Record) -> Acked:
        if isinstance(record, ReplaceGraph):
            self._expect_current(submission.based_on)
        outcome = apply(self.draft, record, self.limits)
        head = self._head(submission, submission.via, outcome.skipped, step=submission.step)
        return self._accept(submission, head, outcome)

    def _undo(self, submission: Submission, request: UndoRequest | RedoRequest) -> Acked:
        progress = Progress(self.flow, self.base, self.draft, self.applied)
        undone = undo_or_redo(request, progress, actor=submission.actor, client=submission.client)
        via: Via = "undo" if isinstance(request, UndoRequest) else "redo"
        head = self._head(submission, via, undone.skipped, undo_of=undone.undo_of)
        return self._accept(submission, head, undone.outcome)

    def _head(
        self,
        submission: Submission,
        via: Via,
        skipped: tuple[Skipped, ...],
        *,
        undo_of: int | None = None,
        step: str | None = None,
    ) -> ChangeHead:
        """Return the head of the next version."""
        actor, client, seq = submission.actor, submission.client, submission.seq
        return ChangeHead(self.version + 1, actor, client, seq, via, undo_of, step, skipped)

    def _expect_current(self, based_on: int | None) -> None:
        if based_on is not None and based_on > self.version:
            raise Rejected("version_conflict", FlowReason.VERSION_AHEAD, version=self.version)
        if based_on != self.version:
            raise Rejected("version_conflict", FlowReason.VERSION_STALE, version=based_on)

    def _accept(self, submission: Submission, head: ChangeHead, outcome: Outcome) -> Acked:
        if outcome.effect.is_empty:
            answer = Acked(self.version, fresh=False)
            if submission.name is not None:
                self.to_remember.append((submission.name, self.version, None))
        else:
            self.draft.advance(outcome.effect)
            self.version += 1
            answer = Acked(self.version, fresh=True, skipped=head.skipped)
            self.applied.append((head, outcome))
        if submission.name is not None:
            self.answered[submission.name] = replace(answer, fresh=False)
        return answer

    def _explained(self, submission: Submission, refusal: Rejected) -> Refused:
        """Say who deleted the element that is missing, if that is known."""
        deletion = refusal.missing and self.deletions.find(refusal.missing, self.applied)
        ids = _affected(submission.operation, self.draft if self.in_memory and refusal.code != "forbidden" else None)
        if deletion is None:
            return refused(refusal, *ids)
        reason, values = deletion.reason_for(submission.actor)
        return Refused(refusal.code, reason, values, *ids)

    def _refuse(self, submission: Submission, answer: Refused) -> Refused:
        if submission.name is not None and answer.code not in NOT_REMEMBERED:
            self.to_remember.append((submission.name, self.version, answer))
            self.answered[submission.name] = answer
        return answer

    def _again(self, submission: Submission, answer: Acked | Refused) -> Acked | Refused:
        if isinstance(answer, Acked):
            return answer
        nodes, edges = _affected(submission.operation, self.draft if self.in_memory else None)
        return replace(answer, nodes=nodes, edges=edges)


def _affected(
    operation: Record | UndoRequest | RedoRequest | Refused, graph: Graph | None
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of nodes and edges that a refused operation affects, for its author to see them as they are.

    More than it names, a group's members for example; that is asked only of a graph in memory, because a refusal must
    never make the database read.
    """
    match operation:
        case Refused(nodes=nodes, edges=edges):
            return nodes, edges
        case CreateFlow() | ReplaceGraph() | UndoRequest() | RedoRequest():
            return frozenset(), frozenset()
        case record:
            return record.references() if graph is None else record.affected(graph)
