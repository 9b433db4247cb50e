"""What a text of any kind shows to people."""

import re
import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
"""Categories that show nothing. Unassigned characters are not among them: they may be newer than our Unicode."""

_HIDDEN = _INVISIBLE - {"Zs"}

_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""What Unicode lets a drawing leave out (Default_Ignorable_Code_Point), and the braille pattern without dots."""

_JOINTS = re.compile(r"[.:/@\\\u00b7\u2024\u2044\u2215\u3002\ufe52\ufe55\ufe6b\uff0e\uff0f\uff1a\uff20\uff61]+(?=\S)")
"""Dots, colons, slashes and at signs, as browsers read them."""


_SURROGATE = re.compile("[\ud800-\udfff]")


def sendable(text: str) -> str:
    """Return a text as every encoding can hold it: JSON may name halves of letters, as programs do that cut emoji."""
    return _SURROGATE.sub("\ufffd", text)


def shows_something(text: str) -> bool:
    """Tell whether a text has at least one character that can be seen."""
    return any(
        unicodedata.category(character) not in _INVISIBLE and not _IGNORABLE.match(character) for character in text
    )


def hides_something(text: str) -> bool:
    """Tell whether a line holds what is not seen: control characters, changes of direction, nothing of no width.

    Two texts that look the same are then the same. What joins and parts letters is seen where a script needs it: after
    a virama, and between Arabic letters; so are what joins symbols to one, and what makes a symbol colourful.
    """
    return any(_is_hidden(text, place) for place in range(len(text)))


def unlinked(text: str, longest: int = 80) -> str:
    """Return a name as one short line in which no mail program finds an address to link to.

    What joins the parts of an address (dots, slashes, colons, at signs) is a space where a letter follows at once.
    """
    shown = "".join(" " if _ends_line(text, place) else text[place] for place in range(len(text)))
    line = " ".join(_JOINTS.sub(" ", shown).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _ends_line(text: str, place: int) -> bool:
    return text[place].isspace() or _is_hidden(text, place)


def _is_hidden(text: str, place: int) -> bool:
    character, before, after = text[place], text[place - 1 : place], text[place + 1 : place + 2]
    if character in "\u200c\u200d":
        return not (before and after and _joins(character, before, after))
    if character == "\ufe0f":
        return not before or not (_is_symbol(before) or (before in "0123456789#*" and after == "\u20e3"))
    return unicodedata.category(character) in _HIDDEN or _IGNORABLE.match(character) is not None


def _joins(character: str, before: str, after: str) -> bool:
    if character == "\u200d" and (before == "\ufe0f" or _is_symbol(before)):
        return _is_symbol(after)
    return unicodedata.combining(before) == 9 or all(unicodedata.bidirectional(one) == "AL" for one in before + after)


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character).startswith("S")
