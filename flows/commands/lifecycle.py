"""The life of a flow as a whole: created, duplicated, deleted, restored.

Creation is version 1 and stands in the log like any other. Deletion is a mark, so that it can be undone; it makes no
version, and until it is undone the flow is as if it never was.
"""

from dataclasses import replace
from uuid import UUID

from django.utils import timezone

from accounts.colours import own_colour
from accounts.principals import Principal, user_id_of
from flows import limits as helix_limits
from flows.access import DELETE, VIEW, Role, authorize
from flows.commands.write_transaction import in_write_transaction, lock_flow
from flows.document import CreateFlow, Document, FlowProperties, Outcome, apply
from flows.errors import Forbidden, NotFound
from flows.log.entries import append
from flows.models import Flow, Membership
from flows.publish import hint_deleted, publish_after_commit
from flows.search import search_text
from flows.storage.store import consistent_read, load_document, write_effect
from flows.submission import ChangeHead, Via

COPY = " (Copy)"


def create_flow(principal: Principal, record: CreateFlow, *, via: Via) -> Flow:
    """Create a flow at version 1; the principal owns it, unless it is the system.

    Raises `Rejected`, with the operation's code, if the graph does not hold together.
    """
    outcome = apply(Document(), record, helix_limits.current())
    return _create(user_id_of(principal), record, replace(outcome, record=outcome.record.spelled()), via)


@in_write_transaction
def _create(actor: int | None, record: CreateFlow, outcome: Outcome, via: Via) -> Flow:
    """Write what was checked and spelled before others had to wait."""
    now = timezone.now()
    flow = Flow(title=record.title, description=record.description, version=1, updated_at=now, updated_by_id=actor)
    flow.search_text = search_text(FlowProperties(record.title, record.description))
    flow.node_count, flow.edge_count = len(record.nodes), len(record.edges)
    flow.save(force_insert=True)
    flow.updated_at = now = flow.created_at  # set by saving; version 1 in the log has the very same time
    flow.digest = append(flow.pk, "", [(ChangeHead(1, actor, None, None, via), outcome)], now)
    Flow.objects.filter(pk=flow.pk).update(digest=flow.digest, updated_at=now)
    write_effect(flow.pk, outcome.effect, 1)
    if actor is not None:
        Membership.objects.create(flow=flow, user_id=actor, role=Role.OWNER, colour=own_colour(actor))
    return flow


def duplicate_flow(principal: Principal, flow_id: UUID, *, title: str | None = None, via: Via) -> Flow:
    """Create a copy that the principal owns, with the same ids, at version 1; without a title as "<title> (Copy)".

    Raises `NotFound`.
    """
    with consistent_read():
        authorize(principal, flow_id, Role.VIEWER, VIEW)
        document = load_document(flow_id).document
    old = document.properties
    name = old.title[: helix_limits.current().title - len(COPY)].rstrip() + COPY if title is None else title
    copy = CreateFlow(name, old.description, tuple(document.nodes()), tuple(document.edges()))
    return create_flow(principal, copy, via=via)


def delete_flow(principal: Principal, flow_id: UUID) -> None:
    """Mark a flow as deleted; owners only. Raises `NotFound` or `Forbidden`."""
    _mark_deleted(principal, flow_id)
    publish_after_commit(hint_deleted(flow_id))


@in_write_transaction
def restore_flow(principal: Principal, flow_id: UUID) -> Flow:
    """Take back the deletion of a flow; owners only. Raises `NotFound`, also for those who are not its owner."""
    lock_flow(flow_id, deleted=True)
    try:
        authorize(principal, flow_id, Role.OWNER, DELETE)
    except Forbidden:
        raise NotFound from None
    Flow.objects.filter(pk=flow_id).update(deleted_at=None)
    return Flow.objects.get(pk=flow_id)


@in_write_transaction
def _mark_deleted(principal: Principal, flow_id: UUID) -> None:
    lock_flow(flow_id)
    authorize(principal, flow_id, Role.OWNER, DELETE)
    Flow.objects.filter(pk=flow_id).update(deleted_at=timezone.now())
