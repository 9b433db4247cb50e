"""The product's own body of a flow, `{title, description, nodes, edges}`, as JSON and YAML spell it.

Strict in every value, as `POST /flows` is: a wrong setting is refused by its name. Tolerant in what holds the graph
together, as all imports are: an edge that ends nowhere is dropped and told.
"""

from collections.abc import Iterable
from typing import cast

from django.utils.translation import gettext as _

from flows import limits as helix_limits
from flows.document import (
    IMPORTED,
    DocumentLimits,
    Edge,
    Node,
    Rejected,
    decode_edge,
    decode_node,
    default_output,
    ports_of,
)
from flows.document.json import check_keys, read_object
from flows.interchange.budget import Budget, TooMuchError, UnreadableError
from flows.interchange.connecting import name_of
from flows.interchange.neutral import NeutralEdge, NeutralFlow, NeutralNode
from flows.interchange.report import Report
from flows.sentences import sentence

_BODY = frozenset({"title", "description", "nodes", "edges"})
_IGNORED = frozenset({"helix", "id", "version", "role", "created_at", "updated_at", "template"})
"""What the answer of `GET /flows/{id}` and an export say beside the body."""


def read_body(value: object, budget: Budget, report: Report) -> NeutralFlow:
    """Read the body of a flow. Raises `UnreadableError` and `TooMuchError`."""
    try:
        fields = read_object(value, _("The file"))
        check_keys(fields, _("The file"), frozenset(), _BODY | _IGNORED)
    except Rejected as refusal:
        raise UnreadableError(sentence(refusal)) from None
    if not fields.keys() & {"title", "nodes"}:
        raise UnreadableError(_("There is no flow in this file: it has neither a title nor nodes."))
    flow = NeutralFlow(_text(fields, "title"), _text(fields, "description"), id=_id(fields))
    held: dict[str, Node] = {}
    limits = helix_limits.current()
    for number, one in enumerate(_items(fields, "nodes")):
        budget.add_node()
        node = _node(one, number, limits)
        held.setdefault(node.id, node)
        flow.nodes.append(_neutral(node, has_place=isinstance(one, dict) and bool(one.keys() & {"x", "y"})))
    for number, one in enumerate(_items(fields, "edges")):
        budget.add_edge()
        edge = _edge(one, number, limits)
        neutral = NeutralEdge(
            edge.source, edge.target, edge.source_port, edge.target_port, edge.label, edge.animated, edge.id
        )
        if _fits(edge, held):
            flow.edges.append(neutral)
        else:
            report.drop("edge", name_of(neutral), _("It is connected to a port that the node does not have."))
    return flow


def _items(fields: dict[str, object], name: str) -> Iterable[object]:
    value = fields.get(name, [])
    if not isinstance(value, list):
        raise UnreadableError(_("%(name)s: must be a list") % {"name": name})
    most = getattr(helix_limits.current(), name)
    if len(value) > most:
        raise TooMuchError(name, most)
    return value


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise UnreadableError(_("%(name)s: must be a string") % {"name": name})
    return value


def _id(fields: dict[str, object]) -> str:
    value = fields.get("id", "")
    return value if isinstance(value, str) else ""


def _node(value: object, number: int, limits: DocumentLimits) -> Node:
    if isinstance(value, dict) and not value.keys() & {"x", "y"}:
        value = {"x": 0, "y": 0, **value}
    try:
        return decode_node(value, limits)
    except Rejected as refusal:
        raise UnreadableError(f"nodes[{number}]: {sentence(refusal)}") from None


def _edge(value: object, number: int, limits: DocumentLimits) -> Edge:
    try:
        return decode_edge(value, limits)
    except Rejected as refusal:
        raise UnreadableError(f"edges[{number}]: {sentence(refusal)}") from None


def _neutral(node: Node, *, has_place: bool) -> NeutralNode:
    settings = dict(node.settings)
    imported = cast("dict[str, object] | None", settings.pop(IMPORTED.name, None))
    return NeutralNode(
        node.id,
        node.kind,
        node.label,
        node.description,
        node.x if has_place else None,
        node.y if has_place else None,
        node.width,
        node.height,
        node.colour,
        node.parent,
        node.enabled,
        settings,
        imported,
    )


def _fits(edge: Edge, nodes: dict[str, Node]) -> bool:
    """Tell whether both nodes, where they are there and have ports at all, have those of the edge."""
    source, target = nodes.get(edge.source), nodes.get(edge.target)
    if source is None or target is None or not {source.kind, target.kind}.isdisjoint({"group", "note"}):
        return True
    outputs, inputs = ports_of(source).outputs, ports_of(target).inputs
    return (edge.source_port or default_output(source)) in outputs and (edge.target_port or "in") in inputs
