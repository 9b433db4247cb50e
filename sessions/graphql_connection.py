"""One connection that follows flows by GraphQL subscriptions, in the protocol `graphql-transport-ws`.

`connection_init` says who it is, where the handshake did not; then each `subscribe` is a task of its own, which waits
until what it sent was taken before it reads on. So a slow reader costs one event's memory for each subscription, and
one that takes nothing for long is closed. Whose it is, is asked again for as long as it stands; what may be followed,
each subscription asks by itself. Queries and mutations go by HTTP.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import strawberry
import structlog
from django.utils.translation import activate, gettext, override
from graphql import GraphQLError, OperationType
from strawberry.types.execution import ExecutionResult

from accounts.acting import act_as
from flows.document import Rejected, parse_json
from flows.graphql import cost
from flows.graphql.errors import failure, told
from flows.graphql.schema import Context, schema
from flows.graphql.types import Actor, Change
from flows.graphql.view import read_request
from flows.limits import current as current_limits
from flows.log import Author, LoggedChange
from flows.rates import count_reading
from sessions import supervisor
from sessions.change_feed import Hints, follow
from sessions.database import DatabaseDown, in_database
from sessions.protocol.codec import is_longer
from sessions.protocol.codes import Close, Closing
from sessions.sockets.admission import CHECK_SECONDS, Credential, seconds_to
from sessions.sockets.outbound import Outbound, Send, Wire
from sessions.sockets.rates import RateLimit
from web.errors import Problem

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
MOST_SUBSCRIPTIONS = 20
OPERATIONS_PER_SUBSCRIPTION = 5
"""To begin one counts as so many operations of the person, over all their connections: it is validated on the loop."""
LONGEST_ID = 128
TAKEN_SECONDS = 0.05
"""How often it is looked whether a slow reader has taken what was sent."""
ABORT_SECONDS = 10.0
log = structlog.get_logger(__name__)


class GraphqlConnection:
    """One connection, from the handshake to its end. It counts among its person's sockets once that is known."""

    def __init__(self, credential: Credential, send: Send, *, language: str, wire: Wire | None = None) -> None:
        loop, limits = asyncio.get_running_loop(), current_limits()
        task = asyncio.current_task()
        self.user_id = 0
        self._credential, self._language, self._limits = credential, language, limits
        self._outbound = Outbound(send, wire)
        self._wire = wire
        self._abort = lambda: task and task.cancel()
        self._closed = False
        self._is_known = False
        self._has_begun = False
        self._subscriptions: dict[str, asyncio.Task[None]] = {}
        self._hints = set[Hints]()
        self._check: asyncio.Task[None] | None = None
        self._is_asked = False
        self._check_timer: asyncio.TimerHandle | None = None
        rate = limits.frames_per_second
        self._rate = RateLimit(rate, 4 * rate, time.monotonic())
        self._supervisor = supervisor.current()
        self._timer = loop.call_later(INIT_SECONDS, self.close, Close.TOO_SLOW)

    @property
    def is_closed(self) -> bool:
        """Whether we closed the connection."""
        return self._closed

    async def receive(self, text: str | None, binary: bytes | None) -> None:
        """Take one message."""
        if self._closed:
            return
        if is_longer(text, binary, self._limits.frame_bytes):
            self.close(Close.TOO_BIG)
        elif not self._rate.take(time.monotonic()):
            self.close(Close.TOO_FAST)
        else:
            try:
                await self._take(text)
            except Closing as closing:
                self.close(closing.code)
            except DatabaseDown:
                self.close(Close.RESTARTING)

    def access_changed(self) -> None:
        """Ask at once whose it is, and what may be followed."""
        for hints in self._hints:
            hints.look()
        if not self._is_known or self._closed:
            return
        self._is_asked = True
        if self._check is None:
            self._check = asyncio.create_task(self._check_login())

    def close(self, code: Close) -> None:
        """Close the connection; what was sent before still goes out."""
        if self._closed:
            return
        self._closed = True
        self._stop_timers()
        self._outbound.put({"type": "websocket.close", "code": int(code)})
        for task in self._subscriptions.values():
            if task is not asyncio.current_task():
                task.cancel()
        asyncio.get_running_loop().call_later(ABORT_SECONDS, self._abort)

    async def drained(self) -> None:
        """Return when the server has taken everything."""
        await self._outbound.drained()

    async def end(self) -> None:
        """The connection is gone: stop everything."""
        self._closed = True
        self._stop_timers()
        self._outbound.abandon()
        if self._is_known:
            self._supervisor.remove(self)
        tasks = [*self._subscriptions.values(), *([self._check] if self._check else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _take(self, text: str | None) -> None:
        message = _message(text)
        match message["type"]:
            case "connection_init":
                await self._begin(message.get("payload"))
            case "ping":
                self._send({"type": "pong"})
            case "pong":
                pass
            case "subscribe":
                self._subscribe(message)
            case "complete":
                if task := self._subscriptions.pop(_id_of(message), None):
                    task.cancel()
                    self._idle()
            case _:
                raise Closing(Close.MALFORMED)

    async def _begin(self, payload: object) -> None:
        """Find out who it is: by the handshake, or by a token that the client puts into its first message."""
        if self._has_begun:
            raise Closing(Close.TOO_FAST)  # the protocol's own code for a second one
        self._has_begun = True
        self._timer.cancel()
        if payload is not None and not isinstance(payload, dict):
            raise Closing(Close.MALFORMED)
        for name, value in (payload or {}).items():
            if name.lower() == "authorization":
                scheme, _, token = str(value).partition(" ")
                self._credential = Credential(bearer=token.strip() if scheme.lower() == "bearer" else "")
        caller = await in_database(self._credential.caller)
        if caller is None:
            raise Closing(Close.LOG_IN)
        user, self._principal = caller
        self.user_id = user.pk
        self._is_known = True
        if not self._supervisor.add(self):
            raise Closing(Close.FULL)
        self._send({"type": "connection_ack"})
        self._idle()
        self._check_later(self._principal.until)

    async def _check_login(self) -> None:
        """Close the connection if its login or token has ended."""
        until = None
        while self._is_asked and not self._closed:
            self._is_asked = False
            try:
                caller = await in_database(self._credential.caller)
            except DatabaseDown as down:
                log.warning("check_delayed", reason=repr(down))
                continue
            if caller is None or caller[0].pk != self.user_id:
                self.close(Close.LOG_IN)
            else:
                until = caller[1].until
        self._check = None
        self._check_later(until)

    def _check_later(self, until: datetime | None) -> None:
        if self._check_timer is not None:
            self._check_timer.cancel()
        if not self._closed:
            wait = min(CHECK_SECONDS, seconds_to(until))
            self._check_timer = asyncio.get_running_loop().call_later(wait, self.access_changed)

    def _stop_timers(self) -> None:
        self._timer.cancel()
        if self._check_timer is not None:
            self._check_timer.cancel()

    def _subscribe(self, message: dict[str, Any]) -> None:
        if not self._is_known:
            raise Closing(Close.LOG_IN)
        id = _id_of(message)
        if id in self._subscriptions:
            raise Closing(Close.REPLACED)
        if len(self._subscriptions) >= MOST_SUBSCRIPTIONS:
            with override(self._language):
                full = Problem("limit_reached", gettext("Too many subscriptions on one connection."))
                self._send({"id": id, "type": "error", "payload": [failure(full)]})
            return
        self._timer.cancel()
        self._subscriptions[id] = asyncio.create_task(self._run(id, message.get("payload")))

    async def _run(self, id: str, payload: object) -> None:
        """Carry out a subscription, to its end or ours."""
        activate(self._language)
        try:
            ending = await self._answered(id, payload)
        except Closing as closing:
            self.close(closing.code)
        except Exception as failed:
            self._finish(id, {"type": "error", "payload": [failure(failed)]})
        else:
            self._finish(id, ending)

    async def _answered(self, id: str, payload: object) -> dict[str, object]:
        """Send what a subscription yields; return the message with which it ends."""
        count_reading(self.user_id, OPERATIONS_PER_SUBSCRIPTION)
        query, variables, name = read_request(payload)
        if cost.check(query, variables, name, is_followed=True) is not OperationType.SUBSCRIPTION:
            raise Problem("invalid", gettext("Send queries and mutations by POST."))
        act_as(self._principal)
        context = Context(self._principal, self._follow)
        results = await schema.subscribe(query, variables, context, operation_name=name)
        if isinstance(results, ExecutionResult):
            return {"type": "error", "payload": told(results.errors or [])}
        is_first = True
        async for result in results:
            errors = [error for error in result.errors or [] if isinstance(error, GraphQLError)]
            for error in errors:
                if isinstance(error.original_error, Closing):
                    raise error.original_error
            if errors and (is_first or result.data is None):
                return {"type": "error", "payload": told(errors)}
            is_first = False
            await self._send_and_wait({"id": id, "type": "next", "payload": {"data": result.data}})
        return {"type": "complete"}

    async def _follow(self, flow_id: UUID, since: int | None) -> AsyncIterator[Change]:
        hints = Hints()
        self._hints.add(hints)
        try:
            async for change in follow(self._credential, self.user_id, flow_id, since, hints):
                yield _change(change)
        finally:
            self._hints.discard(hints)

    def _finish(self, id: str, message: dict[str, object]) -> None:
        if self._subscriptions.pop(id, None) is not None:
            self._send({"id": id, **message})
            self._idle()

    def _idle(self) -> None:
        """Close a connection that follows nothing for long."""
        self._timer.cancel()
        if not self._subscriptions and not self._closed:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._limits.idle_seconds, self.close, Close.ASLEEP)

    async def _send_and_wait(self, message: dict[str, object]) -> None:
        """Send a message, and wait until the peer has taken it. Raises `Closing` if it takes too long."""
        self._send(message)
        deadline = time.monotonic() + self._limits.unseen_seconds
        while self._outbound.is_backed_up:
            if time.monotonic() > deadline:
                self._outbound.clear()
                raise Closing(Close.TOO_SLOW)
            await asyncio.sleep(TAKEN_SECONDS)

    def _send(self, message: dict[str, object]) -> None:
        if not self._closed:
            text = orjson.dumps(message, default=str).decode()
            self._outbound.put({"type": "websocket.send", "text": text})


def _message(text: str | None) -> dict[str, Any]:
    """Read a message, an object with a type. Raises `Closing`."""
    try:
        message = None if text is None else parse_json(text)
    except Rejected:
        message = None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise Closing(Close.MALFORMED)
    return message


def _id_of(message: dict[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= LONGEST_ID:
        raise Closing(Close.MALFORMED)
    return id


def _actor(author: Author) -> Actor:
    id = None if author.is_guest else strawberry.ID(str(author.id))
    return Actor(id=id, name=author.name, guest=author.is_guest)


def _change(change: LoggedChange) -> Change:
    """Return a version under the schema's names."""
    author = change.actor
    actor = None if author is None else _actor(author)
    return Change(
        version=change.version,
        actor=actor,
        via=change.via,
        operation=change.wire,  # type: ignore[arg-type]
        created_at=change.created_at,
    )
