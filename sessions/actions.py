"""Actions that come by a socket: run on a thread of their own, answered like an edit.

An action is computed outside the session and submitted like a program's edits; the session hears of its version by the
log. What the person sent before is done first; one person's actions are done one after the other, and what they send
meanwhile does not wait. Whoever leaves before the answer sends it again under its name.
"""

import asyncio
import time
from functools import partial
from weakref import WeakValueDictionary

import structlog
from django.utils.translation import override

from accounts.acting import acting_as
from flows.actions import jobs
from flows.actions.execute import ActionCall, Executed, execute, is_long
from flows.actions.registry import find as find_action
from flows.document import Rejected, encode_skipped
from flows.errors import NotFound
from flows.submission import Refused, refused
from sessions.database import PAUSES, DatabaseDown
from sessions.live.commits import count, refuse
from sessions.live.session import LiveSession
from sessions.protocol import frames
from sessions.protocol.codec import encode
from sessions.protocol.codes import Close, Closing
from sessions.run_actions import RUN_ACTIONS, RunAnswer, perform
from sessions.sockets.socket import Socket

log = structlog.get_logger(__name__)
_running: set[asyncio.Task[None]] = set()
_turns: "WeakValueDictionary[tuple[asyncio.AbstractEventLoop, int], asyncio.Lock]" = WeakValueDictionary()


def is_known(action: str) -> bool:
    """Whether there is such an action."""
    return action in RUN_ACTIONS or find_action(action) is not None


def start(session: LiveSession, socket: Socket, frame: frames.ExecuteAction, size: int) -> None:
    """Start an action that is there; it counts as unanswered until it is answered."""
    session.active_at = time.monotonic()
    socket.unanswered += 1
    socket.unanswered_bytes += size
    task = asyncio.create_task(_run(session, socket, frame, size))
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _run(session: LiveSession, socket: Socket, frame: frames.ExecuteAction, size: int) -> None:
    person = socket.person.id
    key = asyncio.get_running_loop(), person
    lock = _turns.setdefault(key, asyncio.Lock())
    try:
        async with lock:
            await session.inbox.passed(person)
            session.expect_open()
            executed = await _executed(session, _call(session, socket, frame), socket.language)
    except Closing as closing:
        socket.close(closing.code)
    except NotFound:
        socket.close(Close.NOT_FOUND)
    except Exception as failure:
        log.error("action_ended", flow=str(session.flow_id), action=frame.action, exc_info=failure)
        socket.close(Close.RESTARTING)
    else:
        _answer(session, socket, frame, executed)
    finally:
        socket.unanswered -= 1
        socket.unanswered_bytes -= size


async def _executed(session: LiveSession, call: ActionCall, language: str) -> Executed | RunAnswer:
    """Run it; an outage of the database is waited out for some seconds."""
    work = partial(_execute, call, session.replica.document.node_count, language)
    for pause in PAUSES:
        try:
            return await jobs.on_thread(work)
        except DatabaseDown as down:
            log.warning("database_down", reason=repr(down))
            session.expect_open()
            await asyncio.sleep(pause)
    return await jobs.on_thread(work)


def _execute(call: ActionCall, node_count: int, language: str) -> Executed | RunAnswer:
    with override(language), acting_as(call.principal):
        if call.action in RUN_ACTIONS:
            return perform(call)
        if is_long(call, node_count):
            try:
                job = jobs.begin(call)
            except Rejected as refusal:
                return Executed(refused(refusal))
            if job.is_fresh:
                return jobs.run(job, call, language)
        return execute(call)


def _call(session: LiveSession, socket: Socket, frame: frames.ExecuteAction) -> ActionCall:
    return ActionCall(
        flow_id=session.flow_id,
        principal=socket.principal,
        action=frame.action,
        node=frame.node,
        nodes=frame.nodes,
        parameters=frame.parameters,
        client=frame.client or socket.client,
        seq=frame.seq,
    )


def _answer(session: LiveSession, socket: Socket, frame: frames.ExecuteAction, executed: Executed | RunAnswer) -> None:
    given, run = executed.answer, executed.run if isinstance(executed, RunAnswer) else None
    if isinstance(given, Refused):
        refuse(socket, given, session.broadcaster, seq=frame.seq, client=frame.client)
        return
    count("action", "acked" if given.fresh else "known")
    left = encode_skipped(given.skipped) if given.skipped else None
    socket.send(encode(frames.Acked(seq=frame.seq, client=frame.client, version=given.version, left=left, run=run)))
