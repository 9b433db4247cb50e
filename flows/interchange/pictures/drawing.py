"""The few marks a picture is made of, as SVG: boxes, circles, lines of text, icons. Every text is escaped here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TypeAlias

from django.contrib.staticfiles import finders

from flows.document import Node, Point
from flows.interchange.pictures.text import Font, Run, by_face, is_right_to_left

ICONS = "vendor/lucide-static-1.62.0/icons"
UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold, not even as a reference."""
Sides: TypeAlias = tuple[float, float]
Frame: TypeAlias = tuple[float, float, float, float]
"""Left, top, width and height."""
OTHER_FACE = "DejaVu Sans, system-ui, sans-serif"
TURN, TURN_BACK = "\u2067", "\u2069"
LOOKS = {
    "bold": ' font-weight="600"',
    "italic": ' font-style="italic"',
    "code": ' font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, Inter, monospace"',
    "link": ' text-decoration="underline"',
}


@dataclass(frozen=True, slots=True)
class Pen:
    """What a line of text is written with."""

    font: Font
    colour: str


def number(value: float) -> str:
    """Write a number with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"


def printable(text: str) -> str:
    """Return a text as XML can hold it, escaped."""
    return escape(UNPRINTABLE.sub("", text))


def frame_of(node: Node) -> Frame:
    """Return where a node lies."""
    return node.x, node.y, node.width, node.height


def box(frame: Frame, radius: float, paints: str) -> str:
    """Draw a box whose line, one pixel, lies inside its measures."""
    x, y, width, height = frame
    place = f'x="{number(x + 0.5)}" y="{number(y + 0.5)}"'
    size = f'width="{number(max(width - 1, 0))}" height="{number(max(height - 1, 0))}"'
    return f'<rect {place} {size} rx="{number(max(radius - 0.5, 0))}" {paints}/>'


def filled(frame: Frame, radius: float, paints: str) -> str:
    """Draw a box without a line."""
    x, y, width, height = frame
    place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f'<rect {place} rx="{number(radius)}" {paints}/>'


def line_of_text(text: str, place: Point, pen: Pen, anchor: str = "start") -> str:
    """Draw one line of text at its start, middle or end."""
    return _line([(text, pen.font, "")], place, pen, anchor)


def aligned(text: str, sides: Sides, baseline: float, pen: Pen, whole: str = "") -> str:
    """Draw one line of text at the side where it begins, by the direction of the `whole` text that it is a line of."""
    return aligned_runs([(text, pen.font, "")], sides, baseline, pen, whole)


def aligned_runs(runs: Sequence[Run], sides: Sides, baseline: float, pen: Pen, whole: str = "") -> str:
    """Draw a line of several looks at the side where it begins."""
    if is_right_to_left(whole or "".join(text for text, _, _ in runs)):
        return _line(runs, (sides[1], baseline), pen, "end", is_turned=True)
    return _line(runs, (sides[0], baseline), pen, "start")


def _line(runs: Sequence[Run], place: Point, pen: Pen, anchor: str, *, is_turned: bool = False) -> str:
    """Draw a line of several looks. What reads from right to left is wrapped in Unicode's own marks, which all know."""
    if not any(text for text, _, _ in runs):
        return ""
    font = pen.font
    inside = "".join(
        f"<tspan{LOOKS[look]}{_size(own, font)}>{_faced(text)}</tspan>" if look else _faced(text)
        for text, own, look in runs
    )
    side = f' text-anchor="{anchor}"' if anchor != "start" else ""
    weight = f' font-weight="{font.weight}"' if font.weight != 400 else ""
    spacing = f' letter-spacing="{number(font.spacing)}"' if font.spacing else ""
    where = f'x="{number(place[0])}" y="{number(place[1])}" font-size="{number(font.size)}"'
    if is_turned:
        inside = f"{TURN}{inside}{TURN_BACK}"
    return f'<text {where}{weight}{spacing}{side} fill="{pen.colour}">{inside}</text>'


def _faced(text: str) -> str:
    """Name the face of what Inter cannot draw: a program may otherwise take that face for the whole line."""
    if text.isascii():
        return printable(text)
    return "".join(
        f'<tspan font-family="{OTHER_FACE}">{printable(piece)}</tspan>' if is_other else printable(piece)
        for piece, is_other in by_face(text)
    )


def icon(name: str, place: Point, size: float, ink: str) -> str:
    """Use an icon that `icon_symbol` has put into the picture."""
    x, y = place
    scale = number(size / 24)
    return f'<use href="#icon-{name}" transform="translate({number(x)} {number(y)}) scale({scale})" stroke="{ink}"/>'


@lru_cache(64)
def icon_symbol(name: str) -> str:
    """Return an icon's lines, to be put into a picture once and used by name."""
    source = Path(str(finders.find(f"{ICONS}/{name}.svg"))).read_text()
    inside = source[source.index(">", source.index("<svg")) + 1 : source.rindex("</svg>")]
    look = 'fill="none" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'
    return f'<g id="icon-{name}" {look}>{inside}</g>'


def _size(own: Font, font: Font) -> str:
    return f' font-size="{number(own.size)}"' if own.size != font.size else ""
