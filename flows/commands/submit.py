"""Edits of one flow, several at a time, in one transaction.

Lock the flow's row; read every actor's role now; drop what was answered before; apply each to a draft; write the rows
of the net effect, one log entry for each version and the answers to remember; commit. Of the rows only what the edits
mention is read, however large the flow is; with a graph in memory at the row's version, none.
"""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from django.db import transaction

from accounts.principals import Principal
from flows.commands.authorization import fresh, read, read_graph
from flows.commands.batch import Batch
from flows.commands.idempotency import recall
from flows.commands.locking import lock_flow
from flows.commands.write_lock import in_turn
from flows.document import Graph
from flows.log.snapshots import snapshot_if_due
from flows.publish import hint_changed, publish_after_commit
from flows.storage.store import StoredGraph
from flows.submission import Receipt, Submission, Versioned, Via


def submit(flow_id: UUID, submissions: Sequence[Submission]) -> Receipt:
    """Do what is asked of a flow, each submission by itself, and answer each in order; publish what changed.

    Raises `NotFound` if the flow is unknown or deleted; everything else that is expected is a `Refused` in the receipt.
    """
    receipt = commit(flow_id, submissions)
    if receipt.version > receipt.previous:
        publish_after_commit(hint_changed(receipt))
    return receipt


def commit(flow_id: UUID, submissions: Sequence[Submission], *, graph: Versioned | None = None) -> Receipt:
    """Do as `submit` does without publishing: for a live session, which tells the others itself.

    `graph` spares reading rows if its version is the current one.
    """
    receipt = _commit(flow_id, submissions, graph)
    if receipt.changes:
        due = partial(snapshot_if_due, flow_id, receipt.previous, receipt.version)
        transaction.on_commit(due, robust=True)
    return receipt


def replace_graph(
    flow_id: UUID,
    *,
    principal: Principal,
    version: int,
    nodes: object,
    edges: object,
    via: Via,
    client: str | None = None,
    seq: int | None = None,
) -> Receipt:
    """Replace all nodes and edges, lists as on the wire, if `version` is current. The same graph makes no version.

    A stale one is answered by a `Refused` with `version_conflict`. Raises `NotFound`.
    """
    submission = Submission(
        operation=read_graph(nodes, edges), principal=principal, via=via, client=client, seq=seq, based_on=version
    )
    return submit(flow_id, [submission])


@in_turn
def _commit(flow_id: UUID, submissions: Sequence[Submission], graph: Versioned | None) -> Receipt:
    """Do it, all in one transaction."""
    flow = lock_flow(flow_id)
    known = recall(flow_id, {name for one in submissions if (name := one.name)})
    asked = read(flow_id, submissions)
    below: Graph
    in_memory = graph is not None and graph.version == flow.version
    if graph is not None and in_memory:
        below = graph.graph
    else:
        below = StoredGraph(flow)
        below.prefetch(fresh(submissions, asked, known))
    batch = Batch(flow, below, flow.version, known, in_memory)
    answers = tuple(batch.answer(one, what) for one, what in zip(submissions, asked, strict=True))
    return batch.write(answers)
