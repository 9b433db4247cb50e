"""What a layout may never do, as one check; and flows to lay out, drawn by chance."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import networkx as nx
from hypothesis import strategies as st

from flows.autolayout import Box, Place

GAP = 40
HEADER = 40

Links = Sequence[tuple[str, str, int]]


def box(id: str, parent: str | None = None, width: float = 136, height: float = 60, **more: bool) -> Box:
    return Box(id, width, height, parent, **more)


def group(id: str, parent: str | None = None) -> Box:
    return box(id, parent, 320, 200, is_group=True)


def holders_of(boxes: Sequence[Box]) -> dict[str, set[str]]:
    """Return all groups around each box."""
    parents = {one.id: one.parent for one in boxes}
    holders: dict[str, set[str]] = {}
    for one in boxes:
        holders[one.id] = set()
        parent = one.parent
        while parent is not None:
            holders[one.id].add(parent)
            parent = parents[parent]
    return holders


def apart(one: Place, other: Place) -> float:
    """Return the larger of the distances in x and y; negative for places that overlap."""
    return max(
        max(one.x, other.x) - min(one.x + one.width, other.x + other.width),
        max(one.y, other.y) - min(one.y + one.height, other.y + other.height),
    )


def faults(boxes: Sequence[Box], places: Mapping[str, Place]) -> list[str]:
    """Name what is wrong with a layout whatever its links are."""
    holders = holders_of(boxes)
    found = [f"{one.id} is missing" for one in boxes if one.id not in places]
    for one, other in combinations(boxes, 2):
        if one.id in holders[other.id] or other.id in holders[one.id]:
            continue
        if (distance := apart(places[one.id], places[other.id])) < GAP:
            found.append(f"{one.id} and {other.id} are {distance} apart")
    for one in boxes:
        place = places[one.id]
        if place.x % 8 or place.y % 8:
            found.append(f"{one.id} is off the grid: {place}")
        if not one.is_group and (place.width, place.height) != (one.width, one.height):
            found.append(f"{one.id} has another size: {place}")
        for holder in holders[one.id]:
            around = places[holder]
            if not (
                around.x < place.x
                and around.y + HEADER <= place.y
                and place.x + place.width < around.x + around.width
                and place.y + place.height < around.y + around.height
            ):
                found.append(f"{one.id} leaves {holder}")
    return found


def backward(links: Links, places: Mapping[str, Place]) -> list[tuple[str, str]]:
    """Return the links that do not lead to the right."""
    return [
        (source, target)
        for source, target, _ in links
        if source != target and places[target].x < places[source].x + places[source].width + GAP
    ]


def closes_a_cycle(links: Links, source: str, target: str) -> bool:
    return bool(nx.has_path(nx.DiGraph((s, t) for s, t, _ in links), target, source))


@st.composite
def flows(draw: st.DrawFn, groups: int = 4, nodes: int = 14) -> tuple[list[Box], list[tuple[str, str, int]]]:
    """Draw a flow: some groups in each other, nodes of any size, notes, and links between whatever there is."""
    boxes: list[Box] = []
    sizes = st.one_of(st.integers(1, 300), st.floats(1, 300))
    for at in range(draw(st.integers(0, groups))):
        boxes.append(group(f"g{at}", draw(st.sampled_from([None, *(one.id for one in boxes)]))))
    parents = st.sampled_from([None, *(one.id for one in boxes)])
    for at in range(draw(st.integers(0, nodes))):
        is_note = draw(st.integers(0, 5)) == 0
        boxes.append(box(f"n{at}", draw(parents), draw(sizes), draw(sizes), is_note=is_note))
    ids = st.sampled_from([one.id for one in boxes] or ["nobody"])
    links = draw(st.lists(st.tuples(ids, ids, st.integers(0, 3)), max_size=2 * nodes))
    return boxes, links
