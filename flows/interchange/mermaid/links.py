"""Mermaid's links: `-->`, `-.->`, `==>`, `~~~` and their kin, of any length and with any heads.

A link may begin on the next line, and it ends where its longest form does: `A---oB` has a circle at B.
"""

import re
from dataclasses import dataclass

from flows.interchange.mermaid.cursor import Cursor

_LINK = re.compile(
    r"""\s*+(?P<id>[^\s"@{}\[\]()|<>;]{1,200}@(?=[-=.~<xo]))?(?P<start>[xo<]?)(?:
      --+(?P<plain>[-xo>]) | ==+(?P<thick>[=xo>]) | -?\.+-(?P<dotted>[xo>]?) | (?P<invisible>~~~+)
      | (?P<half_plain>--) | (?P<half_thick>==) | (?P<half_dotted>-\.) )\s*+""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link, or the first half of one that has text within: then `is_half`, and its end head is to come."""

    id: str
    start_head: str
    end_head: str
    line: str
    is_half: bool
    end: int


def next_link(cursor: Cursor, position: int) -> FoundLink | None:
    """Return the link that begins at a place, or None."""
    found = _LINK.match(cursor.text, position)
    if found is None:
        return None
    groups = ("plain", "thick", "dotted", "invisible", "half_plain", "half_thick", "half_dotted")
    name = next(one for one in groups if found[one] is not None)
    is_half = name.startswith("half_")
    head = "" if is_half or name == "invisible" else found[name].strip("-=")
    return FoundLink(
        (found["id"] or "").removesuffix("@"), found["start"], head, name.removeprefix("half_"), is_half, found.end()
    )
