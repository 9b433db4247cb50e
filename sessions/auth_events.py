"""Logins that end and accounts that change, told to every process at once, so that sockets need not wait for their
check.

These are Django's and allauth's own events; nothing about flows is published from signals. Like every hint it may be
lost: each socket's proof is asked for again every few seconds anyway.
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

PATIENCE = 1.0
log = logging.getLogger(__name__)


def connect() -> None:
    """Listen to what happens to logins and accounts."""
    user_logged_out.connect(_logged_out, dispatch_uid="live.logged_out")
    post_save.connect(_changed, sender=User, dispatch_uid="live.changed")
    post_delete.connect(_changed, sender=User, dispatch_uid="live.deleted")


def _logged_out(request: HttpRequest, **_: Any) -> None:
    key = getattr(getattr(request, "session", None), "session_key", None)
    if key:
        _tell({"type": "live.logout", "login": login_name(key)})


def _changed(instance: User, created: bool = False, update_fields: Iterable[str] | None = None, **_: Any) -> None:
    if not created and set(update_fields or ()) != {"last_login"}:
        _tell({"type": "live.account", "user": instance.pk})


def _tell(message: dict[str, Any]) -> None:
    transaction.on_commit(partial(async_to_sync(_send), message), robust=True)


async def _send(message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    try:
        async with asyncio.timeout(PATIENCE):
            await layer.group_send(GROUP, message)
    except Exception as failure:
        log.warning("hint_lost", extra={"type": message["type"], "reason": repr(failure)})
