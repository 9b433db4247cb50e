"""Joining a live session: the welcome, what was missed, and from then on everything.

What has to be awaited (the flow in memory, the access check, the log of what was missed) is awaited first. The rest
happens in one go, so that no change can slip in between the version of the welcome and the first broadcast. The
handshake's check is not enough: no session has heard of changes to a role between then and now.
"""

import time
from dataclasses import replace

from django.utils.translation import override

from flows.actions.registry import catalogue
from flows.limits import Limits
from sessions.database import DatabaseDown, in_database
from sessions.live.replica import Delta
from sessions.live.session import LiveSession
from sessions.protocol.codec import Encoded, encode, people_frames
from sessions.protocol.codes import Close, Closing
from sessions.protocol.fields import Json
from sessions.protocol.frames import Hello, Welcome
from sessions.sockets.admission import Participant, admit
from sessions.sockets.socket import Socket
from sessions.supervisor import Supervisor

CLIENT_LIMITS = (
    "nodes",
    "edges",
    "batch",
    "nesting",
    "title",
    "label",
    "description",
    "settings_bytes",
    "frame_bytes",
    "outbound_frame_bytes",
    "frames_per_second",
    "operations_per_second",
    "seen_per_second",
    "outbox",
    "unseen_bytes",
    "unseen_seconds",
    "unseen_versions",
    "catch_up",
    "people_per_flow",
    "undo",
    "idle_seconds",
    "presence_seconds",
)
"""Limits that a client needs."""


async def join(supervisor: Supervisor, socket: Socket, hello: Hello, *, must_replace: bool) -> LiveSession:
    """Let a socket into its flow's session. Raises `Closing` if the flow is gone, or it is full.

    `must_replace`: only in the place of an older socket of the same client.
    """
    try:
        return await _join_current(supervisor, socket, hello, must_replace=must_replace)
    except Closing as closing:
        if closing.code is not Close.ASLEEP:
            raise
        return await _join_current(supervisor, socket, hello, must_replace=must_replace)  # that one was just ending


def client_limits(limits: Limits) -> dict[str, int]:
    """Return the limits that a client needs."""
    return {name: getattr(limits, name) for name in CLIENT_LIMITS}


async def _join_current(supervisor: Supervisor, socket: Socket, hello: Hello, *, must_replace: bool) -> LiveSession:
    session = supervisor.session_for(socket.flow_id)
    if must_replace and not session.broadcaster.has_client(socket.person.id, hello.client):
        raise Closing(Close.FULL)
    session.joining += 1
    session.active_at = time.monotonic()
    try:
        await session.ready()
        await session.runs.known()
        since, missed = await _prepare(session, socket, hello)
        _expect_room(session, socket)
        session.broadcaster.flush()
        socket.start(hello.client, hello.format, session.replica.version)
        session.presence.add(socket)
        for frame in _welcome(session, socket):
            socket.greet(frame)
        session.broadcaster.bring_up_to_date(socket, since, missed)
        session.add(socket)
    finally:
        session.joining -= 1
    return session


async def _prepare(session: LiveSession, socket: Socket, hello: Hello) -> tuple[int | None, Delta | None]:
    """Check access and find what was missed; once more if anyone's role or login changed meanwhile."""
    while True:
        await _check_access(socket)
        since = await _usable_since(session, hello)
        missed = await session.replica.missed(since) if since is not None else None
        session.expect_open()
        if socket.checked_at > session.access_changed_at:
            return since, missed


async def _check_access(socket: Socket) -> None:
    """Read the person and their role again. A hint that arrives meanwhile may be newer than the answer."""
    started = time.monotonic()
    try:
        admission = await in_database(admit, socket.credential, str(socket.flow_id))
    except DatabaseDown:
        raise Closing(Close.RESTARTING) from None
    if admission.user_id != socket.person.id:
        raise Closing(Close.LOG_IN)
    socket.person = Participant.of(admission, socket.session)
    socket.until = admission.until
    socket.check_started_at = socket.checked_at = started


async def _usable_since(session: LiveSession, hello: Hello) -> int | None:
    """Return the version from which the client can be brought up to date, None if it needs everything."""
    if hello.since is None or hello.epoch != session.replica.epoch:
        return None
    if hello.since > session.replica.version:
        await session.catch_up()
    return hello.since if hello.since <= session.replica.version else None


def _expect_room(session: LiveSession, socket: Socket) -> None:
    board = session.board
    if board.persons >= session.limits.people_per_flow and not board.has_person(socket.person.id):
        raise Closing(Close.FULL)


def _actions(language: str) -> list[dict[str, object]]:
    with override(language):
        return catalogue()


def _welcome(session: LiveSession, socket: Socket) -> list[Encoded]:
    """Encode the welcome; people who do not fit into it follow at once."""
    replica, limit = session.replica, session.limits.outbound_frame_bytes
    welcome = Welcome(
        version=replica.version,
        epoch=replica.epoch,
        digest=replica.digest,
        you=socket.person.entry(),
        limits=client_limits(session.limits),
        actions=_actions(socket.language),
        people=Json(session.board.roster()),
        runs=session.runs.entries(),
    )
    whole = encode(welcome)
    if whole.size <= limit:
        return [whole]
    short = encode(replace(welcome, people=[socket.person.entry()]))
    return [short, *people_frames(session.board.entries(), (), limit)]
