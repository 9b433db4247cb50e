"""A node's place and size as fields in whole pixels, and the operations that a drag and a resize submit.

The document takes smaller nodes than resizing makes, so these bounds are the form's own. In the browser
`static/js/inspector/typing.js` submits the same.
"""

import math
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from flows.document import KINDS, Node
from flows.document.json import COORDINATE, LARGEST_SIZE
from flows.pages.forms.fields import Field, Section

POSITION_AND_SIZE = ("x", "y", "width", "height")
GRID = 8


def position_section(node: Node) -> Section:
    """Return where a node is and how large, never smaller than its kind."""
    kind = KINDS[node.kind]
    fields = (
        _pixels("x", pgettext("coordinate", "X"), node.x, -COORDINATE, COORDINATE),
        _pixels("y", pgettext("coordinate", "Y"), node.y, -COORDINATE, COORDINATE),
        _pixels("width", _("Width"), node.width, kind.width, LARGEST_SIZE),
        _pixels("height", _("Height"), node.height, kind.height, LARGEST_SIZE),
    )
    return Section(_("Position and size"), fields, is_position=True)


def edit_position(node: Node, changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the operations that move and resize a node; a group takes its members along, but does not resize them."""
    place, size = (
        {name: changes[name] for name in names if name in changes}
        for names in (POSITION_AND_SIZE[:2], POSITION_AND_SIZE[2:])
    )
    moves = [{"kind": "move_node", "id": node.id, "x": node.x, "y": node.y, **place}] if place else []
    sizes = [{"kind": "resize_node", "id": node.id, "width": node.width, "height": node.height, **size}] if size else []
    return moves + sizes


def _pixels(name: str, title: str, value: float, least: int, most: int) -> Field:
    whole = math.floor(value + 0.5)
    return Field(
        name=name, title=title, type="integer", value=whole, minimum=least, maximum=most, step=GRID, is_bounded=True
    )
