"""draw.io's styles: `rhombus;fillColor=#fff;…`, and which kinds of ours its shapes are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from flows.interchange.colours import colour_of
from flows.interchange.drawing import ENDPOINT

_LONGEST = 20_000
_VIVID = 24

KIND_STYLES: Mapping[str, str] = MappingProxyType(
    {
        "agent": "rounded=1;arcSize=30;whiteSpace=wrap;html=1;",
        "sensor": "shape=delay;whiteSpace=wrap;html=1;",
        "skill": "shape=process;whiteSpace=wrap;html=1;",
        "memory": "shape=cylinder3;boundedLbl=1;size=10;whiteSpace=wrap;html=1;",
        "decision": "rhombus;whiteSpace=wrap;html=1;",
        "loop": "shape=hexagon;perimeter=hexagonPerimeter2;size=0.1;whiteSpace=wrap;html=1;",
        "transform": "rounded=0;whiteSpace=wrap;html=1;",
        "input": "shape=parallelogram;perimeter=parallelogramPerimeter;size=0.1;whiteSpace=wrap;html=1;",
        "output": "shape=document;boundedLbl=1;whiteSpace=wrap;html=1;",
        "api": "shape=cloud;whiteSpace=wrap;html=1;",
        "note": "shape=note;size=12;align=left;verticalAlign=top;spacing=8;whiteSpace=wrap;html=1;",
        "group": "swimlane;startSize=40;horizontal=1;container=1;collapsible=0;whiteSpace=wrap;html=1;",
    }
)
"""What we write for each kind."""

_KINDS: Mapping[str, str] = {
    shape: kind
    for kind, shapes in {
        "decision": "rhombus diamond decision gateway gateway2 gateway3",
        "memory": "cylinder cylinder2 cylinder3 datastore dataStorage internalStorage tape database stored_data "
        "direct_data sequential_data internal_storage partialRectangle2 mongodb mysql cache",
        "skill": "process predefined_process subprocess processBar",
        "loop": "hexagon preparation loopLimit loop_limit",
        "api": "cloud ellipse_cloud internet server api_gateway",
        "sensor": "delay timer collate",
        ENDPOINT: "ellipse doubleEllipse start_1 start_2 terminator terminate event parallelogram data document "
        "document2 multi-document manualInput manual_input manual_operation display card actor umlActor user person "
        "annotation_1 endState startState",
        "note": "note note2 text callout label line link curlyBracket wedgeRectCallout annotation_2 postit sticky",
        "group": "swimlane group umlFrame pool lane table tableRow",
        "transform": "rectangle rect label2 ext trapezoid task mxgraph.flowchart.process step square round rounded",
    }.items()
    for shape in shapes.split()
}
_PLAIN = {"", "html", "rounded", "rectangle", "rect", "whiteSpace"}
_TURNS = ("rotation", "flipH", "flipV", "direction")
_PICTURES = ("image", "imageBackground", "imageBorder")


@dataclass(frozen=True, slots=True)
class Style:
    """A style: its text as it stands in the file, what it says by name, and the name of its shape."""

    text: str
    said: Mapping[str, str]
    shape: str

    @classmethod
    def of(cls, text: str) -> "Style":
        """Parse a style; a name alone has the value "1"."""
        said: dict[str, str] = {}
        for part in text[:_LONGEST].split(";"):
            name, is_pair, value = part.partition("=")
            if name.strip():
                said[name.strip()] = value.strip() if is_pair else "1"
        return cls(text, said, _shape_of(said, text))

    def get(self, name: str, otherwise: str = "") -> str:
        """Return what a name says."""
        return self.said.get(name, otherwise)

    @property
    def is_html(self) -> bool:
        """Tell whether labels are HTML."""
        return self.said.get("html") == "1"

    @property
    def is_container(self) -> bool:
        """Tell whether it makes a cell hold others even if it holds none."""
        said = self.said
        return (
            said.get("container") == "1" or "swimlane" in said or "group" in said or _KINDS.get(self.shape) == "group"
        )

    @property
    def colour(self) -> str:
        """The most vivid of its colours as `#rrggbb`; "" for black, white and greys."""
        found = colour_of(self.get("fillColor"), self.get("strokeColor"))
        channels = [int(found[at : at + 2], 16) for at in (1, 3, 5)] if found else [0]
        return found if max(channels) - min(channels) >= _VIVID else ""

    @property
    def has_picture(self) -> bool:
        """Tell whether a picture is drawn in it."""
        return bool(self.get("image"))

    @property
    def is_turned(self) -> bool:
        """Tell whether the shape is rotated or flipped."""
        return any(self.get(name) not in ("0", "", "east") for name in _TURNS)

    def without_pictures(self) -> str:
        """Return its text without the addresses of pictures."""
        parts = self.text[:_LONGEST].split(";")
        return ";".join(part for part in parts if part.partition("=")[0].strip() not in _PICTURES)


def _shape_of(said: Mapping[str, str], text: str) -> str:
    """Return the shape's own name; the cloud providers' pictograms have theirs in another place."""
    named = said.get("shape", "")
    if not named or named == "mxgraph.basic.rect":
        first = text[:200].split(";", 1)[0].strip()
        named = first if "=" not in first else named
    return next((said[name] for name in ("resIcon", "grIcon", "prIcon") if name in said), named)[:200]


def kind_of_shape(shape: str) -> str | None:
    """Return the kind that a shape means, None if none of ours does; a plain box is a `transform`."""
    if shape in _PLAIN:
        return "transform"
    return _KINDS.get(shape) or _KINDS.get(re.split(r"[.(]", shape)[-1])
