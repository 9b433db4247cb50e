"""Bring back what a step changed, property by property, as far as no one else has written it since.

The wish is an effect that leads back: each pair from what the step made to what was before. A property is restored only
if no one else has written it since and it still is as the step left it; an element is removed again only if no one else
has written anything of it or on it; one that comes back needs its id, its ends and its ports. Every operation is tried
on a draft first: what the rules refuse, or what would take along more than was wished, is skipped and said.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias, TypeVar, cast

from flows.document.draft import Draft
from flows.document.elements import (
    FLOW,
    Edge,
    Element,
    FlowChanges,
    Node,
    edge_differences,
    fields_of,
    flow_differences,
)
from flows.document.errors import Rejected
from flows.document.graph import Effect, Graph, Pair
from flows.document.kinds.ports import ports_of
from flows.document.limits import NO_LIMITS
from flows.document.operations import (
    AddEdge,
    AddNode,
    EditFlow,
    EditNode,
    RemoveEdge,
    RemoveNode,
    SingleOperation,
    apply,
)
from flows.document.operations.operation import Skipped
from flows.document.undo.property_edits import edge_edits, node_edits
from flows.document.undo.write_set import ENDS, EXISTENCE, MEMBERS, WriteSet, connection, differences_of_node

T = TypeVar("T")
Try: TypeAlias = Callable[[], bool]
BRANCHES = "settings.branches"


class Compensation:
    """One step being taken back on a graph; `others` is what other people have written since the step.

    Afterwards `operations` are what brings it back, in order, `draft` is where they lead, and `skipped` is what was
    not changed: `skipped_names` by element and property.
    """

    def __init__(self, graph: Graph, wish: Effect, others: WriteSet) -> None:
        self._graph, self._wish, self._others = graph, wish, others
        self.draft = Draft(graph)
        self.operations: list[SingleOperation] = []
        self.skipped_names: dict[Element, set[str]] = {}
        self._narrowing: dict[str, EditNode] = {}
        self._edges_gone()
        self._nodes_back()
        self._nodes_as_before()
        self._edges_as_before()
        self._branches_as_before()
        self._nodes_gone()
        self._edges_back()
        self._flow_as_before()

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was skipped, by element."""
        return tuple(
            Skipped(what, id, tuple(sorted(part for name in names for part in _parts(name))))
            for (what, id), names in self.skipped_names.items()
        )

    # Elements that the step brought.

    def _edges_gone(self) -> None:
        for id, edge in _of(self._wish.edges, lambda pair: pair.after is None):
            is_mine = not self._others.touches(("edge", id)) and self._graph.edge(id) == edge.before
            if not is_mine or not self._try(RemoveEdge(id)):
                self._skip(("edge", id), EXISTENCE)

    def _nodes_gone(self) -> None:
        """Innermost first; a node with members, or with edges of others, stays."""
        going: dict[str, Try] = {}
        wish = dict(_of(self._wish.nodes, lambda pair: pair.after is None))
        held = {id: pair.before for id, pair in wish.items() if pair.before is not None}
        for id in reversed(_outermost_first(held)):
            node = wish[id]
            if self._others.touches(("node", id)) or self._graph.node(id) != node.before:
                self._skip(("node", id), EXISTENCE)
            else:
                going[id] = lambda id=id: self._try(RemoveNode(id))  # type: ignore[misc]
        for id in _in_some_order(going):
            self._skip(("node", id), EXISTENCE)

    # Elements that the step took.

    def _nodes_back(self) -> None:
        """Groups before what was in them; into no group if theirs is gone."""
        coming: dict[str, Node] = {}
        for id, pair in _of(self._wish.nodes, lambda pair: pair.before is None):
            if self._others.has(("node", id), EXISTENCE) or self._graph.node(id) is not None or pair.after is None:
                self._skip(("node", id), EXISTENCE)
            else:
                coming[id] = pair.after
        for id, node in coming.items():
            if node.parent is not None and node.parent not in coming and not self._may_hold(node.parent):
                coming[id] = replace(node, parent=None)
                self._skip(("node", id), "parent")
        ordered = {id: coming[id] for id in _outermost_first(coming)}
        tries: dict[str, Try] = {id: lambda node=node: self._try(AddNode(node)) for id, node in ordered.items()}  # type: ignore[misc]
        for id in _in_some_order(tries):
            self._skip(("node", id), EXISTENCE)

    def _may_hold(self, id: str) -> bool:
        """Tell whether this is a group that no one else has removed since, even if they brought it back."""
        node = self.draft.node(id)
        return node is not None and node.kind == "group" and not self._others.has(("node", id), EXISTENCE)

    def _edges_back(self) -> None:
        for id, pair in _of(self._wish.edges, lambda pair: pair.before is None):
            edge = pair.after
            if edge is None or not self._is_free(edge) or not self._try(AddEdge(edge)):
                self._skip(("edge", id), EXISTENCE)

    def _is_free(self, edge: Edge) -> bool:
        """Tell whether an edge's id, ends and connection were written by no one else."""
        is_theirs = self._others.has(("edge", edge.id), EXISTENCE)
        return self._graph.edge(edge.id) is None and not is_theirs and self._may_connect(edge)

    # Elements that the step changed.

    def _nodes_as_before(self) -> None:
        parents: dict[str, Try] = {}
        for id, made, before in _changed(self._wish.nodes):
            now = self._graph.node(id)
            names = self._mine(("node", id), made, before, now, differences_of_node)
            if now is None or EXISTENCE in names:
                self._skip(("node", id), *names)
                continue
            for operation, named in node_edits(now, before, names):
                if named == ["parent"] and (before.parent is None or self._may_hold(before.parent)):
                    parents[id] = lambda operation=operation: self._try(operation)  # type: ignore[misc]
                elif named == ["parent"] or self._takes_ports_of_others(now, operation):
                    self._skip(("node", id), *named)
                elif named == [BRANCHES] and isinstance(operation, EditNode) and self._widened(now, operation):
                    continue
                elif not self._try(operation):
                    self._skip(("node", id), *named)
        wished = {id: before for id, _made, before in _changed(self._wish.nodes) if id in parents}
        for id in _in_some_order({id: parents[id] for id in _outermost_first(wished)}):
            self._skip(("node", id), "parent")

    def _edges_as_before(self) -> None:
        moves: dict[str, Try] = {}
        places: dict[str, Edge] = {}
        for id, made, before in _changed(self._wish.edges):
            names = self._mine(("edge", id), made, before, self._graph.edge(id), edge_differences)
            for operation, named in edge_edits(before, names):
                if named == [ENDS] and self._may_connect(before):
                    moves[id] = lambda operation=operation: self._try(operation)  # type: ignore[misc]
                    places[id] = before
                elif named == [ENDS] or not self._try(operation):
                    self._skip(("edge", id), *named)
        for id in _in_some_order({id: moves[id] for id in self._who_holds_first(places)}):
            self._skip(("edge", id), ENDS)

    def _who_holds_first(self, places: Mapping[str, Edge]) -> list[str]:
        """Order edges so that each comes after the one that holds the connection it goes back to."""
        held = {id: self.draft.edge_between(edge.ends) for id, edge in places.items()}
        return _leaders_first({id: other.id if other else "" for id, other in held.items()})

    def _may_connect(self, edge: Edge) -> bool:
        """Tell whether no one else has written an edge's connection or the existence of its nodes."""
        theirs = [("node", edge.source), ("node", edge.target), connection(edge)]
        return not any(self._others.has(one, EXISTENCE) for one in theirs)

    def _widened(self, now: Node, operation: EditNode) -> bool:
        """Give a decision its earlier branches beside those of now, where edges are still to move between them."""
        sources = {edge.source for _id, *both in _changed(self._wish.edges) for edge in both}
        if now.id not in sources:
            return False
        wide = list(dict.fromkeys([*_branches(now.edited(operation.changes)), *_branches(now)]))
        if self._try(EditNode(now.id, {"settings": {"branches": wide}})):
            self._narrowing[now.id] = operation
        return now.id in self._narrowing

    def _branches_as_before(self) -> None:
        for id, operation in self._narrowing.items():
            if not self._try(operation):
                now = self._graph.node(id)
                self._skip(("node", id), BRANCHES)
                self._try(EditNode(id, {"settings": {"branches": now and now.settings.get("branches")}}))

    def _flow_as_before(self) -> None:
        pair = self._wish.flow
        if pair is None or pair.before is None or pair.after is None:
            return
        names = self._mine(FLOW, pair.before, pair.after, self._graph.properties, flow_differences)
        if names:
            self._try(EditFlow(cast(FlowChanges, {name: getattr(pair.after, name) for name in names})))

    # What may be written.

    def _mine(
        self, element: Element, made: T, before: T, now: T | None, differences: Callable[[T, T], list[str]]
    ) -> list[str]:
        """Return what the step changed, is as the step left it and no one else's; skip the others."""
        strayed = None if now is None else differences(now, made)
        free = []
        for name in differences(made, before):
            if strayed is None or EXISTENCE in strayed or name in strayed or self._others.has(element, name):
                self._skip(element, name)
            else:
                free.append(name)
        return free

    def _takes_ports_of_others(self, now: Node, operation: SingleOperation) -> bool:
        """Tell whether an edit takes away a port that another person has used since."""
        if not isinstance(operation, EditNode) or "branches" not in operation.changes.get("settings", {}):
            return False
        after = now.edited(operation.changes)
        lost = set(ports_of(now).outputs) - set(ports_of(after).outputs)
        return any(self._others.has(("node", now.id), f"out.{port}") for port in lost)

    def _try(self, operation: SingleOperation) -> bool:
        """Do one operation on the draft, unless the rules refuse it or it would take other elements along."""
        try:
            effect = apply(self.draft, operation, NO_LIMITS).effect
        except Rejected:
            return False
        if len(effect.nodes) + len(effect.edges) > 1:
            return False
        if not effect.is_empty:
            self.draft.advance(effect)
            self.operations.append(operation)
        return True

    def _skip(self, element: Element, *names: str) -> None:
        if names:
            self.skipped_names.setdefault(element, set()).update(names)


def _branches(node: Node) -> list[str]:
    branches = node.settings.get("branches")
    return list(branches) if isinstance(branches, (list, tuple)) else []


def _parts(name: str) -> tuple[str, ...]:
    return () if name in (EXISTENCE, MEMBERS) else fields_of(name)


def _of(pairs: Mapping[str, Pair[T]], wanted: Callable[[Pair[T]], bool]) -> list[tuple[str, Pair[T]]]:
    return [(id, pair) for id, pair in pairs.items() if wanted(pair)]


def _changed(pairs: Mapping[str, Pair[T]]) -> list[tuple[str, T, T]]:
    """Return what was there before the step and after it: as the step made it, and as it was."""
    both = ((id, pair.before, pair.after) for id, pair in pairs.items())
    return [(id, made, before) for id, made, before in both if made is not None and before is not None]


def _outermost_first(nodes: Mapping[str, Node]) -> list[str]:
    """Order nodes so that each comes after the group that holds it."""
    return _leaders_first({id: node.parent or "" for id, node in nodes.items()})


def _leaders_first(leaders: Mapping[str, str]) -> list[str]:
    """Order ids so that each comes after its leader, as far as there is no circle."""
    ordered: dict[str, None] = {}
    for id in leaders:
        path: dict[str, None] = {}
        step = id
        while step in leaders and step not in ordered and step not in path:
            path[step] = None
            step = leaders[step]
        ordered.update(dict.fromkeys(reversed(path)))
    return list(ordered)


def _in_some_order(tries: dict[str, Try]) -> list[str]:
    """Try what depends on each other until nothing more succeeds; return what did not."""
    waiting, before = list(tries), -1
    while waiting and len(waiting) != before:
        before = len(waiting)
        waiting = [id for id in waiting if not tries[id]()]
    return waiting
