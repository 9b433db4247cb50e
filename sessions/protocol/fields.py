"""What the fields of frames hold.

A frame's annotations name these types; the `Rule` in those of a client's frame is what decoding checks. Messages are
for program authors and are translated when a frame is answered, so they are stored untranslated.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, NotRequired, Protocol, TypeAlias, TypedDict, get_args, get_origin, get_type_hints

import orjson
from django.utils.translation import gettext_noop as _

from flows.actors import ActorJson

LARGEST = 2**63 - 1
LARGEST_SEQ = 2**53 - 1
FARTHEST = 1_000_000_000
CLIENT = re.compile(r"[A-Za-z0-9_-]{8,64}")
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
PATH = re.compile(r"[A-Za-z0-9_.]{1,64}")
RUN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Check(Protocol):
    """Tells whether a decoded JSON value is allowed."""

    def __call__(self, value: object, /) -> bool:
        """Return whether the value is allowed."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A check, and the sentence for a value that fails it."""

    fits: Check
    message: str


class Inline:
    """Marks a field whose members stand in the frame itself."""


REQUIRED: Final = dataclasses.MISSING


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a frame on the wire. `default` is `REQUIRED` if it may not be left out."""

    name: str
    rule: Rule | None
    default: object

    @property
    def is_optional(self) -> bool:
        """Whether it may be left out."""
        return self.default is not REQUIRED


def fields_of(frame: type) -> list[Field]:
    """List a frame's fields on the wire, in their order."""
    hints = get_type_hints(frame, include_extras=True)
    found: list[Field] = []
    for field in dataclasses.fields(frame):
        hint = hints[field.name]
        if Inline in getattr(hint, "__metadata__", ()):
            found += members_of(get_args(hint)[0])
        else:
            found.append(Field(field.name, _rule(hint), field.default))
    return found


def members_of(mapping: type) -> list[Field]:
    """List the members of a TypedDict that stand in a frame itself; each may be left out."""
    return [Field(name, _rule(hint), None) for name, hint in get_type_hints(mapping, include_extras=True).items()]


def _rule(hint: object) -> Rule | None:
    if get_origin(hint) is not Annotated:
        return None
    return next((extra for extra in hint.__metadata__ if isinstance(extra, Rule)), None)  # type: ignore[attr-defined]


def is_count(value: object) -> bool:
    """Whether this is a whole number from 0."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def _is_count_or_null(value: object) -> bool:
    return value is None or is_count(value)


def _is_seq(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_SEQ


def _is_client(value: object) -> bool:
    return isinstance(value, str) and CLIENT.fullmatch(value) is not None


def _is_id(value: object) -> bool:
    return isinstance(value, str) and ID.fullmatch(value) is not None


def _is_id_or_null(value: object) -> bool:
    return value is None or _is_id(value)


def _is_epoch(value: object) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= 64)


def _is_format(value: object) -> bool:
    return value in ("html", "json")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 64


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -FARTHEST <= value <= FARTHEST


def _are_numbers(value: object, count: int) -> bool:
    return isinstance(value, list) and len(value) == count and all(_is_number(item) for item in value)


def _are_ids(value: object) -> bool:
    return isinstance(value, list) and all(_is_id(item) for item in value)


def _are_ids_or_null(value: object) -> bool:
    return value is None or _are_ids(value)


def _is_object_or_null(value: object) -> bool:
    return value is None or isinstance(value, dict)


def _is_cursor(value: object) -> bool:
    return value is None or _are_numbers(value, 2)


def _is_viewport(value: object) -> bool:
    return _are_numbers(value, 3)


def _is_drag(value: object) -> bool:
    return value is None or (
        isinstance(value, dict)
        and value.keys() in ({"ids", "dx", "dy"}, {"ids", "dx", "dy", "x", "y"})
        and _are_ids(value["ids"])
        and all(_is_number(value[name]) for name in value.keys() - {"ids"})
    )


def _is_path(value: object) -> bool:
    return value is None or (isinstance(value, str) and PATH.fullmatch(value) is not None)


def _is_status(value: object) -> bool:
    return value in ("active", "idle")


def _is_run(value: object) -> bool:
    return isinstance(value, str) and RUN.fullmatch(value) is not None


INVALID = _("{name}: not valid")
Seq = Annotated[int, Rule(_is_seq, _("{name}: a whole number from 1 to 2^53 - 1"))]
Version = Annotated[int, Rule(is_count, _("{name}: a whole number from 0"))]
VersionOrNull = Annotated[int | None, Rule(_is_count_or_null, _("{name}: a version or null"))]
ClientId = Annotated[str, Rule(_is_client, _("{name}: 8 to 64 of the characters A-Z a-z 0-9 _ -"))]
ClientIdIfNamed = Annotated[str | None, Rule(_is_client, _("{name}: 8 to 64 of the characters A-Z a-z 0-9 _ -"))]
StepIfNamed = Annotated[str | None, Rule(_is_id, _("{name}: 1 to 64 of the characters A-Z a-z 0-9 _ -"))]
ElementOrNull = Annotated[str | None, Rule(_is_id_or_null, _("{name}: an id or null"))]
EpochOrNull = Annotated[str | None, Rule(_is_epoch, _("{name}: a string of at most 64 characters, or null"))]
ElementsOrNull = Annotated[list[str] | None, Rule(_are_ids_or_null, _("{name}: a list of ids, or null"))]
ObjectOrNull = Annotated[dict[str, object] | None, Rule(_is_object_or_null, _("{name}: an object, or null"))]
RunId = Annotated[str, Rule(_is_run, _("{name}: the id of a run"))]
ActionName = Annotated[str, Rule(_is_name, _("{name}: a string of at most 64 characters"))]
Cursor = Annotated[list[float] | None, Rule(_is_cursor, INVALID)]
Selection = Annotated[list[str], Rule(_are_ids, INVALID)]
Drag = Annotated[dict[str, object] | None, Rule(_is_drag, INVALID)]
FieldPath = Annotated[str | None, Rule(_is_path, INVALID)]
Viewport = Annotated[list[float], Rule(_is_viewport, INVALID)]
Status = Annotated[str, Rule(_is_status, INVALID)]
FormatRule = Rule(_is_format, _('{name}: "html" or "json"'))


# What fields hold besides

Json: TypeAlias = orjson.Fragment
"""JSON that was encoded before."""


class PresenceState(TypedDict, total=False):
    """What a person is doing; `field` is where in the selection's form they type."""

    cursor: Cursor
    selection: Selection
    drag: Drag
    field: FieldPath
    viewport: Viewport
    status: Status


class PersonEntry(TypedDict):
    """A person in the flow, once for each socket.

    A guest has no id, but a `key`, which tells them from others of their name; `program` is the name of the token that
    a program of the person came with.
    """

    session: str
    id: int | None
    name: str
    colour: str
    role: str
    guest: NotRequired[bool]
    key: NotRequired[str]
    program: NotRequired[str]


class ChangeEntry(TypedDict):
    """Who made a version, and how. A guest is named, with the `key` that they have among the people."""

    version: int
    actor: int | ActorJson | None
    client: str | None
    seq: int | None
    via: str
    key: NotRequired[str]


class RunEntry(TypedDict):
    """A run, and up to which of its events it is told."""

    id: str
    version: int
    state: str
    progress: float
    seq: int


NodeEntry: TypeAlias = tuple[str, str, int, int, int, str]
"""A node in a run: id, state, how many of its iterations have ended and of how many, its last attempt, a message."""


class Ids(TypedDict, total=False):
    """Elements by their ids."""

    nodes: list[str]
    edges: list[str]


class Elements(TypedDict):
    """Complete elements, encoded already."""

    nodes: Sequence[Json]
    edges: Sequence[Json]


class Parts(TypedDict, total=False):
    """Complete elements, and the flow's own properties."""

    nodes: list[object]
    edges: list[object]
    flow: Mapping[str, str]


Move: TypeAlias = tuple[str, float, float, float, float]
"""Id, x, y, width, height of a node that only moved or changed size."""
