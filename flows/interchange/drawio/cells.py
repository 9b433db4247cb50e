"""What the cells of a page are: nodes, groups, edges, labels of edges, layers; and where they stand.

A cell's place is relative to its parent's. A parent may be a layer, a cell that is not drawn, an edge, not in the page,
or the cell itself; none of that may cost more than the number of cells.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flows.interchange.budget import Budget
from flows.interchange.drawio.pages import Cell, Page
from flows.interchange.drawio.styles import Style
from flows.interchange.text import plain_text

_LONGEST, _MOST = 2_000, 50
"""How long what stands for a placeholder may be, and how many a label may have."""
_PLACEHOLDER = re.compile(r"%([^%\s]{1,100})%")


OURS = "helix_"
"""How names of attributes begin that only an export of ours has."""


@dataclass(eq=False, slots=True)
class Shape:
    """A cell that is drawn. `holder` is the shape that it is placed in, `labels` what lies on it if it is an edge."""

    cell: Cell
    key: str
    style: Style
    is_edge: bool
    holder: "Shape | None" = None
    members: int = 0
    edges: int = 0
    labels: list["Shape"] = field(default_factory=list)
    corner: tuple[float, float] | None = None

    @property
    def is_group(self) -> bool:
        """Tell whether it holds others: a group of ours has no edges, so these decide where the style does not."""
        if self.cell.around is not None and f"{OURS}kind" in self.cell.around:
            return self.cell.around[f"{OURS}kind"] == "group"
        if self.members:
            return not self.edges or self.style.is_container
        return not self.edges and self.style.is_container

    @property
    def label(self) -> str:
        """What a person reads on it."""
        text, around = self.cell.label, self.cell.around
        if around is not None and around.get("placeholders") == "1":
            text = _PLACEHOLDER.sub(lambda match: around.get(match[1], match[0])[:_LONGEST], text, count=_MOST)
        return text_of(text) if self.style.is_html else text

    @property
    def is_collapsed(self) -> bool:
        """Tell whether it is shown without what is in it."""
        return self.cell.said.get("collapsed") == "1"

    def size(self, name: str) -> float | None:
        """Return its `width` or `height`; of a collapsed one that which it has unfolded."""
        geometry, expanded = self.cell.geometry or {}, self.cell.expanded
        if self.is_collapsed and expanded is not None and (size := number(expanded.get(name))) is not None:
            return size
        return number(geometry.get(name))


def text_of(html: str) -> str:
    """Return what a label of HTML says."""
    return plain_text(html) if "<" in html or "&" in html else squeezed(html)


def number(text: str | None) -> float | None:
    """Return a finite number, with or without `px`; None for anything else."""
    if not text or len(text) > 64:
        return None
    try:
        value = float(text.removesuffix("px"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


@dataclass(slots=True)
class Drawing:
    """A page's shapes in their order; `names` finds the key of what has an id."""

    shapes: list[Shape]
    names: Mapping[str, str]
    layers: list[Cell]

    def nodes(self) -> Iterator[Shape]:
        """Yield the shapes that are no edges and no labels of edges."""
        return (one for one in self.shapes if not one.is_edge and (one.holder is None or not one.holder.is_edge))

    def edges(self) -> Iterator[Shape]:
        """Yield the edges."""
        return (one for one in self.shapes if one.is_edge)


def draw(page: Page, number: int, taken: set[str], budget: Budget) -> Drawing:
    """Tell a page's cells apart; keys differ from those in `taken`, which they are added to."""
    names: dict[str, str] = {}
    styles: dict[str, Style] = {}
    by_id: dict[str, Shape | None] = {}
    shapes: list[Shape] = []
    parents = {cell.said.get("parent", "") for cell in page.cells}
    layers: list[Cell] = []
    for at, cell in enumerate(page.cells):
        budget.step(4)
        is_vertex, is_edge = cell.said.get("vertex") == "1", cell.said.get("edge") == "1"
        if not is_vertex and not is_edge:
            by_id.setdefault(cell.id, None)
            if cell.said.get("parent") and cell.id in parents:
                layers.append(cell)
            continue
        key = cell.id or f"cell {at + 1}"
        if key not in names:
            names[key] = _other(key, number, taken) if key in taken else key
        style = cell.said.get("style", "")
        if style not in styles:
            styles[style] = Style.of(style)
        shape = Shape(cell, names[key], styles[style], is_edge and not is_vertex)
        shapes.append(shape)
        by_id.setdefault(cell.id, shape)
    taken.update(names.values())
    _hold(shapes, by_id, {cell.id: cell.said.get("parent", "") for cell in page.cells}, budget)
    for shape in shapes:
        for end in ("source", "target") if shape.is_edge else ():
            other = by_id.get(shape.cell.said.get(end, ""))
            if other is not None:
                other.edges += 1
    _place(shapes, budget)
    return Drawing(shapes, names, layers)


def _other(key: str, number: int, taken: set[str]) -> str:
    """Return a key for an id that another page has."""
    other = f"{key}-{number}"
    while other in taken:
        other += "_"
    return other


def _hold(
    shapes: Sequence[Shape], by_id: Mapping[str, Shape | None], parents: Mapping[str, str], budget: Budget
) -> None:
    """Find the shape that each lies in, past cells that are not drawn."""
    past: dict[str, Shape | None] = {}
    for shape in shapes:
        parent, path = shape.cell.said.get("parent", ""), dict[str, None]()
        while parent not in past and by_id.get(parent) is None and parent in parents and parent not in path:
            budget.step()
            path[parent] = None
            parent = parents[parent]
        found = past[parent] if parent in past else by_id.get(parent)
        past.update(dict.fromkeys(path, found))
        if found is not None and found is not shape:
            shape.holder = found
            if found.is_edge and not shape.is_edge:
                found.labels.append(shape)
            elif not shape.is_edge and (shape.cell.geometry or {}).get("relative") != "1":
                found.members += 1


def _place(shapes: Sequence[Shape], budget: Budget) -> None:
    """Add up the corners of each and of all that it lies in, outermost first; what lies in itself begins at 0."""
    done: set[Shape] = set()
    for start in shapes:
        path: list[Shape] = []
        one: Shape | None = start
        while one is not None and one not in done:
            budget.step()
            done.add(one)
            path.append(one)
            one = one.holder
        for shape in reversed(path):
            shape.corner = _corner(shape)


def _corner(shape: Shape) -> tuple[float, float] | None:
    geometry = shape.cell.geometry
    if geometry is None or shape.is_edge:
        return None
    x, y = number(geometry.get("x", "0")), number(geometry.get("y", "0"))
    if x is None or y is None:
        return None
    if shape.is_collapsed and (expanded := shape.cell.expanded) is not None:
        x, y = number(expanded.get("x", "0")) or x, number(expanded.get("y", "0")) or y
    if shape.holder is None or shape.holder.is_edge:
        return x, y
    left, top = shape.holder.corner or (0, 0)
    if geometry.get("relative") == "1":
        offset = shape.cell.offset or {}
        x = x * (shape.holder.size("width") or 0) + (number(offset.get("x")) or 0)
        y = y * (shape.holder.size("height") or 0) + (number(offset.get("y")) or 0)
    return left + x, top + y


def squeezed(text: str) -> str:
    """Return a text as HTML shows it: what draw.io keeps of one of ours."""
    return " ".join(text.split())


def ours_of(cell: Cell) -> Mapping[str, str]:
    """Return what an export of ours says beside what draw.io knows."""
    if cell.around is None:
        return {}
    return {name.removeprefix(OURS): text for name, text in cell.around.items() if name.startswith(OURS)}
