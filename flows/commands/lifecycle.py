"""The life of a flow as a whole: created, duplicated, deleted, restored.

Creation is version 1 and stands in the log like any other. Deletion is a mark, so that it can be undone; it makes no
version, and until it is undone the flow is as if it never was. All of it is written into the audit log, so it is
counted for the person (`flows.rates`).
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from accounts.colours import own_colour
from accounts.principals import Principal, user_id_of
from flows import limits as helix_limits
from flows.access import DELETE, VIEW, Role, authorize
from flows.commands.storage_quota import StorageQuota
from flows.commands.write_transaction import in_write_transaction, lock_flow
from flows.document import CreateFlow, Document, FlowProperties, Outcome, apply
from flows.errors import Forbidden, NotFound
from flows.log import audit
from flows.log.audit import Action
from flows.log.entries import Entry, append, entry_of
from flows.log.head import seal_of
from flows.models import Flow, Membership, new_epoch
from flows.publish import hint_deleted, publish_after_commit
from flows.rates import count_flow_change
from flows.search import search_text
from flows.storage.store import consistent_read, load_document, write_effect
from flows.submission import ChangeHead, Via, via_of

COPY = " (Copy)"


def create_flow(principal: Principal, record: CreateFlow, *, via: Via) -> Flow:
    """Create a flow at version 1; the principal owns it, unless it is the system.

    Raises `Rejected`, with the operation's code, if the graph does not hold together.
    """
    count_flow_change(principal)
    outcome = apply(Document(), record, helix_limits.current())
    return _create(user_id_of(principal), record, replace(outcome, record=outcome.record.with_text()), via)


@in_write_transaction
def _create(actor: int | None, record: CreateFlow, outcome: Outcome, via: Via) -> Flow:
    """Write what was checked and encoded before others had to wait."""
    now = timezone.now()
    flow = Flow(title=record.title, description=record.description, version=1, updated_at=now, updated_by_id=actor)
    flow.search_text = search_text(FlowProperties(record.title, record.description))
    flow.node_count, flow.edge_count = len(record.nodes), len(record.edges)
    flow.save(force_insert=True)
    flow.updated_at = now = flow.created_at  # set by saving; version 1 in the log has the very same time
    _write_first_version(flow, entry_of(ChangeHead(1, actor, None, None, via), outcome), now)
    write_effect(flow.pk, outcome.effect, 1)
    if actor is not None:
        colour = own_colour(actor)
        now = Membership.objects.create(flow=flow, user_id=actor, role=Role.OWNER, colour=colour).created_at
    roles = {} if actor is None else {str(actor): Role.OWNER}
    detail = {"epoch": flow.epoch, "roles": roles}
    audit.record(Action.FLOW_CREATED, flow.pk, actor=actor, via=via, at=now, detail=detail)
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


def delete_flow(principal: Principal, flow_id: UUID, *, via: Via | None = None) -> None:
    """Mark a flow as deleted; owners only. Raises `NotFound` or `Forbidden`."""
    count_flow_change(principal)
    _mark_deleted(principal, flow_id, via or via_of(principal))
    publish_after_commit(hint_deleted(flow_id))


def restore_flow(principal: Principal, flow_id: UUID, *, via: Via | None = None) -> Flow:
    """Take back the deletion of a flow; owners only. Raises `NotFound`, also for those who are not its owner."""
    count_flow_change(principal)
    return _restore(principal, flow_id, via or via_of(principal))


@in_write_transaction
def _restore(principal: Principal, flow_id: UUID, via: Via) -> Flow:
    audit.lock_audit()
    lock_flow(flow_id, deleted=True)
    try:
        authorize(principal, flow_id, Role.OWNER, DELETE)
    except Forbidden:
        raise NotFound from None
    flow = Flow.objects.get(pk=flow_id)
    if flow.deleted_at is not None:
        _write_deletion(principal, flow, None, via)
    return flow


@in_write_transaction
def change_epoch(principal: Principal, flow_id: UUID, *, via: Via | None = None) -> None:
    """Say that this log is not the one that open editors have followed: a backup was put back; owners only.

    Raises `NotFound` or `Forbidden`.
    """
    audit.lock_audit()
    before, after = lock_flow(flow_id, deleted=True).epoch, new_epoch()
    authorize(principal, flow_id, Role.OWNER)
    Flow.objects.filter(pk=flow_id).update(epoch=after)
    detail = {"before": before, "after": after}
    actor, via = user_id_of(principal), via or via_of(principal)
    audit.record(Action.EPOCH_CHANGED, flow_id, actor=actor, via=via, at=timezone.now(), detail=detail)


@in_write_transaction
def _mark_deleted(principal: Principal, flow_id: UUID, via: Via) -> None:
    audit.lock_audit()
    lock_flow(flow_id)
    authorize(principal, flow_id, Role.OWNER, DELETE)
    _write_deletion(principal, Flow.objects.get(pk=flow_id), timezone.now(), via)


def _write_deletion(principal: Principal, flow: Flow, deleted_at: datetime | None, via: Via) -> None:
    """Write the mark, or take it away, and say so in the audit log."""
    before, flow.deleted_at = flow.deleted_at, deleted_at
    flow.save(update_fields=["deleted_at"])
    action = Action.FLOW_UNDELETED if deleted_at is None else Action.FLOW_DELETED
    detail = {"before": before and before.isoformat(), "after": deleted_at and deleted_at.isoformat()}
    at = deleted_at or timezone.now()
    audit.record(action, flow.pk, actor=user_id_of(principal), via=via, at=at, detail=detail)


def _write_first_version(flow: Flow, entry: Entry, at: datetime) -> None:
    """Write version 1 into the log, and into the flow's row where the log stands then."""
    actor = entry.head.actor
    quota = StorageQuota(flow.pk, 0, () if actor is None else (actor,))
    quota.check(actor, entry.size)
    quota.count(actor, entry.size)
    quota.save()
    flow.digest, flow.storage, flow.updated_at = append(flow.pk, "", [entry], at), quota.added, at
    flow.seal = seal_of(flow)
    flow.save(update_fields=["digest", "storage", "updated_at", "seal"])
