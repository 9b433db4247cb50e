"""Numbers as people write them: in the digits of any script, with the signs of any language.

What could mean two numbers is refused, never guessed. `static/js/lib/numbers.js` has the same rule;
`tests/vectors/numbers.json` holds both to it.
"""

import math
import re
import unicodedata
from collections.abc import Sequence

from django.utils.formats import get_format
from django.utils.translation import gettext as _

from flows.document import canonical_json

_IGNORED = dict.fromkeys((0x200E, 0x200F, 0x061C))
_MINUS = dict.fromkeys((0x2212, 0xFE63, 0xFF0D), "-")
_MARK = r"[.,\u066B\u066C \u00A0\u2009\u202F'\u2019]"
_SHAPE = re.compile(rf"([+-]?)([0-9]*(?:{_MARK}[0-9]+)*)(?:e([+-]?[0-9]+))?", re.IGNORECASE)
_DECIMAL_MARKS = ".,\u066b"
_SAFE = 2**53


def read_number(text: str, *, is_whole: bool) -> int | float:
    """Read a number. Raises ValueError with a sentence for people."""
    found = _SHAPE.fullmatch(_plain(text))
    if not found or not any(map(str.isdigit, found[2])):
        raise _not_a_number(is_whole)
    sign, body, exponent = found[1], found[2], found[3] or ""
    parts, marks = re.split("[^0-9]", body), re.findall("[^0-9]", body)
    is_grouped = not marks or (not exponent and marks[-1] != "\u066b" and _are_groups(parts, marks))
    has_fraction = bool(marks) and marks[-1] in _DECIMAL_MARKS and _has_fraction(parts, marks)
    if marks and is_grouped and has_fraction and (is_whole or marks[-1] != decimal_mark()):
        raise ValueError(_("This could mean two numbers. Write it without thousands separators."))
    if not is_grouped and not has_fraction:
        raise _not_a_number(is_whole)
    digits = f"{''.join(parts[:-1])}.{parts[-1]}" if has_fraction else "".join(parts)
    value = float(f"{sign}{digits}{exponent and f'e{exponent}'}")
    if not math.isfinite(value) or (is_whole and (has_fraction or not value.is_integer() or abs(value) >= _SAFE)):
        raise _not_a_number(is_whole)
    return int(value) if value.is_integer() else value


def write_number(value: float) -> str:
    """Write a number as the reader's language does, without groups: so it can be read back."""
    return canonical_json(value).replace(".", decimal_mark())


def decimal_mark() -> str:
    """Return the sign before the fraction in the reader's language."""
    return str(get_format("DECIMAL_SEPARATOR"))


def _has_fraction(parts: Sequence[str], marks: Sequence[str]) -> bool:
    before = marks[:-1]
    return marks[-1] not in before and (not before or _are_groups(parts[:-1], before))


def _are_groups(parts: Sequence[str], marks: Sequence[str]) -> bool:
    """Tell whether these are groups of three with the same mark between them; a leading zero begins no group."""
    first, *rest = parts
    return (
        re.fullmatch("[1-9][0-9]{0,2}", first) is not None
        and all(len(part) == 3 for part in rest)
        and len(set(marks)) == 1
    )


def _plain(text: str) -> str:
    marked = text.translate(_IGNORED).strip().translate(_MINUS)
    return "".join(_digit(character) for character in marked)


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def _not_a_number(is_whole: bool) -> ValueError:
    return ValueError(_("Enter a whole number.") if is_whole else _("Enter a number."))
