"""Frames from and to the wire, by the annotations of `frames`.

What a client sends is decoded strictly: what does not fit is a `BadFrame`, which the connection answers with `error`
and counts. Decoders are made once, at import, one for each class.

What the server sends is encoded once for all sockets it goes to. An `Encoded` frame is what goes over the wire, so
sending it to a thousand sockets makes nothing new. No frame is longer than `OUTBOUND_FRAME_BYTES`: what would be is
answered by None (the caller sends a snapshot instead), or comes in parts.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar, cast, get_args

import orjson
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from flows.actors import actor_json, guest_key
from flows.document import (
    Edge,
    Effect,
    Graph,
    Node,
    Rejected,
    compact,
    encode_edge,
    encode_node,
    moved_only,
    parse_json,
)
from flows.sentences import sentence
from flows.submission import ChangeHead
from sessions.protocol.fields import (
    REQUIRED,
    ChangeEntry,
    Elements,
    Field,
    Ids,
    Json,
    Move,
    Parts,
    PresenceState,
    fields_of,
    members_of,
)
from sessions.protocol.frames import (
    PROTOCOL,
    ApplyChanges,
    ClientFrame,
    Hello,
    People,
    Presence,
    PresenceStates,
    Seen,
    ServerFrame,
    Snapshot,
)

Fields = dict[str, object]
ABSENT = object()
SEEN = '{"type":"seen","version":'
"""How nearly all that is received begins; it needs no JSON parser."""
PLAIN_SEEN = re.compile(re.escape(SEEN) + r"(0|[1-9][0-9]{0,17})\}")
Message = dict[str, str]
Sized = TypeVar("Sized", bytes, str)
Some = TypeVar("Some", Ids, Parts)


class BadFrame(Exception):  # noqa: N818
    """The text is not a frame of the protocol: a translatable message with its values, or the refusal of its JSON."""

    def __init__(self, message: str | Rejected, **values: object) -> None:
        super().__init__(message, values)
        self._message, self._values = message, values

    def sentence(self) -> str:
        """Say in the active language what is wrong."""
        if isinstance(self._message, Rejected):
            return sentence(self._message)
        return gettext(self._message).format_map(self._values)


class UnsupportedProtocol(Exception):  # noqa: N818
    """A `hello` of a protocol that we do not speak."""


class Decoder(Protocol):
    """Makes one kind of frame of its fields."""

    def __call__(self, fields: Fields, /) -> ClientFrame:
        """Return the frame. Raises `BadFrame`."""


def decode_frame(text: str) -> ClientFrame:
    """Decode one text frame. Raises `BadFrame`, or `UnsupportedProtocol` for a `hello` of another protocol."""
    if (version := seen_version(text)) is not None:
        return Seen(version)
    try:
        fields = parse_json(text)
    except Rejected as refused:
        raise BadFrame(refused.with_traceback(None)) from None
    kind = fields.get("type") if isinstance(fields, dict) else None
    decode = DECODERS.get(kind) if isinstance(kind, str) else None
    if decode is None:
        raise BadFrame(_("A frame is a JSON object of one of these types: {types}"), types=", ".join(DECODERS))
    return decode(cast(Fields, fields))


def seen_version(text: str) -> int | None:
    """Return the version of a plainly written `seen`, without a JSON parser; None for any other frame."""
    return int(text[len(SEEN) : -1]) if text.startswith(SEEN) and PLAIN_SEEN.fullmatch(text) else None


def is_longer(text: str | None, binary: bytes | None, limit: int) -> bool:
    """Tell whether a message has more bytes than allowed."""
    if text is None:
        return len(binary or b"") > limit
    return len(text) > limit or (4 * len(text) > limit and len(text.encode(errors="surrogatepass")) > limit)


def valid_state(state: Mapping[str, object]) -> bool:
    """Tell whether a client may send this presence state; used again for what other processes announce."""
    return all(name in STATE_CHECKS and STATE_CHECKS[name](value) for name, value in state.items())


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


def _decoder(frame: type[ClientFrame]) -> Decoder:
    """Return the decoder of a frame whose fields are the class's own."""
    columns = [(one.name, one.rule.fits if one.rule else None, one.default) for one in fields_of(frame)]
    make = cast("Callable[..., ClientFrame]", frame)

    def decode(fields: Fields) -> ClientFrame:
        values: list[object] = []
        known = 1  # the type
        for name, fits, default in columns:
            value = fields.get(name, ABSENT)
            if value is not ABSENT:
                if fits is not None and not fits(value):
                    break
                known += 1
                values.append(value)
            elif default is REQUIRED:
                break
            else:
                values.append(default)
        else:
            if known == len(fields):
                return make(*values)
        raise _complaint(fields, fields_of(frame))

    return decode


def _hello(fields: Fields) -> ClientFrame:
    protocol = fields.get("protocol")
    if isinstance(protocol, int) and not isinstance(protocol, bool) and protocol != PROTOCOL:
        raise UnsupportedProtocol
    return DECODE_HELLO(fields)


def _presence(fields: Fields) -> Presence:
    state = {name: value for name, value in fields.items() if name != "type"}
    if not valid_state(state):
        raise _complaint(fields, fields_of(Presence))
    return Presence(cast(PresenceState, state))


def _complaint(fields: Fields, known: list[Field]) -> BadFrame:
    """Say what is wrong with fields that could not be decoded."""
    if missing := sorted(one.name for one in known if not one.is_optional and one.name not in fields):
        return BadFrame(_("Missing fields: {names}"), names=", ".join(missing))
    if unknown := fields.keys() - {one.name for one in known} - {"type"}:
        return BadFrame(_("Unknown fields: {count}"), count=len(unknown))
    rules = ((one.name, one.rule) for one in known if one.rule and one.name in fields)
    field, rule = next((name, rule) for name, rule in rules if not rule.fits(fields[name]))
    return BadFrame(rule.message, name=field)


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


STATE_CHECKS = {one.name: one.rule.fits for one in members_of(PresenceState) if one.rule}
DECODE_HELLO = _decoder(Hello)
DECODERS: dict[str, Decoder] = {
    **{frame.type: _decoder(frame) for frame in get_args(ClientFrame)},
    Hello.type: _hello,
    Presence.type: _presence,
}
NAMES = {frame: tuple(field.name for field in fields_of(frame)) for frame in get_args(ServerFrame)}
