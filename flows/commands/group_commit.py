"""A group commit: several submissions under one lock, each applied to a draft, then all written at once.

Each may be only so much work, so that no one keeps the others waiting. What is long is prepared before the lock: read
on a snapshot, applied, encoded; under the lock it is only written. It counts if the flow is at the same version still,
whether it came to a change or to a refusal; what only the locked rows know (rights, storage, whether its name was
used) is asked again.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from flows import limits as helix_limits
from flows.commands.affected import affected
from flows.commands.deleted_by import Deletions
from flows.commands.flow_lock import LockedFlow
from flows.commands.idempotency import answer_row, remember
from flows.commands.storage_quota import FULL, StorageQuota
from flows.commands.undo import Progress, ignore, undo_or_redo
from flows.commands.work_budget import WRITTEN, TooLong, WorkBeforeLock, WorkUnderLock
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
    each_once,
)
from flows.errors import FlowReason
from flows.log.digests import ANSWER_BYTES, seal_of, size_of_answer
from flows.log.entries import Entry, append, entry_of, logged_rows
from flows.models import Answer, Flow
from flows.search import search_text
from flows.storage.row_changes import RowChanges, row_changes, write_rows
from flows.storage.sql import Row, execute, key_value, time_value
from flows.storage.stored_graph import TooManyRows
from flows.submission import (
    NOT_REMEMBERED,
    Acked,
    AppliedChange,
    ChangeHead,
    Name,
    Planned,
    Receipt,
    RedoRequest,
    Refused,
    Submission,
    UndoRequest,
    Via,
    refused,
)


@dataclass(frozen=True, slots=True)
class Encoded:
    """What a transaction writes of the flow's graph and log, and where the log stands afterwards."""

    rows: RowChanges
    log: list[Row]
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What a submission does: the head of its version, the outcome, and unless that is empty, all there is to write."""

    head: ChangeHead
    outcome: Outcome
    entry: Entry | None
    draft: Draft
    encoded: Encoded | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What one submission does to the flow at a version, or why not; and what that took."""

    submission: Submission
    version: int
    digest: str
    result: Change | Rejected | WorkExceeded
    steps: int
    rows_read: int

    def fits(self, submission: Submission, version: int, digest: str) -> bool:
        """Tell whether it is about this submission to the flow as it is."""
        return self.submission is submission and (self.version, self.digest) == (version, digest)


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
    most_steps: int | None = None
    """Steps that a submission may take under the lock, unless it is prepared."""
    limits: DocumentLimits = field(default_factory=helix_limits.current)
    draft: Draft = field(init=False)
    deletions: Deletions = field(init=False)
    applied: list[AppliedChange] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    encoded: Encoded | None = None
    to_remember: list[Answer] = field(default_factory=list)
    steps: int = 0
    weight: int = 0
    """Steps, and what writing takes."""
    exhausted: frozenset[int] = frozenset()
    spent: Counter[int | None] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.draft = Draft(self.base)
        self.deletions = Deletions(self.flow.id, self.flow.version)

    def answer(self, submission: Submission, *, may_write: bool) -> Acked | Refused:
        """Apply one submission to the draft, unless its name was used before.

        Raises `TooLong`, and nothing is done, if it takes more than it may here and must be prepared.
        """
        if submission.name is not None and submission.name in self.answered:
            return self._again(submission, self.answered[submission.name])
        most, is_open = self.limits.work_steps, self.most_steps is None or self._prepared_for(submission) is not None
        self.draft.work = Work(most) if is_open else WorkUnderLock(most, self.most_steps or 0)
        try:
            return self._answer(submission, may_write=may_write)
        except TooManyRows:
            raise TooLong from None
        except WorkExceeded:
            return self._refuse(submission, _too_much_work(submission))
        finally:
            self.steps += self.draft.work.total
            self._count(submission.actor, self.draft.work.total)

    def prepare(self, submission: Submission, at: datetime) -> Change | Rejected | WorkExceeded:
        """Do all that can be done before the lock: the flow and the graph are those of a snapshot."""
        self.draft.work = WorkBeforeLock(self.limits.work_steps)
        try:
            head, outcome = self._decide(submission)
            if outcome.effect.is_empty:
                return Change(head, outcome, None, self.draft, None)
            entry = entry_of(head, outcome)
            self.draft.advance(outcome.effect)
        except (Rejected, WorkExceeded) as refusal:
            return refusal.with_traceback(None)
        return Change(
            head, outcome, entry, self.draft, encode(self.flow.id, self.draft.effect, self.flow.digest, [entry], at)
        )

    @property
    def has_worked_enough(self) -> bool:
        """Whether others should have the lock before the next submission."""
        return self.encoded is not None or self.steps >= self.limits.work_steps or self.weight >= self.limits.lock_steps

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
                case _ if (prepared := self._prepared_for(submission)) is not None:
                    return self._take(submission, prepared)
                case _:
                    return self._accept(submission, *self._decide(submission))
        except Rejected as refusal:
            return self._refuse(submission, self._explained(submission, refusal))

    def write(self, answers: tuple[Acked | Refused, ...]) -> Receipt:
        """Write the rows of the net effect, the log and the answers to remember."""
        flow, previous, effect = self.flow, self.flow.version, self.draft.effect
        if self.to_remember:
            flow.answers_digest = remember(self.to_remember, flow.answers_digest)
        flow.storage += self.quota.added
        self.quota.save()
        if self.applied:
            encoded = self.encoded or encode(flow.id, effect, flow.digest, self.entries, timezone.now())
            write_rows(encoded.rows)
            append(encoded.log)
            flow.version, flow.digest = self.version, encoded.digest
            self._write_flow(self._changed_values(effect, encoded.at))
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

    def _prepared_for(self, submission: Submission) -> Prepared | None:
        """Return what was prepared, if that is this one's and the flow has stayed as it was."""
        prepared = self.prepared
        fits = prepared is not None and prepared.fits(submission, self.version, self.flow.digest)
        return prepared if fits else None

    def _take(self, submission: Submission, prepared: Prepared) -> Acked:
        """Do what was prepared."""
        self.prepared = None
        if not isinstance(prepared.result, Change):
            raise prepared.result
        change = prepared.result
        if change.entry is not None:
            self.quota.check(submission.actor, change.entry.size)
            self.draft, self.encoded = change.draft, change.encoded
            self.draft.work = Work()
        return self._accept(submission, change.head, change.outcome, change.entry)

    def _decide(self, submission: Submission) -> tuple[ChangeHead, Outcome]:
        """Return what a submission comes to."""
        match submission.operation:
            case Refused():
                raise TypeError("a refusal comes to nothing")
            case UndoRequest() | RedoRequest() as request:
                return self._undo(submission, request)
            case CreateFlow():
                raise Rejected("invalid", Reason.ALREADY_CREATED)
            case Planned() as planned:
                outcome = self._carried_out(planned)
            case record:
                outcome = self._applied_to_now(submission, record)
        return self._head(submission, submission.via, outcome.skipped, step=submission.step), outcome

    def _applied_to_now(self, submission: Submission, record: Record) -> Outcome:
        """Apply a record, if the flow is at the version that it is based on."""
        if isinstance(record, ReplaceGraph) or submission.based_on is not None:
            self._expect_current(submission.based_on)
        return apply(self.draft, record, self.limits)

    def _carried_out(self, planned: Planned) -> Outcome:
        """Return what was planned, or what it comes to if the flow has changed since."""
        if planned.version == self.version:
            self.draft.work.spend(planned.steps)
            return planned.outcome
        outcome = self._rebased(planned)
        return replace(outcome, skipped=each_once((*planned.outcome.skipped, *outcome.skipped)))

    def _rebased(self, planned: Planned) -> Outcome:
        """Apply a plan to the flow as it is now. What does not fit there any more is to be computed anew."""
        stale = Rejected("version_conflict", FlowReason.VERSION_STALE, version=planned.version)
        if not planned.may_rebase:
            raise stale
        if planned.subjects and not any(self.draft.node(id) for id in sorted(planned.subjects)):
            raise stale
        try:
            return apply(self.draft, planned.batch, self.limits)
        except Rejected:
            raise stale from None

    def _undo(self, submission: Submission, request: UndoRequest | RedoRequest) -> tuple[ChangeHead, Outcome]:
        work = self.draft.work
        weigh = work.weigh if isinstance(work, WorkUnderLock) else ignore
        progress = Progress(self.flow, self.base, self.draft, self.applied, weigh)
        undone = undo_or_redo(request, progress, actor=submission.actor, client=submission.client)
        via: Via = "undo" if isinstance(request, UndoRequest) else "redo"
        return self._head(submission, via, undone.skipped, undo_of=undone.undo_of), undone.outcome

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

    def _accept(
        self, submission: Submission, head: ChangeHead, outcome: Outcome, prepared: Entry | None = None
    ) -> Acked:
        if outcome.effect.is_empty:
            answer = Acked(self.version, fresh=False)
            if submission.name is not None:
                self._remember(submission.name, None)
        else:
            entry = prepared or entry_of(head, outcome)
            self.quota.check(submission.actor, entry.size)
            if prepared is None:
                self.draft.advance(outcome.effect)  # the last step that can refuse it
            self.quota.count(submission.actor, entry.size)
            self.entries.append(entry)
            self._count(submission.actor, WRITTEN * (len(outcome.effect.nodes) + len(outcome.effect.edges)))
            self.version += 1
            answer = Acked(self.version, fresh=True, skipped=head.skipped)
            self.applied.append((head, outcome))
        if submission.name is not None:
            self.answered[submission.name] = Acked(self.version, fresh=False, skipped=answer.skipped)
        return answer

    def _count(self, actor: int | None, steps: int) -> None:
        self.weight += steps
        self.spent[actor] += steps

    def _explained(self, submission: Submission, refusal: Rejected) -> Refused:
        """Say who deleted the element that is missing, if that is known."""
        deletion = refusal.missing and self.deletions.find(refusal.missing, self.applied)
        ids = affected(submission.operation, self.draft if self.in_memory and refusal.code != "forbidden" else None)
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
        nodes, edges = affected(submission.operation, self.draft if self.in_memory else None)
        return replace(answer, nodes=nodes, edges=edges)


def encode(flow_id: UUID, effect: Effect, digest: str, entries: list[Entry], at: datetime) -> Encoded:
    """Encode a transaction that follows `digest`."""
    version = entries[-1].head.version
    log, last = logged_rows(flow_id, digest, entries, at)
    return Encoded(row_changes(flow_id, effect, version), log, last, at)


def _too_much_work(submission: Submission) -> Refused:
    return refused(Rejected("limit_reached", Reason.TOO_MUCH_WORK), *affected(submission.operation, None))
