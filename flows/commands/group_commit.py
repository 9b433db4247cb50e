"""A group commit: several submissions under one lock, each applied to a draft, then all written at once.

Each may be only so much work, so that no one keeps the others waiting.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils import timezone

from flows import limits as helix_limits
from flows.commands.deleted_by import Deletions
from flows.commands.idempotency import answer_row, remember
from flows.commands.storage_quota import FULL, StorageQuota
from flows.commands.undo import Progress, undo_or_redo
from flows.commands.work_budget import WRITTEN
from flows.commands.write_transaction import LockedFlow
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
    Work,
    WorkExceeded,
    apply,
)
from flows.errors import FlowReason
from flows.log.entries import Entry, append, entry_of
from flows.log.head import ANSWER_BYTES, seal_of, size_of_answer
from flows.models import Answer, Flow
from flows.search import search_text
from flows.storage.sql import execute, key_value, time_value
from flows.storage.store import write_effect
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
    Via,
    refused,
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the first submission would do at a version, or why not; and the work that this took."""

    version: int
    outcome: Outcome | Rejected | WorkExceeded
    steps: int


@dataclass(slots=True)
class GroupCommit:
    """One transaction's submissions: the flow so far, the answers so far, and what there is to write."""

    flow: LockedFlow
    base: Graph
    version: int
    answered: dict[Name, Acked | Refused]
    in_memory: bool
    quota: StorageQuota
    prepared: Prepared | None = None
    limits: DocumentLimits = field(default_factory=helix_limits.current)
    draft: Draft = field(init=False)
    deletions: Deletions = field(init=False)
    applied: list[AppliedChange] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    to_remember: list[Answer] = field(default_factory=list)
    steps: int = 0
    exhausted: frozenset[int] = frozenset()
    spent: Counter[int | None] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.draft = Draft(self.base)
        self.deletions = Deletions(self.flow.id, self.flow.version)

    def answer(self, submission: Submission, *, may_write: bool) -> Acked | Refused:
        """Apply one submission to the draft, unless its name was used before."""
        if submission.name is not None and submission.name in self.answered:
            return self._again(submission, self.answered[submission.name])
        self.draft.work = Work(self.limits.work_steps)
        try:
            return self._answer(submission, may_write=may_write)
        except WorkExceeded:
            return self._refuse(submission, _too_much_work(submission))
        finally:
            self.steps += self.draft.work.total
            self.spent[submission.actor] += self.draft.work.total

    @property
    def has_worked_enough(self) -> bool:
        """Whether others should have the lock before the next submission."""
        return self.steps >= self.limits.work_steps

    def _answer(self, submission: Submission, *, may_write: bool) -> Acked | Refused:
        try:
            if not may_write:
                raise Rejected("forbidden", FlowReason.FORBIDDEN)
            self.quota.check(submission.actor, ANSWER_BYTES)
            match submission.operation:
                case Refused() as unparsed:
                    return self._refuse(submission, unparsed)
                case _ if submission.actor in self.exhausted:
                    raise Rejected("rate_limited", FlowReason.TOO_FAST)
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
        flow.answers_digest = remember(self.to_remember, flow.answers_digest)
        flow.storage += self.quota.added
        self.quota.save()
        if self.applied:
            now = timezone.now()
            write_effect(flow.id, effect, self.version)
            flow.version, flow.digest = self.version, append(flow.id, flow.digest, self.entries, now)
            self._write_flow(self._changed_values(effect, now))
        elif self.to_remember:
            self._write_flow({})
        heads = tuple(head for head, _outcome in self.applied)
        return Receipt(flow.id, previous, flow.version, flow.digest, flow.epoch, answers, heads, effect)

    def _write_flow(self, values: dict[str, object]) -> None:
        """Write what changed of the flow's own row, and no more."""
        flow = self.flow
        values |= {"answers_digest": flow.answers_digest, "storage": flow.storage, "seal": seal_of(flow)}
        assignments = ", ".join(f"{column} = %s" for column in values)
        statement = f"UPDATE {Flow._meta.db_table} SET {assignments} WHERE id = %s"  # noqa: S608  (our names)
        execute(statement, [*values.values(), key_value(flow.id)])

    def _changed_values(self, effect: Effect, now: datetime) -> dict[str, object]:
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
        return values

    def _apply(self, submission: Submission, record: Record) -> Acked:
        if isinstance(record, ReplaceGraph):
            self._expect_current(submission.based_on)
        outcome = self._outcome(record)
        head = self._head(submission, submission.via, outcome.skipped, step=submission.step)
        return self._accept(submission, head, outcome)

    def _outcome(self, record: Record) -> Outcome:
        """Apply a record, unless that was done before the lock and the flow has stayed as it was."""
        prepared, self.prepared = self.prepared, None
        if prepared is None or not isinstance(record, ReplaceGraph) or prepared.version != self.version:
            return apply(self.draft, record, self.limits)
        if not isinstance(prepared.outcome, Outcome):
            raise prepared.outcome
        self.draft.work.spend(prepared.steps)
        return prepared.outcome

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
                self._remember(submission.name, None)
        else:
            entry = entry_of(head, outcome)
            self.quota.check(submission.actor, entry.size)
            self.draft.advance(outcome.effect)  # the last step that can refuse it
            self.quota.count(submission.actor, entry.size)
            self.entries.append(entry)
            self.spent[submission.actor] += WRITTEN * (len(outcome.effect.nodes) + len(outcome.effect.edges))
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
        is_kept = answer.code not in NOT_REMEMBERED and answer.reason not in FULL
        if submission.name is not None and is_kept:
            self._remember(submission.name, answer)
            self.answered[submission.name] = answer
        return answer

    def _remember(self, name: Name, answer: Refused | None) -> None:
        row = answer_row(self.flow.id, name, self.version, answer)
        self.quota.count(name[0], size_of_answer(row))
        self.to_remember.append(row)

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
        case record if graph is None:
            return record.references()
        case record:
            try:
                return record.affected(Draft(graph, Work(helix_limits.current().work_steps)))
            except WorkExceeded:
                return record.references()


def _too_much_work(submission: Submission) -> Refused:
    return refused(Rejected("limit_reached", Reason.TOO_MUCH_WORK), *_affected(submission.operation, None))
