"""The whole flow: groups from the inside out, in each the parts that hang together, then what stands loose, then notes.

A group's members are laid out first; then the group is one box among its neighbours, so members stay inside and nothing
else comes over them. A link between members of different groups counts for the groups. Everything is computed as if the
flow ran from left to right; the other directions exchange the axes or turn them round. No step recurses, so neither
long chains nor deep groups end the stack.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Literal, TypeAlias

from flows.autolayout.boxes import GAP, LAYER_GAP, Box, Place, Work, snap_down, snap_up
from flows.autolayout.layered import Corner, Size, lay_out_part
from flows.autolayout.layering import Link

Direction: TypeAlias = Literal["LR", "RL", "TB", "BT"]
HEADER = 40
PADDING = 24
ASPECT = 1.6
"""How much longer than high several parts together shall be."""


def arrange(
    boxes: Sequence[Box],
    links: Sequence[tuple[str, str, int]],
    *,
    direction: str = "LR",
    origin: tuple[float, float] = (0, 0),
    before: Mapping[str, tuple[float, float]] | None = None,
    work: Work | None = None,
) -> dict[str, Place]:
    """Place boxes so that links, as (source, target, index of the source's output), run in one direction.

    No two boxes overlap but groups and their members, and 40 pixels lie between them. Links run forward unless they
    close a cycle. `origin` is the upper left corner of all; `before` where boxes are now: order and sides stay as they
    are where another would not be better. Links to what is not there, to itself or to one's own group count for
    nothing, nor does a parent that is no group or lies inside its own member.

    Takes about 0.3 s for 500 boxes and 3 s for 5,000; `work` holds the bounds and what was done.
    """
    plan = _Plan(boxes, _Axes(direction, before or {}), work or Work.of(len(boxes)))
    return plan.place(links, origin)


@dataclass(frozen=True, slots=True)
class _Axes:
    """Which way is along the flow: everything else knows lengths along it and heights across."""

    direction: str
    before: Mapping[str, Corner]

    @property
    def is_vertical(self) -> bool:
        return self.direction in ("TB", "BT")

    @property
    def is_turned(self) -> bool:
        return self.direction in ("RL", "BT")

    def size(self, width: float, height: float) -> Size:
        return (height, width) if self.is_vertical else (width, height)

    def padding(self) -> tuple[float, float, float, float]:
        """Return the room in a group before, above, behind and below its members."""
        match self.direction:
            case "TB":
                return HEADER, PADDING, PADDING, PADDING
            case "BT":
                return PADDING, PADDING, HEADER, PADDING
            case _:
                return PADDING, HEADER, PADDING, PADDING

    def old(self, box: Box) -> Corner | None:
        """Return where a box is now, across the flow first."""
        if (corner := self.before.get(box.id)) is None:
            return None
        along, across = self.size(*corner)
        return across, -along if self.is_turned else along

    def place(self, corner: Corner, size: Size, whole: Size, origin: Corner) -> Place:
        """Return the place on the canvas of what is laid out at `corner` in a whole of a size."""
        along = snap_down(whole[0] - corner[0] - size[0]) if self.is_turned else corner[0]
        x, y = self.size(along, corner[1])
        return Place(origin[0] + x, origin[1] + y, *self.size(*size))


@dataclass(slots=True)
class _Plan:
    """The boxes by number; number `len(boxes)` is the canvas, which holds what is in no group."""

    boxes: Sequence[Box]
    axes: _Axes
    work: Work
    holder: list[int] = field(init=False)
    depth: list[int] = field(init=False)
    sizes: list[Size] = field(init=False)
    corners: list[Corner] = field(init=False)

    def __post_init__(self) -> None:
        self.holder, self.depth = _nest(self.boxes)
        self.sizes = [self.axes.size(max(box.width, 1), max(box.height, 1)) for box in self.boxes]
        self.corners = [(0, 0)] * len(self.boxes)

    def place(self, links: Iterable[tuple[str, str, int]], origin: Corner) -> dict[str, Place]:
        """Lay out each group, the deepest first, then the canvas, and add up the corners."""
        canvas = len(self.boxes)
        members: dict[int, list[int]] = {}
        for number, holder in enumerate(self.holder):
            members.setdefault(holder, []).append(number)
        inside = self._links_by_holder(links)
        left, top, right, bottom = self.axes.padding()
        for holder in sorted(members, key=lambda one: -1 if one == canvas else self.depth[one], reverse=True):
            width, height = self._lay_out(members[holder], inside.get(holder, ()))
            if holder == canvas:
                return self._on_canvas((width, height), origin)
            self.sizes[holder] = (left + width + right, top + height + bottom)
        return {}

    def _links_by_holder(self, links: Iterable[tuple[str, str, int]]) -> dict[int, list[Link]]:
        """Lift each link to where its ends, or the groups around them, stand side by side."""
        numbers = {box.id: number for number, box in enumerate(self.boxes)}
        inside: dict[int, list[Link]] = {}
        for source_id, target_id, port in links:
            source, target = numbers.get(source_id), numbers.get(target_id)
            if source is None or target is None:
                continue
            if (ends := self._side_by_side(source, target)) is not None:
                inside.setdefault(self.holder[ends[0]], []).append(Link(*ends, port if ends[0] == source else 0))
        return inside

    def _side_by_side(self, source: int, target: int) -> tuple[int, int] | None:
        while self.holder[source] != self.holder[target]:
            if self.depth[source] >= self.depth[target]:
                source = self.holder[source]
            else:
                target = self.holder[target]
            if source == target:
                return None
        return (source, target) if source != target else None

    def _lay_out(self, members: Sequence[int], links: Sequence[Link]) -> Size:
        """Lay out what stands side by side, from (0, 0); return the size of it all."""
        linked = {end for link in links for end in (link.source, link.target)}
        parts = [self._lay_out_part(part, inside) for part, inside in self._parts(linked, links)]
        loose = [self._alone(n) for n in self._in_old_order(members) if n not in linked and not self.boxes[n].is_note]
        notes = [self._alone(n) for n in self._in_old_order(members) if n not in linked and self.boxes[n].is_note]
        width = height = 0.0
        for pieces, gap in ((parts, LAYER_GAP), (loose, GAP), (notes, GAP)):
            if pieces:
                top = height + GAP if height else 0
                size = self._shelve(pieces, top, gap, width)
                width, height = max(width, size[0]), top + size[1]
        return width, height

    def _parts(self, linked: Iterable[int], links: Sequence[Link]) -> list[tuple[list[int], list[Link]]]:
        """Return what hangs together, each with its links, in the order in which it stands now."""
        first = _first_of_each(linked, links)
        parts: dict[int, tuple[list[int], list[Link]]] = {}
        for number in self._in_old_order(sorted(linked)):
            parts.setdefault(first[number], ([], []))[0].append(number)
        for link in links:
            parts[first[link.source]][1].append(link)
        return [(sorted(numbers), inside) for numbers, inside in parts.values()]

    def _lay_out_part(self, part: Sequence[int], links: Sequence[Link]) -> "_Piece":
        numbers = {number: at for at, number in enumerate(part)}
        sizes = [self.sizes[number] for number in part]
        own = [Link(numbers[link.source], numbers[link.target], link.port) for link in links]
        laid = lay_out_part(sizes, own, [self._old_centre(number) for number in part], self.work)
        return _Piece((laid.width, laid.height), list(zip(part, laid.corners, strict=True)))

    def _alone(self, number: int) -> "_Piece":
        return _Piece(self.sizes[number], [(number, (0, 0))])

    def _shelve(self, pieces: Sequence["_Piece"], top: float, gap: float, longest: float) -> Size:
        """Put pieces into rows below `top`, about as long as the longest or as looks well; return their size."""
        area = sum((piece.size[0] + gap) * (piece.size[1] + gap) for piece in pieces)
        longest = max(longest, sqrt(area * ASPECT), *(piece.size[0] for piece in pieces))
        left = below = width = height = 0.0
        for piece in pieces:
            if left and left + piece.size[0] > longest:
                left, below = 0.0, height + gap
            for number, (x, y) in piece.corners:
                self.corners[number] = (left + x, top + below + y)
            width = max(width, left + snap_up(piece.size[0]))
            height = max(height, below + snap_up(piece.size[1]))
            left += snap_up(piece.size[0]) + gap
        return width, height

    def _in_old_order(self, numbers: Iterable[int]) -> list[int]:
        """Sort by where boxes stand now, across the flow first; those without a place come last."""
        known = {number: old for number in numbers if (old := self.axes.old(self.boxes[number])) is not None}
        return sorted(numbers, key=lambda number: (number not in known, known.get(number, (0, 0))))

    def _old_centre(self, number: int) -> float | None:
        old = self.axes.old(self.boxes[number])
        return None if old is None else old[0] + self.sizes[number][1] / 2

    def _on_canvas(self, whole: Size, origin: Corner) -> dict[str, Place]:
        """Add the corners of the groups, from the outside in, and turn all into its direction."""
        left, top, _, _ = self.axes.padding()
        canvas, absolute = len(self.boxes), list(self.corners)
        for number in sorted(range(canvas), key=self.depth.__getitem__):
            if (holder := self.holder[number]) != canvas:
                (x, y), (across, down) = absolute[holder], self.corners[number]
                absolute[number] = (x + left + across, y + top + down)
        return {
            box.id: self.axes.place(absolute[number], self.sizes[number], whole, origin)
            for number, box in enumerate(self.boxes)
        }


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is moved as one: its size, and its boxes with their corners inside it."""

    size: Size
    corners: Sequence[tuple[int, Corner]]


def _nest(boxes: Sequence[Box]) -> tuple[list[int], list[int]]:
    """Return the number of each box's holder, and how deep each lies; a circle of parents is opened where it is met."""
    canvas = len(boxes)
    groups = {box.id: number for number, box in enumerate(boxes) if box.is_group}
    holder = [canvas if box.parent is None else groups.get(box.parent, canvas) for box in boxes]
    depth = [-1] * canvas + [0]
    for number in range(canvas):
        path = []
        while depth[number] < 0:
            depth[number] = 0
            path.append(number)
            number = holder[number]  # noqa: PLW2901
        if number in path:
            holder[path[-1]] = canvas
        for one in reversed(path):
            depth[one] = depth[holder[one]] + 1
    return holder, depth


def _first_of_each(linked: Iterable[int], links: Sequence[Link]) -> dict[int, int]:
    """Return for each box one that stands for all that hang together with it (union and find, halving paths)."""
    above = {number: number for number in linked}

    def find(number: int) -> int:
        while above[number] != number:
            above[number] = number = above[above[number]]
        return number

    for link in links:
        above[find(link.source)] = find(link.target)
    return {number: find(number) for number in above}
