"""Links: addresses that let people into a flow without a membership, each with a role, an end and a password if wanted.

Owners make, change and delete them. Of a secret only its hash is looked up; sealed, it is kept for owners, who are
shown the address again. Turning a link off, its end and a new password end the visits by it for good: those who want
to come back enter anew (`flows.commands.visits`).
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import Action
from accounts.credentials import revoke_rights
from accounts.principals import Principal, user_id_of
from flows import limits as helix_limits
from flows.access import Role, authorize
from flows.commands.rights import lock_rights
from flows.errors import NotFound
from flows.log import audit
from flows.models import Link, Visit
from flows.publish import hint_access, publish_after_commit
from flows.rates import count_flow_change
from flows.submission import Via, via_of
from web.digests import digest_of
from web.errors import Problem
from web.sealing import seal, unseal
from web.write_transaction import in_write_transaction

SECRET_BYTES = 16
ROLES = (Role.VIEWER, Role.COMMENTER, Role.EDITOR)
"""What a link may give."""


class Unchanged:
    """Said of a property that stays as it is."""


UNCHANGED = Unchanged()


@dataclass(frozen=True, slots=True)
class LinkChange:
    """What becomes of a link. `expires_in` is in seconds from now, None for ever; `password` "" or None is none."""

    is_active: bool | None = None
    role: Role | None = None
    expires_in: int | Unchanged | None = UNCHANGED
    password: str | Unchanged | None = UNCHANGED


def create_link(
    principal: Principal,
    flow_id: UUID,
    *,
    role: Role,
    name: str = "",
    expires_in: int | None = None,
    password: str | None = None,
    via: Via | None = None,
) -> Link:
    """Make a link; owners only. Raises `NotFound`, `Forbidden`, and `Problem` (`invalid`, `limit_reached`)."""
    authorize(principal, flow_id, Role.OWNER)
    count_flow_change(principal)
    _expect_fitting(role)
    link = Link(flow_id=flow_id, role=role, name=name, created_by_id=user_id_of(principal))
    secret = secrets.token_urlsafe(SECRET_BYTES)
    link.digest, link.sealed = digest_of(secret), seal(secret, link.sealed_about())
    link.password = make_password(password) if password else ""
    link.expires_at = _end(expires_in)
    return _create(principal, link, via or via_of(principal))


def change_link(
    principal: Principal, flow_id: UUID, link_id: UUID, change: LinkChange, *, via: Via | None = None
) -> Link:
    """Change a link; owners only. Visits end when it is off, over, or has a new password.

    They go on when the password is removed. Raises as above.
    """
    authorize(principal, flow_id, Role.OWNER)
    count_flow_change(principal)
    if change.role is not None:
        _expect_fitting(change.role)
    if isinstance(change.password, str) and change.password:
        change = replace(change, password=make_password(change.password))
    link, visitors = _change(principal, flow_id, link_id, change, via or via_of(principal))
    publish_after_commit(hint_access(flow_id, visitors))
    return link


def delete_link(principal: Principal, flow_id: UUID, link_id: UUID, *, via: Via | None = None) -> None:
    """Delete a link, and end the visits by it; owners only. Raises `NotFound` and `Forbidden`."""
    count_flow_change(principal)
    visitors = _delete(principal, flow_id, link_id, via or via_of(principal))
    publish_after_commit(hint_access(flow_id, visitors))


def switch_off_links_of(principal: Principal, flow_id: UUID, person: int, *, via: Via | None = None) -> int:
    """Switch off all links that a person made and end their visits; return how many links. Owners only.

    Raises `NotFound`, `Forbidden` and `Problem` (`rate_limited`).
    """
    count_flow_change(principal)
    count, visitors = _switch_off(principal, flow_id, person, via or via_of(principal))
    publish_after_commit(hint_access(flow_id, visitors))
    return count


def links_of(flow_id: UUID) -> list[Link]:
    """Return a flow's links in the order in which they were made."""
    return list(Link.objects.filter(flow_id=flow_id).select_related("created_by"))


def has_open_links_of(flow_id: UUID, person: int) -> bool:
    """Tell whether links that a person made still let people into a flow: links are the flow's and stay with it."""
    return open_links().filter(flow_id=flow_id, created_by=person).exists()


def secret_of(link: Link) -> str | None:
    """Return a link's secret, to show it to owners; None if no key of now opens it."""
    return unseal(link.sealed, link.sealed_about())


def open_links() -> "QuerySet[Link]":
    """Return the links that let people in now."""
    now = timezone.now()
    return Link.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), is_active=True, flow__deleted_at=None)


@in_write_transaction
def _create(principal: Principal, link: Link, via: Via) -> Link:
    lock_rights(principal, link.flow_id)
    most = helix_limits.current().links_per_flow
    if Link.objects.filter(flow_id=link.flow_id).count() >= most:
        raise Problem("limit_reached", _("A flow has at most %(most)d links.") % {"most": most})
    link.save(force_insert=True)
    _record(Action.LINK_CREATED, principal, link, via, {"after": _told(link)})
    return link


@in_write_transaction
def _change(
    principal: Principal, flow_id: UUID, link_id: UUID, change: LinkChange, via: Via
) -> tuple[Link, Collection[int]]:
    """Change a link's row; return it, and whose visits that concerns."""
    link = _locked(principal, flow_id, link_id)
    before, was_over, ends = _told(link), is_over(link), False
    if change.is_active is not None:
        ends = link.is_active and not change.is_active
        link.is_active = change.is_active
    told: dict[str, object] = {}
    if not isinstance(change.password, Unchanged):
        told = {"new_password": True} if change.password else {"password_removed": True} if link.password else {}
        link.password, ends = change.password or "", ends or bool(change.password)
    if not isinstance(change.expires_in, Unchanged):
        link.expires_at = _end(change.expires_in)
    link.role = change.role or link.role
    visitors = _revoke_visits([link], ends=ends or was_over)
    link.save(update_fields=["is_active", "password", "expires_at", "role"])
    _record(Action.LINK_CHANGED, principal, link, via, {"before": before, "after": _told(link), **told})
    return link, visitors


@in_write_transaction
def _delete(principal: Principal, flow_id: UUID, link_id: UUID, via: Via) -> Collection[int]:
    link = _locked(principal, flow_id, link_id)
    visitors = _revoke_visits([link], ends=False)  # they go with it
    _record(Action.LINK_DELETED, principal, link, via, {"before": _told(link)})
    link.delete()
    return visitors


@in_write_transaction
def _switch_off(principal: Principal, flow_id: UUID, person: int, via: Via) -> tuple[int, Collection[int]]:
    """Switch a person's links off; return how many, and whose visits that ends."""
    lock_rights(principal, flow_id)
    links = list(open_links().filter(flow_id=flow_id, created_by=person))
    visitors = _revoke_visits(links, ends=True)
    for link in links:
        before, link.is_active = _told(link), False
        link.save(update_fields=["is_active"])
        _record(Action.LINK_CHANGED, principal, link, via, {"before": before, "after": _told(link)})
    return len(links), visitors


def _revoke_visits(links: Collection[Link], *, ends: bool) -> list[int]:
    """Revoke what people may by these links, end their visits if it `ends` for good, and return who they are."""
    visits = Visit.objects.filter(link__in=links, ended_at=None)
    visitors = sorted(set(visits.values_list("user_id", flat=True)))
    revoke_rights(visitors)
    if ends:
        visits.update(ended_at=timezone.now())
    return visitors


def _locked(principal: Principal, flow_id: UUID, link_id: UUID) -> Link:
    """Return a link under its flow's lock, to an owner. Raises `NotFound` and `Forbidden`."""
    lock_rights(principal, flow_id)
    link = Link.objects.filter(pk=link_id, flow_id=flow_id).first()
    if link is None:
        raise NotFound(_("There is no such link."))
    return link


def is_over(link: Link) -> bool:
    """Tell whether a link's time is over."""
    return link.expires_at is not None and link.expires_at <= timezone.now()


def _end(expires_in: int | None) -> datetime | None:
    return None if expires_in is None else timezone.now() + timedelta(seconds=expires_in)


def _expect_fitting(role: Role) -> None:
    if role not in ROLES:
        raise Problem("invalid", _("A link lets people view, comment or edit; it makes nobody owner."))


def _told(link: Link) -> dict[str, object]:
    """Say how a link is, without its secrets."""
    return {
        "role": str(link.role),
        "active": link.is_active,
        "expires_at": link.expires_at and link.expires_at.isoformat(),
        "has_password": bool(link.password),
    }


def _record(action: Action, principal: Principal, link: Link, via: Via, detail: dict[str, object]) -> None:
    audit.record_by(principal, action, link.flow_id, via=via, object=f"link:{link.pk}", detail=detail)
