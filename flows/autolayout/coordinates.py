"""How high each node stands in its column: links straight, nodes in the middle of what they lead to.

After Brandes and Köpf, Fast and Simple Horizontal Coordinate Assignment (2001): nodes and lanes are aligned with the
median of their neighbours into blocks, once from each of four corners; each alignment is packed (here by longest paths
over the blocks), and a node stands in the middle of its four places. Order and distances hold in each of the four,
so they hold in the middle. Links that would lie under others or under nodes are left out of the alignment.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from flows.autolayout.boxes import GAP, LANE_GAP
from flows.autolayout.crossings import Layers


def assign_heights(layers: Layers, heights: Sequence[float]) -> list[float]:
    """Return the centre of each node and lane across the direction of the flow."""

    def distance(one: int, other: int) -> float:
        return (reach(one) + reach(other)) / 2

    def reach(one: int) -> float:
        return heights[one] + GAP if one < layers.nodes else LANE_GAP

    conflicts = _crossing_lanes(layers) | _beside_lanes(layers) | layers.returns
    sides = []
    for forwards in (True, False):
        neighbours = _sorted_neighbours(layers, layers.before if forwards else layers.after)
        for upwards in (True, False):
            columns = layers.columns if forwards else layers.columns[::-1]
            if not upwards:
                columns = [ones[::-1] for ones in columns]
            roots = _align(columns, neighbours, conflicts, reverse=not upwards)
            packed = _pack(columns, roots, distance)
            sides.append([packed[root] if upwards else -packed[root] for root in roots])
    return _middle(sides)


def _sorted_neighbours(layers: Layers, neighbours: Sequence[Sequence[int]]) -> list[list[int]]:
    return [sorted(ones, key=layers.place.__getitem__) for ones in neighbours]


def _crossing_lanes(layers: Layers) -> set[tuple[int, int]]:
    """Find links that cross a lane: the lane stays straight, the link gives way."""
    conflicts: set[tuple[int, int]] = set()
    place, nodes = layers.place, layers.nodes
    for first, second in pairwise(layers.columns):
        low, begin = 0, 0
        for at, one in enumerate(second):
            lane = next((other for other in layers.before[one] if one >= nodes and other >= nodes), None)
            if lane is None and at < len(second) - 1:
                continue
            high = len(first) - 1 if lane is None else place[lane]
            for crossed in second[begin : at + 1]:
                for other in layers.before[crossed]:
                    if not low <= place[other] <= high and (other < nodes or crossed < nodes):
                        conflicts.add((other, crossed))
            low, begin = high, at + 1
    return conflicts


def _beside_lanes(layers: Layers) -> set[tuple[int, int]]:
    """Find links beside the only lane of their node, if it is the only one of the node at its other end too.

    An edge is drawn straight from end to end, so it is these ends that have to stand in line with the lane: otherwise
    it would run over the nodes that it leads past.
    """
    beside: set[tuple[int, int]] = set()
    nodes = layers.nodes
    leaving = [sum(one >= nodes for one in ones) for ones in layers.after[:nodes]]
    coming = [sum(one >= nodes for one in ones) for ones in layers.before[:nodes]]
    for lane in layers.straight:
        source, target = layers.before[lane][0], lane
        while target >= nodes:
            target = layers.after[target][0]
        if leaving[source] == coming[target] == 1:
            beside.update((source, one) for one in layers.after[source] if one < nodes)
            beside.update((one, target) for one in layers.before[target] if one < nodes)
    return beside


def _align(
    columns: Sequence[Sequence[int]],
    neighbours: Sequence[Sequence[int]],
    conflicts: set[tuple[int, int]],
    *,
    reverse: bool,
) -> list[int]:
    """Return for each one the first of its block."""
    roots = list(range(len(neighbours)))
    for first, second in pairwise(columns):
        place = {one: at for at, one in enumerate(first)}
        taken = -1
        for one in second:
            near = neighbours[one][::-1] if reverse else neighbours[one]
            for middle in {(len(near) - 1) // 2: None, len(near) // 2: None} if near else ():
                other = near[middle]
                if place[other] > taken and (other, one) not in conflicts and (one, other) not in conflicts:
                    roots[one] = roots[other]
                    taken = place[other]
                    break
    return roots


def _pack(
    columns: Sequence[Sequence[int]], roots: Sequence[int], distance: Callable[[int, int], float]
) -> dict[int, float]:
    """Place the blocks as low as their neighbours allow, then close gaps from the other side."""
    behind: dict[int, list[tuple[int, float]]] = {root: [] for root in roots}
    waiting = dict.fromkeys(behind, 0)
    for ones in columns:
        for one, other in pairwise(ones):
            behind[roots[one]].append((roots[other], distance(one, other)))
            waiting[roots[other]] += 1
    places = dict.fromkeys(behind, 0.0)
    order = [root for root, count in waiting.items() if not count]
    for root in order:
        for other, apart in behind[root]:
            places[other] = max(places[other], places[root] + apart)
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    for root in reversed(order):
        if behind[root]:
            places[root] = max(places[root], min(places[other] - apart for other, apart in behind[root]))
    return places


def _middle(sides: Sequence[Sequence[float]]) -> list[float]:
    """Put the four layouts over each other, by the smallest of them, and take the mean of the two middle places."""
    smallest = min(sides, key=lambda side: max(side) - min(side))
    low, high = min(smallest), max(smallest)
    shifts = [low - min(side) if at % 2 == 0 else high - max(side) for at, side in enumerate(sides)]
    return [
        sum(sorted(place + shift for place, shift in zip(four, shifts, strict=True))[1:3]) / 2
        for four in zip(*sides, strict=True)
    ]
