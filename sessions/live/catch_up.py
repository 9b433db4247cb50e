"""Reading from the log what others wrote: after a hint, a heartbeat, or a commit that did not start where we stood.

However often somebody asks while one reading is under way, one more follows, and all who asked are told when it is
done. A log that went back, or began anew under another epoch (a backup was restored), cannot be followed: everybody
is sent away and comes back to the new one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sessions.live import steps
from sessions.live.replica import Current
from sessions.live.steps import Head, Step
from sessions.protocol.codes import Close, Closing


class CatchUp:
    """What there is to be read, and who waits for it. `advance` takes a step, `reopen` reads the whole flow anew."""

    def __init__(
        self,
        flow: Current,
        read: Callable[..., Awaitable[Any]],
        advance: Callable[[Step], None],
        reopen: Callable[[], Awaitable[None]],
    ) -> None:
        self._flow, self._read, self._advance, self._reopen = flow, read, advance, reopen
        self._waiting: list[asyncio.Future[None]] = []
        self.is_due = False

    def asked(self) -> asyncio.Future[None]:
        """Ask for a reading; the future is done after one that begins from now on."""
        self.is_due = True
        self._waiting.append(asyncio.get_running_loop().create_future())
        return self._waiting[-1]

    def began_again(self) -> None:
        """Note that the whole flow is read anew: nothing else is to be read, but for those who asked."""
        self.is_due = bool(self._waiting)

    def give_up(self, code: Close) -> None:
        """Tell all who wait that there is no more to come."""
        for done in self._waiting:
            if not done.done():
                done.set_exception(Closing(code))

    async def run(self, limit: int) -> None:
        """Read up to where the log stands now; the whole flow if that is beyond `limit` versions, or too long.

        Raises `Closing`.
        """
        self.is_due = False
        waiting, self._waiting = self._waiting, []
        try:
            await self._reach(limit)
        except BaseException:
            self._waiting += waiting
            raise
        for done in waiting:
            if not done.done():
                done.set_result(None)

    async def _reach(self, limit: int) -> None:
        flow = self._flow
        head: Head | None = await self._read(steps.read_head, flow.flow_id)
        if head is None:
            raise Closing(Close.NOT_FOUND)
        if head.epoch != flow.epoch or head.version < flow.version:
            raise Closing(Close.RESTARTING)
        behind = head.version - flow.version
        if 0 < behind <= limit:
            step = await self._read(steps.read_step, flow.flow_id, flow.document, flow.version, behind)
            if step is None:
                raise steps.GapInLog
            self._advance(step)
        if flow.version < head.version:  # too many, or too long to be read at once
            await self._reopen()
