"""The shapes of many flows at once, as cards draw them: from a part of each, and without what collapsed groups hide."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from flows.document import folded
from flows.models import FlowEdge, FlowNode
from flows.storage.sql import Row, key_value, select

THUMBNAIL_NODES = 60

_TABLE = FlowNode._meta.db_table
_FIRST_NODES = f"""SELECT key, parent_id, kind, x, y, width, height, colour,
    CASE kind WHEN 'group' THEN CAST(settings AS text) END AS settings FROM {_TABLE}
    WHERE flow_id = {{flow}} ORDER BY flow_id, node_id LIMIT {THUMBNAIL_NODES}"""  # noqa: S608  (our names)
_GROUP = ("key", "parent_id", "kind", "x", "y", "width", "height", "colour")


@dataclass(frozen=True, slots=True)
class Block:
    """A node as small as it gets."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """The shape of a flow: what is drawn of 60 of its nodes at most, and of the edges between those."""

    nodes: tuple[Block, ...]
    edges: tuple[tuple[Block, Block], ...]


@dataclass(frozen=True, slots=True)
class _Node:
    parent: str | None
    is_collapsed: bool
    block: Block


def thumbnails(flow_ids: Sequence[UUID]) -> dict[UUID, Thumbnail]:
    """Return the shapes of some flows; one that has no nodes has an empty one."""
    nodes: dict[str, _Node] = {}
    keys: dict[UUID, list[str]] = {flow_id: [] for flow_id in flow_ids}
    for place, *row in _first_nodes(flow_ids) if flow_ids else ():
        key, nodes[key] = _node(*row)
        keys[flow_ids[place]].append(key)
    edges: dict[UUID, list[tuple[str, str]]] = {flow_id: [] for flow_id in flow_ids}
    between = FlowEdge.objects.filter(source_id__in=nodes.keys(), target_id__in=nodes.keys())
    for flow_id, source, target in between.values_list("flow_id", "source_id", "target_id"):
        edges[flow_id].append((source, target))
    nodes |= _groups_around(nodes)
    return {flow_id: _thumbnail(keys[flow_id], edges[flow_id], nodes) for flow_id in flow_ids}


def _thumbnail(keys: Iterable[str], edges: Iterable[tuple[str, str]], nodes: Mapping[str, _Node]) -> Thumbnail:
    drawn = {key: _stand_in(key, nodes) for key in keys}
    ends = dict.fromkeys((drawn[source], drawn[target]) for source, target in edges)
    return Thumbnail(
        tuple(nodes[key].block for key in dict.fromkeys(drawn.values())),
        tuple((nodes[source].block, nodes[target].block) for source, target in ends if source != target),
    )


def _stand_in(key: str, nodes: Mapping[str, _Node]) -> str:
    """Return what is drawn of a node: the outermost collapsed group around it, or the node itself."""
    shown, parent = key, nodes[key].parent
    while parent:
        shown = parent if nodes[parent].is_collapsed else shown
        parent = nodes[parent].parent
    return shown


def _first_nodes(flow_ids: Sequence[UUID]) -> list[Row]:
    """Read a few nodes of each flow in one query; the index on (flow, node id) spares reading the others.

    PostgreSQL is asked once for all: its policies cost as much for each part of a union. SQLite has no lateral joins.
    """
    if connection.vendor == "postgresql":
        of_each = _FIRST_NODES.format(flow="flow.id")
        flows = "unnest(%s::uuid[]) WITH ORDINALITY AS flow (id, place)"
        return select(
            f"SELECT place - 1, node.* FROM {flows} CROSS JOIN LATERAL ({of_each}) AS node",  # noqa: S608
            [list(flow_ids)],
        )
    of_one = _FIRST_NODES.format(flow="%s")
    parts = [f"SELECT {place}, node.* FROM ({of_one}) AS node" for place in range(len(flow_ids))]  # noqa: S608
    return select(" UNION ALL ".join(parts), [key_value(flow_id) for flow_id in flow_ids])


def _groups_around(nodes: Mapping[str, _Node]) -> dict[str, _Node]:
    """Read the groups around some nodes that are not among these, a query for each level of nesting."""
    found: dict[str, _Node] = {}
    around = {node.parent for node in nodes.values() if node.parent} - nodes.keys()
    while around:
        rows = FlowNode.objects.filter(pk__in=around).values_list(*_GROUP, Cast("settings", TextField()))
        level = dict(_node(*row) for row in rows)
        found |= level
        around = {node.parent for node in level.values() if node.parent} - nodes.keys() - found.keys()
    return found


def _node(key: str, parent: str | None, *row: Any) -> tuple[str, _Node]:
    *block, settings = row
    shape, is_collapsed = Block(*block), bool(settings) and json.loads(settings).get("collapsed") is True
    if is_collapsed:
        width, height = folded(shape.width, shape.height)
        shape = replace(shape, width=width, height=height)
    return key, _Node(parent, is_collapsed, shape)
