"""Sends what is due, on threads of its own in each server process, away from the event loop.

One thread looks every second and claims; a few send. A receiver that does not answer holds one of these for 15 s at
most, and of each lane only one delivery in each process is under way at a time, so a broken one stops no other.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection

from accounts.acting import as_system
from flows.access import acts_still
from flows.commands.webhooks import pause_webhooks
from flows.errors import NotFound
from flows.webhooks.channels import Tried, channel_of, register
from flows.webhooks.deliveries import claim_due, claim_next, notice_changes, settle
from flows.webhooks.models import Delivery, Webhook
from flows.webhooks.signature import HEADER, sign
from web import egress
from web.database_time import database_time
from web.db_errors import DatabaseErrors
from web.sealing import unseal

THREADS = 8
LOOK_SECONDS = 1.0
TURN_SECONDS = 5.0
ANSWER_BYTES = 65_536
"""An answer is read so far, and thrown away."""
log = structlog.get_logger(__name__)


class Sender:
    """The sender of a process."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="deliveries")
        self._stopped = threading.Event()
        self._busy: set[UUID] = set()
        self._thread = threading.Thread(target=self._run, name="deliveries", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more. What is under way may end; if it does not, its row is due again after the lease."""
        self._stopped.set()
        self._threads.shutdown(wait=False, cancel_futures=True)

    @as_system
    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                self._look()
            except DatabaseErrors as failure:
                log.warning("deliveries_delayed", reason=repr(failure))
            except Exception:
                log.exception("deliveries_failed")
            finally:
                _release()

    def _look(self) -> None:
        now = database_time()
        notice_changes(now)
        for delivery in claim_due(now, THREADS - len(self._busy), busy=self._busy):
            if self._stopped.is_set():
                return
            self._busy.add(delivery.lane)
            self._threads.submit(self._send, delivery)

    @as_system
    def _send(self, delivery: Delivery) -> None:
        """Send one, and those behind it in its lane as long as they are taken; then others have their turn."""
        following: Delivery | None = delivery
        end = time.monotonic() + TURN_SECONDS
        try:
            while following is not None and _is_taken(following) and time.monotonic() < end:
                following = None if self._stopped.is_set() else claim_next(delivery.lane, database_time())
        except DatabaseErrors as failure:
            log.warning("deliveries_delayed", reason=repr(failure))
        finally:
            self._busy.discard(delivery.lane)
            _release()


def _is_taken(delivery: Delivery) -> bool:
    """Deliver, and say whether all is well; a defect of ours is a try that came to nothing."""
    try:
        return deliver(delivery)
    except DatabaseErrors as failure:
        log.warning("delivery_not_settled", reason=repr(failure))
    except Exception:
        log.exception("delivery_failed", delivery=str(delivery.pk))
        settle(delivery, database_time(), status=None, error="protocol")
    return False


def deliver(delivery: Delivery) -> bool:
    """Try a delivery that is ours once, and write what came of it; return whether it was taken."""
    status, error = _tried(delivery)
    settle(delivery, database_time(), status=status, error=error)
    return not error


def _tried(delivery: Delivery) -> Tried:
    webhook = delivery.webhook
    if webhook is not None and _is_paused(webhook):
        return None, "paused"
    secret = "" if webhook is None else unseal(webhook.sealed, webhook.sealed_about())
    if secret is None:
        return None, "secret"
    channel = channel_of(delivery.channel)
    if channel is None:
        return None, "channel"
    return channel(delivery, delivery.target if webhook is None else webhook.url, secret)


def _is_paused(webhook: Webhook) -> bool:
    """Tell whether who a webhook acts for may no longer edit its flow; it is off then."""
    if acts_still(webhook.flow_id, webhook.created_by_id):
        return False
    try:
        return pause_webhooks(webhook.flow_id, webhook.created_by, database_time())
    except NotFound:  # the flow is gone, and what was to be sent with it
        return True


def post(delivery: Delivery, url: str, secret: str) -> Tried:
    """Send a delivery's body to an address, signed if there is a secret."""
    body = delivery.body.encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Helix",
        "Idempotency-Key": str(delivery.pk),
        "X-Helix-Event": delivery.event,
    }
    if secret:
        headers[HEADER] = sign(secret, body, int(time.time()))
    try:
        answer = egress.send(
            "POST", url, headers=headers, body=body, allow=settings.HELIX_EGRESS_ALLOW, most_bytes=ANSWER_BYTES
        )
    except egress.EgressError as failure:
        return None, failure.why
    return answer.status, "" if 200 <= answer.status < 300 else "status"


register("webhook", post)


def _release() -> None:
    """Give the thread's connection back; SQLite's costs nothing while it rests, unless it is broken."""
    if connection.vendor != "sqlite" or connection.errors_occurred:
        connection.close()


_sender: Sender | None = None


def start() -> None:
    """Start the sender of this process, once."""
    global _sender  # noqa: PLW0603
    if _sender is None:
        _sender = Sender()
        _sender.start()


def stop() -> None:
    """Stop the sender of this process."""
    if _sender is not None:
        _sender.stop()
