"""A flowchart as its statements build it, by Mermaid's rules.

A node lies in the subgraph that names it and ends first. A name of a subgraph in a link is that subgraph, wherever in
the file it is drawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flows.interchange.budget import Budget


@dataclass(frozen=True, slots=True)
class Label:
    """A label as it was written."""

    raw: str
    is_markdown: bool = False


@dataclass(slots=True, eq=False)
class Vertex:
    """A node, or a name in a link that may yet turn out to be a subgraph's."""

    id: str
    label: Label | None = None
    shape: str = ""
    classes: list[str] = field(default_factory=list)
    colours: tuple[str, ...] = ()
    tooltip: str = ""
    is_drawn: bool = False


@dataclass(slots=True, eq=False)
class Subgraph:
    """A box around nodes."""

    id: str
    label: Label
    position: int
    members: dict[str, None] = field(default_factory=dict)
    has_direction: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """How a link is drawn: its heads (`<`, `x`, `o`, `>`, or "" for none) and its line."""

    start: str
    end: str
    line: str
    label: Label | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link between two names."""

    source: str
    target: str
    arrow: Arrow


class Chart:
    """A whole flowchart. Names count against the budget when they are first met, links before they are made."""

    def __init__(self, budget: Budget) -> None:
        self.vertices: dict[str, Vertex] = {}
        self.subgraphs: dict[str, Subgraph] = {}
        self.links: list[Link] = []
        self.parents: dict[str, str] = {}
        self.class_colours: dict[str, tuple[str, ...]] = {}
        self.edge_data: dict[str, Mapping[str, str]] = {}
        self.edge_classes: dict[str, list[str]] = {}
        self.direction = ""
        self.title = ""
        self.description = ""
        self.clicks = self.link_styles = self.slips = self.repeated = 0
        self._edge_ids: set[str] = set()
        self._open: list[Subgraph] = []
        self._open_ids: set[str] = set()
        self._budget = budget

    @property
    def innermost(self) -> Subgraph | None:
        """The subgraph that is open."""
        return self._open[-1] if self._open else None

    def mention(self, id: str, *, is_drawn: bool = True) -> Vertex:
        """Return the node of this name, made if it is not there; one that `is_drawn` lies in the open subgraph."""
        vertex = self.vertices.get(id)
        if vertex is None:
            if id not in self.subgraphs:
                self._budget.add_node()
            vertex = self.vertices[id] = Vertex(id)
        if is_drawn:
            vertex.is_drawn = True
            if self._open:
                self._open[-1].members[id] = None
        return vertex

    def is_edge(self, id: str) -> bool:
        """Tell whether a link has this id."""
        return id in self._edge_ids

    def connect(self, sources: Sequence[str], targets: Sequence[str], arrow: Arrow) -> None:
        """Link each of the sources to each of the targets."""
        self._budget.add_edge(len(sources) * len(targets))
        self.links.extend(Link(source, target, arrow) for source in sources for target in targets)
        if arrow.id:
            self._edge_ids.add(arrow.id)

    def open(self, id: str | None, label: Label, position: int) -> None:
        """Begin a subgraph; one that was there goes on, unless it is open."""
        if id is None or id in self._open_ids:
            id = self._free(id or "subgraph")
        subgraph = self.subgraphs.get(id)
        if subgraph is None:
            if id not in self.vertices:
                self._budget.add_node()
            subgraph = self.subgraphs[id] = Subgraph(id, label, position)
        else:
            self.repeated += 1
        if self._open:
            self._open[-1].members[id] = None
        self._open.append(subgraph)
        self._open_ids.add(id)

    def close(self) -> None:
        """End the innermost subgraph: what it names and no other has is in it."""
        subgraph = self._open.pop()
        self._open_ids.discard(subgraph.id)
        self._budget.step(len(subgraph.members))
        for id in subgraph.members:
            if id != subgraph.id:
                self.parents.setdefault(id, subgraph.id)

    def _free(self, wanted: str) -> str:
        number = len(self.subgraphs)
        while (id := f"{wanted} {number}") in self.subgraphs or id in self.vertices:
            self._budget.step()
            number += 1
        return id
