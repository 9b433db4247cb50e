"""A batch while the flow is locked: each submission applied to a draft, then everything written at once."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils import timezone

from flows import limits as helix_limits
from flows.commands.affected import touched
from flows.commands.authorization import Asked, decode
from flows.commands.deleted_by import Missing
from flows.commands.idempotency import remember
from flows.commands.locking import LockedFlow
from flows.commands.undo import take_back_for
from flows.document import DocumentLimits, Draft, Effect, Graph, Outcome, Record, Rejected, ReplaceGraph, apply
from flows.errors import FlowReason
from flows.log.entries import append
from flows.models import Flow
from flows.search import search_text
from flows.sentences import sentence
from flows.storage.sql import execute, key_value, time_value
from flows.storage.store import write_effect
from flows.submission import (
    NOT_REMEMBERED,
    Acked,
    ChangeHead,
    Name,
    Receipt,
    Redo,
    Refused,
    Submission,
    Undo,
    Via,
)


@dataclass(slots=True)
class Batch:
    """A batch while it is worked through: the flow so far, the answers so far, and what there is to write."""

    flow: LockedFlow
    below: Graph
    version: int
    known: dict[Name, Acked | Refused]
    in_memory: bool
    limits: DocumentLimits = field(default_factory=helix_limits.current)
    draft: Draft = field(init=False)
    missing: Missing = field(init=False)
    made: list[tuple[ChangeHead, Outcome]] = field(default_factory=list)
    unmade: list[tuple[Name, int, Refused | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.draft = Draft(self.below)
        self.missing = Missing(self.flow.id, self.flow.version)

    def answer(self, submission: Submission, asked: Asked) -> Acked | Refused:
        """Apply one submission to the draft, unless its name was used before."""
        if submission.name is not None and submission.name in self.known:
            return self._again(submission, asked, self.known[submission.name])
        if isinstance(asked, Rejected):
            return self._refuse(submission, asked, asked)
        try:
            if isinstance(asked, Undo | Redo):
                return self._take_back(submission, asked)
            outcome = apply(self.draft, self._current(submission, asked), self.limits)
        except Rejected as refusal:
            return self._refuse(submission, asked, refusal)
        one = submission
        head = ChangeHead(self.version + 1, one.actor, one.client, one.seq, one.via, step=one.step, left=outcome.left)
        return self._accept(submission, head, outcome)

    def write(self, answers: tuple[Acked | Refused, ...]) -> Receipt:
        """Write the rows of the net effect, the log and the answers to remember."""
        flow, previous, effect = self.flow, self.flow.version, self.draft.effect
        remember(flow.id, self.unmade)
        if self.made:
            now = timezone.now()
            write_effect(flow.id, effect, self.version)
            flow.version, flow.digest = self.version, append(flow.id, flow.digest, self.made, now)
            self._write_flow(effect, now)
        heads = tuple(head for head, _outcome in self.made)
        return Receipt(flow.id, previous, flow.version, flow.digest, flow.epoch, answers, heads, effect)

    def _write_flow(self, effect: Effect, now: datetime) -> None:
        """Write what changed of the flow's own row, and no more."""
        values: dict[str, object] = {
            "version": self.flow.version,
            "digest": self.flow.digest,
            "node_count": self.draft.node_count,
            "edge_count": self.draft.edge_count,
            "updated_at": time_value(now),
            "updated_by_id": self.made[-1][0].actor,
        }
        if effect.flow is not None:
            properties = self.draft.properties
            values |= {"title": properties.title, "description": properties.description}
            values["search_text"] = search_text(properties)
        assignments = ", ".join(f"{column} = %s" for column in values)
        statement = f"UPDATE {Flow._meta.db_table} SET {assignments} WHERE id = %s"  # noqa: S608  (our names)
        execute(statement, [*values.values(), key_value(self.flow.id)])

    def _take_back(self, submission: Submission, asked: Undo | Redo) -> Acked:
        actor = submission.actor
        client = submission.client
        taken = take_back_for(
            actor, asked, client=client, flow=self.flow, made=self.made, draft=self.draft, below=self.below
        )
        via: Via = "undo" if isinstance(asked, Undo) else "redo"
        head = ChangeHead(self.version + 1, actor, client, submission.seq, via, taken.undo_of, left=taken.left)
        return self._accept(submission, head, taken.outcome)

    def _current(self, submission: Submission, asked: Record) -> Record:
        if isinstance(asked, ReplaceGraph) and submission.based_on != self.version:
            if submission.based_on is not None and submission.based_on > self.version:
                raise Rejected("version_conflict", FlowReason.VERSION_AHEAD, version=self.version)
            raise Rejected("version_conflict", FlowReason.VERSION_STALE, version=submission.based_on)
        return asked

    def _accept(self, submission: Submission, head: ChangeHead, outcome: Outcome) -> Acked:
        if outcome.effect.is_empty:
            answer = Acked(self.version, fresh=False)
            if submission.name is not None:
                self.unmade.append((submission.name, self.version, None))
        else:
            self.draft.advance(outcome.effect)
            self.version += 1
            answer = Acked(self.version, fresh=True, left=head.left)
            self.made.append((head, outcome))
        if submission.name is not None:
            self.known[submission.name] = replace(answer, fresh=False)
        return answer

    def _refuse(self, submission: Submission, asked: Asked, refusal: Rejected) -> Refused:
        message = None
        if refusal.missing is not None:
            message = self.missing.why(refusal.missing, submission.actor, self.made)
        answer = Refused(refusal.code, message or sentence(refusal), *self._touched(submission, asked, refusal.code))
        if submission.name is not None and refusal.code not in NOT_REMEMBERED:
            self.unmade.append((submission.name, self.version, answer))
            self.known[submission.name] = answer
        return answer

    def _again(self, submission: Submission, asked: Asked, answer: Acked | Refused) -> Acked | Refused:
        if isinstance(answer, Acked):
            return answer
        nodes, edges = self._touched(submission, asked, answer.code)
        return replace(answer, nodes=nodes, edges=edges)

    def _touched(self, submission: Submission, asked: Asked, code: str) -> tuple[frozenset[str], frozenset[str]]:
        record = decode(submission, self.limits) if isinstance(asked, Rejected) else asked
        graph = self.draft if self.in_memory and code != "forbidden" else None
        return touched(submission.operation, record if isinstance(record, Record) else None, graph)
