"""Edits of one flow, several at a time, in one transaction.

Lock the flow's row; read every principal's role now; drop what was answered before; apply each to a draft; write the
rows of the net effect, one log entry for each version and the answers to remember; commit. Of the rows only what the
edits mention is read, however large the flow is; with a graph in memory at the row's version, none.

Others wait for the lock. So each submission may be only so much work (`WORK_STEPS`), of which little is done under the
lock (`LOCK_STEPS`): a transaction that has done as much leaves the rest to the next one. Each is tried under the lock
first; one that needs more is read, applied and encoded beforehand.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from accounts.acting import acting_in
from accounts.principals import Principal
from flows import access
from flows import limits as helix_limits
from flows.commands import idempotency, storage_quota, work_budget
from flows.commands.flow_lock import LockedFlow, flow_query, lock_query, locked_flow
from flows.commands.group_commit import GroupCommit, Prepared
from flows.commands.storage_quota import StorageQuota, Used
from flows.commands.work_budget import TooLong, turn_to_prepare
from flows.document import Graph, Record, ReplaceGraph, compose
from flows.log.snapshots import snapshot_if_due
from flows.publish import hint_changed, publish_after_commit
from flows.storage.sql import Row, key_value, select, select_together
from flows.storage.store import consistent_read
from flows.storage.stored_graph import StoredGraph, TooManyRows
from flows.submission import (
    Acked,
    Name,
    Planned,
    Receipt,
    Refused,
    Submission,
    Versioned,
    Via,
)
from web.write_transaction import in_write_transaction

PREPARATIONS = 3
"""How often a submission is prepared before the lock while others write, before it is done under it."""
_ROWS_PER_QUERY = 10_000  # SQLite takes 32,766 parameters
_PLACES = "(%s, %s, %s)"
_FACTS = f"""WITH asked (actor, name, number) AS MATERIALIZED (VALUES {{rows}})
SELECT asked.actor, asked.name, asked.number,
{storage_quota.USED_COLUMNS}, {idempotency.ANSWER_COLUMNS}
FROM asked {storage_quota.USED_JOIN} {idempotency.ANSWER_JOIN}"""  # noqa: S608  (our names)
"""What is read of authors and names under the flow's lock. What belongs to storage and to answers is asked together:
each statement lets go of the interpreter and, on PostgreSQL, waits for an answer."""
_FLOWS = 3
"""How often the statement names the flow."""
_USED, _ANSWER = slice(3, 5), slice(5, None)

Query = tuple[str, Sequence[Any]]


@dataclass(slots=True)
class _Facts:
    """What each author has written, and what was answered, by name."""

    used: dict[int, Used] = field(default_factory=dict)
    answered: dict[Name, Acked | Refused] = field(default_factory=dict)


def submit(flow_id: UUID, submissions: Sequence[Submission]) -> Receipt:
    """Do what is asked of a flow, each submission by itself, and answer each in order; publish what changed.

    Raises `NotFound` if the flow is unknown or deleted; everything else that is expected is a `Refused` in the receipt.
    """
    receipts = []
    with acting_in(flow_id):
        for receipt in _commits(flow_id, submissions, None):
            receipts.append(receipt)
            if receipt.version > receipt.previous:
                publish_after_commit(hint_changed(flow_id, previous=receipt.previous, version=receipt.version))
    return _joined(receipts)


def replace_graph(
    principal: Principal, flow_id: UUID, graph: ReplaceGraph | Refused, *, version: int, via: Via
) -> Receipt:
    """Replace all nodes and edges if `version` is current. The same graph makes no version.

    A stale one is answered by a `Refused` with `version_conflict`. Raises `NotFound`.
    """
    return submit(flow_id, [Submission(operation=graph, principal=principal, via=via, based_on=version)])


def commit(
    flow_id: UUID, submissions: Sequence[Submission], *, graph: Versioned | None = None, may_take_long: bool = True
) -> Receipt:
    """Do as `submit` does without publishing: for a live session, which tells the others itself.

    `graph` spares reading rows if its version is the current one. The net effect leads from `previous` on; that is not
    the version of `graph` if others have written in between. Unless it `may_take_long`, it raises `TooLong` at what has
    to be prepared; what came before is done then, and known by its name when all is submitted again.
    """
    with acting_in(flow_id):
        return _joined(list(_commits(flow_id, submissions, graph, may_take_long=may_take_long)))


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


def _commits(
    flow_id: UUID, submissions: Sequence[Submission], graph: Versioned | None, *, may_take_long: bool = True
) -> Iterator[Receipt]:
    """Commit in as many transactions as the work needs, at least one."""
    done, most = 0, len(submissions)
    while not done or done < len(submissions):
        some = submissions[done : done + most]
        try:
            if _is_long(some):
                raise TooLong
            receipt = _commit(flow_id, some, graph)
        except TooLong as found:
            if not found.alone:
                most = len(some) // 2
                continue
            if not may_take_long:
                raise
            receipt = _commit_long(flow_id, some[0], graph)
        if receipt.changes:
            due = partial(snapshot_if_due, flow_id, receipt.previous, receipt.version)
            transaction.on_commit(due, robust=True)
        yield receipt
        done += max(len(receipt.answers), 1)
        most *= 2


def _is_long(submissions: Sequence[Submission]) -> bool:
    """Tell whether the first submission need not be tried under the lock: it replaces the whole graph."""
    return bool(submissions) and isinstance(submissions[0].operation, ReplaceGraph)


def _to_read(submission: Submission, version: int) -> Record | None:
    """Return the record whose rows are read beforehand: none if it is stale, or planned at this very version."""
    match submission.operation:
        case Record() as record if submission.based_on in (None, version):
            return record
        case Planned() as planned if planned.version != version:
            return planned.batch
        case _:
            return None


def _commit_long(flow_id: UUID, submission: Submission, graph: Versioned | None) -> Receipt:
    """Prepare a submission before the lock and commit it, again if others wrote in between; at last under the lock."""
    for _ in range(PREPARATIONS):
        prepared = None
        if not work_budget.seconds_to_wait(submission.actor):
            with turn_to_prepare(submission.actor):
                if not work_budget.seconds_to_wait(submission.actor):  # one's own that were before it took long
                    prepared = _prepare(flow_id, submission, graph)
        try:
            return _commit_prepared(flow_id, submission, graph, prepared)
        except TooLong:
            continue
        finally:  # whatever came of it; only now, or the person would have nothing left under their own lock
            if prepared is not None:
                work_budget.spend(submission.actor, work_budget.beforehand(prepared.steps, prepared.rows_read))
    return _commit(flow_id, [submission], graph, is_last_try=True)


def _commit_prepared(
    flow_id: UUID, submission: Submission, graph: Versioned | None, prepared: Prepared | None
) -> Receipt:
    """Commit what was prepared, and note for how long that held the lock."""
    held = list[float]()
    try:
        return _commit(flow_id, [submission], graph, prepared, began=lambda: held.append(time.monotonic()))
    finally:
        if held:
            work_budget.held_lock(submission.actor, time.monotonic() - held[-1])


def _prepare(flow_id: UUID, submission: Submission, graph: Versioned | None) -> Prepared | None:
    """Do before the lock what is long. Raises `NotFound`."""
    with consistent_read():
        flow = locked_flow(flow_id, select(*flow_query(flow_id)))
        if isinstance(submission.operation, ReplaceGraph) and submission.based_on != flow.version:
            return None
        base, in_memory = _base(flow, graph, None)
        if isinstance(base, StoredGraph) and (record := _to_read(submission, flow.version)) is not None:
            base.prefetch([record])
        group = GroupCommit(flow, base, flow.version, {}, in_memory, StorageQuota(flow_id, 0, {}))
        version, digest = flow.version, flow.digest
        result = group.prepare(submission, timezone.now())
    rows_read = base.rows_read if isinstance(base, StoredGraph) else 0
    return Prepared(submission, version, digest, result, group.draft.work.total, rows_read)


def _base(flow: LockedFlow, graph: Versioned | None, most_rows: int | None) -> tuple[Graph, bool]:
    """Return the graph to work on, in memory if that one is current."""
    if graph is not None and graph.version == flow.version:
        return graph.graph, True
    return StoredGraph(flow, most_rows=most_rows), False


@partial(in_write_transaction, edits=True)
def _commit(
    flow_id: UUID,
    submissions: Sequence[Submission],
    graph: Versioned | None,
    prepared: Prepared | None = None,
    *,
    is_last_try: bool = False,
    began: Callable[[], None] = lambda: None,
) -> Receipt:
    """Commit submissions until that has taken long enough. Raises `TooLong` if the first has to be prepared."""
    asking = {id(one.principal): one.principal for one in submissions}  # a socket's share one, and hashing is slow
    principals = set(asking.values())
    rights = access.queries(flow_id, principals)
    locked, *told = select_together([lock_query(flow_id), *rights, *_fact_queries(flow_id, submissions)])
    began()
    flow = locked_flow(flow_id, locked)
    facts = _facts_in(told[len(rights) :])
    granted = access.grants_in(flow_id, principals, told[: len(rights)])
    editors = {principal for principal, grant in granted.items() if grant.role.includes(access.Role.EDITOR)}
    writers = {number for number, principal in asking.items() if principal in editors}
    actors = {actor for one in submissions if (actor := one.actor) is not None}
    exhausted = work_budget.exhausted(actors)
    most = None if is_last_try else helix_limits.current().lock_steps
    base, in_memory = _base(flow, graph, most and most // work_budget.READ)
    willing = [one for one in submissions if id(one.principal) in writers and one.actor not in exhausted]
    fresh = [one for one in willing if one.name not in facts.answered]
    if isinstance(base, StoredGraph) and prepared is None:
        _prefetch(base, fresh, flow.version, alone=len(submissions) == 1)
    quota = StorageQuota(flow_id, flow.storage + flow.snapshot_storage, facts.used)
    group = GroupCommit(flow, base, flow.version, facts.answered, in_memory, quota, prepared, most, exhausted=exhausted)
    answers: list[Acked | Refused] = []
    for one in submissions:
        try:
            answers.append(group.answer(one, may_write=id(one.principal) in writers))
        except TooLong:
            if not answers:
                raise
            break
        if group.has_worked_enough:
            break
    for actor, steps in group.spent.items():
        work_budget.spend(actor, steps + (work_budget.READ * base.rows_read if isinstance(base, StoredGraph) else 0))
    return group.write(tuple(answers))


def _fact_queries(flow_id: UUID, submissions: Sequence[Submission]) -> Iterator[Query]:
    """Yield what to ask, for `_facts_in`: one query for all that a batch holds, none if the system alone asks."""
    wanted = {(one.actor, *(one.name or (one.actor, None, None))[1:]) for one in submissions if one.actor is not None}
    asked = sorted(wanted, key=lambda one: (one[0], one[1] or "", one[2] or 0))
    key = key_value(flow_id)
    for first in range(0, len(asked), _ROWS_PER_QUERY):
        some = asked[first : first + _ROWS_PER_QUERY]
        rows = ", ".join([idempotency.ASKED.get(connection.vendor, _PLACES), *[_PLACES] * (len(some) - 1)])
        yield _FACTS.format(rows=rows), [*(value for row in some for value in row), *[key] * _FLOWS]


def _facts_in(answers: Sequence[Sequence[Row]]) -> _Facts:
    """Read what `_fact_queries` were answered."""
    facts = _Facts()
    for rows in answers:
        for actor, client, seq, *row in rows:
            told = (actor, client, seq, *row)
            facts.used[actor] = Used(*told[_USED])
            if (answer := idempotency.answer_in(told[_ANSWER])) is not None:
                facts.answered[actor, client, seq] = answer
    return facts


def _prefetch(base: StoredGraph, submissions: Sequence[Submission], version: int, *, alone: bool) -> None:
    """Read what the rules will ask. Raises `TooLong` if that is too much here."""
    try:
        base.prefetch([record for one in submissions if (record := _to_read(one, version)) is not None])
    except TooManyRows:
        raise TooLong(alone=alone) from None
