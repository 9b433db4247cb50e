"""What leads from a flow to the state that a file describes: told to people, and as the fewest operations. Pure.

Elements are known by their ids. What the file does not place stays where it is. The operations are tried on the flow
before they are offered: where one after the other does not come to the file's state (two edges that change places, a
node of another kind under the same id), there are none, and the graph is to be replaced as a whole.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, TypeVar, cast

from flows.document import (
    NO_LIMITS,
    AddEdge,
    AddNode,
    Batch,
    Document,
    DocumentLimits,
    Edge,
    EditEdge,
    EditFlow,
    EditNode,
    FlowProperties,
    MoveNode,
    Node,
    Rejected,
    RemoveEdge,
    RemoveNode,
    ResizeNode,
    SingleOperation,
    apply,
)
from flows.document.elements import (
    EdgeChanges,
    FlowChanges,
    NodeChanges,
    edge_differences,
    fields_of,
    flow_differences,
    node_differences,
    properties_of,
)
from flows.interchange.assemble import assemble
from flows.interchange.budget import Budget, UnreadableError
from flows.interchange.formats import FORMATS
from flows.interchange.importing import SECONDS, Imported
from flows.interchange.placing import placed
from flows.interchange.report import Report

T = TypeVar("T", Node, Edge)
What: TypeAlias = Literal["added", "changed", "removed"]
_SETTINGS = "settings."


@dataclass(frozen=True, slots=True)
class Difference:
    """One element that differs. `properties` are (name, before, after), of one that changed alone."""

    what: What
    element: Literal["flow", "node", "edge"]
    id: str
    label: str
    properties: tuple[tuple[str, object, object], ...] = ()


def read_state(data: bytes, format: str, limits: DocumentLimits, held: Mapping[str, Node]) -> Imported:
    """Read the state that a file of one of our own formats describes; `held` are the flow's nodes as they are.

    Raises `UnreadableError` and `TooMuchError`.
    """
    report = Report(format)
    budget = Budget(limits.nodes, limits.edges, SECONDS)
    try:
        graph = assemble(FORMATS[format].read(data, budget, report), limits, budget, report)
    except UnreadableError as error:
        error.format = format
        raise
    staying = {id: held[id] for id in graph.unplaced if id in held}
    nodes = tuple(_in_place(node, staying.get(node.id)) for node in graph.nodes)
    graph = replace(graph, nodes=nodes, unplaced=graph.unplaced - staying.keys())
    laid_out = placed(graph) if graph.unplaced or not held else nodes
    return Imported(graph.id, graph.title, graph.description, laid_out, graph.edges, report)


def differences(now: Document, wanted: Document) -> list[Difference]:
    """Return what differs: the flow itself, then nodes, then edges, each by id."""
    told = []
    if names := flow_differences(now.properties, wanted.properties):
        told.append(Difference("changed", "flow", "", now.properties.title, _values(names, now.properties, wanted)))
    nodes = _by_id(now.nodes()), _by_id(wanted.nodes())
    for id in sorted(nodes[0].keys() | nodes[1].keys()):
        told += _node_difference(nodes[0].get(id), nodes[1].get(id))
    edges = _by_id(now.edges()), _by_id(wanted.edges())
    for id in sorted(edges[0].keys() | edges[1].keys()):
        told += _edge_difference(edges[0].get(id), edges[1].get(id), now, wanted)
    return told


def operations(now: Document, wanted: Document, limits: DocumentLimits) -> tuple[SingleOperation, ...] | None:
    """Return operations that lead from one state to the other in one batch, few of them; None if none do."""
    steps = list(_steps(now, wanted))
    try:
        reached = _after(now, steps)
        steps += _moves(reached, wanted)  # a group that moves takes its members along
        if len(steps) <= limits.batch and not differences(_after(now, steps), wanted):
            return tuple(steps)
    except Rejected:
        pass
    return None


def _in_place(node: Node, held: Node | None) -> Node:
    return node if held is None else node.at(held.x, held.y, held.width, held.height)


def _steps(now: Document, wanted: Document) -> Iterator[SingleOperation]:
    old, new = _by_id(now.nodes()), _by_id(wanted.nodes())
    old_edges, new_edges = _by_id(now.edges()), _by_id(wanted.edges())
    for node in _outer_first(node for id, node in new.items() if id not in old):
        yield AddNode(node)
    for id in sorted(old.keys() & new.keys()):
        yield from _node_edits(old[id], new[id])
    for id in sorted(old_edges.keys() - new_edges.keys()):
        edge = old_edges[id]
        if edge.source in new and edge.target in new:
            yield RemoveEdge(id)
    for id in sorted(old_edges.keys() & new_edges.keys()):
        if names := edge_differences(old_edges[id], new_edges[id]):
            given = {field: getattr(new_edges[id], field) for name in names for field in fields_of(name)}
            yield EditEdge(id, cast(EdgeChanges, given))
    for id in sorted(old.keys() - new.keys()):
        yield RemoveNode(id)
    for id in sorted(new_edges.keys() - old_edges.keys()):
        yield AddEdge(new_edges[id])
    if names := flow_differences(now.properties, wanted.properties):
        yield EditFlow(cast(FlowChanges, {name: getattr(wanted.properties, name) for name in names}))
    yield from _moves(now, wanted)


def _node_edits(old: Node, new: Node) -> Iterator[SingleOperation]:
    names = node_differences(old, new)
    plain: dict[str, object] = {name: getattr(new, name) for name in names if name in _EDITED}
    keys = [name.removeprefix(_SETTINGS) for name in names if name.startswith(_SETTINGS)]
    if keys:
        plain["settings"] = {key: new.settings.get(key) for key in keys}
    if plain:
        yield EditNode(old.id, cast(NodeChanges, plain))
    if "size" in names:
        yield ResizeNode(old.id, new.width, new.height)


_EDITED = frozenset({"label", "description", "colour", "parent", "enabled"})


def _moves(now: Document, wanted: Document) -> list[SingleOperation]:
    """Return what brings the nodes that both have to their places, groups before their members."""
    moved = [
        node
        for node in wanted.nodes()
        if (held := now.node(node.id)) is not None and (held.x, held.y) != (node.x, node.y)
    ]
    return [MoveNode(node.id, node.x, node.y) for node in _outer_first(moved)]


def _outer_first(nodes: Iterable[Node]) -> list[Node]:
    """Order nodes so that each group comes before what is in it; otherwise by id. Circles end somewhere."""
    by_id = _by_id(nodes)
    ordered: dict[str, Node] = {}
    for id in sorted(by_id):
        path: dict[str, Node] = {}
        step: Node | None = by_id[id]
        while step is not None and step.id not in ordered and step.id not in path:
            path[step.id] = step
            step = by_id.get(step.parent or "")
        ordered |= dict(reversed(path.items()))
    return list(ordered.values())


def _after(now: Document, steps: Sequence[SingleOperation]) -> Document:
    """Return the flow as it is after some operations. Raises `Rejected`."""
    document = Document(now.properties, now.nodes(), now.edges())
    if steps:
        document.advance(apply(now, Batch(tuple(steps)), NO_LIMITS).effect)
    return document


def _by_id(elements: Iterable[T]) -> dict[str, T]:
    return {element.id: element for element in elements}


def _node_difference(old: Node | None, new: Node | None) -> Iterator[Difference]:
    if old is None and new is not None:
        yield Difference("added", "node", new.id, new.label)
    elif new is None and old is not None:
        yield Difference("removed", "node", old.id, old.label)
    elif old is not None and new is not None:
        kind = [("kind", old.kind, new.kind)] if old.kind != new.kind else []
        before, after = properties_of(old), properties_of(new)
        changed = [(name, before.get(name), after.get(name)) for name in node_differences(old, new)]
        if kind or changed:
            yield Difference("changed", "node", old.id, new.label, (*kind, *changed))


def _edge_difference(old: Edge | None, new: Edge | None, now: Document, wanted: Document) -> Iterator[Difference]:
    if old is None and new is not None:
        yield Difference("added", "edge", new.id, _way(new, wanted))
    elif new is None and old is not None:
        yield Difference("removed", "edge", old.id, _way(old, now))
    elif old is not None and new is not None and (names := edge_differences(old, new)):
        before, after = properties_of(old), properties_of(new)
        values = tuple((name, before[name], after[name]) for name in names)
        yield Difference("changed", "edge", old.id, _way(new, wanted), values)


def _way(edge: Edge, document: Document) -> str:
    """Say of an edge from where to where it leads, by labels."""
    ends = (document.node(id) for id in (edge.source, edge.target))
    source, target = (node.label or node.id if node else "?" for node in ends)
    return f"{source} → {target}" + (f" ({edge.label})" if edge.label else "")


def _values(names: Iterable[str], before: FlowProperties, wanted: Document) -> tuple[tuple[str, object, object], ...]:
    return tuple((name, getattr(before, name), getattr(wanted.properties, name)) for name in names)
