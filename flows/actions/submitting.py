"""Edits of one flow, several at a time, in one transaction.

Lock the flow's row; read every actor's role now; drop what was answered before; apply each to a draft; write the rows
of the net effect, one log entry for each version and the answers to remember; commit. Of the rows only what the edits
mention is read, however large the flow is; with a graph in memory at the row's version, none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeAlias
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from flows import limits as helix_limits
from flows.access import Role
from flows.actions.memory import recall, remember
from flows.actions.missing import Missing
from flows.actions.rights import LockedFlow, is_administrator, lock_flow, roles_of
from flows.actions.touched import touched
from flows.actions.turns import in_turn
from flows.actions.undoing import take_back_for
from flows.document import (
    CreateFlow,
    DocumentLimits,
    Draft,
    Effect,
    Graph,
    Outcome,
    Record,
    Rejected,
    ReplaceGraph,
    apply,
    decode_graph,
    decode_operation,
)
from flows.log.entries import append
from flows.log.snapshots import snapshot_if_due
from flows.models import Flow
from flows.search import search_text
from flows.sql import execute, key_value, time_value
from flows.store import StoredGraph, write_effect
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
    Versioned,
    Via,
)

Asked: TypeAlias = Record | Undo | Redo | Rejected
"""What a submission came to when it was read: a record, the wish to take something back, or why it can be none."""


def submit(flow_id: UUID, submissions: Sequence[Submission], *, graph: Versioned | None = None) -> Receipt:
    """Do what is asked of a flow, each submission by itself, and answer each in order. Publish after it returns.

    `graph` spares reading rows if its version is the current one. Raises `NotFound` if the flow is unknown or deleted;
    everything else that is expected is a `Refused` in the receipt.
    """
    receipt = _take(flow_id, submissions, graph)
    if receipt.changes:
        due = partial(snapshot_if_due, flow_id, receipt.previous, receipt.version)
        transaction.on_commit(due, robust=True)
    return receipt


def replace_graph(
    flow_id: UUID,
    *,
    actor: int | None,
    version: int,
    nodes: object,
    edges: object,
    via: Via,
    client: str | None = None,
    seq: int | None = None,
    graph: Versioned | None = None,
) -> Receipt:
    """Replace all nodes and edges, lists as on the wire, if `version` is current. The same graph makes no version.

    A stale one is answered by a `Refused` with `version_conflict`. Publish after it returns. Raises `NotFound`.
    """
    submission = Submission(
        operation=read_graph(nodes, edges), actor=actor, via=via, client=client, seq=seq, based_on=version
    )
    return submit(flow_id, [submission], graph=graph)


def read_graph(nodes: object, edges: object) -> Asked:
    """Decode a whole graph into what a submission may hold: the record, or the refusal."""
    try:
        return ReplaceGraph(*decode_graph(nodes, edges, helix_limits.current()))
    except Rejected as refusal:
        return refusal


@in_turn
def _take(flow_id: UUID, submissions: Sequence[Submission], graph: Versioned | None) -> Receipt:
    """Do it, all in one transaction."""
    flow = lock_flow(flow_id)
    known = recall(flow_id, {name for one in submissions if (name := one.name)})
    asked = _read(flow_id, submissions)
    below: Graph
    in_memory = graph is not None and graph.version == flow.version
    if graph is not None and in_memory:
        below = graph.graph
    else:
        below = StoredGraph(flow)
        below.prefetch(_fresh(submissions, asked, known))
    turn = _Turn(flow, below, flow.version, known, in_memory)
    answers = tuple(turn.answer(one, what) for one, what in zip(submissions, asked, strict=True))
    return turn.write(answers)


@dataclass(slots=True)
class _Turn:
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
        head = ChangeHead(self.version + 1, one.actor, one.client, one.seq, one.via, step=one.step)
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
        taken = take_back_for(actor, asked, flow=self.flow, made=self.made, draft=self.draft, below=self.below)
        via: Via = "undo" if isinstance(asked, Undo) else "redo"
        name = submission.client, submission.seq
        head = ChangeHead(self.version + 1, actor, *name, via, taken.undo_of, left=taken.left)
        return self._accept(submission, head, taken.outcome)

    def _current(self, submission: Submission, asked: Record) -> Record:
        if isinstance(asked, ReplaceGraph) and submission.based_on != self.version:
            if submission.based_on is not None and submission.based_on > self.version:
                raise Rejected("version_conflict", _("The flow is only at version %s.") % self.version)
            raise Rejected("version_conflict", _("The flow has changed since version %s.") % submission.based_on)
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
        message = refusal.message
        if refusal.missing is not None:
            message = self.missing.why(refusal.missing, submission.actor, self.made) or message
        answer = Refused(refusal.code, message, *self._touched(submission, asked, refusal.code))
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
        record = _decode(submission, self.limits) if isinstance(asked, Rejected) else asked
        graph = self.draft if self.in_memory and code != "forbidden" else None
        return touched(submission.operation, record if isinstance(record, Record) else None, graph)


def _read(flow_id: UUID, submissions: Sequence[Submission]) -> list[Asked]:
    """Decode what is asked by those who may write as of now; the others are forbidden to."""
    askers = {(one.actor, one.via) for one in submissions}
    roles = roles_of(flow_id, {actor for actor, _via in askers if actor is not None})
    writers = {(actor, via) for actor, via in askers if _may_write(actor, via, roles)}
    limits = helix_limits.current()
    forbidden = Rejected("forbidden", _("Your role in this flow does not allow this."))
    return [_decode(one, limits) if (one.actor, one.via) in writers else forbidden for one in submissions]


def _may_write(actor: int | None, via: Via, roles: dict[int, Role]) -> bool:
    if actor is None:
        return True
    role = roles.get(actor)
    if role is not None and role.includes(Role.EDITOR):
        return True
    return via == "admin" and is_administrator(actor, "flows.change_flow")


def _decode(submission: Submission, limits: DocumentLimits) -> Asked:
    operation = submission.operation
    if isinstance(operation, CreateFlow):
        return Rejected("invalid", _("A flow is created only once."))
    if isinstance(operation, Record | Rejected | Undo | Redo):
        return operation
    try:
        return decode_operation(operation, limits)
    except Rejected as refusal:
        return refusal.with_traceback(None)  # which would keep the operation as long as its refusal


def _fresh(
    submissions: Iterable[Submission], asked: Iterable[Asked], known: dict[Name, Acked | Refused]
) -> list[Record]:
    pairs = zip(submissions, asked, strict=True)
    return [what for one, what in pairs if isinstance(what, Record) and one.name not in known]
