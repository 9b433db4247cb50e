"""Client frames, decoded strictly: whatever is none is a `BadFrame`, which a visit answers with `error` and counts."""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

from flows.document import Rejected, parse_json
from flows.limits import current
from flows.sentences import sentence
from sessions.protocol.frames import (
    PROTOCOL,
    ClientFrame,
    ExecuteAction,
    Format,
    Hello,
    Operate,
    Ping,
    Presence,
    Redo,
    Seen,
    SyncGraph,
    Undo,
)

CLIENT = re.compile(r"[A-Za-z0-9_-]{8,64}")
STEP = re.compile(r"[A-Za-z0-9_-]{1,64}")
ELEMENT = re.compile(r"[A-Za-z0-9_-]{1,64}")
FIELD = re.compile(r"[A-Za-z0-9_.]{1,64}")
LARGEST = 2**63 - 1
LARGEST_SEQ = 2**53 - 1
FARTHEST = 1_000_000_000
Fields: TypeAlias = dict[str, object]


class BadFrame(Exception):  # noqa: N818
    """The text is no frame of the protocol."""


class OtherProtocol(Exception):  # noqa: N818
    """A `hello` of a protocol we do not speak."""


def decode_frame(text: str) -> ClientFrame:
    """Decode one text frame. Raises `BadFrame`, or `OtherProtocol` for a `hello` of another protocol."""
    try:
        fields = parse_json(text)
    except Rejected as refused:
        raise BadFrame(sentence(refused)) from None
    kind = fields.get("type") if isinstance(fields, dict) else None
    decode = DECODERS.get(kind) if isinstance(kind, str) else None
    if decode is None:
        raise BadFrame("a frame is an object whose type is one of: " + ", ".join(DECODERS))
    return decode(cast(Fields, fields))


def valid_state(state: Mapping[str, object]) -> bool:
    """Tell whether a presence state is one that a client may send; asked again of what other processes say."""
    return all(name in STATES and STATES[name](value) for name, value in state.items())


def _hello(fields: Fields) -> Hello:
    protocol = fields.get("protocol")
    if isinstance(protocol, int) and not isinstance(protocol, bool) and protocol != PROTOCOL:
        raise OtherProtocol
    _expect(fields, {"protocol", "client", "format"}, {"since", "epoch"})
    _require(_is_count(protocol), "protocol must be 1")
    client, (since, epoch, format) = _client(fields), (fields.get(name) for name in ("since", "epoch", "format"))
    _require(since is None or _is_count(since), "since must be a version or null")
    _require(epoch is None or (isinstance(epoch, str) and len(epoch) <= 64), "epoch must be a text or null")
    _require(format in ("html", "json"), 'format must be "html" or "json"')
    return Hello(cast(str, client), cast("int | None", since), cast("str | None", epoch), cast(Format, format))


def _operate(fields: Fields) -> Operate:
    _expect(fields, {"seq", "operation"}, {"client", "step"})
    return Operate(_seq(fields), fields["operation"], _client(fields), _step(fields))


def _undo(fields: Fields) -> Undo:
    _expect(fields, {"seq"}, {"client", "at"})
    return Undo(_seq(fields), _client(fields), _at(fields))


def _redo(fields: Fields) -> Redo:
    _expect(fields, {"seq"}, {"client", "at"})
    return Redo(_seq(fields), _client(fields), _at(fields))


def _at(fields: Fields) -> int | None:
    at = fields.get("at")
    _require(at is None or _is_count(at), "at must be a version")
    return cast("int | None", at)


def _presence(fields: Fields) -> Presence:
    _expect(fields, set(), set(STATES))
    state = {name: value for name, value in fields.items() if name != "type"}
    for name, value in state.items():
        _require(STATES[name](value), f"{name} is not valid")
    return Presence(state)


def _seen(fields: Fields) -> Seen:
    _expect(fields, {"version"})
    _require(_is_count(fields["version"]), "version must be a whole number")
    return Seen(cast(int, fields["version"]))


def _sync_graph(fields: Fields) -> SyncGraph:
    _expect(fields, {"seq", "version", "graph"})
    _require(_is_count(fields["version"]), "version must be a whole number")
    return SyncGraph(_seq(fields), cast(int, fields["version"]), fields["graph"])


def _execute_action(fields: Fields) -> ExecuteAction:
    _expect(fields, {"seq", "action"}, {"node"})
    action, node = fields["action"], fields.get("node")
    _require(isinstance(action, str) and len(action) <= 64, "action must be a name")
    _require(node is None or _is_id(node), "node must be an id")
    return ExecuteAction(_seq(fields), cast(str, action), cast("str | None", node))


def _ping(fields: Fields) -> Ping:
    _expect(fields, set())
    return Ping()


def _expect(fields: Fields, required: set[str], optional: set[str] | None = None) -> None:
    named = fields.keys() - {"type"}
    missing, unknown = required - named, named - required - (optional or set())
    _require(not missing, "missing: " + ", ".join(sorted(missing)))
    _require(not unknown, f"{len(unknown)} unknown field(s)")


def _require(fits: object, message: str) -> None:
    if not fits:
        raise BadFrame(message)


def _seq(fields: Fields) -> int:
    seq = fields["seq"]
    _require(_is_count(seq), "seq must be a positive whole number")
    _require(0 < cast(int, seq) <= LARGEST_SEQ, "seq must be positive and at most 2^53 - 1")
    return cast(int, seq)


def _client(fields: Fields) -> str | None:
    return _name(fields, "client", CLIENT)


def _step(fields: Fields) -> str | None:
    return _name(fields, "step", STEP)


def _name(fields: Fields, field: str, form: re.Pattern[str]) -> str | None:
    """Return a name if the field is there."""
    if field not in fields:
        return None
    name = fields[field]
    _require(isinstance(name, str) and form.fullmatch(name), f"{field} must match {form.pattern}")
    return cast(str, name)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def _is_id(value: object) -> bool:
    return isinstance(value, str) and ELEMENT.fullmatch(value) is not None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -FARTHEST <= value <= FARTHEST


def _are_numbers(value: object, count: int) -> bool:
    return isinstance(value, list) and len(value) == count and all(_is_number(item) for item in value)


def _are_ids(value: object) -> bool:
    return isinstance(value, list) and len(value) <= current().batch and all(_is_id(item) for item in value)


def _is_drag(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"ids", "dx", "dy"}
        and _are_ids(value["ids"])
        and _are_numbers([value["dx"], value["dy"]], 2)
    )


STATES: dict[str, Callable[[object], bool]] = {
    "cursor": lambda value: value is None or _are_numbers(value, 2),
    "selection": _are_ids,
    "drag": lambda value: value is None or _is_drag(value),
    "field": lambda value: value is None or (isinstance(value, str) and FIELD.fullmatch(value) is not None),
    "viewport": lambda value: _are_numbers(value, 3),
    "status": lambda value: value in ("active", "idle"),
}
DECODERS: dict[str, Callable[[Fields], ClientFrame]] = {
    "hello": _hello,
    "operate": _operate,
    "undo": _undo,
    "redo": _redo,
    "presence": _presence,
    "seen": _seen,
    "sync_graph": _sync_graph,
    "execute_action": _execute_action,
    "ping": _ping,
}
