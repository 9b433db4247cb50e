"""What an author is told of a submission: that it is durable, or why it was refused and how things stand."""

from typing import assert_never

from flows.document import encode_left, mentioned_on_wire
from flows.limits import current
from flows.rendering import state_html
from flows.submission import Acked, Refused
from sessions import metrics
from sessions.audience import Audience
from sessions.current import Current
from sessions.encoding import encode, fitting, json_graph, json_state
from sessions.inbox import Entry
from sessions.socket import Socket


def answer(entry: Entry, given: Acked | Refused, audience: Audience, flow: Current) -> None:
    """Tell an author what became of an entry."""
    match given:
        case Acked():
            count(entry.submission.via, "acked" if given.fresh else "known")
            head = {"seq": entry.seq, "version": given.version}
            entry.socket.send(encode("acked", **head, **({"left": encode_left(given.left)} if given.left else {})))
        case Refused(code="version_conflict"):
            count(entry.submission.via, "refused", given.code)
            _show_graph(entry, audience, flow)
        case Refused():
            nodes, edges = given.nodes, given.edges
            if not (nodes or edges):
                nodes, edges = mentioned_on_wire(entry.submission.operation)
            audience.flush()
            refuse(entry.socket, entry.seq, Refused(given.code, given.message, nodes, edges), audience, flow)
        case _:
            assert_never(given)


def refuse(socket: Socket, seq: int, refused: Refused, audience: Audience, flow: Current) -> None:
    """Send a refusal, and what it touched as it is now."""
    count("socket", "refused", refused.code)
    head = {"seq": seq, "code": refused.code, "message": refused.message}
    if socket.format == "json":
        frame = encode("refused", **head, state=json_state(refused.nodes, refused.edges, flow.document))
    else:
        frame = encode("refused", **head, html=str(state_html(refused.nodes, refused.edges, flow.document)))
    if fitting(frame, current().outbound_frame_bytes):
        socket.send(frame)
    else:
        socket.send(encode("refused", **head))
        audience.send_snapshot(socket, flow.version, flow.digest)


def count(via: str, result: str, code: str = "") -> None:
    """Count an answer."""
    metrics.operations.labels(via, result).inc()
    if code:
        metrics.refusals.labels(code).inc()


def _show_graph(entry: Entry, audience: Audience, flow: Current) -> None:
    """Answer a whole graph that was made for another version with the one there is."""
    audience.flush()
    head = {"seq": entry.seq, "error": "version_mismatch", "version": flow.version}
    frame = encode("sync_graph", **head, graph=json_graph(flow.document))
    if fitting(frame, current().outbound_frame_bytes):
        entry.socket.send(frame)
    else:
        entry.socket.send(encode("sync_graph", **head))
        audience.send_snapshot(entry.socket, flow.version, flow.digest)
