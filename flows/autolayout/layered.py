"""One part: boxes that links hold together, in columns from left to right."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from flows.autolayout.boxes import GAP, LAYER_GAP, Work, snap, snap_up
from flows.autolayout.coordinates import assign_heights
from flows.autolayout.crossings import Layers, reduce_crossings
from flows.autolayout.layering import Link, assign_columns

LONGEST = 400_000
"""Pixels after which a part goes on in a new row below; only there do links run back."""

Size = tuple[float, float]
Corner = tuple[float, float]


class Part(NamedTuple):
    """The corners of boxes from their common corner, and the size of them all."""

    corners: list[Corner]
    width: float
    height: float


def lay_out_part(sizes: Sequence[Size], links: Sequence[Link], old: Sequence[float | None], work: Work) -> Part:
    """Place boxes of these sizes; `old` is how high each was before, or None."""
    columns = assign_columns(len(sizes), links)
    layers = Layers.of(columns, _ranks(columns.order, columns.links, old))
    reduce_crossings(layers, work)
    heights = [snap_up(height) for _, height in sizes]
    centres = assign_heights(layers, heights)
    tops = [snap(centre - height / 2) for centre, height in zip(centres, heights, strict=False)]
    wide = [max(snap_up(sizes[one][0]) for one in ones if one < len(sizes)) for ones in layers.columns]
    lefts = list(accumulate((width + LAYER_GAP for width in wide), initial=0))
    corners = [(lefts[column], top) for column, top in zip(columns.column, tops, strict=True)]
    return _in_rows(corners, sizes)


def _ranks(order: Sequence[int], links: Sequence[Link], old: Sequence[float | None]) -> list[float]:
    """Say in which order nodes are wanted: as they were, new ones beside what they are linked with, else as visited."""
    visited = [0.0] * len(order)
    for at, node in enumerate(order):
        visited[node] = at
    if all(place is None for place in old):
        return visited
    near: dict[int, list[float]] = {}
    for source, target, _ in links:
        for one, other in ((source, target), (target, source)):
            if (place := old[other]) is not None:
                near.setdefault(one, []).append(place)
    known = [place for place in old if place is not None]
    lowest = max(known)
    return [
        place if place is not None else sum(near[node]) / len(near[node]) if node in near else lowest
        for node, place in enumerate(old)
    ]


def _in_rows(corners: Sequence[Corner], sizes: Sequence[Size]) -> Part:
    """Cut what is too long into rows, each below the one before, and move all to the common corner."""
    rows: dict[int, list[int]] = {}
    for node, (left, _) in enumerate(corners):
        rows.setdefault(int(left // LONGEST), []).append(node)
    placed, below, right = list(corners), 0.0, 0.0
    for row in sorted(rows):
        first = min(corners[node][0] for node in rows[row])
        top = min(corners[node][1] for node in rows[row])
        for node in rows[row]:
            left, height = corners[node]
            placed[node] = (left - first, height - top + below)
            right = max(right, placed[node][0] + snap_up(sizes[node][0]))
        below = GAP + max(placed[node][1] + snap_up(sizes[node][1]) for node in rows[row])
    return Part(placed, right, below - GAP)
