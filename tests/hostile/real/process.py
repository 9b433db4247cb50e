"""One server process, as far as one test process can be several: a supervisor of its own, and a way to kill it."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

from flows.limits import Limits
from helix.asgi import application
from sessions import supervisor
from sessions.live.session import LiveSession
from sessions.processes.group_channel import GroupChannel
from sessions.protocol.codes import Closing
from sessions.supervisor import Supervisor
from tests.hostile.real.connection import Connection


class Process:
    """A supervisor and the connections that came to it."""

    def __init__(self, flow_id: UUID, limits: Limits) -> None:
        self._flow_id = flow_id
        self._supervisor = Supervisor(limits)
        self._supervisor.registry.open()
        self._connections: list[Connection] = []

    @property
    def session(self) -> LiveSession | None:
        """The flow's live session, if it runs."""
        session = self._supervisor.find(self._flow_id)
        return session if session is not None and session.closing is None else None

    async def connect(self, token: str) -> Connection:
        """Open a connection to this process and no other."""
        supervisor._supervisors[asyncio.get_running_loop()] = self._supervisor
        connection = Connection(application, self._flow_id, token)
        self._connections.append(connection)
        await connection.heard()
        return connection

    async def settle(self) -> None:
        """Return when all that was asked here is answered, and what others wrote is here too."""
        for connection in self._connections:
            await connection.heard()
        with suppress(Closing):
            for _ in range(2):  # what came while the log was read is committed after that
                if self.session is not None:
                    await self.session.catch_up()
        if self.session is not None:
            self.session.broadcaster.flush()
            await asyncio.gather(*(socket.drained() for socket in self.session.broadcaster))

    async def restart(self) -> None:
        """End as an operator would have it; nobody comes in any more."""
        await self._supervisor.shutdown()

    def fail(self) -> None:
        """Have a defect at the next commit, after it and before anybody is told."""
        session = self.session
        if session is not None:

            async def failing(_: Any) -> None:
                vars(session).pop("follow", None)
                raise ZeroDivisionError("a planted defect")

            vars(session)["follow"] = failing

    async def kill(self) -> None:
        """Be gone, in the middle of whatever it is, without a word to anybody."""
        sessions = list(self._supervisor.sessions.values())
        registry = self._supervisor.registry
        for channel in (registry._channel, *(session.channel for session in sessions)):
            silence(channel)
        tasks = [session._task for session in sessions if session._task] + [registry._task]
        for task in tasks:
            task.cancel()  # type: ignore[union-attr]
        if registry._timer is not None:
            registry._timer.cancel()
        for connection in self._connections:
            await connection.die()
        await asyncio.gather(*tasks, *self._supervisor._closing, return_exceptions=True)  # type: ignore[arg-type]


def silence(channel: GroupChannel) -> None:
    """Let a channel send nothing any more, and hear nothing."""
    vars(channel)["send"] = lambda _: None
    channel._queue.clear()
    for task in channel._tasks:
        task.cancel()
