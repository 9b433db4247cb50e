"""Sessions with tool servers, kept: to begin one takes up to seconds, a call in it some milliseconds.

They live on one event loop in a thread of its own, begun when first needed. A session belongs to a server as it was
registered: changed, it is another one. It ends when it is idle, when it breaks, or with the process. The library is
imported here alone, in that thread: it takes a second.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import CancelledError as Ended
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog

from web.egress import EgressError
from web.kept_text import kept as _

if TYPE_CHECKING:
    from mcp.client.client import Client

T = TypeVar("T")

IDLE_SECONDS: Final = 300.0
CONNECT_SECONDS: Final = 30.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Key:
    """A server as it was registered: another `revision` is another session."""

    server: str
    revision: str


class Broken(Exception):  # noqa: N818  (a result)
    """A server does not answer, or answered something that is none. `why` is for people."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class _Session:
    """One session. `task` holds its client open until `closing` is set."""

    key: Key
    client: "Client | None" = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    failure: str = ""
    used_at: float = field(default_factory=time.monotonic)
    calls: int = 0
    task: "asyncio.Task[None] | None" = None

    async def hold(self, connect: Callable[[], "Client"]) -> None:
        """Open the client and keep it until the session is to end."""
        try:
            async with connect() as self.client:
                self.ready.set()
                while not self.closing.is_set():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self.closing.wait(), IDLE_SECONDS / 10)
                    if not self.calls and time.monotonic() - self.used_at > IDLE_SECONDS:
                        break
        except (Exception, asyncio.CancelledError) as error:
            self.failure = told(error, self.key.server)
        finally:
            self.client = None
            self.ready.set()


class Sessions:
    """The sessions of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sessions: dict[Key, _Session] = {}

    def call(
        self,
        key: Key,
        connect: Callable[[], "Client"],
        work: "Callable[[Client], Awaitable[T]]",
        *,
        seconds: float,
        on_cancel: Callable[[Callable[[], None]], None] = lambda end: None,
    ) -> T:
        """Do some work in a session, which is opened if there is none. Raises `Broken`; after that it is closed."""
        future = self._submit(self._work(key, connect, work, seconds))
        on_cancel(partial(_end, future))
        try:
            return future.result(seconds + CONNECT_SECONDS)
        except Ended:
            raise Broken("cancelled") from None
        except TooLate:
            future.cancel()
            raise Broken("timeout") from None

    def close(self, server: str | None = None) -> None:
        """End the sessions with a server, or all of them, and wait until they are over."""
        if self._loop is not None:
            self._submit(self._close(server)).result(CONNECT_SECONDS)

    async def _work(
        self, key: Key, connect: Callable[[], "Client"], work: "Callable[[Client], Awaitable[T]]", seconds: float
    ) -> T:
        session = await self._opened(key, connect, seconds)
        session.calls += 1
        try:
            if session.client is None:
                raise Broken(session.failure or why_not(""))
            return await asyncio.wait_for(work(session.client), seconds)
        except TimeoutError:
            self._forget(session)
            raise Broken("timeout") from None
        except Broken:
            self._forget(session)
            raise
        except Exception as error:
            self._forget(session)
            raise Broken(told(error, key.server)) from None
        finally:
            session.calls -= 1
            session.used_at = time.monotonic()

    async def _opened(self, key: Key, connect: Callable[[], "Client"], seconds: float) -> _Session:
        session = self._sessions.get(key)
        if session is None or session.closing.is_set() or (session.ready.is_set() and session.client is None):
            session = self._sessions[key] = _Session(key)
            session.task = asyncio.get_running_loop().create_task(session.hold(connect))
            for other in [one for held, one in self._sessions.items() if held.server == key.server and held != key]:
                self._forget(other)
        try:
            await asyncio.wait_for(session.ready.wait(), min(seconds, CONNECT_SECONDS))
        except TimeoutError:
            self._forget(session)
            raise Broken("timeout") from None
        return session

    def _forget(self, session: _Session) -> None:
        session.closing.set()
        if self._sessions.get(session.key) is session:
            del self._sessions[session.key]
        if session.task is not None and not session.ready.is_set():
            session.task.cancel()

    async def _close(self, server: str | None) -> None:
        ending = [one for key, one in self._sessions.items() if server in (None, key.server)]
        for session in ending:
            self._forget(session)
        await asyncio.gather(*(one.task for one in ending if one.task is not None), return_exceptions=True)

    def _submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="tools", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop)


def _end(future: "Future[Any]") -> None:
    future.cancel()


def told(error: BaseException, server: str) -> str:
    """Return what people may know of an error. What the library says has addresses and commands in it: it is logged."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    log.warning("tool_server_broken", server=server, error=said(error))
    return why_not(error.why if isinstance(error, EgressError) else "")


def why_not(why: str) -> str:
    """Say why an address was not reached."""
    match why:
        case "forbidden":
            return _("This address may not be called. HELIX_EGRESS_ALLOW names networks that may.")
        case "too_large":
            return _("The answer is too long.")
        case _:
            return _("The server cannot be reached.")


def said(error: BaseException | str) -> str:
    """Return what an error says; never more than a line."""
    text = str(error) or type(error).__name__
    return " ".join(text.split())[:300]


_sessions = Sessions()


def sessions() -> Sessions:
    """Return the sessions of this process."""
    return _sessions
