"""A flow goes for good, with its log: the only place where a log is ever deleted.

One transaction decides it: the audit log tells where the flow's log ended, and from then on the flow is nobody's. What
it was made of goes afterwards, a little at a time, so that others write in between however long the log was; after a
crash `purge_old` goes on. The database lets a log go (`flows.storage.append_only`) while `Purging` names its flow.
Apps above, whose rows belong to flows too, say with `forget_with_flow` how theirs go.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Literal
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
from flows.commands.flow_lock import lock_flow
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
from flows.trash import PURGED, kept_since
from web.db_errors import DatabaseErrors
from web.errors import Problem
from web.write_transaction import in_write_transaction

Forget = Callable[[UUID], None]
ForgetSome = Callable[[UUID, int], bool]
ROWS_AT_ONCE = 1_000
SNAPSHOTS_AT_ONCE = 10
"""What one transaction deletes: a part of a second at most, on the slowest database."""
_forget: list[tuple[ForgetSome, Forget]] = []
log = structlog.get_logger(__name__)


def forget_with_flow(some: ForgetSome, rest: Forget) -> None:
    """Let an app delete what it keeps of a flow.

    `some` deletes at most so many rows, in a transaction of its own, and tells whether there were any; it is called
    until there are none. `rest` deletes what is left, in the transaction in which the flow's row goes.
    """
    if (some, rest) not in _forget:
        _forget.append((some, rest))


def purge_flow(principal: Principal, flow_id: UUID, *, via: Via | None = None) -> None:
    """Delete a flow in the trash for good; owners only. If what it is made of cannot be deleted now, it is soon.

    Raises `NotFound` or `Forbidden`, and `Problem("wrong_state")` if it is not in the trash.
    """
    count_flow_change(principal)
    _begin_in_trash(principal, flow_id, via or via_of(principal))
    finish_purges([flow_id])


def title_in_trash(principal: Principal, flow_id: UUID) -> str:
    """Return the title of a flow that the principal may purge. Raises as `purge_flow` does."""
    flow = Flow.objects.filter(pk=flow_id).first()
    if flow is None or flow.deleted_at == PURGED:
        raise NotFound
    _authorize(principal, flow_id, flow.deleted_at)
    return flow.title


@as_system
def purge_old(now: datetime, *, limit: int = 20) -> int:
    """Purge what has been in the trash for more than `TRASH_DAYS`, and finish what was begun; return how many."""
    before = kept_since(now)
    old = Flow.objects.filter(deleted_at__lt=before).order_by("deleted_at").values_list("pk", flat=True)
    return sum(_purged_apart(flow_id, before) for flow_id in old[:limit])


@as_system
def begin_purge(flow_id: UUID, actor: int | None, *, via: Via = "system") -> None:
    """Decide inside the caller's transaction that a flow goes for good, and say so in the audit log.

    The caller has authorized it, and locked the audit log's head before anything else; `finish_purge` deletes it after
    the commit. Whether the flow was in the trash is not asked: if it was not, `hint_deleted` tells who has it open.
    Raises `NotFound`.
    """
    audit.lock_audit()
    flow = Flow.objects.select_for_update().filter(pk=flow_id).first()
    if flow is None:
        raise NotFound
    if flow.deleted_at == PURGED:
        return
    detail = {"version": flow.version, "digest": flow.digest}
    audit.record(Action.FLOW_PURGED, flow_id, actor=actor, via=via, at=timezone.now(), detail=detail)
    Purging.objects.create(flow=flow_id)
    Flow.objects.filter(pk=flow_id).update(deleted_at=PURGED, team=None)


@as_system
def finish_purge(flow_id: UUID) -> None:
    """Delete all that belongs to a flow whose purge has begun, in many transactions; nothing if others are at it."""
    while (left := _delete_batch(flow_id)) == "more":
        pass
    if left == "rest":
        _delete_rest(flow_id)


def finish_purges(flow_ids: Iterable[UUID]) -> None:
    """Finish the purges of several flows; one that fails is logged and left to `purge_old`."""
    for flow_id in flow_ids:
        try:
            finish_purge(flow_id)
        except Exception:
            log.exception("purge_failed", flow=str(flow_id))


@in_write_transaction
def _delete_batch(flow_id: UUID) -> Literal["more", "rest", "not ours"]:
    """Delete some rows of one kind; tell whether there may be more, or only the rest is left."""
    if not Purging.objects.select_for_update(skip_locked=True).filter(flow=flow_id).exists():
        return "not ours"
    for model in (Change, Answer, FlowEdge, Delivery):
        if delete_some(model._default_manager.filter(flow=flow_id), ROWS_AT_ONCE):
            return "more"
    if delete_some(Snapshot.objects.filter(flow=flow_id), SNAPSHOTS_AT_ONCE):
        return "more"
    nodes = FlowNode.objects.filter(flow=flow_id)  # they lie in each other, and are bounded
    if nodes.exists():
        delete_rows(nodes)
        return "more"
    return "more" if any(some(flow_id, ROWS_AT_ONCE) for some, _rest in _forget) else "rest"


@in_write_transaction
def _delete_rest(flow_id: UUID) -> None:
    """Delete what came meanwhile, what is small, and the flow's row."""
    flow = Flow.objects.select_for_update().filter(pk=flow_id, deleted_at=PURGED).first()
    if flow is None:
        return
    for _some, rest in _forget:
        rest(flow_id)
    _untell_storage(flow_id)
    for model in (Change, Answer, Snapshot, FlowEdge, FlowNode, Delivery):
        delete_rows(model._default_manager.filter(flow=flow_id))
    flow.delete()
    Purging.objects.filter(flow=flow_id).delete()


def delete_some(rows: "QuerySet[Any]", limit: int) -> bool:
    """Delete so many rows by their keys; tell whether there were any."""
    keys = list(rows.order_by().values_list("pk", flat=True)[:limit])
    if keys:
        delete_rows(rows.model._default_manager.filter(pk__in=keys))
    return bool(keys)


def delete_rows(rows: "QuerySet[Any]") -> None:
    """Delete rows by one statement, without reading them first: thousands belong to a flow."""
    rows._raw_delete(DEFAULT_DB_ALIAS)


@in_write_transaction
def _begin_in_trash(principal: Principal, flow_id: UUID, via: Via) -> None:
    audit.lock_audit()
    lock_flow(flow_id, deleted=True)
    _authorize(principal, flow_id, Flow.objects.values_list("deleted_at", flat=True).get(pk=flow_id))
    begin_purge(flow_id, user_id_of(principal), via=via)


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
        if not _begin_if_old(flow_id, before):
            return False
        finish_purge(flow_id)
    except DatabaseErrors:
        raise
    except Exception:
        log.exception("purge_failed", flow=str(flow_id))
        return False
    return True


@in_write_transaction
def _begin_if_old(flow_id: UUID, before: datetime) -> bool:
    audit.lock_audit()
    if not Flow.objects.select_for_update().filter(pk=flow_id, deleted_at__lt=before).exists():
        return False
    begin_purge(flow_id, None)
    return True


def _untell_storage(flow_id: UUID) -> None:
    """Give people back what the flow's log took of theirs, but for what was never told to their rows."""
    usages = Usage.objects.filter(flow=flow_id).order_by("user").values_list("user_id", F("storage") - F("untold"))
    for user_id, told in list(usages):
        if connection.vendor == "postgresql":  # so that those who edit leave theirs untold instead of waiting
            execute("SELECT pg_advisory_xact_lock(hashtextextended('storage of person', %s))", [user_id])
        PersonStorage.objects.filter(user=user_id).update(storage=F("storage") - told)
