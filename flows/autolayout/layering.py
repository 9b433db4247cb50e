"""Which column each node goes to: ways back are turned round, then every link leads at least one column on.

Ways back are found by depth-first search from where the flow starts, so that a loop reads as it was drawn; columns are
those of the longest path, then nodes move within their slack to where their links are shortest (after Gansner et al.,
A Technique for Drawing Directed Graphs, 1993, whose network simplex it approaches with two passes).
"""

import sys
from collections.abc import Sequence
from typing import NamedTuple

WIDEST = 2_000
"""Nodes of one column; more go to the next."""
TURNED = sys.maxsize
"""The output of a link that was turned round: below all real ones."""


class Link(NamedTuple):
    """From one node to another, by their numbers. `port` is the index of the output it begins at."""

    source: int
    target: int
    port: int


class Columns(NamedTuple):
    """The column of each node, links that all run forward, and the nodes in an order that goes with them."""

    column: list[int]
    links: list[Link]
    order: list[int]


def assign_columns(count: int, links: Sequence[Link]) -> Columns:
    """Put `count` nodes, without self-links, into columns."""
    order, back = _visit(count, links)
    forward = [link if at not in back else Link(link.target, link.source, TURNED) for at, link in enumerate(links)]
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for source, target, _ in forward:
        before[target].append(source)
        after[source].append(target)
    column = _longest_paths(order, before)
    _shorten(column, order, before, after)
    _narrow(column, order, before)
    dense = {used: at for at, used in enumerate(sorted(set(column)))}
    return Columns([dense[at] for at in column], forward, order)


_OPEN, _DONE = 1, 2


def _visit(count: int, links: Sequence[Link]) -> tuple[list[int], set[int]]:
    """Return a topological order and which links lead back, to a node that the depth-first search still has open.

    The order found is reversed in the end, so starts and outputs are followed from the last to the first.
    """
    leaving: list[list[int]] = [[] for _ in range(count)]
    has_entry = [False] * count
    for at, link in enumerate(links):
        leaving[link.source].append(at)
        has_entry[link.target] = True
    for ones in leaving:
        ones.sort(key=lambda at: (links[at].port, at), reverse=True)
    starts = [node for node in range(count - 1, -1, -1) if not has_entry[node]]
    starts += [node for node in range(count) if has_entry[node]]
    finished: list[int] = []
    back: set[int] = set()
    state = bytearray(count)
    for start in starts:
        if not state[start]:
            state[start] = _OPEN
            path = [(start, iter(leaving[start]))]
            while path:
                node, rest = path[-1]
                for at in rest:
                    target = links[at].target
                    if state[target] == _OPEN:
                        back.add(at)
                    elif not state[target]:
                        state[target] = _OPEN
                        path.append((target, iter(leaving[target])))
                        break
                else:
                    state[node] = _DONE
                    finished.append(node)
                    path.pop()
    finished.reverse()
    return finished, back


def _longest_paths(order: Sequence[int], before: Sequence[Sequence[int]]) -> list[int]:
    column = [0] * len(order)
    for node in order:
        column[node] = max((column[one] + 1 for one in before[node]), default=0)
    return column


def _shorten(
    column: list[int], order: Sequence[int], before: Sequence[Sequence[int]], after: Sequence[Sequence[int]]
) -> None:
    """Move nodes with more links ahead than behind to the right as far as these allow, then others to the left."""
    for node in reversed(order):
        if len(after[node]) > len(before[node]):
            column[node] = min(column[one] for one in after[node]) - 1
    for node in order:
        if len(before[node]) > len(after[node]):
            column[node] = max(column[one] for one in before[node]) + 1


def _narrow(column: list[int], order: Sequence[int], before: Sequence[Sequence[int]]) -> None:
    """Move what a full column cannot take into the next (after Coffman and Graham, 1972)."""
    if len(order) <= WIDEST:
        return
    filled: dict[int, int] = {}
    for node in order:
        at = max(column[node], max((column[one] + 1 for one in before[node]), default=0))
        while filled.get(at, 0) >= WIDEST:
            at += 1
        column[node] = at
        filled[at] = filled.get(at, 0) + 1
