"""JSON from outside, parsed and read strictly, and the one canonical spelling of JSON.

The digest chain, comparison and byte limits all rest on the spelling (sorted keys, no spaces, UTF-8, shortest numbers),
so two processes and two databases must spell alike. What is spelled was read before: finite numbers, whole floats
turned into integers. The fast parser refuses some text that is JSON by its grammar (1e999, a lone surrogate as an
escape); such a value is still parsed here, so that the operation that holds it is refused by its own name rather than
as a broken frame.

Reading coerces nothing but numbers, which are normalised so that a value reads the same from JSON and from every
database: coordinates and sizes are rounded to 0.01, whole floats become integers, and -0.0 becomes 0. NUL and lone
surrogates are refused in every string, because not every database and encoding can hold them.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Set
from typing import NoReturn, TypeAlias, cast

import orjson

from flows.document.errors import Reason, invalid

Json: TypeAlias = dict[str, object]

COORDINATE = 1_000_000
LARGEST_SIZE = 100_000
LARGEST_NUMBER = 2**53
DEPTH = 8
PORT_NAME = 64

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NOTHING: frozenset[str] = frozenset()


def canonical_bytes(value: object) -> bytes:
    """Spell a JSON value canonically, as UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def compact(encoded: bytes) -> bytes:
    """Return a copy for keeping: what `orjson.dumps` returns holds on to a buffer of 4 KB, however short it is."""
    return b"".join((encoded, b""))


def canonical_json(value: object) -> str:
    """Spell a JSON value canonically."""
    return canonical_bytes(value).decode()


def same_json(one: object, other: object) -> bool:
    """Tell whether two JSON values read the same. Unlike `==`, 1 and true differ."""
    if one is other:
        return True
    if one != other:
        return False
    return isinstance(one, str) or canonical_bytes(one) == canonical_bytes(other)


def chain(previous: str, fields: Mapping[str, object]) -> str:
    """Return the log's next digest, which covers all before it.

    It is the hex SHA-256 of the previous digest (`""` for the first), a line feed, and the fields as canonical JSON.
    """
    return hashlib.sha256(previous.encode() + b"\n" + canonical_bytes(fields)).hexdigest()


def parse_json(text: str | bytes) -> object:
    """Parse JSON. NaN, Infinity, broken UTF-8 and more than about 1,000 levels raise `Rejected("invalid")`."""
    try:
        parsed: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _parse_slowly(text)
    return parsed


def quoted(value: object) -> str:
    """Show a foreign value in a refusal: short, and in ASCII."""
    shown = ascii(value) if isinstance(value, (str, float, bool, type(None))) else type(value).__name__
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def read_id(value: object, name: str) -> str:
    """Read an element's id."""
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    raise invalid(Reason.NOT_AN_ID, name=name)


def read_text(value: object, name: str, longest: int) -> str:
    """Read a string of at most `longest` characters."""
    if not isinstance(value, str):
        raise invalid(Reason.NOT_A_STRING, name=name)
    if len(value) > longest:
        raise invalid(Reason.TOO_LONG, name=name, most=longest)
    if _UNSTORABLE.search(value):
        raise invalid(Reason.UNSTORABLE, name=name)
    return value


def read_colour(value: object, name: str) -> str:
    """Read a colour, `#rrggbb`, into lower case."""
    if isinstance(value, str) and _COLOUR.fullmatch(value):
        return value.lower()
    raise invalid(Reason.NOT_A_COLOUR, name=name)


def read_boolean(value: object, name: str) -> bool:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    raise invalid(Reason.NOT_A_BOOLEAN, name=name)


def read_coordinate(value: object, name: str) -> float:
    """Read a coordinate in world pixels."""
    return _read_decimal(value, name, -COORDINATE, COORDINATE)


def read_size(value: object, name: str) -> float:
    """Read a width or height in world pixels."""
    return _read_decimal(value, name, 1, LARGEST_SIZE)


def round_coordinate(value: float) -> float:
    """Round to 0.01, with whole numbers as integers."""
    rounded = round(value, 2)
    whole = int(rounded)
    return whole if whole == rounded else rounded


def is_within(value: float) -> bool:
    """Tell whether a coordinate is within its bounds."""
    return -COORDINATE <= value <= COORDINATE


def read_json(value: object, name: str, depth: int = 1) -> object:
    """Read free JSON, at most `DEPTH` levels of lists and objects deep, into normalised copies."""
    match value:
        case None | bool():
            return value
        case str():
            return read_text(value, name, len(value))
        case int() | float():
            return _read_number(value, name)
        case dict():
            _check_depth(depth, name)
            return {_read_key(key, name): read_json(item, name, depth + 1) for key, item in value.items()}
        case list():
            _check_depth(depth, name)
            return [read_json(item, name, depth + 1) for item in value]
        case _:
            raise invalid(Reason.NOT_JSON, name=name)


def read_object(value: object, name: str) -> Json:
    """Read a JSON object."""
    if isinstance(value, dict):
        return cast(Json, value)
    raise invalid(Reason.NOT_AN_OBJECT, name=name)


def check_keys(fields: Json, name: str, required: Set[str], optional: Set[str] = _NOTHING) -> None:
    """Refuse an object that lacks a required key or has one that the contract does not name."""
    for key in required:
        if key not in fields:
            raise invalid(Reason.MISSING_KEY, name=name, key=key)
    if len(fields) > len(required):
        for key in fields:
            if key not in required and key not in optional:
                raise invalid(Reason.UNKNOWN_KEY, name=name, key=quoted(key))


def _parse_slowly(text: str | bytes) -> object:
    try:
        decoded = text if isinstance(text, str) else text.decode()
        parsed: object = json.loads(decoded, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise invalid(Reason.INVALID_JSON) from None
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise invalid(Reason.INVALID_JSON)


def _read_decimal(value: object, name: str, low: int, high: int) -> float:
    if (type(value) is int or type(value) is float) and low <= value <= high:
        return round_coordinate(value)
    raise invalid(Reason.NOT_A_NUMBER, name=name, low=low, high=high)


def _read_number(value: float, name: str) -> float:
    if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        raise invalid(Reason.NUMBER_TOO_LARGE, name=name, most=LARGEST_NUMBER)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _read_key(key: object, name: str) -> str:
    if isinstance(key, str):
        return read_text(key, name, len(key))
    raise invalid(Reason.NOT_JSON, name=name)


def _check_depth(depth: int, name: str) -> None:
    if depth > DEPTH:
        raise invalid(Reason.TOO_DEEP, name=name, most=DEPTH)
