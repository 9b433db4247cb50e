"""Colours of files as far as a node of ours can hold them: `#rgb`, `#rrggbb`, `rgb(…)` and usual names, all opaque."""

import re
from collections.abc import Mapping

from flows.document import KINDS, Node

_SHORT = re.compile(r"#([0-9A-Fa-f])([0-9A-Fa-f])([0-9A-Fa-f])")
_LONG = re.compile(r"(#[0-9A-Fa-f]{6})(?:[0-9A-Fa-f]{2})?")
_RGB = re.compile(r"rgba?\(\s{0,4}(\d{1,3})[\s,]{1,4}(\d{1,3})[\s,]{1,4}(\d{1,3})(?:[\s,/]{1,4}[\d.%]{1,8})?\s{0,4}\)")

_NAMED: Mapping[str, str] = {
    "aqua": "#00ffff",
    "blue": "#0000ff",
    "brown": "#a52a2a",
    "cyan": "#00ffff",
    "darkgreen": "#006400",
    "fuchsia": "#ff00ff",
    "gold": "#ffd700",
    "green": "#008000",
    "lightblue": "#add8e6",
    "lightgreen": "#90ee90",
    "lime": "#00ff00",
    "magenta": "#ff00ff",
    "maroon": "#800000",
    "navy": "#000080",
    "olive": "#808000",
    "orange": "#ffa500",
    "pink": "#ffc0cb",
    "purple": "#800080",
    "red": "#ff0000",
    "salmon": "#fa8072",
    "skyblue": "#87ceeb",
    "steelblue": "#4682b4",
    "teal": "#008080",
    "tomato": "#ff6347",
    "violet": "#ee82ee",
    "yellow": "#ffff00",
}


def read_colour(value: object) -> str:
    """Return `#rrggbb`, or "" for anything that is no such colour."""
    if not isinstance(value, str):
        return ""
    text = value.strip()[:64]
    if match := _LONG.fullmatch(text):
        return match[1].lower()
    if match := _SHORT.fullmatch(text):
        return "#" + "".join(2 * digit for digit in match.groups()).lower()
    if match := _RGB.fullmatch(text):
        parts = [int(part) for part in match.groups()]
        return "#" + "".join(f"{part:02x}" for part in parts) if max(parts) <= 255 else ""
    return ""


def colour_of(*candidates: str) -> str:
    """Return the most vivid of these colours as `#rrggbb`, or "" if none is a hexadecimal or a usual name."""
    texts = [text.strip().lower() for text in candidates]
    colours = [read_colour(text) if text.startswith("#") else _NAMED.get(text, "") for text in texts]
    return max(filter(None, colours), key=_vividness, default="")


def own_colour(node: Node) -> str:
    """Return a node's colour, or "" if it is its kind's."""
    return "" if node.colour == KINDS[node.kind].colour else node.colour


def _vividness(colour: str) -> int:
    channels = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return max(channels) - min(channels)
