"""What applying an operation results in, and what a batch or an undo has skipped."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import cast

from flows.document.effect import Effect
from flows.document.elements import Element
from flows.document.operations.operation import Record

MOST_SKIPPED = 100


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was skipped of one element. No properties: the element itself, which stays, or is gone and stays so."""

    what: str
    id: str
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The difference made; the complete record for the log; what takes it back, None for the flow's creation; and the
    elements that were asked for and are gone, where that was allowed."""

    effect: Effect
    record: Record
    inverse: Record | None
    skipped: tuple[Skipped, ...] = ()


def encode_skipped(skipped: Iterable[Skipped]) -> list[dict[str, object]]:
    """Encode what was skipped: `{"node": id, "properties": […]}`, each element once, at most `MOST_SKIPPED`.

    What names neither node nor edge is the flow itself.
    """
    merged: dict[Element, set[str]] = {}
    for one in skipped:
        merged.setdefault((one.what, one.id), set()).update(one.properties)
    first = islice(merged.items(), MOST_SKIPPED)
    return [({what: id} if id else {}) | {"properties": sorted(names)} for (what, id), names in first]


def decode_skipped(value: object) -> tuple[Skipped, ...]:
    """Decode what `encode_skipped` made."""
    items = cast("list[dict[str, str | list[str]]]", value)
    return tuple(_decoded(item) for item in items)


def _decoded(item: dict[str, str | list[str]]) -> Skipped:
    what = next((what for what in ("node", "edge") if what in item), "flow")
    return Skipped(what, str(item.get(what, "")), tuple(item["properties"]))
