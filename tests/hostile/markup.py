"""A page's copy of the flow as HTML, kept by fragments alone, in the way of the browser's patcher.

Elements are held as text by id. What scripts renew by themselves (the curve and the spoken name of an edge whose ends
moved or were renamed) is not compared; everything else is, to the letter.
"""

import re
from typing import Any

Frame = dict[str, Any]

_ELEMENT = re.compile(
    r"<helix-flow .*?</helix-flow>|<helix-gone .*?</helix-gone>|<helix-node .*?</helix-node>"
    r'|<svg>|</svg>|<g id="e-.*?</g>|<div id="l-.*?</div>',
    re.DOTALL,
)
_ID = re.compile(r'(data-node-id|data-edge-id|data-label-of)="([^"]*)"')
_RENEWED = re.compile(r' (?:d|aria-label)="[^"]*"')
_PLACES = ("x", "y", "width", "height")


class Markup:
    """Elements by kind and id, and the version they are at."""

    def __init__(self) -> None:
        self.version: int | None = None
        self.digest = ""
        self.epoch = ""
        self.elements: dict[tuple[str, str], str] = {}

    def take(self, frame: Frame) -> None:
        """Apply a frame, if it holds anything of the flow."""
        match frame["type"]:
            case "welcome":
                self.epoch = frame["epoch"]
            case "canvas":
                self.elements = elements(frame["html"])
                self.version, self.digest = frame["version"], frame["digest"]
            case "apply_changes":
                assert frame["previous"] == self.version, "a gap, or a doubled frame"
                self._patch(frame["html"])
                for id, *places in frame.get("move", ()):
                    self._move(("data-node-id", id), places)
                self.version, self.digest = frame["version"], frame["digest"]

    def _patch(self, html: str) -> None:
        for text in _ELEMENT.findall(html):
            key = _key(text)
            if text.startswith("<helix-gone"):
                self.elements.pop(key, None)
                if key[0] == "data-edge-id":
                    self.elements.pop(("data-label-of", key[1]), None)
            elif text.startswith("<g "):
                self.elements.pop(("data-label-of", key[1]), None)
                self.elements[key] = _RENEWED.sub("", text)
            elif text not in ("<svg>", "</svg>"):
                self.elements[key] = text

    def _move(self, key: tuple[str, str], places: list[float]) -> None:
        text = self.elements[key]
        for name, value in zip(_PLACES, places, strict=True):
            text = re.sub(rf' data-{name}="[^"]*"', f' data-{name}="{value}"', text, count=1)
        self.elements[key] = text


def elements(html: str) -> dict[tuple[str, str], str]:
    """Return the elements of a whole canvas, in a form that can be compared."""
    fresh = Markup()
    fresh._patch(html)
    return fresh.elements


def _key(text: str) -> tuple[str, str]:
    found = _ID.search(text)
    return (found[1], found[2]) if found else ("flow", "")
