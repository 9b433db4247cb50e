"""Client frames, decoded strictly, by the rules in the annotations of `frames`.

What does not fit is a `BadFrame`, which the connection answers with `error` and counts. Decoders are made once, at
import, one for each class.
"""

import re
from collections.abc import Callable, Mapping
from typing import Protocol, cast, get_args

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from flows.document import Rejected, parse_json
from flows.sentences import sentence
from sessions.protocol.fields import REQUIRED, Field, PresenceState, fields_of, members_of
from sessions.protocol.frames import PROTOCOL, ClientFrame, Hello, Presence, Seen

Fields = dict[str, object]
ABSENT = object()
SEEN = '{"type":"seen","version":'
"""How nearly all that is received begins; it needs no JSON parser."""
PLAIN_SEEN = re.compile(re.escape(SEEN) + r"(0|[1-9][0-9]{0,17})\}")


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


STATE_CHECKS = {one.name: one.rule.fits for one in members_of(PresenceState) if one.rule}
DECODE_HELLO = _decoder(Hello)
DECODERS: dict[str, Decoder] = {
    **{frame.type: _decoder(frame) for frame in get_args(ClientFrame)},
    Hello.type: _hello,
    Presence.type: _presence,
}
