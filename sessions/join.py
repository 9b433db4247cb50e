"""How somebody comes into a live session: greeted, brought up to date, and from then on told everything.

What has to be awaited (the flow in memory, the proof of who this is, the log of what was missed) is awaited first. The
rest happens in one go, so that no change can slip in between the version of the greeting and the first broadcast. The
handshake's proof is never enough: what happened to a right since then reached no session.
"""

import time
from dataclasses import asdict, replace

import orjson

from flows.limits import Limits
from sessions.database import DatabaseDown, in_database
from sessions.live.session import LiveSession
from sessions.live.steps import Step
from sessions.protocol.codes import Close, Closing
from sessions.protocol.encoding import Encoded, encode, people_frames
from sessions.protocol.frames import PROTOCOL, Hello
from sessions.sockets.admission import admit
from sessions.sockets.socket import Socket

NOT_A_CLIENTS = {
    "body_bytes",
    "login_failures",
    "logins_per_minute",
    "recent_bytes",
    "signups_per_minute",
    "sockets_per_user",
}


async def welcome(session: LiveSession, socket: Socket, hello: Hello) -> None:
    """Let a socket into a session. Raises `Closing` if the session ended, the flow is gone, or it is full."""
    session.arriving += 1
    session.active_at = time.monotonic()
    try:
        await session.ready()
        since, missed = await _prepared(session, socket, hello)
        _expect_room(session, socket)
        session.audience.flush()
        socket.greet(hello.client, hello.format, session.flow.version)
        session.rollcall.arrive(socket)
        for frame in _greeting(session, socket):
            socket.send(frame)
        session.audience.bring_forward(socket, since, missed, session.flow)
        session.admit(socket)
    finally:
        session.arriving -= 1


def client_limits(limits: Limits) -> dict[str, int]:
    """Return the limits a client needs."""
    return {name: value for name, value in asdict(limits).items() if name not in NOT_A_CLIENTS}


async def _prepared(session: LiveSession, socket: Socket, hello: Hello) -> tuple[int | None, Step | None]:
    """Prove who this is and find what was missed; once more if anybody's right or login changed meanwhile."""
    while True:
        await _prove(socket)
        since = await _usable(session, hello)
        missed = await session.flow.missed(since) if since is not None else None
        if session.closing is not None:
            raise Closing(session.closing)
        if socket.checked_at > session.access_changed_at:
            return since, missed


async def _prove(socket: Socket) -> None:
    """Ask who this is now. What is heard of while we ask may be later than the answer."""
    begun = time.monotonic()
    try:
        guest = await in_database(admit, socket.credential, str(socket.flow_id))
    except DatabaseDown:
        raise Closing(Close.RESTARTING) from None
    if guest.user_id != socket.person.id:
        raise Closing(Close.LOG_IN)
    socket.person = replace(socket.person, name=guest.name, role=guest.role, colour=guest.colour)
    socket.asked_at = socket.checked_at = begun


async def _usable(session: LiveSession, hello: Hello) -> int | None:
    """Return the version from which the client can be brought forward, None if it needs everything."""
    if hello.since is None or hello.epoch != session.flow.epoch:
        return None
    if hello.since > session.flow.version:
        await session.catch_up()
    return hello.since if hello.since <= session.flow.version else None


def _expect_room(session: LiveSession, socket: Socket) -> None:
    board = session.board
    if board.persons >= session.limits.people_per_flow and not board.has_person(socket.person.id):
        raise Closing(Close.FULL)


def _greeting(session: LiveSession, socket: Socket) -> list[Encoded]:
    """Encode the welcome; people who do not fit into it follow at once."""
    flow, limit = session.flow, session.limits.outbound_frame_bytes
    fields = {
        "protocol": PROTOCOL,
        "version": flow.version,
        "epoch": flow.epoch,
        "digest": flow.digest,
        "you": socket.person.entry(),
        "limits": client_limits(session.limits),
        "actions": [],
    }
    whole = encode("welcome", **fields, people=orjson.Fragment(session.board.roster()))
    if whole.size <= limit:
        return [whole]
    short = encode("welcome", **fields, people=[socket.person.entry()])
    return [short, *people_frames(session.board.entries(), (), limit)]
