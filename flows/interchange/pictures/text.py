"""How wide a text is, and where it breaks or is cut: without a browser, by the widths of the fonts that ship.

`widths.txt` holds the advance widths of every character the three fonts draw. What they do not hold is taken to be as
wide as such characters usually are: a whole size in East Asian scripts and emoji, most of one elsewhere.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

ELLIPSIS = "…"
WIDTHS = Path(__file__).with_name("widths.txt")
JOINER = "\u200d"
BREAKS_AFTER = frozenset(" -\u2010\u2013\u2014\u200b")
RIGHT_TO_LEFT = frozenset({"R", "AL"})


@dataclass(frozen=True, slots=True)
class Font:
    """A size in pixels, a weight, and the space added after each letter."""

    size: float
    weight: int = 400
    spacing: float = 0


Run: TypeAlias = tuple[str, Font, str]
"""A piece of text, its font, and a name for how it looks, which is given back with it."""
_Unit: TypeAlias = tuple[str, float, Font, str]


def width(text: str, font: Font) -> float:
    """Return how wide a line of text is, in pixels."""
    table = _table(font.weight)
    return sum(_width(letter, table) for letter in text) * font.size / 1000 + font.spacing * len(text)


def undrawn(text: str) -> int:
    """Count the characters that none of the shipped fonts can draw."""
    table = _table(400)
    return sum(
        count
        for letter, count in Counter(text).items()
        if ord(letter) not in table and not _takes_no_room(letter) and letter != "\n"
    )


def is_right_to_left(text: str) -> bool:
    """Tell whether a text reads from right to left, by its first letter that has a direction."""
    directions = map(unicodedata.bidirectional, text)
    return next((one for one in directions if one == "L" or one in RIGHT_TO_LEFT), "L") in RIGHT_TO_LEFT


def fit(text: str, room: float, font: Font) -> str:
    """Return one line of a text, cut with an ellipsis where it has no room."""
    lines = wrap(((text, font, ""),), room, 1)
    return "".join(piece for piece, _, _ in lines[0]) if lines else ""


def wrap(runs: Iterable[Run], room: float, most: int) -> list[list[Run]]:
    """Break a text into at most `most` lines of `room` pixels; the last is cut with an ellipsis if there is more.

    Lines break after spaces and hyphens and between East Asian letters, and anywhere in a word longer than a line.
    No more of the text is read than is shown.
    """
    lines: list[list[Run]] = []
    line: list[_Unit] = []
    used, last_break = 0.0, 0
    for unit in _units(runs):
        if not line and unit[0] == " ":
            continue
        if used + unit[1] > room and unit[0] != " " and line:
            if len(lines) + 1 == most:
                return [*lines, _joined(_cut(line, room))]
            at = last_break or len(line)
            lines.append(_joined(line[:at]))
            line = line[at:]
            used, last_break = sum(one[1] for one in line), 0
        line.append(unit)
        used += unit[1]
        if unit[0] in BREAKS_AFTER or _is_wide(unit[0][0]):
            last_break = len(line)
    return [*lines, _joined(line)] if line and most > len(lines) else lines


def shortened(line: Sequence[Run], room: float) -> list[Run]:
    """Return a line with an ellipsis at its end, for what was left out below it."""
    return _joined(_cut(list(_units(line)), room))


def by_face(text: str) -> Iterator[tuple[str, bool]]:
    """Yield a text's pieces, and whether each needs another face than Inter; marks stay with what they follow."""
    inter, piece, is_other = _inter(), "", False
    for letter in text:
        needs = ord(letter) not in inter and not (piece and _takes_no_room(letter))
        if piece and needs != is_other and not (letter == " " and is_other):
            yield piece, is_other
            piece = ""
        if not piece:
            is_other = needs
        piece += letter
    if piece:
        yield piece, is_other


def _units(runs: Iterable[Run]) -> Iterator[_Unit]:
    """Yield what must not be parted: a letter with its marks, an emoji with all that is joined to it."""
    before = ""
    for text, font, look in runs:
        for found in _clusters(text):
            cluster = " " if found.isspace() and found != "\u00a0" else found
            if cluster == before == " ":
                continue
            before = cluster
            yield cluster, width(cluster, font), font, look


def _clusters(text: str) -> Iterator[str]:
    begin = 0
    for at in range(1, len(text)):
        if not (_takes_no_room(text[at]) or text[at - 1] == JOINER or "\U0001f3fb" <= text[at] <= "\U0001f3ff"):
            yield text[begin:at]
            begin = at
    if text:
        yield text[begin:]


def _cut(line: list[_Unit], room: float) -> list[_Unit]:
    """Take letters from the end until the ellipsis has room, and put it there."""
    if not line:
        return line
    _, _, font, look = line[-1]
    mark = width(ELLIPSIS, font)
    used = sum(unit[1] for unit in line)
    while line and (used + mark > room or line[-1][0] == " "):
        used -= line.pop()[1]
    return [*line, (ELLIPSIS, mark, font, look)]


def _joined(line: Sequence[_Unit]) -> list[Run]:
    """Put units of one look together again; a space at the end of a line is not drawn."""
    runs: list[tuple[list[str], Font, str]] = []
    end = len(line) - 1 if line and line[-1][0] == " " else len(line)
    for cluster, _, font, look in line[:end]:
        if runs and runs[-1][1:] == (font, look):
            runs[-1][0].append(cluster)
        else:
            runs.append(([cluster], font, look))
    return [("".join(pieces), font, look) for pieces, font, look in runs]


def _width(letter: str, table: dict[int, int]) -> int:
    known = table.get(ord(letter))
    if known is not None:
        return known
    if _takes_no_room(letter):
        return 0
    return 1000 if _is_wide(letter) else 600


def _takes_no_room(letter: str) -> bool:
    return unicodedata.category(letter) in {"Mn", "Me", "Cf", "Cc"} or "\ufe00" <= letter <= "\ufe0f"


def _is_wide(letter: str) -> bool:
    return letter > "\u1100" and unicodedata.east_asian_width(letter) in "WF"


def _table(weight: int) -> dict[int, int]:
    """Return the widths of one weight, in thousandths of the size; only 600 has a face of its own."""
    return _widths("[Inter 600]" if weight >= 600 else "[Inter 400]")


@lru_cache
def _inter() -> frozenset[int]:
    return frozenset(_read("[Inter 400]"))


def _read(*wanted: str) -> dict[int, int]:
    table: dict[int, int] = {}
    is_read = False
    for line in WIDTHS.read_text().splitlines()[1:]:
        if line.startswith("["):
            is_read = line in wanted
        elif is_read:
            first, *widths = line.split()
            at = int(first, 16)
            for entry in widths:
                value, _, times = entry.partition("x")
                for _ in range(int(times or 1)):
                    table[at] = 0 if _takes_no_room(chr(at)) else int(value)
                    at += 1
    return table


@lru_cache
def _widths(face: str) -> dict[int, int]:
    return _read(face, "[DejaVu Sans]")
