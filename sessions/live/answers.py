"""What an author is told of a submission: that it is durable, or why it was refused and how things stand."""

from itertools import chain
from typing import assert_never

import structlog

from flows.document import encode_skipped
from flows.limits import current
from flows.rendering import state_html
from flows.sentences import sentence
from flows.submission import Acked, Refused
from sessions import metrics
from sessions.live.broadcaster import Audience
from sessions.live.inbox import Entry
from sessions.live.replica import Current
from sessions.protocol.encoding import Encoded, encode, fitting, json_elements, json_state, named, within
from sessions.sockets.socket import Socket

log = structlog.get_logger(__name__)


def answer(entry: Entry, given: Acked | Refused, audience: Audience, flow: Current) -> None:
    """Tell an author what became of an entry; plainly if all else fails, for it is not to be submitted again."""
    try:
        _answer(entry, given, audience, flow)
    except Exception:
        log.exception("answer_failed", flow=str(flow.flow_id), seq=entry.seq)
        _answer_plainly(entry, given)


def _answer(entry: Entry, given: Acked | Refused, audience: Audience, flow: Current) -> None:
    match given:
        case Acked():
            count(entry.submission.via, "acked" if given.fresh else "known")
            head = {**named(entry.seq, entry.client), "version": given.version}
            entry.socket.send(encode("acked", **head, **({"left": encode_skipped(given.left)} if given.left else {})))
        case Refused(code="version_conflict"):
            count(entry.submission.via, "refused", given.code)
            _show_graph(entry, audience, flow)
        case Refused():
            refuse(entry.socket, named(entry.seq, entry.client), given, audience, flow)
        case _:
            assert_never(given)


def refuse(socket: Socket, name: dict[str, object], refused: Refused, audience: Audience, flow: Current) -> None:
    """Send a refusal of what is `named` so, and what it touched as it is now."""
    count("socket", "refused", refused.code)
    audience.flush()
    try:
        state = _state(socket, refused, flow)
    except Exception:
        log.exception("state_failed", flow=str(flow.flow_id), **name)
        state = None
    head = {**name, "code": refused.code, "message": sentence(refused)}
    short, whole = encode("refused", **head), None if state is None else encode("refused", **head, **state)
    _send(socket, whole, short, audience, flow)


def _answer_plainly(entry: Entry, given: Acked | Refused) -> None:
    name = named(entry.seq, entry.client)
    if isinstance(given, Acked):
        entry.socket.send(encode("acked", **name, version=given.version))
    else:
        entry.socket.send(encode("refused", **name, code=given.code, message=sentence(given)))


def _state(socket: Socket, refused: Refused, flow: Current) -> dict[str, object] | None:
    """Show what was touched, or return None if that is too long; no more is made than can be sent."""
    limit, document = current().outbound_frame_bytes, flow.document
    if socket.format == "json":
        state = json_state(refused.nodes, refused.edges, document, limit)
        return None if state is None else {"state": state}
    nodes = (state_html([id], [], document) for id in sorted(refused.nodes))
    edges = (state_html([], [id], document) for id in sorted(refused.edges))
    parts = within(chain(nodes, edges), limit)
    return None if parts is None else {"html": "".join(parts)}


def _send(socket: Socket, whole: Encoded | None, short: Encoded, audience: Audience, flow: Current) -> None:
    """Send an answer with what it shows; else without, and then a snapshot, unless one is on its way already."""
    frame = fitting(whole, current().outbound_frame_bytes) if whole else None
    socket.send(frame or short)
    if frame is None and socket.unseen_snapshot is None:
        audience.send_snapshot(socket, flow.version, flow.digest)
    socket.part_if_too_far()


def count(via: str, result: str, code: str = "") -> None:
    """Count an answer."""
    metrics.operations.labels(via, result).inc()
    if code:
        metrics.refusals.labels(code).inc()


def _show_graph(entry: Entry, audience: Audience, flow: Current) -> None:
    """Answer a whole graph that was made for another version with the one there is."""
    audience.flush()
    graph = json_elements(flow.document.nodes(), flow.document.edges(), current().outbound_frame_bytes)
    head = {"seq": entry.seq, "error": "version_mismatch", "version": flow.version}
    short, whole = encode("sync_graph", **head), None if graph is None else encode("sync_graph", **head, graph=graph)
    _send(entry.socket, whole, short, audience, flow)
