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


def each_once(skipped: Iterable[Skipped]) -> tuple[Skipped, ...]:
    """Join what was skipped of the same element; at most `MOST_SKIPPED` elements are told."""
    merged: dict[Element, set[str]] = {}
    for one in skipped:
        merged.setdefault((one.what, one.id), set()).update(one.properties)
    first = islice(merged.items(), MOST_SKIPPED)
    return tuple(Skipped(what, id, tuple(sorted(names))) for (what, id), names in first)


def encode_skipped(skipped: Iterable[Skipped]) -> list[dict[str, object]]:
    """Encode what was skipped, each element once: `{"node": id, "properties": […]}`; the flow itself has no id."""
    return [({one.what: one.id} if one.id else {}) | {"properties": list(one.properties)} for one in each_once(skipped)]


def decode_skipped(value: object) -> tuple[Skipped, ...]:
    """Decode what `encode_skipped` made."""
    items = cast("list[dict[str, str | list[str]]]", value)
    return tuple(_decoded(item) for item in items)


def _decoded(item: dict[str, str | list[str]]) -> Skipped:
    what = next((what for what in ("node", "edge") if what in item), "flow")
    return Skipped(what, str(item.get(what, "")), tuple(item["properties"]))
