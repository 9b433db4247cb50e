"""Entering a flow by a link, and leaving it: as a guest with a name, or as the person one is logged in as.

A link that is unknown, off, over, or of a deleted flow is the same `NotFound`, found by one query. Wrong passwords are
counted for each link, wherever they come from; hashing happens in the slots of `accounts.passwords`, before the
transaction, which then lets in only by the very password that was proved. Who enters is a stranger to the flow until
then, so the database is asked for the server itself.

A guest's visit is over after `GUEST_DAYS` without coming again, one by a program with its token. Then it makes place
for others; the guest's row stays, because logs name it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts import attempts
from accounts.acting import as_system
from accounts.audit import Action
from accounts.credentials import revoke_rights
from accounts.guests import LIFE_SECONDS
from accounts.models import User
from accounts.passwords import password_slots
from accounts.principals import Guest, Person
from flows import limits as helix_limits
from flows.access import Role
from flows.commands.flow_lock import lock_flow
from flows.commands.links import open_links
from flows.errors import NotFound
from flows.log import audit
from flows.models import Flow, Link, Visit
from flows.publish import hint_access, publish_after_commit
from flows.submission import Via
from web.digests import digest_of
from web.errors import Problem
from web.write_transaction import in_write_transaction

NAME = 150
"""Characters of a guest's name, as of an account's."""
NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Entered:
    """A guest who is in a flow by a link, in the role that it gives."""

    flow_id: UUID
    principal: Guest
    role: Role


@as_system
def find_link(secret: str) -> Link:
    """Return the link with this secret, if it lets people in now. Raises `NotFound`."""
    link = open_links().filter(digest=digest_of(secret)).first()
    if link is None:
        raise NotFound(_("This link does not work."))
    return link


def prove_password(link: Link, password: str) -> None:
    """Return if a link has no password, or this one.

    Raises `Problem`: `forbidden`; `rate_limited` after too many failures, then with the right one too; `unavailable`.
    """
    if not link.password:
        return
    attempts.expect_room("link", link.pk.hex)
    if not password:
        raise Problem("forbidden", _("This link needs a password."))
    with password_slots().slot():
        is_right = attempts.judged(link.pk.hex, lambda: check_password(password, link.password), action="link")
    if not is_right:
        raise Problem("forbidden", _("Wrong password."))


def enter_as_guest(link: Link, name: str, *, via: Via = "page", network: str = "") -> Entered:
    """Let somebody without an account in by a link whose password they proved.

    `name` can be seen and hides nothing: the edge saw to that. `network` is where they come from, as attempts are
    counted: nobody takes all places. Raises `NotFound`, also where the link has changed meanwhile, and `Problem`
    (`limit_reached`).
    """
    now = timezone.now()
    visit = Visit(link=link, network=_hash(link, network), ends_at=_end_of_program(now) if via == "api" else _end(now))
    return _enter_as_guest(visit, link.flow_id, link.password, name, via)


def enter_as_person(link: Link, person: Person, *, via: Via = "page") -> None:
    """Let a person in by a link whose password they proved: as long as it lasts, and with their own greater role."""
    _enter_as_person(link.pk, link.flow_id, link.password, person, via)
    publish_after_commit(hint_access(link.flow_id, [person.user_id]))


@as_system
def become_person(guest: Guest, flow_id: UUID, person: Person) -> None:
    """Let a guest who has logged in go on as themselves, by the same link, and end the visit. Raises `NotFound`."""
    visit = Visit.objects.filter(pk=guest.visit, user_id=guest.user_id, ended_at=None).select_related("link").first()
    if visit is None or visit.link.flow_id != flow_id:
        raise NotFound
    enter_as_person(visit.link, person)
    leave(guest, flow_id)


def leave(guest: Guest, flow_id: UUID) -> None:
    """End a guest's visit for good."""
    _leave(guest, flow_id)
    publish_after_commit(hint_access(flow_id, [guest.user_id]))


@as_system
def note_visit(guest: Guest) -> None:
    """Let a guest's visit last from now, as far as what they came by does; written at most every hour."""
    ends_at = min(_end(timezone.now()), guest.until or _end(timezone.now()))
    if Visit.objects.filter(pk=guest.visit, ended_at=None, ends_at__lt=ends_at - NOTED_EVERY).exists():
        _prolong(guest.visit, ends_at)


@as_system
def end_old_visits(now: datetime, limit: int = 500) -> int:
    """End the visits of guests who have long left, and return how many; their rows stay, for logs name them."""
    over = Visit.objects.filter(ended_at=None, ends_at__lte=now).order_by("ends_at")
    found: dict[UUID, list[int]] = {}
    for flow_id, visit in list(over.values_list("link__flow_id", "pk")[:limit]):
        found.setdefault(flow_id, []).append(visit)
    count = 0
    for flow_id, visits in found.items():
        ended = _end_visits(flow_id, visits, now)
        publish_after_commit(hint_access(flow_id, ended))
        count += len(ended)
    return count


@in_write_transaction
def _prolong(visit: int, ends_at: datetime) -> None:
    Visit.objects.filter(pk=visit, ended_at=None).update(ends_at=ends_at)


@in_write_transaction
def _end_visits(flow_id: UUID, visits: Sequence[int], now: datetime) -> list[int]:
    """End visits that are over, and return whose they are. A flow in the trash has them still."""
    Flow.objects.select_for_update().filter(pk=flow_id).first()
    over = Visit.objects.filter(pk__in=visits, ended_at=None, ends_at__lte=now)
    guests = sorted(over.values_list("user_id", flat=True))
    revoke_rights(guests)
    over.update(ended_at=now)
    return guests


@as_system
@in_write_transaction
def _enter_as_guest(visit: Visit, flow_id: UUID, password: str, name: str, via: Via) -> Entered:
    link = _locked(visit.link_id, flow_id, password)
    _expect_place(visit)
    user = User.everyone.create(name=name, email=None, is_guest=True, password=make_password(None))
    visit.user = user
    visit.save(force_insert=True)
    _count(link, user.pk, via, {"name": name, "role": str(link.role)})
    return Entered(flow_id, Guest(user.pk, visit.pk), Role(link.role))


@as_system
@in_write_transaction
def _enter_as_person(link_id: UUID, flow_id: UUID, password: str, person: Person, via: Via) -> None:
    link = _locked(link_id, flow_id, password)
    held = Visit.objects.filter(link=link, user_id=person.user_id).first()
    if held is None:
        Visit.objects.create(link=link, user_id=person.user_id)
    elif held.ended_at is not None:
        Visit.objects.filter(pk=held.pk).update(ended_at=None, started_at=timezone.now())
    if held is None or held.ended_at is not None:
        _count(link, person.user_id, via, {"role": str(link.role)})


@as_system
@in_write_transaction
def _leave(guest: Guest, flow_id: UUID) -> None:
    lock_flow(flow_id)
    revoke_rights([guest.user_id])
    Visit.objects.filter(pk=guest.visit, user_id=guest.user_id, ended_at=None).update(ended_at=timezone.now())


def _locked(link_id: UUID, flow_id: UUID, password: str) -> Link:
    """Return a link as it is under its flow's lock. Raises `NotFound` if it is no more what was entered by."""
    audit.lock_audit()
    lock_flow(flow_id)
    link = open_links().filter(pk=link_id, flow_id=flow_id, password=password).first()
    if link is None:
        raise NotFound(_("This link does not work."))
    return link


def _count(link: Link, user_id: int, via: Via, detail: dict[str, object]) -> None:
    Link.objects.filter(pk=link.pk).update(uses=F("uses") + 1)
    audit.record(
        Action.GUEST_ENTERED,
        link.flow_id,
        actor=user_id,
        via=via,
        at=timezone.now(),
        person=user_id,
        object=f"link:{link.pk}",
        detail=detail,
    )


def _expect_place(visit: Visit) -> None:
    """Raise `Problem` (`limit_reached`) if as many guests are in by a link, or from one network, as may be."""
    limits, now = helix_limits.current(), timezone.now()
    guests = Visit.objects.filter(link=visit.link_id, ended_at=None, user__is_guest=True, ends_at__gt=now)
    if guests.count() >= limits.guests_per_link:
        most = limits.guests_per_link
        raise Problem("limit_reached", _("At most %(most)d guests can be in by this link.") % {"most": most})
    most = limits.guests_per_address
    if visit.network and guests.filter(network=visit.network).count() >= most:
        raise Problem("limit_reached", _("At most %(most)d guests can be in from one network.") % {"most": most})


def _hash(link: Link, network: str) -> str:
    """Return what tells one network from another at a link, and not which it is."""
    return salted_hmac("helix.visit", f"{link.pk.hex}:{network}", algorithm="sha256").hexdigest() if network else ""


def _end(now: datetime) -> datetime:
    """Return when a visit by browser is over, if the guest does not come again."""
    return now + timedelta(days=helix_limits.current().guest_days)


def _end_of_program(now: datetime) -> datetime:
    """Return when a visit by a program is over: with its token, which is the only way to come by it."""
    return now + timedelta(seconds=LIFE_SECONDS)
