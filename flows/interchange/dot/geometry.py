"""Places and sizes of DOT: points and inches, upwards from below."""

import math
import re

POINTS_PER_INCH = 72
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,9}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][-+]?[0-9]{1,2})?")


def numbers(text: str, least: int) -> list[float] | None:
    """Return the finite numbers at the start of `1,2!` and the like, or None for fewer than `least`."""
    parts = text.strip().removesuffix("!").split(",", 6)[:4]
    found = [float(part) for part in map(str.strip, parts) if _NUMBER.fullmatch(part)]
    return found if len(found) >= least and len(found) == len(parts) and all(map(math.isfinite, found)) else None
