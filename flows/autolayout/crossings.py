"""In which order the nodes of each column stand, so that few links cross.

A link over several columns passes each in a lane of its own. Columns are sorted by the barycentre of their neighbours,
forwards and backwards (Sugiyama et al., 1981), neighbours change places where that helps (Gansner et al., 1993), and
the best order seen stays. The problem is NP-hard, so `Work` bounds the tries. Equal is not better: what a person
arranged stays unless another order crosses less.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from flows.autolayout.boxes import Work
from flows.autolayout.layering import TURNED, Columns, Link

LANES = 4
"""Lanes for each node of a part, and 200; the longest links beyond them are not seen here."""
SWEEPS = 24
PATIENCE = 4
"""Sweeps without a better order after which there is no point in more."""


@dataclass(slots=True)
class Layers:
    """The columns with their lanes. Numbers from `nodes` on are lanes.

    `before` holds the neighbours in the column before, with `ports` saying how far down each of these the link begins,
    between 0 and 1; `after` those in the column behind. `straight` are the first lanes of links that run forward,
    `returns` the neighbours between which a link was turned round.
    """

    nodes: int
    columns: list[list[int]]
    before: list[list[int]]
    after: list[list[int]]
    ports: list[list[float]]
    straight: list[int] = field(default_factory=list)
    returns: set[tuple[int, int]] = field(default_factory=set)
    place: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, columns: Columns, rank: Sequence[float]) -> "Layers":
        """Make lanes for the links, shortest first, and order each column by `rank`."""
        count = len(columns.column)
        layers = cls(count, _empty(max(columns.column) + 1), _empty(count), _empty(count), [[] for _ in range(count)])
        ranks, column = list(rank), columns.column
        for node in range(count):
            layers.columns[column[node]].append(node)
        shares = _port_shares(columns.links)
        for link in sorted(columns.links, key=lambda link: column[link.target] - column[link.source]):
            layers._add(link, shares[link.source, link.port], column, ranks)
        for ones in layers.columns:
            ones.sort(key=ranks.__getitem__)
        layers.renumber()
        return layers

    def _add(self, link: Link, share: float, column: Sequence[int], ranks: list[float]) -> None:
        first, last = column[link.source], column[link.target]
        if len(self.before) - self.nodes + last - first - 1 > LANES * self.nodes + 200:
            return
        if last - first > 1 and link.port != TURNED:
            self.straight.append(len(self.before))
        elif last - first == 1 and link.port == TURNED:
            self.returns.add((link.source, link.target))
        here = link.source
        for at in range(first + 1, last):
            lane = len(self.before)
            self.before.append([here])
            self.ports.append([share])
            self.after.append([])
            self.after[here].append(lane)
            self.columns[at].append(lane)
            along = (at - first) / (last - first)
            ranks.append(ranks[link.source] * (1 - along) + ranks[link.target] * along)
            here, share = lane, 0.5
        self.before[link.target].append(here)
        self.ports[link.target].append(share)
        self.after[here].append(link.target)

    def renumber(self) -> None:
        """Take down where in its column each one stands."""
        self.place = [0] * len(self.before)
        for ones in self.columns:
            self.renumber_column(ones)

    def renumber_column(self, ones: Sequence[int]) -> None:
        """Take down the order of one column."""
        for at, one in enumerate(ones):
            self.place[one] = at

    def starts(self, one: int) -> list[float]:
        """Return where its links from the column before begin."""
        place = self.place
        return [place[other] + share for other, share in zip(self.before[one], self.ports[one], strict=True)]


def _empty(count: int) -> list[list[int]]:
    return [[] for _ in range(count)]


def reduce_crossings(layers: Layers, work: Work) -> None:
    """Order the columns."""
    lines = sum(map(len, layers.before))
    best, fewest = [*map(list, layers.columns)], count_crossings(layers)
    work.spend(lines)
    idle = 0
    for sweep in range(SWEEPS):
        if not fewest or idle >= PATIENCE or work.is_spent:
            break
        _sort_columns(layers, forwards=sweep % 2 == 0)
        _swap_neighbours(layers)
        work.spend(4 * lines)
        crossings = count_crossings(layers)
        idle += 1
        if crossings < fewest:
            best, fewest, idle = [*map(list, layers.columns)], crossings, 0
    layers.columns = best
    layers.renumber()


def count_crossings(layers: Layers) -> int:
    """Count the crossings of all links: pairs that end in another order than they begin (Barth et al., 2002)."""
    crossings = 0
    for ones in layers.columns[1:]:
        lines = sorted((start, layers.place[one]) for one in ones for start in layers.starts(one))
        ends: list[int] = []
        for _, end in lines:
            at = bisect_right(ends, end)
            crossings += len(ends) - at
            ends.insert(at, end)
    return crossings


def _port_shares(links: Sequence[Link]) -> dict[tuple[int, int], float]:
    """Spread the outputs of each node between 0 and 1, in the order of their indices."""
    ports: dict[int, set[int]] = {}
    for link in links:
        ports.setdefault(link.source, set()).add(link.port)
    return {
        (node, port): (at + 1) / (len(used) + 1) for node, used in ports.items() for at, port in enumerate(sorted(used))
    }


def _sort_columns(layers: Layers, *, forwards: bool) -> None:
    """Sort each column by where its neighbours in the one before (or behind) stand; those without stay about."""
    place, after = layers.place, layers.after
    for ones in layers.columns[1:] if forwards else layers.columns[-2::-1]:
        if forwards:
            centres = {one: _mean(layers.starts(one), place[one]) for one in ones}
        else:
            centres = {one: _mean([place[other] for other in after[one]], place[one]) for one in ones}
        ones.sort(key=centres.__getitem__)
        layers.renumber_column(ones)


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _swap_neighbours(layers: Layers) -> None:
    """Let two that stand next to each other change places where their own links then cross less."""
    place = layers.place
    for ones in layers.columns:
        begins = {one: sorted(layers.starts(one)) for one in ones}
        ends = {one: sorted([place[other] for other in layers.after[one]]) for one in ones}
        for at in range(len(ones) - 1):
            one, other = ones[at], ones[at + 1]
            now = _inversions(begins[one], begins[other]) + _inversions(ends[one], ends[other])
            if now and _inversions(begins[other], begins[one]) + _inversions(ends[other], ends[one]) < now:
                ones[at], ones[at + 1] = other, one
        layers.renumber_column(ones)


def _inversions(first: Sequence[float], second: Sequence[float]) -> int:
    """Count the pairs of which the one of the second comes before that of the first; both are sorted."""
    if not first or not second or first[-1] <= second[0]:
        return 0
    return sum(bisect_left(second, value) for value in first)
