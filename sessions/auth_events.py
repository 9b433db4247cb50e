"""Tells every process at once when a login ends or an account changes, ahead of the regular access checks.

These are Django's and allauth's own events, and `accounts.signals.access_changed`; nothing about flows is published
from signals. Like every hint they may be lost: the access of each socket is checked every few seconds anyway.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable
from functools import partial
from typing import Any

from channels.layers import get_channel_layer
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from accounts.models import User
from accounts.signals import access_changed
from flows.publish import run_on_loop
from sessions.processes.registry import GROUP
from sessions.supervisor import login_name

TIMEOUT_SECONDS = 1.0
PEOPLE_AT_ONCE = 1_000
log = logging.getLogger(__name__)


def connect() -> None:
    """Connect the signals."""
    user_logged_out.connect(_logged_out, dispatch_uid="live.logged_out")
    access_changed.connect(_access_changed, dispatch_uid="live.access_changed")
    post_save.connect(_changed, sender=User, dispatch_uid="live.changed")
    post_delete.connect(_changed, sender=User, dispatch_uid="live.deleted")


def _logged_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    key = getattr(getattr(request, "session", None), "session_key", None)
    if key:
        _publish({"type": "live.logout", "login": login_name(key)})
    if user:  # sockets of programs, whose tokens do not say which session they come from
        _tell([user.pk])


def _access_changed(user_ids: Collection[int], **_: Any) -> None:
    _tell(sorted(user_ids))


def _changed(instance: User, created: bool = False, update_fields: Iterable[str] | None = None, **_: Any) -> None:
    if not created and set(update_fields or ()) != {"last_login"}:
        _tell([instance.pk])


def _tell(users: list[int]) -> None:
    for first in range(0, len(users), PEOPLE_AT_ONCE):
        _publish({"type": "live.account", "users": users[first : first + PEOPLE_AT_ONCE]})


def _publish(message: dict[str, Any]) -> None:
    transaction.on_commit(partial(publish_now, message), robust=True)


def publish_now(message: dict[str, Any]) -> None:
    """Send a message to every process, from synchronous code, outside of any transaction."""
    run_on_loop(partial(_send, message))


async def _send(message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await layer.group_send(GROUP, message)
    except Exception as failure:
        log.warning("hint_lost", extra={"type": message["type"], "reason": repr(failure)})
