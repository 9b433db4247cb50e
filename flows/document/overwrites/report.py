"""Report to a person which of their work others have overwritten or removed, and which of others' work they have.

`Scan` finds it in the log. The report holds what is needed to decide: what the element is called, both values, and the
operation that puts the lost one back (`Recovery`). Edges that went with a node or a decision's branches, and members
that went with their group, are reported and come back with it if it is a loss itself, else by themselves.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flows.document.draft import Draft
from flows.document.elements import Edge, Element, Held, Node, properties_of
from flows.document.graph import Graph
from flows.document.kinds.kinds import KINDS
from flows.document.limits import NO_LIMITS, DocumentLimits
from flows.document.operations import Operation, apply
from flows.document.overwrites.recovery import Recovery
from flows.document.overwrites.scan import BRANCHES, Overwritten, Removal, Scan, Side, held_by, is_same
from flows.document.undo.selective_undo import PastVersion


@dataclass(frozen=True, slots=True)
class Overwrite:
    """A property whose value is another's by now, or without `name` an element that is gone.

    `stands` says whose doing stands, `version` and `other` which and with whom, `before` which it replaced; `put` puts
    back what is lost, and `edges` are those that went with it. `names` are the nodes that the two values refer to, by
    id: the groups of a member, the nodes at an edge's ends.
    """

    element: Element
    name: str | None
    stands: Side
    label: str
    mine: object
    theirs: object
    version: int
    other: int | None
    before: int
    put: Operation | None
    edges: tuple[str, ...] = ()
    names: tuple[tuple[str, str], ...] = ()


def overwrites(
    graph: Graph, past: Iterable[PastVersion], since: int, person: int, limits: DocumentLimits
) -> Iterator[Overwrite]:
    """Say what became of a person's work since a version, and of others' by them, the newest first.

    `past` are the versions from the graph's own downwards; no more of them are asked for than matter.
    """
    scan, draft = Scan(graph, since, person), Draft(graph)
    for entry in past:
        if not scan.may_need(entry.version):
            break
        if entry.inverse is None:
            scan.see_beginning(entry.version, entry.actor, draft)
            break
        back = apply(draft, entry.inverse, NO_LIMITS).effect
        scan.see(entry.version, entry.actor, back)
        draft.advance(back)
    return _Report(graph, scan, limits).items()


class _Report:
    def __init__(self, graph: Graph, scan: Scan, limits: DocumentLimits) -> None:
        self._graph = graph
        self._removals = scan.removals
        self._found = scan.found
        self._recovery = Recovery(graph, scan.removals.values(), limits)
        self._nodes = {id for (what, id), one in self._removals.items() if what == "node" and one.is_loss}
        self._hanging = {one.element: edges for one in self._found if (edges := self._recovery.hanging_on(one))}

    def items(self) -> Iterator[Overwrite]:
        """Say each, when it is asked for: what puts it back takes a while to find."""
        every: list[Removal | Overwritten] = [*self._found, *self._losses()]
        for one in sorted(every, key=lambda one: (-one.version, one.element)):
            item = self._gone(one) if isinstance(one, Removal) else self._property(one)
            if item is not None:
                yield item

    def _losses(self) -> list[Removal]:
        """Return what is gone and gets an entry of its own."""
        with_a_branch = {edge.element for edges in self._hanging.values() for edge in edges}
        losses = [one for one in self._removals.values() if one.is_loss and one.element not in with_a_branch]
        return [one for one in losses if not self._goes_with_a_node(one)]

    def _property(self, one: Overwritten) -> Overwrite | None:
        now = held_by(self._graph, one.element)
        value = properties_of(now).get(one.name)
        if now is None or is_same(value, one.lost) or self._left_with_its_group(one):
            return None
        mine, theirs = (one.lost, value) if one.stands == "theirs" else (value, one.lost)
        edges = self._hanging.get(one.element, []) if one.name == BRANCHES else []
        put = self._recovery.property(now, one, edges)
        labels = tuple(self._label(edge.state) for edge in edges)
        names = tuple(self._names(one.name, mine, theirs))
        label = self._label(now)
        who = (one.version, one.other, one.before)
        return Overwrite(one.element, one.name, one.stands, label, mine, theirs, *who, put, labels, names)

    def _gone(self, one: Removal) -> Overwrite:
        edges = [edge for edge in self._recovery.edges_of(one) if edge.is_loss and edge.stands == one.stands]
        labels = tuple(self._label(edge.state) for edge in edges)
        put, label = self._recovery.element(one), self._label(one.state)
        who = (one.version, one.other, one.before)
        return Overwrite(one.element, None, one.stands, label, None, None, *who, put, labels)

    def _goes_with_a_node(self, one: Removal) -> bool:
        state = one.state
        return isinstance(state, Edge) and any(
            end in self._nodes and self._removals["node", end].stands == one.stands
            for end in (state.source, state.target)
        )

    def _left_with_its_group(self, one: Overwritten) -> bool:
        """Tell whether a member was set free by its group's end, which has an entry and brings it back."""
        group = self._removals.get(("node", str(one.lost))) if one.name == "parent" else None
        return group is not None and group.is_loss and group.stands == one.stands and group.version == one.version

    def _names(self, name: str, *values: object) -> Iterator[tuple[str, str]]:
        """Name the nodes that a property refers to: the groups of a member, the nodes at an edge's ends."""
        for id in dict.fromkeys(id for value in values for id in _node_ids(name, value)):
            if (node := self._node(id)) is not None:
                yield id, self._label(node)

    def _label(self, held: Held) -> str:
        match held:
            case Node():
                return held.label or KINDS[held.kind].title
            case Edge():
                return f"{self._node_label(held.source)} → {self._node_label(held.target)}"
            case _:
                return held.title

    def _node_label(self, id: str) -> str:
        node = self._node(id)
        return self._label(node) if node else id

    def _node(self, id: str) -> Node | Edge | None:
        """Return a node that is there, or was."""
        removal = self._removals.get(("node", id))
        return self._graph.node(id) or (removal.state if removal else None)


def _node_ids(name: str, value: object) -> tuple[str, ...]:
    match name, value:
        case "parent", str():
            return (value,)
        case "ends", (str(source), str(target), _, _):
            return source, target
        case _:
            return ()
