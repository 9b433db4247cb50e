"""Telling live sessions that something happened: after the commit, and only as a hint.

A hint goes to the group of its flow in the channel layer and says that there is something to read; receivers ask the
log. So it may be lost, doubled or late, and a layer that does not answer must never fail a write or hold it up: it is
given one second, and what it raises is logged and dropped.

Commands publish by themselves, with `publish_after_commit`. The hint runs on the server's event loop, which alone may
touch the in-memory layer: Django's threads know it, threads of our own, such as a worker's, are told of it once
(`publish_on`) and do not wait. Where there is no loop (the command line, tests) it runs on one of its own.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import SyncToAsync, async_to_sync
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from django.db import transaction

from web.db_errors import is_of_redis

PATIENCE = 1.0
"""Seconds that the layer has."""

_log = logging.getLogger(__name__)
_loops: list[asyncio.AbstractEventLoop] = []


@dataclass(frozen=True, slots=True)
class Hint:
    """A message for those who follow a flow."""

    flow_id: UUID
    message: dict[str, Any]


def group_name(flow_id: UUID) -> str:
    """Return the group that live sessions of a flow belong to."""
    return f"flow.{flow_id.hex}"


def hint_changed(flow_id: UUID, *, previous: int, version: int) -> Hint:
    """Make the hint that versions were added."""
    return _hint(flow_id, "flow.changed", previous=previous, version=version)


def hint_access(flow_id: UUID, users: Iterable[int]) -> Hint:
    """Make the hint that these people's roles changed."""
    return _hint(flow_id, "flow.access", users=sorted(users))


def hint_deleted(flow_id: UUID) -> Hint:
    """Make the hint that the flow is gone."""
    return _hint(flow_id, "flow.deleted")


def hint_job(flow_id: UUID, job: Mapping[str, object]) -> Hint:
    """Make the hint that tells how far a long action is; nothing is read for it."""
    return _hint(flow_id, "flow.job", job=dict(job))


def hint_run(run_id: UUID, flow_id: UUID, seq: int) -> Hint:
    """Make the hint that a run has events up to `seq`."""
    return _hint(flow_id, "flow.run", run=str(run_id), seq=seq)


def hint_run_text(run_id: UUID, flow_id: UUID, node: str, text: str) -> Hint:
    """Make the hint that carries words of an agent as they come; they are written nowhere."""
    return _hint(flow_id, "flow.run_text", run=str(run_id), node=node, text=text)


def publish_on(loop: asyncio.AbstractEventLoop | None) -> None:
    """Say on which event loop threads of our own publish; None: no more on any."""
    _loops[:] = [] if loop is None else [loop]


def publish_after_commit(hint: Hint) -> None:
    """Publish from synchronous code: at once, or when the transaction around commits."""
    transaction.on_commit(partial(publish_now, hint), robust=True)


def publish_now(hint: Hint) -> None:
    """Publish from synchronous code, outside of any transaction; not at all on a loop that has ended."""
    run_on_loop(partial(publish, hint))


def run_on_loop(send: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run what sends to the layer where that may be: on the server's loop, or on one of its own."""
    knows_its_loop = getattr(SyncToAsync.threadlocal, "main_event_loop", None) is not None
    for loop in [] if knows_its_loop else _loops:
        if loop.is_running():
            asyncio.run_coroutine_threadsafe(send(), loop)
        return
    async_to_sync(send)()


async def publish(hint: Hint) -> None:
    """Send a hint to the flow's group. Fails silently, but for a line in the log."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async with asyncio.timeout(PATIENCE):
            await layer.group_send(group_name(hint.flow_id), hint.message)
    except Exception as failure:
        if not (isinstance(failure, TimeoutError | OSError | ChannelFull) or is_of_redis(failure)):
            raise
        _log.warning("hint_lost", extra={"flow": str(hint.flow_id), "reason": repr(failure)})


def _hint(flow_id: UUID, type: str, **fields: object) -> Hint:
    return Hint(flow_id, {"type": type, "flow": str(flow_id), **fields})
