"""A hook is called: who may, what is said, and the run it starts.

An address that was never ours, was changed, or is switched off is the same `NotFound`. With a secret the body must be
signed within the last five minutes; a secret that is missing lets nobody in. The same event id is the same run, and so
is the same signature: who heard a call cannot repeat it under another id.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from flows.errors import NotFound
from flows.expressions import Json
from flows.webhooks.signature import HEADER, sign
from runs.commands.attempts import kept_of
from runs.models import Trigger
from runs.triggers.filters import matches
from runs.triggers.firing import LONGEST_ERROR, Event, fire, sensor_of
from runs.triggers.formats import UnreadableEvent, read_event
from runs.triggers.secrets import SecretMissing, secret_of
from runs.triggers.tokens import read_token
from web.database_time import database_time
from web.deferred_translation import kept as _
from web.errors import Problem

OLDEST: Final = 300
"""Seconds that a signature is good for, in both directions."""
LONGEST_SIGNATURE: Final = 500
FULL_SECONDS: Final = 60
"""Until a call is worth another try where there is no room for what a run keeps."""
EVENT_HEADERS: Final = ("Idempotency-Key", "Webhook-Id", "X-Event-Id", "Ce-Id", "X-GitHub-Delivery")


@dataclass(frozen=True, slots=True)
class Called:
    """What a call came to: its run, None if the event is not wanted; not new if it had come before."""

    run: UUID | None
    is_new: bool


def call_hook(token: str, body: bytes, headers: Mapping[str, str], *, now: datetime | None = None) -> Called:
    """Take a call of a hook. Header names are looked up as they are written here.

    Raises `NotFound` and `Problem`: `not_authenticated`, `invalid`, `too_large`, `rate_limited`.
    """
    trigger = _trigger_of(token)
    now = now or database_time()
    sensor = sensor_of(trigger)
    proof = _proof(trigger, sensor.secret, body, headers.get(HEADER, ""), now) if sensor.secret else ""
    try:
        value = read_event(body, sensor.format)
    except UnreadableEvent as unreadable:
        raise Problem("invalid", unreadable.message) from None
    if not matches(sensor.filters, value):
        return Called(None, False)
    try:
        fired = fire(trigger.pk, Event(value, event_id(headers, value), proof), now=now)
    except Problem as problem:
        _tell(trigger, problem.message)
        if problem.code == "limit_reached":  # how much whose runs keep is not the caller's to know
            message = _("The flow can start no run for now.")
            raise Problem("rate_limited", message, retry_after=FULL_SECONDS) from None
        if problem.detail is not None:  # what is wrong inside the flow is not the caller's to know
            raise Problem(problem.code, _("The flow cannot run."), retry_after=problem.retry_after) from None
        raise
    if fired.is_paused:
        raise NotFound
    if trigger.last_error:
        _tell(trigger, "")
    return Called(fired.run, fired.is_new)


def event_id(headers: Mapping[str, str], value: Json) -> str:
    """Return by what an event is known when it comes again: a header's word, or the `event_id` in an object; or "".

    A CloudEvent (`specversion` in the object) has its `id` and `source`.
    """
    for name in EVENT_HEADERS:
        if given := headers.get(name, "").strip():
            return f"{given} {headers.get('Ce-Source', '')}".strip() if name == "Ce-Id" else given
    if not isinstance(value, dict):
        return ""
    if isinstance(value.get("specversion"), str) and isinstance(value.get("id"), str):
        return f"{value['id']} {value.get('source', '')}".strip()
    given_id = value.get("event_id")
    return given_id if isinstance(given_id, str) else ""


def proof_in(secret: str, body: bytes, signature: str, now: datetime) -> str:
    """Return the `v1` by which a body was signed with a secret within five minutes, any of several; "" for none."""
    parts = [part.strip().partition("=") for part in signature[:LONGEST_SIGNATURE].split(",")]
    times = [value for name, _sign, value in parts if name == "t"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdecimal() or len(times[0]) > 12:
        return ""
    at = int(times[0])
    proof = sign(secret, body, at).partition("v1=")[2]
    given = [value.encode() for name, _sign, value in parts if name == "v1"]
    is_good = abs(now.timestamp() - at) <= OLDEST and any(hmac.compare_digest(proof.encode(), one) for one in given)
    return proof if is_good else ""


def _trigger_of(token: str) -> Trigger:
    hook = read_token(token)
    if hook is None:
        raise NotFound
    hooks = Trigger.objects.filter(source=Trigger.Source.WEBHOOK, enabled=True, flow__deleted_at=None)
    trigger = hooks.filter(pk=hook.trigger, rotation=hook.rotation).first()
    if trigger is None:
        raise NotFound
    return trigger


def _proof(trigger: Trigger, name: str, body: bytes, signature: str, now: datetime) -> str:
    """Return by what a body is proven. Raises `Problem("not_authenticated")`."""
    try:
        secret = secret_of(trigger.flow_id, name)
    except SecretMissing as missing:
        _tell(trigger, missing.message)
        secret = ""
    if not secret or not (proof := proof_in(secret, body, signature, now)):
        message = _("Sign the body in %(header)s: the signature is missing, wrong or older than 5 minutes.")
        raise Problem("not_authenticated", message % {"header": HEADER})
    return proof


def _tell(trigger: Trigger, error: str) -> None:
    last_error = kept_of(error, LONGEST_ERROR)
    if trigger.last_error != last_error:
        Trigger.objects.filter(pk=trigger.pk).update(last_error=last_error)
