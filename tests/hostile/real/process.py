"""One server process, as far as one test process can be several: a supervisor of its own, and a way to kill it."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

from flows.limits import Limits
from helix.asgi import application
from sessions import supervisor
from sessions.live.session import LiveSession
from sessions.processes.link import Link
from sessions.protocol.codes import Closing
from sessions.supervisor import Supervisor
from tests.hostile.real.connection import Connection


class Process:
    """A supervisor and the connections that came to it."""

    def __init__(self, flow_id: UUID, limits: Limits) -> None:
        self._flow_id = flow_id
        self._supervisor = Supervisor(limits)
        self._supervisor.directory.open()
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
            self.session.audience.flush()
            await asyncio.gather(*(socket.drained() for socket in self.session.audience))

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
        directory = self._supervisor.directory
        for link in (directory._link, *(session.link for session in sessions)):
            silence(link)
        tasks = [session._task for session in sessions if session._task] + [directory._task]
        for task in tasks:
            task.cancel()  # type: ignore[union-attr]
        if directory._timer is not None:
            directory._timer.cancel()
        for connection in self._connections:
            await connection.die()
        await asyncio.gather(*tasks, *self._supervisor._farewells, return_exceptions=True)  # type: ignore[arg-type]


def silence(link: Link) -> None:
    """Let a link say nothing any more, and hear nothing."""
    vars(link)["say"] = lambda _: None
    link._queue.clear()
    for task in link._tasks:
        task.cancel()
