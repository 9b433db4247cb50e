"""The versions of one flow, one after the other, to someone who follows it without a live session.

What is told is read from the log, so nothing is left out: hints of the flow's group only say when to look, and every
few seconds, and when something expires, it looks anyway. Access is read together with each part of the log, so nothing
is told to anyone who may no longer see it.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.acting import act_as, acting_in
from flows import access
from flows.errors import NotFound
from flows.log import LoggedChange, changes_since, whole_changes
from flows.models import Flow
from flows.publish import group_name
from flows.storage.store import consistent_read
from sessions.database import DatabaseDown, in_database
from sessions.processes.group_channel import GroupChannel, Message
from sessions.protocol.codes import Close, Closing
from sessions.sockets.admission import Credential, earliest, seconds_to

LOOK_SECONDS = 5.0
"""How often the log and the access are read if no hint comes."""
CHANGES_AT_ONCE, BYTES_AT_ONCE = 100, 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """What follows a version in the log, as far as one reading goes, and where the flow is."""

    changes: list[LoggedChange]
    version: int
    until: datetime | None = None
    """When something expires that the access rests on."""


class Hints:
    """Wakes whoever waits for something new in a flow."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()

    def look(self) -> None:
        """Look soon."""
        self.arrived.set()

    def on_group_joined(self) -> None:
        """Look: hints may have been missed."""
        self.arrived.set()

    def on_message(self, message: Message) -> None:
        """Look, if it is about versions, rights or the flow's end."""
        if message["type"] in ("flow.changed", "flow.access", "flow.deleted"):
            self.arrived.set()


async def follow(
    credential: Credential, user_id: int, flow_id: UUID, since: int | None, hints: Hints
) -> AsyncIterator[LoggedChange]:
    """Yield each version after `since`, or after now; `hints` can be told to look.

    Raises `NotFound` for a flow that the person may not see, and `Closing` once that is taken away or a login ends.
    """
    channel = GroupChannel(group_name(flow_id), hints)
    part = await in_database(_read, credential, user_id, flow_id, since)
    at = part.version if since is None else since
    channel.open()
    try:
        while True:
            for change in part.changes:
                yield change
                at = change.version
            if not part.changes:
                await _wait(hints, part.until)
            part = await _read_again(credential, user_id, flow_id, at)
    finally:
        await channel.close()


async def _wait(hints: Hints, until: datetime | None) -> None:
    try:
        async with asyncio.timeout(min(LOOK_SECONDS, seconds_to(until))):
            await hints.arrived.wait()
    except TimeoutError:
        pass
    hints.arrived.clear()


async def _read_again(credential: Credential, user_id: int, flow_id: UUID, at: int) -> Part:
    try:
        return await in_database(_read, credential, user_id, flow_id, at)
    except NotFound:
        with acting_in(flow_id):
            is_there = await in_database(Flow.objects.filter(pk=flow_id, deleted_at=None).exists)
        raise Closing(Close.REVOKED if is_there else Close.NOT_FOUND) from None
    except DatabaseDown:
        return Part([], at)


def _read(credential: Credential, user_id: int, flow_id: UUID, since: int | None) -> Part:
    """Read access and log at one instant."""
    with consistent_read():
        caller = credential.caller(flow_id)
        if caller is None or caller[0].pk != user_id:
            raise Closing(Close.LOG_IN)
        act_as(caller[1])
        found = access.get_flow_for(caller[1], flow_id)
        version, until = found.flow.version, earliest(caller[1].until, found.until)
        if since is None or since >= version:
            return Part([], version, until)
        stored = changes_since(flow_id, since, CHANGES_AT_ONCE, size=BYTES_AT_ONCE)
        return Part(list(whole_changes(flow_id, stored, BYTES_AT_ONCE)), version, until)
