"""JSON text and its one canonical spelling: sorted keys, no spaces, UTF-8, shortest numbers.

The digest chain, comparison and byte limits all rest on the spelling, so two processes and two databases must spell
alike. Values are expected to be decoded already: finite numbers, whole floats turned into integers. The fast parser
refuses some text that is JSON by its grammar (1e999, a lone surrogate as an escape); such a value is still parsed here,
so that the operation that holds it is refused by its own name rather than as a broken frame.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import NoReturn, TypeAlias

import orjson

from flows.document.errors import Reason, invalid

Json: TypeAlias = dict[str, object]


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


def _parse_slowly(text: str | bytes) -> object:
    try:
        decoded = text if isinstance(text, str) else text.decode()
        parsed: object = json.loads(decoded, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise invalid(Reason.INVALID_JSON) from None
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise invalid(Reason.INVALID_JSON)
