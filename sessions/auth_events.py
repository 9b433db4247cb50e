"""Tells every process at once when a login ends or an account changes, ahead of the regular access checks.

These are Django's and allauth's own events; nothing about flows is published from signals. Like every hint they may
be lost: the access of each socket is checked every few seconds anyway.
"""

import asyncio
import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from accounts.models import User
from sessions.processes.registry import GROUP
from sessions.supervisor import login_name

TIMEOUT_SECONDS = 1.0
log = logging.getLogger(__name__)


def connect() -> None:
    """Connect the signals."""
    user_logged_out.connect(_logged_out, dispatch_uid="live.logged_out")
    post_save.connect(_changed, sender=User, dispatch_uid="live.changed")
    post_delete.connect(_changed, sender=User, dispatch_uid="live.deleted")


def _logged_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    key = getattr(getattr(request, "session", None), "session_key", None)
    if key:
        _publish({"type": "live.logout", "login": login_name(key)})
    if user:  # sockets of programs, whose tokens do not say which session they come from
        _publish({"type": "live.account", "user": user.pk})


def _changed(instance: User, created: bool = False, update_fields: Iterable[str] | None = None, **_: Any) -> None:
    if not created and set(update_fields or ()) != {"last_login"}:
        _publish({"type": "live.account", "user": instance.pk})


def _publish(message: dict[str, Any]) -> None:
    transaction.on_commit(partial(async_to_sync(_send), message), robust=True)


async def _send(message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await layer.group_send(GROUP, message)
    except Exception as failure:
        log.warning("hint_lost", extra={"type": message["type"], "reason": repr(failure)})
