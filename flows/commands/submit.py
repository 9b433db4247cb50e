"""Edits of one flow, several at a time, in one transaction.

Lock the flow's row; read every principal's role now; drop what was answered before; apply each to a draft; write the
rows of the net effect, one log entry for each version and the answers to remember; commit. Of the rows only what the
edits mention is read, however large the flow is; with a graph in memory at the row's version, none.

Others wait for the lock. So each submission may be only so much work (`WORK_STEPS`), a transaction that has done as
much leaves the rest to the next one, and what replaces a whole graph is read, checked and encoded beforehand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from django.db import transaction

from accounts.principals import Principal
from flows import access
from flows import limits as helix_limits
from flows.commands import work_budget
from flows.commands.group_commit import GroupCommit, Prepared
from flows.commands.idempotency import recall
from flows.commands.storage_quota import StorageQuota
from flows.commands.write_transaction import in_write_transaction, lock_flow
from flows.document import (
    Draft,
    Graph,
    Record,
    Rejected,
    ReplaceGraph,
    Work,
    WorkExceeded,
    apply,
    compose,
)
from flows.log.snapshots import snapshot_if_due
from flows.publish import hint_changed, publish_after_commit
from flows.storage.store import load_document
from flows.storage.stored_graph import StoredGraph
from flows.submission import (
    Acked,
    Receipt,
    Refused,
    Submission,
    Versioned,
    Via,
)


def submit(flow_id: UUID, submissions: Sequence[Submission]) -> Receipt:
    """Do what is asked of a flow, each submission by itself, and answer each in order; publish what changed.

    Raises `NotFound` if the flow is unknown or deleted; everything else that is expected is a `Refused` in the receipt.
    """
    receipts = []
    for receipt in _commits(flow_id, submissions, None):
        receipts.append(receipt)
        if receipt.version > receipt.previous:
            publish_after_commit(hint_changed(receipt))
    return _joined(receipts)


def replace_graph(
    principal: Principal, flow_id: UUID, graph: ReplaceGraph | Refused, *, version: int, via: Via
) -> Receipt:
    """Replace all nodes and edges if `version` is current. The same graph makes no version.

    A stale one is answered by a `Refused` with `version_conflict`. Raises `NotFound`.
    """
    return submit(flow_id, [Submission(operation=graph, principal=principal, via=via, based_on=version)])


def commit(flow_id: UUID, submissions: Sequence[Submission], *, graph: Versioned | None = None) -> Receipt:
    """Do as `submit` does without publishing: for a live session, which tells the others itself.

    `graph` spares reading rows if its version is the current one. The net effect leads from `previous` on; that is not
    the version of `graph` if others have written in between.
    """
    return _joined(list(_commits(flow_id, submissions, graph)))


def _joined(receipts: Sequence[Receipt]) -> Receipt:
    """Return one receipt for transactions that followed each other, from the last that others wrote before."""
    first, *others = receipts
    for receipt in others:
        answers = first.answers + receipt.answers
        if receipt.previous == first.version:
            effect, changes = compose([first.effect, receipt.effect]), first.changes + receipt.changes
            first = replace(receipt, previous=first.previous, answers=answers, effect=effect, changes=changes)
        else:
            first = replace(receipt, answers=answers)
    return first


def _commits(flow_id: UUID, submissions: Sequence[Submission], graph: Versioned | None) -> Iterator[Receipt]:
    """Commit in as many transactions as the work needs, at least one."""
    done = 0
    while not done or done < len(submissions):
        rest = submissions[done:]
        receipt = _commit(flow_id, rest, graph, _prepare(flow_id, rest[0], graph) if rest else None)
        if receipt.changes:
            due = partial(snapshot_if_due, flow_id, receipt.previous, receipt.version)
            transaction.on_commit(due, robust=True)
        yield receipt
        done += max(len(receipt.answers), 1)


def _prepare(flow_id: UUID, submission: Submission, graph: Versioned | None) -> Prepared | None:
    """Do before the lock what is long in replacing a graph: it is refused anyway unless the version stays."""
    record = submission.operation
    if not isinstance(record, ReplaceGraph) or work_budget.seconds_to_wait(submission.actor):
        return None
    if graph is None or graph.version != submission.based_on:
        loaded = load_document(flow_id)
        graph = Versioned(loaded.document, loaded.version)
    if graph.version != submission.based_on:
        return None
    limits = helix_limits.current()
    work = Work(limits.work_steps)
    try:
        outcome = apply(Draft(graph.graph, work), record, limits)
    except (Rejected, WorkExceeded) as refusal:
        return Prepared(graph.version, refusal, work.spent)
    if not outcome.effect.is_empty:
        outcome = replace(
            outcome, record=outcome.record.with_text(), inverse=outcome.inverse and outcome.inverse.with_text()
        )
    return Prepared(graph.version, outcome, work.spent)


@in_write_transaction
def _commit(
    flow_id: UUID, submissions: Sequence[Submission], graph: Versioned | None, prepared: Prepared | None
) -> Receipt:
    flow = lock_flow(flow_id)
    answered = recall(flow_id, {name for one in submissions if (name := one.name)})
    granted = access.grants_of(flow_id, {one.principal for one in submissions})
    writers = {principal for principal, grant in granted.items() if grant.role.includes(access.Role.EDITOR)}
    actors = {actor for one in submissions if (actor := one.actor) is not None}
    exhausted = work_budget.exhausted(actors)
    base: Graph
    in_memory = graph is not None and graph.version == flow.version
    if graph is not None and in_memory:
        base = graph.graph
    else:
        willing = (one for one in submissions if one.principal in writers and one.actor not in exhausted)
        fresh = (one for one in willing if one.name not in answered)
        base = StoredGraph(flow)
        base.prefetch([one.operation for one in fresh if isinstance(one.operation, Record)])
    quota = StorageQuota(flow_id, flow.storage + flow.snapshot_storage, actors)
    group = GroupCommit(flow, base, flow.version, answered, in_memory, quota, prepared, exhausted=exhausted)
    answers: list[Acked | Refused] = []
    for one in submissions:
        answers.append(group.answer(one, may_write=one.principal in writers))
        if group.has_worked_enough:
            break
    for actor, steps in group.spent.items():
        work_budget.spend(actor, steps + (work_budget.READ * base.rows_read if isinstance(base, StoredGraph) else 0))
    return group.write(tuple(answers))
