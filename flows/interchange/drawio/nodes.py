"""A shape as a node, note or group of ours.

A file of our own says kinds and settings in attributes that begin with `helix_`; anyone's says them by shapes. Style
and properties stay in `imported`, without pictures and secrets, so that an export draws the same shape again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import orjson
from django.utils.translation import gettext, gettext_noop

from flows.document import KINDS
from flows.interchange.budget import Budget
from flows.interchange.drawio.cells import OURS, Shape, ours_of, squeezed
from flows.interchange.drawio.styles import Style, kind_of_shape
from flows.interchange.drawio.tally import Tally
from flows.interchange.foreign_json import read_own_settings
from flows.interchange.neutral import NeutralNode
from flows.interchange.report import Report
from flows.interchange.secrets import without_secrets
from flows.interchange.text import plain_text

OWN_ATTRIBUTES = {"id", "label", "placeholders", "tooltip"}
_LINKS = ("http://", "https://", "mailto:")
_DEEPEST = 100


@dataclass(slots=True)
class NodeReader:
    """Makes nodes of shapes. What shapes have in common is worked out once: many have the same style."""

    budget: Budget
    report: Report
    tally: Tally
    _kept_styles: dict[str, str] = field(default_factory=dict)

    def node(self, shape: Shape) -> NeutralNode:
        """Return the node that a shape is."""
        ours = ours_of(shape.cell)
        kind = self._kind(shape, ours)
        node = NeutralNode(shape.key, kind, label_of(shape.label, ours), _description(shape))
        if shape.corner is None:
            self.tally.approximate("property", shape.key, gettext_noop("It has no place in the file."))
        else:
            node.x, node.y = shape.corner
        node.width, node.height = shape.size("width"), shape.size("height")
        node.parent = _group_around(shape)
        node.enabled = ours.get("enabled") != "0"
        node.colour = ours.get("colour", shape.style.colour)
        node.settings = self._settings(shape.key, ours)
        if kind == "group" and shape.is_collapsed:
            node.settings["collapsed"] = True
        node.imported = self._imported(shape, kind, ours)
        self._tell_looks(shape, is_ours="kind" in ours)
        return node

    def _kind(self, shape: Shape, ours: Mapping[str, str]) -> str:
        if (own := ours.get("kind")) in KINDS:
            return cast(str, own)
        if shape.is_group:
            return "group"
        if shape.members:
            why = gettext_noop("It has edges, so it is a node, and what lies in it stands before it.")
            self.tally.approximate("group", shape.key, why)
        kind = kind_of_shape(shape.style.shape)
        if kind is None:
            why = gettext_noop("Its shape is of no kind here, so it is a transform.")
            self.tally.approximate("node", shape.key, why)
        return "transform" if kind in (None, "group") else kind

    def _settings(self, key: str, ours: Mapping[str, str]) -> dict[str, object]:
        if "settings" not in ours:
            return {}
        try:
            held = orjson.loads(ours["settings"])
        except orjson.JSONDecodeError:
            self.report.drop("property", key, gettext("Its settings are not valid JSON."))
            return {}
        return read_own_settings(without_secrets(held, key, self.report, self.budget))

    def _imported(self, shape: Shape, kind: str, ours: Mapping[str, str]) -> dict[str, object] | None:
        """Return what a later export to draw.io brings back."""
        said: dict[str, object] = {}
        if "kind" not in ours or "look" in ours:
            said["style"] = self._kept_style(shape.style, shape.key)
        around = shape.cell.around or {}
        properties = {
            name: text for name, text in around.items() if name not in OWN_ATTRIBUTES and not name.startswith(OURS)
        }
        if not properties.get("link", "").lower().startswith(_LINKS):
            properties.pop("link", None)
        if properties:
            said["properties"] = without_secrets(properties, shape.key, self.report, self.budget)
        return {"format": "drawio", "kind": kind, **said} if said else None

    def _kept_style(self, style: Style, key: str) -> str:
        if style.text not in self._kept_styles:
            kept = without_secrets(style.without_pictures(), key, self.report, self.budget)
            self._kept_styles[style.text] = cast(str, kept)
        return self._kept_styles[style.text]

    def _tell_looks(self, shape: Shape, *, is_ours: bool) -> None:
        key, style, tally = shape.key, shape.style, self.tally
        if style.has_picture:
            tally.drop("style", key, gettext_noop("Pictures are not kept."))
        if style.is_turned:
            tally.approximate("style", key, gettext_noop("It is not turned here."))
        if style.said and not is_ours:
            tally.approximate("style", key, gettext_noop("Styles are kept, but only an export to draw.io shows them."))
        if shape.cell.said.get("visible") == "0":
            tally.approximate("node", key, gettext_noop("It is hidden in the file and shown here."))
        if link := (shape.cell.around or {}).get("link", ""):
            if link.lower().startswith(_LINKS):
                tally.approximate("link", key, gettext_noop("Links are kept, but only an export to draw.io has them."))
            else:
                tally.drop("link", key, gettext_noop("Only links to pages and addresses are kept."))


def label_of(text: str, ours: Mapping[str, str]) -> str:
    """Return a label; ours, to the letter, unless what is written there was changed since."""
    is_unchanged = "written" in ours and squeezed(text) == squeezed(ours["written"])
    return ours.get("label", "") if is_unchanged else text


def _description(shape: Shape) -> str:
    """Return the tooltip, to the letter if it is ours and unchanged."""
    around = shape.cell.around
    if around is None or not (tooltip := around.get("tooltip", "")):
        return ""
    own, text = around.get(f"{OURS}description"), plain_text(tooltip)
    return own if own is not None and squeezed(own) == squeezed(text) else text


def _group_around(shape: Shape) -> str | None:
    """Return the key of the nearest group that it lies in."""
    holder = shape.holder
    for _step in range(_DEEPEST):
        if holder is None or holder.is_edge:
            return None
        if holder.is_group:
            return holder.key
        holder = holder.holder
    return None
