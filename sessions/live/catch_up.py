"""Reads from the log what others wrote: after a hint, a heartbeat, or a commit that did not start at our version.

However often it is asked for while one reading is under way, one more follows, and all who asked hear when it is
done. A log that went back, or has another epoch (a backup was restored), cannot be followed: all sockets are closed
and come back to the new one.
"""

import asyncio
from typing import Protocol

from sessions.database import Database
from sessions.live.replica import Delta, GapInLog, Replica, read_delta, read_head
from sessions.protocol.codes import Close, Closing


class Follower(Protocol):
    """The session that is brought up to date."""

    replica: Replica

    def advance(self, delta: Delta) -> None:
        """Take a delta that starts at the replica's version."""

    async def reload(self) -> None:
        """Read the whole flow again."""


class CatchUp:
    """What is to be read, and who waits for it."""

    def __init__(self, follower: Follower, database: Database) -> None:
        self._follower, self._database = follower, database
        self._waiting: list[asyncio.Future[None]] = []
        self.is_due = False

    def schedule(self) -> None:
        """Make a reading due."""
        self.is_due = True

    def request(self) -> asyncio.Future[None]:
        """Ask for a reading; the future is done after one that starts from now on."""
        self.schedule()
        self._waiting.append(asyncio.get_running_loop().create_future())
        return self._waiting[-1]

    def restarted(self) -> None:
        """The whole flow is read again: nothing else is due, except for those who asked."""
        self.is_due = bool(self._waiting)

    def cancel(self, code: Close) -> None:
        """Tell all who wait that the session ends."""
        for done in self._waiting:
            if not done.done():
                done.set_exception(Closing(code))

    async def run(self, limit: int) -> None:
        """Read up to where the log stands now; the whole flow if that is more than `limit` versions, or too long.

        Raises `Closing`.
        """
        self.is_due = False
        waiting, self._waiting = self._waiting, []
        try:
            await self._read(limit)
        except BaseException:
            self._waiting += waiting
            raise
        for done in waiting:
            if not done.done():
                done.set_result(None)

    async def _read(self, limit: int) -> None:
        replica = self._follower.replica
        head = await self._database(read_head, replica.flow_id)
        if head is None:
            raise Closing(Close.NOT_FOUND)
        if head.epoch != replica.epoch or head.version < replica.version:
            raise Closing(Close.RESTARTING)
        behind = head.version - replica.version
        if 0 < behind <= limit:
            delta = await self._database(read_delta, replica.flow_id, replica.document, replica.version, behind)
            if delta is None:
                raise GapInLog
            self._follower.advance(delta)
        if replica.version < head.version:  # too many, or too long to be read at once
            await self._follower.reload()
