"""New nodes and edges as an action adds them: complete by the catalogue, in the reader's words."""

from collections.abc import Mapping

from django.utils.translation import pgettext

from flows.actions.routes import new_id
from flows.document import KINDS, NO_LIMITS, AddEdge, AddNode, Edge, Node, decode_node

WITH_INPUT = tuple((kind.name, kind.title) for kind in KINDS.values() if kind.inputs)
WITH_OUTPUT = frozenset(kind.name for kind in KINDS.values() if kind.outputs)


def new_node(
    kind: str,
    at: tuple[float, float] = (0, 0),
    *,
    label: str | None = None,
    parent: str | None = None,
    settings: Mapping[str, object] | None = None,
    size: tuple[float, float] | None = None,
) -> Node:
    """Return a fresh node of a kind; without a label it is called like its kind."""
    given: dict[str, object] = {"id": new_id("n"), "kind": kind, "x": round(at[0], 2), "y": round(at[1], 2)}
    given |= {"label": kind_label(kind) if label is None else label, "parent": parent}
    given |= {"settings": dict(settings or {})}
    if size is not None:
        given |= {"width": round(size[0], 2), "height": round(size[1], 2)}
    return decode_node(given, NO_LIMITS)


def kind_label(kind: str) -> str:
    """Return what a fresh node of a kind is called."""
    return pgettext("node kind", KINDS[kind].title)


def add(node: Node) -> AddNode:
    """Return the operation that adds a node."""
    return AddNode(node)


def connect(source: str, target: str, port: str = "", label: str = "") -> AddEdge:
    """Return the operation that connects two nodes; without a port, at the source's usual one."""
    return AddEdge(Edge(new_id("e"), source, target, port, "in", label))
