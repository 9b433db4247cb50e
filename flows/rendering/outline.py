"""The outline: the same flow as the canvas, as a tree of rows that can be read and worked in without seeing it.

Groups hold their members, a node the edges that leave it, and everything stands in the order of the flow: a group where
its first member stands. One answer holds a window of rows, so a flow of any size opens at once; the place of each row
among its siblings says how many there are. Rows are flat, with `aria-level`, as scripts need no nesting to walk them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from flows.document import Edge, Graph, Node, ports_of
from flows.rendering.edges import spoken_edge
from flows.rendering.markup import EMPTY, joined
from flows.rendering.nodes import spoken_name

ROWS = 400
"""Rows in one window."""
BEFORE = 100
"""Rows in front of one that is looked for."""


class Row(NamedTuple):
    """One line of the tree; `is_open` is None where there is nothing inside."""

    element: Node | Edge
    level: int
    place: int
    siblings: int
    is_open: bool | None


@dataclass(frozen=True, slots=True)
class Outline:
    """A window of the tree: its markup, where it begins, how many rows it has, and how many there are in all."""

    html: SafeString
    start: int
    shown: int
    total: int


def outline(
    document: Graph, *, start: int = 0, node: str = "", closed: Collection[str] = (), most: int = ROWS
) -> Outline:
    """Render the rows from `start`, or those around a node, without what is inside `closed` nodes."""
    tree = _Tree(document)
    rows = list(tree.rows(frozenset(closed)))
    if node:
        found = next((at for at, row in enumerate(rows) if row.element.id == node and _is_node(row.element)), 0)
        start = found - BEFORE
    start = max(0, min(start, len(rows) - most))
    window = rows[start : start + most]
    return Outline(joined(map(tree.html, window)), start, len(window), len(rows))


def flow_order(nodes: Iterable[Node], edges: Iterable[Edge]) -> list[str]:
    """Return the ids of nodes so that every edge leads on, but those that close a circle; what follows stays near."""
    after: dict[str, list[str]] = {node.id: [] for node in nodes}
    entered: set[str] = set()
    for edge in edges:
        after[edge.source].append(edge.target)
        entered.add(edge.target)
    roots = [id for id in after if id not in entered]
    left: dict[str, None] = {}
    for root in (*reversed(roots), *reversed(after)):
        _walk(root, after, left)
    return list(reversed(left))


def _walk(root: str, after: Mapping[str, list[str]], left: dict[str, None]) -> None:
    """Leave each node after all that it leads to, the first branch last."""
    if root in left:
        return
    entered = {root}
    path: list[tuple[str, Iterator[str]]] = [(root, reversed(after[root]))]
    while path:
        id, targets = path[-1]
        target = next((one for one in targets if one not in entered and one not in left), None)
        if target is None:
            left[id] = None
            path.pop()
        else:
            entered.add(target)
            path.append((target, reversed(after[target])))


class _Tree:
    def __init__(self, document: Graph) -> None:
        self._nodes = {node.id: node for node in document.nodes()}
        self._leaving: dict[str, list[Edge]] = {}
        self._entering: dict[str, int] = {}
        for edge in document.edges():
            self._leaving.setdefault(edge.source, []).append(edge)
            self._entering[edge.target] = self._entering.get(edge.target, 0) + 1
        for id, edges in self._leaving.items():
            if len(edges) > 1:
                edges.sort(key=_by_port(self._nodes[id]))
        self._inside = self._members()

    def _members(self) -> dict[str | None, list[Node]]:
        """Return what each group holds, and under None what no group holds, in the order of the flow."""
        edges = (edge for edges in self._leaving.values() for edge in edges)
        order = flow_order(self._nodes.values(), edges)
        first: dict[str, int] = {}
        for at, id in enumerate(order):
            group = self._nodes[id].parent
            while self._nodes[id].kind != "group" and group in self._nodes and group not in first:
                first[group] = at
                group = self._nodes[group].parent
        ranks = {id: first.get(id, at) for at, id in enumerate(order)}
        inside: dict[str | None, list[Node]] = {}
        for id in sorted(order, key=lambda id: ranks[id]):
            node = self._nodes[id]
            inside.setdefault(node.parent if node.parent in self._nodes else None, []).append(node)
        return inside

    def rows(self, closed: frozenset[str]) -> Iterator[Row]:
        """Yield the rows from the first to the last."""
        path = [self._below(None, 1)]
        while path:
            row = next(path[-1], None)
            if row is None:
                path.pop()
                continue
            element = row.element
            if not isinstance(element, Node) or not self._has_more(element):
                yield row
                continue
            is_open = element.id not in closed
            yield row._replace(is_open=is_open)
            if is_open:
                path.append(self._below(element.id, row.level + 1))

    def _below(self, id: str | None, level: int) -> Iterator[Row]:
        edges = self._leaving.get(id, []) if id else []
        elements = [*self._inside.get(id, ()), *edges]
        return (Row(one, level, place, len(elements), None) for place, one in enumerate(elements, 1))

    def _has_more(self, node: Node) -> bool:
        return bool(self._inside.get(node.id) or self._leaving.get(node.id))

    def html(self, row: Row) -> SafeString:
        """Render one row."""
        element = row.element
        return self._node(element, row) if isinstance(element, Node) else self._edge(element, row)

    def _node(self, node: Node, row: Row) -> SafeString:
        counts = (self._entering.get(node.id, 0), len(self._leaving.get(node.id, ())))
        return format_html(
            '<li id="o-n-{id}" class="outline-row" role="treeitem" data-node-id="{id}"{tree} aria-label="{name}">'
            '{twist}<span class="chip chip-{kind}"></span>'
            '<a class="outline-name" href="?node={id}" dir="auto" translate="no">{label}</a></li>',
            id=node.id,
            tree=_tree(row),
            name=spoken_node(node, *counts),
            twist=_TWIST if row.is_open is not None else EMPTY,
            kind=node.kind,
            label=node.label or spoken_name(node),
        )

    def _edge(self, edge: Edge, row: Row) -> SafeString:
        source, target = self._nodes[edge.source], self._nodes[edge.target]
        label = format_html('<small dir="auto" translate="no">{}</small>', edge.label) if edge.label else EMPTY
        port = edge.source_port if source.kind in {"decision", "loop"} else ""
        return format_html(
            '<li id="o-e-{id}" class="outline-row" role="treeitem" data-edge-id="{id}"{tree} aria-label="{name}">'
            '<span class="outline-port" dir="auto" translate="no">{port}</span><span aria-hidden="true">→</span>'
            '<a class="outline-name" href="?edge={id}" dir="auto" translate="no">{label}</a>{more}</li>',
            id=edge.id,
            tree=_tree(row),
            name=", ".join(part for part in (spoken_edge(source.label, target.label), port, edge.label) if part),
            port=port,
            label=target.label,
            more=label,
        )


_TWIST = SafeString('<span class="outline-twist" data-twist aria-hidden="true"></span>')


def spoken_node(node: Node, entering: int, leaving: int) -> str:
    """Describe a node with how many edges enter and leave it."""
    counts = ""
    if entering or leaving:
        counts = gettext("%(entering)d in, %(leaving)d out") % {"entering": entering, "leaving": leaving}
    return ", ".join(part for part in (spoken_name(node), counts) if part)


def _tree(row: Row) -> SafeString:
    is_open = EMPTY
    if row.is_open is not None:
        is_open = format_html(' aria-expanded="{}"', "true" if row.is_open else "false")
    return format_html(
        ' aria-level="{}" aria-posinset="{}" aria-setsize="{}"{}', row.level, row.place, row.siblings, is_open
    )


def _by_port(node: Node) -> Callable[[Edge], int]:
    places = {port: at for at, port in enumerate(ports_of(node).outputs)}
    return lambda edge: places.get(edge.source_port, len(places))


def _is_node(element: Node | Edge) -> bool:
    return isinstance(element, Node)
