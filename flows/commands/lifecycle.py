"""The life of a flow as a whole: created, duplicated, deleted, restored.

Creation is version 1 and stands in the log like any other. Deletion is a mark, so that it can be undone; it makes no
version, and until it is undone the flow is as if it never was. All of it is written into the audit log, so it is
counted for the person (`flows.rates`).
"""

from datetime import datetime
from uuid import UUID, uuid4

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import acting_in
from accounts.audit import Action
from accounts.credentials import expect_standing
from accounts.models import User
from accounts.principals import Caller, Principal, Scope, user_id_of
from accounts.scopes import expect_everywhere, expect_scope
from flows import limits as helix_limits
from flows.access import DELETE, Role, get_flow_for
from flows.commands import work_budget
from flows.commands.rights import lock_rights
from flows.commands.storage_quota import StorageQuota, used_by
from flows.commands.teams import expect_in_team
from flows.document import CreateFlow, Document, FlowProperties, apply
from flows.errors import Forbidden, NotFound
from flows.log import audit
from flows.log.digests import seal_of
from flows.log.entries import Entry, append, entry_of, logged_rows
from flows.models import Flow, Membership, TemplateUse, new_epoch
from flows.publish import hint_deleted, publish_after_commit
from flows.rates import count_flow_change, expect_work_left
from flows.search import search_text
from flows.storage.row_changes import RowChanges, row_changes, write_rows
from flows.storage.store import consistent_read, load_document
from flows.submission import ChangeHead, Via, via_of
from flows.trash import kept_since
from web.write_transaction import in_write_transaction

COPY = " (Copy)"


def create_flow(
    principal: Principal, record: CreateFlow, *, via: Via, use: TemplateUse | None = None, team: UUID | None = None
) -> Flow:
    """Create a flow at version 1; the principal owns it, unless it is the system, and so does a team if one is given.

    `use` says of which template. Its elements count as the person's work. Raises `Rejected`, with the operation's code,
    if the graph does not hold together, and `Problem` (`rate_limited`, `not_found` or `forbidden` for the team).
    """
    expect_everywhere(principal)
    expect_scope(principal, Scope.WRITE)
    if team is not None:
        expect_in_team(principal, team)
    count_flow_change(principal)
    actor = user_id_of(principal)
    expect_work_left(actor)
    outcome = apply(Document(), record, helix_limits.current())
    work_budget.spend(actor, work_budget.WRITTEN * (len(record.nodes) + len(record.edges)))
    flow_id = uuid4()
    entry = entry_of(ChangeHead(1, actor, None, None, via), outcome)
    rows = row_changes(flow_id, outcome.effect, 1)
    with acting_in(flow_id):  # which nobody is in yet
        return _create(principal, flow_id, record, entry, rows, use=use, team=team, via=via)


@in_write_transaction
def _create(
    principal: Principal,
    flow_id: UUID,
    record: CreateFlow,
    entry: Entry,
    rows: RowChanges,
    *,
    use: TemplateUse | None,
    team: UUID | None,
    via: Via,
) -> Flow:
    """Write what was checked and encoded before others had to wait.

    Writing the audit log comes last and locks its head, as all that takes rights away does first: so after it the
    principal's rights are read as they are at the commit.
    """
    actor, now = entry.head.actor, timezone.now()
    flow = Flow(id=flow_id, title=record.title, description=record.description, version=1, updated_at=now)
    flow.team_id = team
    flow.updated_by_id = actor
    flow.search_text = search_text(FlowProperties(record.title, record.description))
    flow.node_count, flow.edge_count = len(record.nodes), len(record.edges)
    flow.save(force_insert=True)
    flow.updated_at = now = flow.created_at  # set by saving; version 1 in the log has the very same time
    _write_first_version(flow, entry, now)
    write_rows(rows)
    if use is not None:
        TemplateUse.objects.create(flow=flow, template=use.template, version=use.version, base=use.base)
    if actor is not None:
        colour = User.colour_index_of(actor)
        now = Membership.objects.create(flow=flow, user_id=actor, role=Role.OWNER, colour=colour).created_at
    roles = {} if actor is None else {str(actor): Role.OWNER}
    detail = {"epoch": flow.epoch, "roles": roles} | ({} if team is None else {"team": str(team)})
    audit.record(Action.FLOW_CREATED, flow.pk, actor=actor, via=via, at=now, detail=detail)
    expect_standing(principal)
    if team is not None:
        expect_in_team(principal, team)
    return flow


def duplicate_flow(principal: Principal, flow_id: UUID, *, title: str | None = None, via: Via) -> Flow:
    """Create a copy that the principal owns, with the same ids, at version 1; without a title as "<title> (Copy)".

    Raises `NotFound`, and `Forbidden` for guests and where owners do not let viewers.
    """
    with consistent_read():
        expect_may_copy(principal, flow_id)
        document = load_document(flow_id).document
    old = document.properties
    name = old.title[: helix_limits.current().title - len(COPY)].rstrip() + COPY if title is None else title
    copy = CreateFlow(name, old.description, tuple(document.nodes()), tuple(document.edges()))
    return create_flow(principal, copy, via=via)


def expect_may_copy(principal: Principal, flow_id: UUID) -> None:
    """Raise `NotFound` or `Forbidden` unless a principal may make something of their own of a flow."""
    access = get_flow_for(principal, flow_id)
    expect_everywhere(principal)
    if not access.may_duplicate:
        raise Forbidden(_("The owner does not let viewers duplicate this flow."))


def delete_flow(principal: Principal, flow_id: UUID, *, via: Via | None = None) -> None:
    """Mark a flow as deleted; owners only. Raises `NotFound` or `Forbidden`."""
    count_flow_change(principal)
    _mark_deleted(principal, flow_id, via or via_of(principal))
    publish_after_commit(hint_deleted(flow_id))


def restore_flow(principal: Principal, flow_id: UUID, *, via: Via | None = None) -> Flow:
    """Take back the deletion of a flow, within `TRASH_DAYS`; owners only.

    Raises `NotFound`, also for those who are not its owner. Administrators may as long as it is there.
    """
    count_flow_change(principal)
    return _restore(principal, flow_id, via or via_of(principal))


@in_write_transaction
def _restore(principal: Principal, flow_id: UUID, via: Via) -> Flow:
    try:
        lock_rights(principal, flow_id, permission=DELETE, deleted=True)
    except Forbidden:
        raise NotFound from None
    flow = Flow.objects.get(pk=flow_id)
    if flow.deleted_at is not None:
        if isinstance(principal, Caller) and flow.deleted_at <= kept_since(timezone.now()):
            raise NotFound
        _write_deletion(principal, flow, None, via)
    return flow


@in_write_transaction
def change_epoch(principal: Principal, flow_id: UUID, *, via: Via | None = None) -> None:
    """Say that this log is not the one that open editors have followed: a backup was put back; owners only.

    Raises `NotFound` or `Forbidden`.
    """
    before, after = lock_rights(principal, flow_id, deleted=True).epoch, new_epoch()
    Flow.objects.filter(pk=flow_id).update(epoch=after)
    detail = {"before": before, "after": after}
    audit.record_by(principal, Action.EPOCH_CHANGED, flow_id, via=via, detail=detail)


@in_write_transaction
def _mark_deleted(principal: Principal, flow_id: UUID, via: Via) -> None:
    lock_rights(principal, flow_id, permission=DELETE)
    _write_deletion(principal, Flow.objects.get(pk=flow_id), timezone.now(), via)


def _write_deletion(principal: Principal, flow: Flow, deleted_at: datetime | None, via: Via) -> None:
    """Write the mark, or take it away, and say so in the audit log."""
    before, flow.deleted_at = flow.deleted_at, deleted_at
    flow.save(update_fields=["deleted_at"])
    action = Action.FLOW_UNDELETED if deleted_at is None else Action.FLOW_DELETED
    detail = {"before": before and before.isoformat(), "after": deleted_at and deleted_at.isoformat()}
    audit.record_by(principal, action, flow.pk, via=via, at=deleted_at, detail=detail)


def _write_first_version(flow: Flow, entry: Entry, at: datetime) -> None:
    """Write version 1 into the log, and into the flow's row where the log stands then."""
    actor = entry.head.actor
    quota = StorageQuota(flow.pk, 0, used_by(flow.pk, actor))
    quota.check(actor, entry.size)
    quota.count(actor, entry.size)
    quota.save()
    logged, flow.digest = logged_rows(flow.pk, "", [entry], at)
    append(logged)
    flow.storage, flow.updated_at = quota.added, at
    flow.seal = seal_of(flow)
    flow.save(update_fields=["digest", "storage", "updated_at", "seal"])
