"""The answers to submissions: that one is durable, or why it was refused and how things are now."""

from itertools import chain
from typing import assert_never

import structlog
from django.utils.translation import override

from flows.document import Document, encode_skipped
from flows.limits import current
from flows.rendering import state_html
from flows.sentences import sentence
from flows.submission import Acked, Refused
from sessions import metrics
from sessions.live.broadcaster import Broadcaster
from sessions.live.inbox import Entry
from sessions.protocol import frames
from sessions.protocol.encoding import encode, fitting, json_elements, json_state, within
from sessions.protocol.frames import Elements
from sessions.sockets.socket import Socket

log = structlog.get_logger(__name__)


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
    metrics.operations.labels(via, result).inc()
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
