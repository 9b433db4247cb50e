"""Webhooks made, changed and removed, by owners alone; read again under the flow's lock."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principals import Principal, user_id_of
from flows import limits as helix_limits
from flows.access import Role, acts_still, authorize, get_flow_for, who_acts_still
from flows.commands.flow_lock import lock_flow
from flows.errors import NotFound
from flows.rates import count_flow_change
from flows.webhooks.deliveries import PATIENCE, give_up_overdue, no_longer, tell_owners
from flows.webhooks.models import Delivery, Webhook
from web.database_time import database_time
from web.deferred_translation import stored
from web.egress import EgressError, check_url
from web.errors import Problem
from web.sealing import seal
from web.write_transaction import in_write_transaction

EVENTS = ("changed", "run.done", "run.failed", "question.asked", "worker.lost", "comment.added", "comment.mention")
CHANGED = "changed"


def create_webhook(principal: Principal, flow_id: UUID, *, url: str, events: Sequence[str], secret: str) -> Webhook:
    """Make a webhook, which hears of what happens from now on.

    Raises `NotFound`, `Forbidden` and `Problem` (`invalid`, `limit_reached`, `rate_limited`).
    """
    authorize(principal, flow_id, Role.OWNER)
    count_flow_change(principal)
    _check(url, events)
    return _create(principal, flow_id, url, list(dict.fromkeys(events)), secret)


def change_webhook(
    principal: Principal,
    flow_id: UUID,
    webhook_id: UUID,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    secret: str | None = None,
    enabled: bool | None = None,
) -> Webhook:
    """Change what is given of a webhook, and nothing else: without a secret it keeps its own; "" takes it away.

    Who switches it on hears in their own name, and so does who changes one whose maker may no longer edit the flow.
    Raises as `create_webhook` does.
    """
    authorize(principal, flow_id, Role.OWNER)
    count_flow_change(principal)
    _check(url, events)
    given: dict[str, object] = {}
    if url is not None:
        given["url"] = url
    if events is not None:
        given |= {"events": list(dict.fromkeys(events)), "hears_changes": CHANGED in events}
    if secret is not None:
        given["secret"] = secret
    if enabled is not None:
        given["enabled"] = enabled
    return _change(principal, flow_id, webhook_id, given)


@in_write_transaction
def delete_webhook(principal: Principal, flow_id: UUID, webhook_id: UUID) -> None:
    """Delete a webhook, with what waits for it. Raises `NotFound` and `Forbidden`."""
    _locked(principal, flow_id, webhook_id).delete()


def resend(principal: Principal, flow_id: UUID, webhook_id: UUID, delivery_id: UUID) -> Delivery:
    """Send a delivery again, for a day from now.

    Raises `NotFound`, `Forbidden` and `Problem` (`rate_limited`, `wrong_state` while its webhook is off).
    """
    get_flow_for(principal, flow_id, Role.OWNER)
    count_flow_change(principal)
    return _resend(principal, flow_id, webhook_id, delivery_id)


@in_write_transaction
def _resend(principal: Principal, flow_id: UUID, webhook_id: UUID, delivery_id: UUID) -> Delivery:
    webhook = _locked(principal, flow_id, webhook_id)
    delivery = Delivery.objects.filter(pk=delivery_id, webhook=webhook).first()
    if delivery is None:
        raise NotFound
    expect_switched_on(webhook)
    now = database_time()
    delivery.state, delivery.claim, delivery.tries = Delivery.State.WAITING, "", 0
    delivery.due_at, delivery.give_up_at = now, now + PATIENCE
    delivery.save(update_fields=["state", "claim", "tries", "due_at", "give_up_at"])
    return delivery


@in_write_transaction
def pause_webhooks(flow_id: UUID, person: User | None, now: datetime) -> bool:
    """Pause all webhooks of a flow that act for a person, rules' too, if they may no longer edit it; say if that is so.

    The owners are told once. Raises `NotFound`.
    """
    lock_flow(flow_id)
    if person is None or acts_still(flow_id, person.pk):
        return False
    reason = no_longer(person)
    theirs = Webhook.objects.filter(flow=flow_id, created_by=person, enabled=True)
    if theirs.update(enabled=False, paused=stored(reason)):
        tell_owners(flow_id, "notification.paused", reason, now)
    return True


def webhooks_of(principal: Principal, flow_id: UUID) -> list[Webhook]:
    """Return the webhooks of a flow; owners only. Raises `NotFound` and `Forbidden`."""
    authorize(principal, flow_id, Role.OWNER)
    return list(Webhook.objects.filter(flow=flow_id, rule=None, flow__deleted_at=None))


@in_write_transaction
def _create(principal: Principal, flow_id: UUID, url: str, events: list[str], secret: str) -> Webhook:
    version = lock_flow(flow_id).version
    authorize(principal, flow_id, Role.OWNER)
    most = helix_limits.current().webhooks_per_flow
    if Webhook.objects.filter(flow=flow_id, rule=None).count() >= most:
        raise Problem("limit_reached", _("A flow has at most %(most)d webhooks.") % {"most": most})
    now = database_time()
    webhook = Webhook(
        flow_id=flow_id,
        url=url,
        events=events,
        hears_changes=CHANGED in events,
        told_version=version,
        quiet_until=now,
        created_by_id=user_id_of(principal),
        created_at=now,
    )
    webhook.sealed = seal(secret, webhook.sealed_about())
    webhook.save(force_insert=True)
    return webhook


@in_write_transaction
def _change(principal: Principal, flow_id: UUID, webhook_id: UUID, given: dict[str, object]) -> Webhook:
    webhook = _locked(principal, flow_id, webhook_id)
    begins = bool(given.get("enabled")) and not webhook.enabled
    if begins or (given.get("hears_changes") and not webhook.hears_changes):
        given["told_version"] = webhook.flow.version
    if given.get("enabled"):
        given["paused"] = ""
    if begins:
        give_up_overdue([webhook.pk], database_time())
    if begins or webhook.created_by_id not in who_acts_still(flow_id, [webhook.created_by_id]):
        given["created_by_id"] = user_id_of(principal)
    if isinstance(secret := given.pop("secret", None), str):
        given["sealed"] = seal(secret, webhook.sealed_about())
    for name, value in given.items():
        setattr(webhook, name, value)
    if given:
        webhook.save(update_fields=list(given))
    return webhook


def expect_switched_on(webhook: Webhook) -> None:
    """Raise `Problem("wrong_state")` for one that is off: what waits for it is not sent."""
    if not webhook.enabled:
        raise Problem(
            "wrong_state", _("Paused webhooks and rules send nothing. Switch the webhook on, or save the rule, first.")
        )


def _locked(principal: Principal, flow_id: UUID, webhook_id: UUID) -> Webhook:
    """Lock the flow, judge the principal and return the flow's webhook. Raises `NotFound` and `Forbidden`."""
    lock_flow(flow_id)
    authorize(principal, flow_id, Role.OWNER)
    webhook = Webhook.objects.filter(pk=webhook_id, flow=flow_id, rule=None).select_related("flow").first()
    if webhook is None:
        raise NotFound
    return webhook


def _check(url: str | None, events: Sequence[str] | None) -> None:
    if events is not None and (not events or not set(events) <= set(EVENTS)):
        raise Problem("invalid", _("events: one or more of %(known)s") % {"known": ", ".join(EVENTS)})
    if url is None:
        return
    try:
        check_url(url, settings.HELIX_EGRESS_ALLOW)
    except EgressError as refused:
        if refused.why == "forbidden":
            message = _("url: this address is not public; HELIX_EGRESS_ALLOW names networks that may be called too.")
        else:
            message = _("url: an address that begins with https:// or http://, without a login in it")
        raise Problem("invalid", message) from None
