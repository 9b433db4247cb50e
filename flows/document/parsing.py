"""JSON text into Python values, for every door that takes it from outside.

The fast parser refuses some text that is JSON by its grammar (1e999, a lone surrogate as an escape). Such a value is
still parsed here, so that the operation that holds it is refused by its own name rather than as a broken frame.
"""

import json
from typing import NoReturn

import orjson

from flows.document.errors import Reason, invalid


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
