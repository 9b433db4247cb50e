"""What an undo, or a batch that need not be whole, left alone, and how it is said."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import cast

from flows.document.written import Element

MOST_LEFT = 100


@dataclass(frozen=True, slots=True)
class Left:
    """What was left alone of one element. No properties: the element itself, which stays, or is gone and stays so."""

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


def decode_left(value: object) -> tuple[Left, ...]:
    """Read back what `encode_left` made, and was kept."""
    items = cast("list[dict[str, str | list[str]]]", value)
    return tuple(_decoded(item) for item in items)


def _decoded(item: dict[str, str | list[str]]) -> Left:
    what = next((what for what in ("node", "edge") if what in item), "flow")
    return Left(what, str(item.get(what, "")), tuple(item["properties"]))
