"""A flow goes for good, with its log: the only place where a log is ever deleted.

The database lets it (`flows.storage.append_only`) while `Purging` names the flow, which is written and taken away
within the transaction. What stays is the audit log, in which the last entry tells where the flow's log ended. Apps
above, whose rows belong to flows too, say with `forget_with_flow` how theirs go.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import as_system
from accounts.audit import Action
from accounts.principals import Principal, user_id_of
from flows.access import DELETE, Role, authorize
from flows.commands.write_transaction import in_write_transaction, lock_flow
from flows.errors import Forbidden, NotFound
from flows.log import audit
from flows.models import (
    Answer,
    Change,
    Delivery,
    Flow,
    FlowEdge,
    FlowNode,
    PersonStorage,
    Purging,
    Snapshot,
    Usage,
)
from flows.rates import count_flow_change
from flows.storage.sql import execute
from flows.submission import Via, via_of
from flows.trash import kept_since
from web.db_errors import DatabaseErrors
from web.errors import Problem

Forget = Callable[[UUID], None]
_forget: list[Forget] = []
log = structlog.get_logger(__name__)


def forget_with_flow(forget: Forget) -> None:
    """Let `forget` delete what an app keeps of a flow; called inside the transaction, before the flow's row goes."""
    if forget not in _forget:
        _forget.append(forget)


def purge_flow(principal: Principal, flow_id: UUID, *, via: Via | None = None) -> None:
    """Delete a flow in the trash for good; owners only.

    Raises `NotFound` or `Forbidden`, and `Problem("wrong_state")` if it is not in the trash.
    """
    count_flow_change(principal)
    _purge_in_trash(principal, flow_id, via or via_of(principal))


def title_in_trash(principal: Principal, flow_id: UUID) -> str:
    """Return the title of a flow that the principal may purge. Raises as `purge_flow` does."""
    flow = Flow.objects.filter(pk=flow_id).first()
    if flow is None:
        raise NotFound
    _authorize(principal, flow_id, flow.deleted_at)
    return flow.title


@as_system
def purge_old(now: datetime, *, limit: int = 20) -> int:
    """Purge what has been in the trash for more than `TRASH_DAYS`; return how many."""
    before = kept_since(now)
    old = Flow.objects.filter(deleted_at__lt=before).order_by("deleted_at").values_list("pk", flat=True)
    return sum(_purged_apart(flow_id, before) for flow_id in old[:limit])


@as_system
def purge(flow_id: UUID, actor: int | None, *, via: Via = "system") -> None:
    """Delete a flow with all that belongs to it, inside the caller's transaction, and say so in the audit log.

    The caller has authorized it, and locked the audit log's head before anything else. Whether the flow was in the
    trash is not asked: if it was not, `hint_deleted` tells who has it open, after the commit. Raises `NotFound`.
    """
    audit.lock_audit()
    flow = Flow.objects.select_for_update().filter(pk=flow_id).first()
    if flow is None:
        raise NotFound
    detail = {"version": flow.version, "digest": flow.digest}
    audit.record(Action.FLOW_PURGED, flow_id, actor=actor, via=via, at=timezone.now(), detail=detail)
    Purging.objects.create(flow=flow_id)
    for forget in _forget:
        forget(flow_id)
    _untell_storage(flow_id)
    for model in (Change, Answer, Snapshot, FlowEdge, FlowNode, Delivery):
        delete_rows(model._default_manager.filter(flow=flow_id))
    flow.delete()
    Purging.objects.filter(flow=flow_id).delete()


def delete_rows(rows: "QuerySet[Any]") -> None:
    """Delete rows by one statement, without reading them first: thousands belong to a flow."""
    rows._raw_delete(DEFAULT_DB_ALIAS)


@in_write_transaction
def _purge_in_trash(principal: Principal, flow_id: UUID, via: Via) -> None:
    audit.lock_audit()
    lock_flow(flow_id, deleted=True)
    _authorize(principal, flow_id, Flow.objects.values_list("deleted_at", flat=True).get(pk=flow_id))
    purge(flow_id, user_id_of(principal), via=via)


def _authorize(principal: Principal, flow_id: UUID, deleted_at: datetime | None) -> None:
    """Raise unless the principal owns the flow and it is in the trash; a deleted flow is there for owners only."""
    try:
        authorize(principal, flow_id, Role.OWNER, DELETE)
    except Forbidden:
        if deleted_at is None:
            raise
        raise NotFound from None
    if deleted_at is None:
        raise Problem("wrong_state", _("Only a flow in the trash can be deleted for good."))


def _purged_apart(flow_id: UUID, before: datetime) -> bool:
    """Purge a flow by itself: what fails with one stops no other."""
    try:
        return _purge_if_old(flow_id, before)
    except DatabaseErrors:
        raise
    except Exception:
        log.exception("purge_failed", flow=str(flow_id))
        return False


@in_write_transaction
def _purge_if_old(flow_id: UUID, before: datetime) -> bool:
    audit.lock_audit()
    if not Flow.objects.select_for_update().filter(pk=flow_id, deleted_at__lt=before).exists():
        return False
    purge(flow_id, None)
    return True


def _untell_storage(flow_id: UUID) -> None:
    """Give people back what the flow's log took of theirs, but for what was never told to their rows."""
    usages = Usage.objects.filter(flow=flow_id).order_by("user").values_list("user_id", F("storage") - F("untold"))
    for user_id, told in list(usages):
        if connection.vendor == "postgresql":  # so that those who edit leave theirs untold instead of waiting
            execute("SELECT pg_advisory_xact_lock(hashtextextended('storage of person', %s))", [user_id])
        PersonStorage.objects.filter(user=user_id).update(storage=F("storage") - told)
