"""Sessions with tool servers, kept: to begin one takes up to seconds, a call in it some milliseconds.

They live on one event loop in a thread of its own, begun when first needed. A session belongs to a server as it was
registered: changed, it is another one. It ends when it is idle, when it breaks, or with the process. All that call a
server share one, so nobody's haste ends it: one that takes no more calls lets those be over that are in it. The library
is imported here alone, in that thread: it takes a second.
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

from runs.providers.values import FAIR_SECONDS
from web.deferred_translation import kept as _
from web.egress import EgressError

if TYPE_CHECKING:
    from mcp.client.client import Client

T = TypeVar("T")

IDLE_SECONDS: Final = 300.0
CONNECT_SECONDS: Final = 30.0
WHY: Final = "helix/why"
"""Before the reason, at the end of an error of a request that was not answered."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Key:
    """A server as it was registered: another `revision` is another session."""

    server: str
    revision: str


class Broken(Exception):  # noqa: N818  (a result)
    """A server does not answer, or answered something that is none. `why` is for people.

    `counts` tells whether it says something of the server, or only of who called.
    """

    def __init__(self, why: str, *, counts: bool = True) -> None:
        super().__init__(why)
        self.why = why
        self.counts = counts


class Unheard(Exception):  # noqa: N818  (a result)
    """What was asked in a session came to nothing by itself: the server said nothing of it. `text` is for models."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(slots=True, eq=False)
class _Session:
    """One session. `task` holds its client open until `closing` is set.

    `calls` are those who are in it or wait for it; `heard_at` is when it was opened, or answered anybody last. One that
    `is_left` takes no new calls, and closes when the last one is over.
    """

    key: Key
    client: "Client | None" = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    failure: str = ""
    used_at: float = field(default_factory=time.monotonic)
    heard_at: float = field(default_factory=time.monotonic)
    calls: int = 0
    is_left: bool = False
    task: "asyncio.Task[None] | None" = None

    @property
    def is_usable(self) -> bool:
        """Whether a call may join it: it is open, or being opened."""
        return not self.closing.is_set() and (self.client is not None or not self.ready.is_set())

    async def hold(self, connect: Callable[[], "Client"]) -> None:
        """Open the client and keep it until the session is to end."""
        too_late = asyncio.get_running_loop().call_later(CONNECT_SECONDS, self._give_up)
        try:
            async with connect() as self.client:
                too_late.cancel()
                self.heard_at = time.monotonic()
                self.ready.set()
                while not self.closing.is_set():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self.closing.wait(), IDLE_SECONDS / 10)
                    if not self.calls and time.monotonic() - self.used_at > IDLE_SECONDS:
                        break
        except (Exception, asyncio.CancelledError) as error:
            self.failure = self.failure or told(error, self.key.server)
        finally:
            too_late.cancel()
            self.client = None
            self.ready.set()

    def close(self) -> None:
        """End it now, whoever is in it."""
        self.closing.set()
        if self.task is not None and not self.ready.is_set():
            self.task.cancel()

    def leave(self) -> None:
        """End it as soon as nobody is in it any more."""
        self.is_left = True
        if not self.calls:
            self.close()

    def _give_up(self) -> None:
        self.failure = "timeout"
        self.close()


class Sessions:
    """The sessions of this process: by server those that take calls, and all that are open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sessions: dict[Key, _Session] = {}
        self._open: set[_Session] = set()

    def call(
        self,
        key: Key,
        connect: Callable[[], "Client"],
        work: "Callable[[Client], Awaitable[T]]",
        *,
        seconds: float,
        on_cancel: Callable[[Callable[[], None]], None] = lambda end: None,
    ) -> T:
        """Do some work in a session, which is opened if there is none. Raises `Broken`, or `Unheard` as the work does.

        One that broke takes no more calls. Whose own time is over, or who is cancelled, leaves it to the others.
        """
        future = self._submit(self._work(key, connect, work, seconds))
        on_cancel(partial(_end, future))
        try:
            return future.result(seconds + CONNECT_SECONDS)
        except Ended:
            raise Broken("cancelled", counts=False) from None
        except TooLate:
            future.cancel()
            raise Broken("timeout", counts=seconds >= FAIR_SECONDS) from None

    def close(self, server: str | None = None) -> None:
        """End the sessions with a server, or all of them, and wait until they are over."""
        if self._loop is not None:
            self._submit(self._close(server)).result(CONNECT_SECONDS)

    async def _work(
        self, key: Key, connect: Callable[[], "Client"], work: "Callable[[Client], Awaitable[T]]", seconds: float
    ) -> T:
        session = self._session(key, connect)
        session.calls += 1
        try:
            done = await self._done(session, work, seconds)
        except Broken as broken:
            if broken.counts:
                broken.counts = not session.is_left  # it ends for all that are in it, and is one failure
                self._leave(session)
            raise
        else:
            session.heard_at = time.monotonic()
            return done
        finally:
            session.calls -= 1
            session.used_at = time.monotonic()
            if session.is_left:
                session.leave()

    async def _done(self, session: _Session, work: "Callable[[Client], Awaitable[T]]", seconds: float) -> T:
        try:
            await asyncio.wait_for(session.ready.wait(), seconds)
        except TimeoutError:
            raise Broken("timeout", counts=False) from None
        if session.client is None:
            raise Broken(session.failure or why_not(""))
        try:
            return await asyncio.wait_for(work(session.client), seconds)
        except TimeoutError:
            if time.monotonic() - session.heard_at >= FAIR_SECONDS:
                self._leave(session)
            raise Broken("timeout", counts=seconds >= FAIR_SECONDS) from None
        except (Broken, Unheard):
            raise
        except Exception as error:
            raise Broken(told(error, session.key.server)) from None

    def _session(self, key: Key, connect: Callable[[], "Client"]) -> _Session:
        """Return the session of a server; it may be one that is being opened, by whomever."""
        session = self._sessions.get(key)
        if session is None or not session.is_usable:
            session = self._sessions[key] = _Session(key)
            session.task = asyncio.get_running_loop().create_task(session.hold(connect))
            self._open.add(session)
            session.task.add_done_callback(partial(self._closed, session))
            for other in [one for held, one in self._sessions.items() if held.server == key.server and held != key]:
                self._leave(other)
        return session

    def _leave(self, session: _Session) -> None:
        if self._sessions.get(session.key) is session:
            del self._sessions[session.key]
        session.leave()

    def _closed(self, session: _Session, task: "asyncio.Task[None]") -> None:
        self._open.discard(session)

    async def _close(self, server: str | None) -> None:
        ending = [one for one in self._open if server in (None, one.key.server)]
        for session in ending:
            self._leave(session)
            session.close()
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
    return why_not(why_of(error))


def why_of(error: BaseException) -> str:
    """Return why the guard let nothing through, or what went wrong with one request (`runs.tools.requests`); or ""."""
    if isinstance(error, EgressError):
        return error.why
    _before, _mark, why = str(error).partition(f"{WHY}=")
    return why


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
