"""What an undo left alone, and how it is said."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from flows.document.written import Element

MOST_LEFT = 100


@dataclass(frozen=True, slots=True)
class Left:
    """What was left alone of one element. No properties: the element itself, which stays, or stays away."""

    what: str
    id: str
    properties: tuple[str, ...] = ()


def encode_left(left: Iterable[Left]) -> list[dict[str, object]]:
    """Encode what was left alone: `{"node": id, "properties": […]}`, each element once, at most `MOST_LEFT` of them.

    What names neither node nor edge is the flow itself.
    """
    merged: dict[Element, set[str]] = {}
    for one in left:
        merged.setdefault((one.what, one.id), set()).update(one.properties)
    first = islice(merged.items(), MOST_LEFT)
    return [({what: id} if id else {}) | {"properties": sorted(names)} for (what, id), names in first]
