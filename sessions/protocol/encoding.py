"""Server frames, encoded once for all sockets they go to.

An `Encoded` frame is what goes over the wire, so sending it to a thousand sockets makes nothing
new. No frame is longer than `OUTBOUND_FRAME_BYTES`: what would be is answered by None (the caller sends a snapshot
instead), or comes in parts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar, cast, get_args

import orjson

from flows.actors import actor_json, guest_key
from flows.document import Edge, Effect, Graph, Node, compact, encode_edge, encode_node, moved_only
from flows.submission import ChangeHead
from sessions.protocol.fields import ChangeEntry, Elements, Ids, Json, Move, Parts, fields_of
from sessions.protocol.frames import ApplyChanges, People, PresenceStates, ServerFrame, Snapshot

Message = dict[str, str]
Sized = TypeVar("Sized", bytes, str)
Some = TypeVar("Some", Ids, Parts)


class Encoded:
    """One text frame as it goes over the wire, with its header; `size` is that of the text in bytes."""

    __slots__ = ("_message", "raw", "size")

    def __init__(self, text: bytes) -> None:
        self.size = size = len(text)
        if size < 126:
            self.raw = b"\x81%c%b" % (size, text)
        elif size < 65_536:
            self.raw = b"\x81\x7e%b%b" % (size.to_bytes(2), text)
        else:
            self.raw = b"\x81\x7f%b%b" % (size.to_bytes(8), text)
        self._message: Message | None = None

    @property
    def message(self) -> Message:
        """The frame as an ASGI message, made once for all who need it."""
        if self._message is None:
            self._message = {"type": "websocket.send", "text": self.raw[len(self.raw) - self.size :].decode()}
        return self._message


def encode(frame: ServerFrame) -> Encoded:
    """Encode a frame: its type, then its fields; what is None is left out."""
    fields: dict[str, object] = {"type": frame.type}
    for name in NAMES[frame.__class__]:
        value = getattr(frame, name)
        if value is not None:
            fields[name] = value
    return Encoded(orjson.dumps(fields))


def encode_acked(seq: int, version: int) -> Encoded:
    """Encode the most frequent answer, an `Acked` without the fields that may be absent."""
    return Encoded(b'{"type":"acked","seq":%d,"version":%d}' % (seq, version))


def fitting(frame: Encoded, limit: int) -> Encoded | None:
    """Return the frame if it is short enough."""
    return frame if frame.size <= limit else None


def snapshot_parts(graph: Graph, version: int, digest: str, limit: int) -> list[Encoded]:
    """Encode a whole flow as consecutive frames; each names the flow's properties, together they hold every element."""
    nodes = [compact(orjson.dumps(encode_node(node))) for node in graph.nodes()]
    edges = [compact(orjson.dumps(encode_edge(edge))) for edge in graph.edges()]

    def frame(part: int, parts: int, nodes: Sequence[bytes], edges: Sequence[bytes]) -> Encoded:
        return encode(
            Snapshot(
                version=version,
                digest=digest,
                title=graph.properties.title,
                description=graph.properties.description,
                part=part,
                parts=parts,
                nodes=_fragments(nodes),
                edges=_fragments(edges),
            )
        )

    parts = list(_split(nodes, edges, limit - frame(1, 1_000_000, [], []).size))
    return [frame(number, len(parts), *part) for number, part in enumerate(parts, 1)]


def json_changes(
    effect: Effect, moved: Sequence[Move], *, previous: int, version: int, digest: str, changes: Sequence[ChangeHead]
) -> ApplyChanges:
    """Say what changed, as the parts remove, add, update and move; `moved` are the effect's `moves`."""
    remove, add, update = Ids(nodes=[], edges=[]), Parts(nodes=[], edges=[]), Parts(nodes=[], edges=[])
    only_moved = {move[0] for move in moved}
    for id, node in effect.nodes.items():
        if node.after is None:
            remove["nodes"].append(id)
        elif node.before is None:
            add["nodes"].append(encode_node(node.after))
        elif id not in only_moved:
            update["nodes"].append(encode_node(node.after))
    for id, edge in effect.edges.items():
        if edge.after is None:
            remove["edges"].append(id)
        else:
            (update if edge.before else add)["edges"].append(encode_edge(edge.after))
    if effect.flow and (flow := effect.flow.after):
        update["flow"] = {"title": flow.title, "description": flow.description}
    return ApplyChanges(
        previous=previous,
        version=version,
        digest=digest,
        changes=change_entries(changes),
        remove=_without_empty(remove),
        add=_without_empty(add),
        update=_without_empty(update),
        move=moved or None,
    )


def change_entries(changes: Sequence[ChangeHead]) -> list[ChangeEntry]:
    """Say who made each version."""
    return [
        {"version": head.version, "actor": head.actor, "client": head.client, "seq": head.seq, "via": head.via}
        if head.guest is None or head.actor is None
        else _change_by_guest(head, head.actor, head.guest)
        for head in changes
    ]


def _change_by_guest(head: ChangeHead, user_id: int, name: str) -> ChangeEntry:
    return {
        "version": head.version,
        "actor": actor_json(user_id, name, is_guest=True),
        "client": head.client,
        "seq": head.seq,
        "via": head.via,
        "key": guest_key(user_id),
    }


def moves(effect: Effect) -> list[Move]:
    """List what only moved or changed size."""
    return [
        (node.id, node.x, node.y, node.width, node.height)
        for pair in effect.nodes.values()
        if (node := pair.after) and moved_only(pair)
    ]


def json_state(nodes: Iterable[str], edges: Iterable[str], graph: Graph, limit: int) -> Elements | None:
    """Show these elements as they are; what does not exist is absent. None as soon as it is too long."""
    return json_elements(map(graph.node, sorted(nodes)), map(graph.edge, sorted(edges)), limit)


def json_elements(nodes: Iterable[Node | None], edges: Iterable[Edge | None], limit: int) -> Elements | None:
    """Show elements, or return None as soon as they are longer than `limit`."""
    shown_nodes = within((compact(orjson.dumps(encode_node(node))) for node in nodes if node), limit)
    if shown_nodes is None:
        return None
    room = limit - sum(map(len, shown_nodes))
    shown_edges = within((compact(orjson.dumps(encode_edge(edge))) for edge in edges if edge), room)
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


def people_frames(joined: Iterable[bytes], left: Iterable[str], limit: int) -> list[Encoded]:
    """Encode who joined and who left, in as many frames as it takes."""
    room = limit - 100
    gone = _grouped((orjson.dumps(session) for session in left), room)
    frames = [People(joined=[], left=_fragments(group)) for group in gone]
    frames += [People(joined=_fragments(group), left=[]) for group in _grouped(joined, room)]
    return [encode(frame) for frame in frames]


def presence_frames(states: Iterable[bytes], limit: int) -> list[Encoded]:
    """Encode states, each already `"session":{…}`, in as many frames as it takes."""
    return [
        encode(PresenceStates(states=Json(b"{" + b",".join(group) + b"}"))) for group in _grouped(states, limit - 100)
    ]


def state_bytes(session: str, state: Mapping[str, object]) -> bytes:
    """Encode one session's state as a member of an object."""
    return orjson.dumps(session) + b":" + orjson.dumps(state)


def _without_empty(parts: Some) -> Some | None:
    return cast(Some, {name: part for name, part in parts.items() if part}) or None


def _fragments(items: Iterable[bytes]) -> list[Json]:
    return [Json(item) for item in items]


def _grouped(items: Iterable[bytes], limit: int) -> Iterator[list[bytes]]:
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


def _split(nodes: list[bytes], edges: list[bytes], room: int) -> Iterator[tuple[list[bytes], list[bytes]]]:
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


NAMES = {frame: tuple(field.name for field in fields_of(frame)) for frame in get_args(ServerFrame)}
