"""One commit after the other: the batch that waits is saved, followed, and answered.

An answer says that a submission is durable, or why it was refused and how things are now. A defect in a batch is
raised, so that the session restarts and its entries go one by one; an entry that meets it alone has its socket closed.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Protocol, assert_never

import structlog
from django.utils.translation import override

from flows.commands import TooLong, Versioned, commit, work_budget
from flows.document import Document, encode_skipped
from flows.errors import NotFound
from flows.limits import current
from flows.publish import hint_changed
from flows.rendering import state_html
from flows.sentences import sentence
from flows.submission import Acked, Receipt, Refused
from sessions import metrics
from sessions.database import with_retries
from sessions.live.broadcaster import Broadcaster
from sessions.live.inbox import Entry, Inbox
from sessions.live.replica import Replica
from sessions.processes.group_channel import GroupChannel
from sessions.protocol import frames
from sessions.protocol.codec import Encoded, encode, encode_acked, fitting, json_elements, json_state, within
from sessions.protocol.codes import Close, Closing
from sessions.protocol.fields import Elements
from sessions.sockets.socket import Socket

log = structlog.get_logger(__name__)


class Committing(Protocol):
    """The session whose submissions are committed."""

    replica: Replica
    inbox: Inbox
    broadcaster: Broadcaster
    channel: GroupChannel

    async def follow(self, receipt: Receipt) -> None:
        """Bring the replica to where a commit left the flow."""

    def expect_open(self) -> None:
        """Raise `Closing` if the session ends."""


async def commit_next(session: Committing) -> None:
    """Commit what is waiting in one transaction, broadcast it and answer the authors. Raises `Closing`."""
    batch = session.inbox.take()
    started = time.monotonic()
    try:
        receipt = await _save(session, batch)
    except NotFound:
        session.expect_open()
        raise Closing(Close.NOT_FOUND) from None
    except Closing:
        raise
    except Exception as defect:
        _isolate(session, batch, defect)
        return
    metrics.commit_seconds.observe(time.monotonic() - started)
    metrics.commit_size.observe(len(batch))
    if receipt.version > session.replica.version:  # first of all: if anything fails from here on, others know
        hint = hint_changed(receipt.flow_id, previous=receipt.previous, version=receipt.version)
        session.channel.send(hint.message)
    await session.follow(_naming_guests(receipt, batch))
    answer_all(batch, receipt.answers, session.broadcaster)
    session.inbox.done()


def _naming_guests(receipt: Receipt, batch: list[Entry]) -> Receipt:
    """Name the guests among the authors, as the log does."""
    guests = {entry.submission.actor: entry.socket.person.name for entry in batch if entry.socket.person.is_guest}
    if not guests:
        return receipt
    return replace(receipt, changes=tuple(replace(one, guest=guests.get(one.actor)) for one in receipt.changes))


async def _save(session: Committing, batch: list[Entry]) -> Receipt:
    submissions = [entry.submission for entry in batch]
    replica = session.replica
    graph = Versioned(replica.document, replica.version)
    save = partial(commit, replica.flow_id, submissions, graph=graph)
    try:
        soon = partial(save, may_take_long=False)
        return await with_retries(soon, session.expect_open, session.inbox.report_delay, is_urgent=True)
    except TooLong:
        await asyncio.sleep(work_budget.pause(batch[0].submission.actor))  # here no thread waits
        return await with_retries(save, session.expect_open, session.inbox.report_delay, takes_long=True)


def _isolate(session: Committing, batch: list[Entry], defect: Exception) -> None:
    """Raise a batch's defect, so that its entries go one by one; close the socket of the one that causes it."""
    if len(batch) > 1 or not batch[0].attempts:
        for entry in batch:
            entry.attempts += 1
        raise defect
    log.error("submission_failed", flow=str(session.replica.flow_id), seq=batch[0].seq, exc_info=defect)
    batch[0].socket.close(Close.RESTARTING)
    session.inbox.done()


def answer_all(batch: Sequence[Entry], answers: Sequence[Acked | Refused], broadcaster: Broadcaster) -> None:
    """Answer the authors, each in order; plain answers to one socket leave together."""
    waiting: dict[Socket, list[Encoded]] = {}
    for entry, given in zip(batch, answers, strict=True):
        if isinstance(given, Acked) and entry.client is None and not given.skipped:
            count(entry.submission.via, "acked" if given.fresh else "known")
            waiting.setdefault(entry.socket, []).append(encode_acked(entry.seq, given.version))
            continue
        if together := waiting.pop(entry.socket, None):
            entry.socket.send_answers(together)
        answer(entry, given, broadcaster)
    for socket, together in waiting.items():
        socket.send_answers(together)


def answer(entry: Entry, given: Acked | Refused, broadcaster: Broadcaster) -> None:
    """Send an author the answer to an entry; without details if they fail, for it must not be submitted again."""
    try:
        _answer(entry, given, broadcaster)
    except Exception:
        log.exception("answer_failed", flow=str(broadcaster.replica.flow_id), seq=entry.seq)
        entry.socket.send(encode(_short(entry, given)))


def _answer(entry: Entry, given: Acked | Refused, broadcaster: Broadcaster) -> None:
    match given:
        case Acked():
            count(entry.submission.via, "acked" if given.fresh else "known")
            entry.socket.send(encode(_acked(entry, given)))
        case Refused(code="version_conflict"):
            count(entry.submission.via, "refused", given.code)
            _send_graph(entry, broadcaster)
        case Refused():
            refuse(entry.socket, given, broadcaster, seq=entry.seq, client=entry.client)
        case _:
            assert_never(given)


def refuse(socket: Socket, refused: Refused, broadcaster: Broadcaster, *, seq: int, client: str | None) -> None:
    """Send a refusal, and what it touched as it is now. `client` is given if the frame named one."""
    count("socket", "refused", refused.code)
    broadcaster.flush()
    message = _sentence(socket, refused)
    short = frames.Refused(seq=seq, client=client, code=refused.code, message=message)
    whole = None
    try:
        state, html = _state(socket, refused, broadcaster.replica.document)
        if state is not None or html is not None:
            whole = frames.Refused(seq=seq, client=client, code=refused.code, message=message, state=state, html=html)
    except Exception:
        log.exception("state_failed", flow=str(broadcaster.replica.flow_id), seq=seq)
    _send(socket, whole, short, broadcaster)


def count(via: str, result: str, code: str = "") -> None:
    """Count an answer."""
    metrics.operations.count(via, result)
    if code:
        metrics.refusals.labels(code).inc()


def _sentence(socket: Socket, refused: Refused) -> str:
    """Say why, in the language of the connection."""
    with override(socket.language):
        return sentence(refused)


def _acked(entry: Entry, given: Acked) -> frames.Acked:
    skipped = encode_skipped(given.skipped) if given.skipped else None
    return frames.Acked(seq=entry.seq, client=entry.client, version=given.version, left=skipped)


def _short(entry: Entry, given: Acked | Refused) -> frames.Acked | frames.Refused:
    if isinstance(given, Acked):
        return frames.Acked(seq=entry.seq, client=entry.client, version=given.version)
    return frames.Refused(seq=entry.seq, client=entry.client, code=given.code, message=_sentence(entry.socket, given))


def _state(socket: Socket, refused: Refused, document: Document) -> tuple[Elements | None, str | None]:
    """Show what was touched as JSON or as HTML; neither if it is too long. No more is made than can be sent."""
    limit = current().outbound_frame_bytes
    if socket.format == "json":
        return json_state(refused.nodes, refused.edges, document, limit), None
    nodes = (state_html([id], [], document) for id in sorted(refused.nodes))
    edges = (state_html([], [id], document) for id in sorted(refused.edges))
    with override(socket.language):
        parts = within(chain(nodes, edges), limit)
    return None, None if parts is None else "".join(parts)


def _send_graph(entry: Entry, broadcaster: Broadcaster) -> None:
    """Answer a whole graph that was made for another version with the current one."""
    broadcaster.flush()
    replica = broadcaster.replica
    graph = json_elements(replica.document.nodes(), replica.document.edges(), current().outbound_frame_bytes)
    short = frames.GraphConflict(seq=entry.seq, version=replica.version)
    whole = None if graph is None else frames.GraphConflict(seq=entry.seq, version=replica.version, graph=graph)
    _send(entry.socket, whole, short, broadcaster)


def _send(
    socket: Socket, whole: frames.ServerFrame | None, short: frames.ServerFrame, broadcaster: Broadcaster
) -> None:
    """Send an answer with what it shows, or without and then a snapshot, unless one is on its way already."""
    frame = fitting(encode(whole), current().outbound_frame_bytes) if whole else None
    socket.send(frame or encode(short))
    if frame is None and socket.unseen_snapshot is None:
        broadcaster.send_snapshot(socket)
    socket.close_if_behind()
