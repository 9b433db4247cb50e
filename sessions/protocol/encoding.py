"""The wire: server frames, encoded once for everybody they go to.

An `Encoded` frame is the very message an ASGI server takes, so sending it to a thousand sockets makes nothing new. No
frame is longer than `OUTBOUND_FRAME_BYTES`: what would be is answered by None (the caller sends a snapshot instead),
or comes in parts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import orjson

from flows.document import Edge, Effect, Graph, Node, encode_edge, encode_node, moved_only
from flows.submission import ChangeHead

Message = dict[str, str]
Sized = TypeVar("Sized", bytes, str)


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """One text frame as an ASGI message, and its size in bytes."""

    message: Message
    size: int


def encode(kind: str, **fields: object) -> Encoded:
    """Encode a frame. A value that is JSON already may be given as `orjson.Fragment`."""
    return encoded(orjson.dumps({"type": kind, **fields}))


def named(seq: int, client: str | None) -> dict[str, object]:
    """Say which submission an answer is for; `client` only if its frame named one."""
    return {"seq": seq} if client is None else {"seq": seq, "client": client}


def encoded(frame: bytes) -> Encoded:
    """Wrap a frame that is JSON already."""
    return Encoded({"type": "websocket.send", "text": frame.decode()}, len(frame))


def fitting(frame: Encoded, limit: int) -> Encoded | None:
    """Return the frame if it is short enough."""
    return frame if frame.size <= limit else None


def element_bytes(nodes: Iterable[Node], edges: Iterable[Edge]) -> tuple[list[bytes], list[bytes]]:
    """Encode elements one by one."""
    return [orjson.dumps(encode_node(node)) for node in nodes], [orjson.dumps(encode_edge(edge)) for edge in edges]


def snapshot_parts(graph: Graph, version: int, digest: str, limit: int) -> list[Encoded]:
    """Encode a whole flow as consecutive frames; each names the flow's properties, together they hold every element."""
    nodes, edges = element_bytes(graph.nodes(), graph.edges())
    properties = graph.properties
    head = {"version": version, "digest": digest, "title": properties.title, "description": properties.description}
    room = limit - encode("snapshot", **head, part=1, parts=1_000_000, nodes=[], edges=[]).size
    parts = list(_parts(nodes, edges, room))
    return [
        encode("snapshot", **head, part=part, parts=len(parts), nodes=_fragments(nodes), edges=_fragments(edges))
        for part, (nodes, edges) in enumerate(parts, 1)
    ]


def snapshot_address(url: str, version: int, digest: str) -> Encoded:
    """Encode where the canvas is to be fetched."""
    return encode("snapshot", version=version, digest=digest, part=1, parts=1, url=url)


def heads(changes: Sequence[ChangeHead]) -> list[dict[str, object]]:
    """Say who made each version."""
    return [
        {"version": head.version, "actor": head.actor, "client": head.client, "seq": head.seq, "via": head.via}
        for head in changes
    ]


def json_effect(effect: Effect) -> dict[str, object]:
    """Say what is different, to be applied in this order: remove, add, update, move. Empty parts are left out."""
    gone = [id for id, pair in effect.nodes.items() if pair.after is None]
    cut = [id for id, pair in effect.edges.items() if pair.after is None]
    new = [encode_node(pair.after) for pair in effect.nodes.values() if pair.after and not pair.before]
    drawn = [encode_edge(pair.after) for pair in effect.edges.values() if pair.after and not pair.before]
    changed = [
        encode_node(pair.after) for pair in effect.nodes.values() if pair.before and pair.after and not moved_only(pair)
    ]
    redrawn = [encode_edge(pair.after) for pair in effect.edges.values() if pair.before and pair.after]
    flow = effect.flow.after if effect.flow else None
    properties = {"title": flow.title, "description": flow.description} if flow else None
    return _without_empty(
        remove=_without_empty(nodes=gone, edges=cut),
        add=_without_empty(nodes=new, edges=drawn),
        update=_without_empty(nodes=changed, edges=redrawn, flow=properties),
        move=moves(effect),
    )


def moves(effect: Effect) -> list[list[object]]:
    """List `[id, x, y, width, height]` of what only moved or changed size."""
    return [
        [node.id, node.x, node.y, node.width, node.height]
        for pair in effect.nodes.values()
        if (node := pair.after) and moved_only(pair)
    ]


def json_state(nodes: Iterable[str], edges: Iterable[str], graph: Graph, limit: int) -> dict[str, object] | None:
    """Show these elements as they are; what does not exist is absent. None as soon as it is too long."""
    return json_elements(map(graph.node, sorted(nodes)), map(graph.edge, sorted(edges)), limit)


def json_elements(nodes: Iterable[Node | None], edges: Iterable[Edge | None], limit: int) -> dict[str, object] | None:
    """Show elements, or return None as soon as they are longer than `limit`."""
    shown_nodes = within((orjson.dumps(encode_node(node)) for node in nodes if node), limit)
    if shown_nodes is None:
        return None
    room = limit - sum(map(len, shown_nodes))
    shown_edges = within((orjson.dumps(encode_edge(edge)) for edge in edges if edge), room)
    return None if shown_edges is None else {"nodes": _fragments(shown_nodes), "edges": _fragments(shown_edges)}


def within(items: Iterable[Sized], limit: int) -> list[Sized] | None:
    """Return all items, or None as soon as they are longer than `limit` together."""
    taken = []
    for item in items:
        limit -= len(item) + 1
        if limit < 0:
            return None
        taken.append(item)
    return taken


def packed(items: Iterable[bytes], limit: int) -> Iterator[list[bytes]]:
    """Group encoded items into lists of at most `limit` bytes with the commas between them."""
    group: list[bytes] = []
    size = 0
    for item in items:
        if group and size + len(item) + 1 > limit:
            yield group
            group, size = [], 0
        group.append(item)
        size += len(item) + 1
    if group:
        yield group


def people_frames(joined: Iterable[bytes], left: Iterable[str], limit: int) -> list[Encoded]:
    """Encode who came and who went, in as many frames as it takes."""
    gone = [orjson.dumps(session) for session in left]
    room = limit - 100
    frames = [b'{"type":"people","joined":[],"left":[' + b",".join(group) + b"]}" for group in packed(gone, room)]
    frames += [b'{"type":"people","joined":[' + b",".join(group) + b'],"left":[]}' for group in packed(joined, room)]
    return [encoded(frame) for frame in frames]


def presence_frames(states: Iterable[bytes], limit: int) -> list[Encoded]:
    """Encode states, each already `"session":{…}`, in as many frames as it takes."""
    return [
        encoded(b'{"type":"presence","states":{' + b",".join(group) + b"}}") for group in packed(states, limit - 100)
    ]


def state_bytes(session: str, state: Mapping[str, object]) -> bytes:
    """Encode one session's state as a member of an object."""
    return orjson.dumps(session) + b":" + orjson.dumps(state)


def _without_empty(**parts: object) -> dict[str, object]:
    return {name: part for name, part in parts.items() if part}


def _fragments(items: Iterable[bytes]) -> list[orjson.Fragment]:
    return [orjson.Fragment(item) for item in items]


def _parts(nodes: list[bytes], edges: list[bytes], room: int) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Nodes first, then edges; a part may hold the last nodes and the first edges."""
    size = 0
    part: tuple[list[bytes], list[bytes]] = ([], [])
    for index, items in enumerate((nodes, edges)):
        for item in items:
            if size and size + len(item) + 1 > room:
                yield part
                size, part = 0, ([], [])
            part[index].append(item)
            size += len(item) + 1
    yield part
