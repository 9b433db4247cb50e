"""Edits of one flow, several at a time, in one transaction.

Lock the flow's row; read every principal's role now; drop what was answered before; apply each to a draft; write the
rows of the net effect, one log entry for each version and the answers to remember; commit. Of the rows only what the
edits mention is read, however large the flow is; with a graph in memory at the row's version, none.
"""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.db import transaction

from accounts.principals import Principal
from flows import access
from flows.commands.group_commit import GroupCommit
from flows.commands.idempotency import recall
from flows.commands.locked_flow import lock_flow
from flows.commands.storage_room import StorageRoom
from flows.commands.write_transaction import in_write_transaction
from flows.document import Graph, Record, ReplaceGraph
from flows.log.snapshots import snapshot_if_due
from flows.publish import hint_changed, publish_after_commit
from flows.storage.store import StoredGraph
from flows.submission import Receipt, Refused, Submission, Versioned, Via


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
    actors = {actor for one in submissions if (actor := one.actor) is not None}
    room = StorageRoom(flow_id, flow.storage + flow.snapshot_storage, actors)
    group = GroupCommit(flow, base, flow.version, answered, in_memory, room)
    return group.write(tuple(group.answer(one, may_write=one.principal in writers) for one in submissions))
