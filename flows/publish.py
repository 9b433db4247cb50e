"""Telling live sessions that something happened: after the commit, and only as a hint.

A hint goes to the group of its flow in the channel layer and says that there is something to read; receivers ask the
log. So it may be lost, doubled or late, and a layer that does not answer must never fail a write or hold it up: it is
given one second, and what it raises is logged and dropped.

Commands publish by themselves, with `publish_after_commit`. Inside Django's threads the hint runs on the server's event
loop, which alone may touch the in-memory layer; where there is no loop (the command line, tests) on one of its own.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from flows.submission import Receipt

PATIENCE = 1.0
"""Seconds that the layer has."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hint:
    """A message for those who follow a flow."""

    flow_id: UUID
    message: dict[str, Any]


def group_name(flow_id: UUID) -> str:
    """Return the group that live sessions of a flow belong to."""
    return f"flow.{flow_id.hex}"


def hint_changed(receipt: Receipt) -> Hint:
    """Make the hint that versions were added."""
    return _hint(receipt.flow_id, "flow.changed", previous=receipt.previous, version=receipt.version)


def hint_access(flow_id: UUID, users: Iterable[int]) -> Hint:
    """Make the hint that these people's roles changed."""
    return _hint(flow_id, "flow.access", users=sorted(users))


def hint_deleted(flow_id: UUID) -> Hint:
    """Make the hint that the flow is gone."""
    return _hint(flow_id, "flow.deleted")


def publish_after_commit(hint: Hint) -> None:
    """Publish from synchronous code: at once, or when the transaction around commits."""
    transaction.on_commit(partial(async_to_sync(publish), hint), robust=True)


async def publish(hint: Hint) -> None:
    """Send a hint to the flow's group. Fails silently, but for a line in the log."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async with asyncio.timeout(PATIENCE):
            await layer.group_send(group_name(hint.flow_id), hint.message)
    except (TimeoutError, OSError, RedisError, ChannelFull) as failure:
        _log.warning("hint_lost", extra={"flow": str(hint.flow_id), "reason": repr(failure)})


def _hint(flow_id: UUID, type: str, **fields: object) -> Hint:
    return Hint(flow_id, {"type": type, "flow": str(flow_id), **fields})
