"""Rules of a flow: who is told of what, by which way. Editors keep them together; viewers see nothing of them.

A rule is stored as one webhook for each of its targets, with the rule's id: so webhooks and rules have one sender, one
log and one kind of body. A target that stays in its rule keeps its row, with its secret, its log and what waits for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.principals import Caller, Principal, user_id_of
from flows import limits as helix_limits
from flows.access import Role, authorize, expect_own_role, flows_of, get_flow_for, who_acts_still
from flows.commands.flow_lock import lock_flow
from flows.commands.webhooks import CHANGED, EVENTS, expect_switched_on
from flows.errors import NotFound
from flows.models import Delivery, Flow, Webhook
from flows.rates import count_flow_change
from flows.webhooks.deliveries import KEPT, PATIENCE, give_up_overdue
from runs.notices.channels import CHANNELS, ROLES, is_address
from runs.notices.services import SERVICES, check_service
from web.database_time import database_time
from web.deferred_translation import said
from web.egress import EgressError, check_url
from web.errors import Problem
from web.sealing import seal, unseal
from web.write_transaction import in_write_transaction

TARGETS: Final = 20
"""So many targets has a rule."""


@dataclass(frozen=True, slots=True)
class Target:
    """One way to tell people. A secret that is None is kept, "" takes it away."""

    channel: str
    target: str = ""
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is told of which events; the same event at most once in `quiet` seconds. `paused` says why nobody is."""

    on: tuple[str, ...]
    to: tuple[Target, ...]
    quiet: int = 0
    id: UUID | None = field(default=None)
    paused: str = ""


def placed(target: Target) -> Target:
    """Return a target whose address is a service's own webhook with that as its secret, which it is."""
    service = SERVICES.get(target.channel)
    is_secret = service is not None and "://" in target.target and service.secret.fullmatch(target.target)
    return Target(target.channel, "", target.target) if is_secret and not target.secret else target


def rules_of(principal: Principal, flow_id: UUID) -> list[Rule]:
    """Return a flow's rules without their secrets; editors only. Raises `NotFound` and `Forbidden`."""
    authorize(principal, flow_id, Role.EDITOR)
    return _read(_rows(flow_id))


def replace_rules(principal: Principal, flow_id: UUID, rules: Sequence[Rule]) -> list[Rule]:
    """Put rules in the place of those that are there, and return them with their ids.

    Raises `NotFound`, `Forbidden`, `Problem` (`invalid`, `limit_reached`, `rate_limited`).
    """
    expect_own_role(authorize(principal, flow_id, Role.EDITOR), Role.EDITOR)
    count_flow_change(principal)
    _expect_room(len(rules))
    for rule in rules:
        _check(rule)
    return _replace(principal, flow_id, rules)


def add_rule(principal: Principal, flow_id: UUID, rule: Rule) -> None:
    """Add a rule to those that are there.

    Raises `NotFound`, `Forbidden`, `Problem` (`invalid`, `limit_reached`, `rate_limited`).
    """
    expect_own_role(authorize(principal, flow_id, Role.EDITOR), Role.EDITOR)
    count_flow_change(principal)
    _check(rule)
    _add(principal, flow_id, rule)


@in_write_transaction
def remove_rule(principal: Principal, flow_id: UUID, rule_id: UUID) -> None:
    """Take a rule away, with what waits for its targets. Raises `NotFound` and `Forbidden`."""
    lock_flow(flow_id)
    expect_own_role(authorize(principal, flow_id, Role.EDITOR), Role.EDITOR)
    held = _rows(flow_id).filter(rule=rule_id)
    if not held.exists():
        raise NotFound
    Webhook.objects.filter(pk__in=list(held.values_list("pk", flat=True))).delete()


def rules_in(principal: Caller) -> list[tuple[Flow, list[Rule]]]:
    """Return the rules of all flows that a person may edit, by flow; without those that have none."""
    rows = Webhook.objects.filter(flow__in=flows_of(principal, Role.EDITOR), rule__isnull=False)
    by_flow: dict[Flow, list[Webhook]] = {}
    for row in rows.select_related("flow").order_by("flow__title", "flow", "created_at", "rule", "place"):
        by_flow.setdefault(row.flow, []).append(row)
    return [(flow, _read(held)) for flow, held in by_flow.items()]


def deliveries_of(principal: Principal, flow_id: UUID) -> list[Delivery]:
    """Return what was and is sent by rules and outputs, the newest first. Raises `NotFound` and `Forbidden`."""
    authorize(principal, flow_id, Role.EDITOR)
    return list(_log(flow_id).defer("body").select_related("webhook")[: 10 * KEPT])


def resend(principal: Principal, flow_id: UUID, delivery_id: UUID) -> Delivery:
    """Send one of these again, for a day from now.

    Raises `NotFound`, `Forbidden` and `Problem` (`rate_limited`, `wrong_state` while its rule is paused).
    """
    get_flow_for(principal, flow_id, Role.EDITOR)
    count_flow_change(principal)
    return _resend(principal, flow_id, delivery_id)


@in_write_transaction
def _resend(principal: Principal, flow_id: UUID, delivery_id: UUID) -> Delivery:
    lock_flow(flow_id)
    expect_own_role(authorize(principal, flow_id, Role.EDITOR), Role.EDITOR)
    delivery = _log(flow_id).filter(pk=delivery_id).select_related("webhook").first()
    if delivery is None:
        raise NotFound
    if delivery.webhook is not None:
        expect_switched_on(delivery.webhook)
    now = database_time()
    delivery.state, delivery.claim, delivery.tries = Delivery.State.WAITING, "", 0
    delivery.person_id = user_id_of(principal)
    delivery.due_at, delivery.give_up_at = now, now + PATIENCE
    delivery.save(update_fields=["state", "claim", "tries", "person", "due_at", "give_up_at"])
    return delivery


def _log(flow_id: UUID) -> QuerySet[Delivery]:
    """Return what no webhook of its own has: what rules and outputs send."""
    return Delivery.objects.filter(flow=flow_id, flow__deleted_at=None).exclude(
        webhook__isnull=False, webhook__rule__isnull=True
    )


@in_write_transaction
def _add(principal: Principal, flow_id: UUID, rule: Rule) -> None:
    version = lock_flow(flow_id).version
    expect_own_role(authorize(principal, flow_id, Role.EDITOR), Role.EDITOR)
    _expect_room(len(_read(_rows(flow_id))) + 1)
    _put(principal, flow_id, version, [], [rule])


def _expect_room(count: int) -> None:
    most = helix_limits.current().notification_rules
    if count > most:
        raise Problem("limit_reached", _("A flow has at most %(most)d rules.") % {"most": most})


@in_write_transaction
def _replace(principal: Principal, flow_id: UUID, rules: Sequence[Rule]) -> list[Rule]:
    version = lock_flow(flow_id).version
    expect_own_role(authorize(principal, flow_id, Role.EDITOR), Role.EDITOR)
    return _put(principal, flow_id, version, list(_rows(flow_id)), rules)


def _put(
    principal: Principal, flow_id: UUID, version: int, held: Sequence[Webhook], rules: Sequence[Rule]
) -> list[Rule]:
    stay: set[UUID] = set()
    now, made = database_time(), []
    act_still = who_acts_still(flow_id, {row.created_by_id for row in held})
    begin = [row.pk for row in held if not row.enabled]
    for rule in rules:
        known = rule.id is not None and any(row.rule == rule.id for row in held)
        id = rule.id if known and rule.id is not None else uuid4()
        before = _matched([row for row in held if row.rule == rule.id and row.pk not in stay], rule.to)
        for place, (target, known_row) in enumerate(zip(rule.to, before, strict=True)):
            fresh = Webhook(flow_id=flow_id, quiet_until=now, created_by_id=user_id_of(principal), created_at=now)
            row = known_row or fresh
            hears = CHANGED in rule.on
            if hears and not row.hears_changes:
                row.told_version = version
            is_kept = row.url == target.target and row.enabled and row.created_by_id in act_still
            if known_row is not None and not is_kept:
                row.created_by_id, row.enabled, row.paused = user_id_of(principal), True, ""
            row.rule, row.place, row.channel, row.url = id, place, target.channel, target.target
            row.events, row.hears_changes, row.quiet = list(rule.on), hears, rule.quiet
            if target.secret is not None:
                row.sealed = seal(target.secret, row.sealed_about())
            _check_target(target, unseal(row.sealed, row.sealed_about()) or "")
            row.created_at = now if row._state.adding else row.created_at
            stay.add(row.pk)
            made.append(row)
    Webhook.objects.filter(pk__in=[row.pk for row in held if row.pk not in stay]).delete()
    for row in made:
        row.save()
    give_up_overdue(begin, now)
    return _read(made)


def _matched(rows: Iterable[Webhook], targets: Sequence[Target]) -> list[Webhook | None]:
    """Return the row that each target had before: first of those that stay, then what stood in a new one's place."""
    left, found = list(rows), dict[int, Webhook]()
    for by_place in (False, True):
        for place, target in enumerate(targets):
            same = (row for row in left if row.channel == target.channel)
            fits = (row for row in same if (row.place == place if by_place else row.url == target.target))
            if place not in found and (row := next(fits, None)) is not None:
                found[place] = row
                left.remove(row)
    return [found.get(place) for place in range(len(targets))]


def _rows(flow_id: UUID) -> QuerySet[Webhook]:
    rows = Webhook.objects.filter(flow=flow_id, flow__deleted_at=None, rule__isnull=False)
    return rows.order_by("created_at", "rule", "place")


def _read(rows: Iterable[Webhook]) -> list[Rule]:
    by_rule: dict[UUID, list[Webhook]] = {}
    for row in rows:
        if row.rule is not None:
            by_rule.setdefault(row.rule, []).append(row)
    return [
        Rule(
            tuple(held[0].events),
            tuple(Target(row.channel, row.url) for row in held),
            held[0].quiet,
            id,
            next((said(row.paused) for row in held if row.paused), ""),
        )
        for id, held in by_rule.items()
    ]


def _check(rule: Rule) -> None:
    if not rule.on or not set(rule.on) <= set(EVENTS) or len(set(rule.on)) < len(rule.on):
        raise Problem("invalid", _("on: one or more of %(known)s") % {"known": ", ".join(EVENTS)})
    if not 1 <= len(rule.to) <= TARGETS:
        raise Problem("invalid", _("to: 1 to %(most)d targets") % {"most": TARGETS})
    for target in rule.to:
        if target.channel not in CHANNELS:
            raise Problem("invalid", _("channel: one of %(known)s") % {"known": ", ".join(CHANNELS)})


def _check_target(target: Target, secret: str) -> None:
    """Refuse a target that its channel cannot reach. Raises `Problem("invalid")`."""
    match target.channel:
        case "webhook":
            _check_url(target.target)
        case "mail":
            if not is_address(target.target):
                raise Problem("invalid", _("mail: an e-mail address as target"))
        case "in_app":
            if target.target not in ROLES and not is_address(target.target):
                words = ", ".join(word for word in ROLES if word)
                raise Problem("invalid", _("in_app: one of %(words)s, or a member’s address") % {"words": words})
        case name if name in SERVICES:
            check_service(name, target.target, secret)


def _check_url(url: str) -> None:
    try:
        check_url(url, settings.HELIX_EGRESS_ALLOW)
    except EgressError as refused:
        if refused.why == "forbidden":
            message = _("webhook: this address is not public; HELIX_EGRESS_ALLOW names networks that may be called.")
        else:
            message = _("webhook: an address that begins with https:// or http://, without a login in it")
        raise Problem("invalid", message) from None
