"""What a template says now that it did not say when a flow was made of it, and how the flow takes that over.

Three graphs: `base`, what the flow began with; `now`, the template with the flow's values for its parameters; `mine`,
the flow. What changed from `base` to `now` is offered; what somebody has changed in the flow since stays theirs, and is
told as kept.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from flows.document import Edge, Node, encode_edge, encode_node
from flows.document.elements import edge_differences, fields_of, node_differences, properties_of
from flows.templates.parameters import value_at
from flows.templates.template import Template

Elements: TypeAlias = tuple[Mapping[str, Node], Mapping[str, Edge]]
What: TypeAlias = Literal["added", "removed", "changed"]
SETTINGS = "settings."


@dataclass(frozen=True, slots=True)
class Difference:
    """One element that the template adds, removes or changes; `properties` are those that the flow would take over.

    `kept` are those that the flow keeps as they are, because they were changed there too; of an element that is added
    or removed, it is `("",)` when nothing is done.
    """

    what: What
    node: str | None
    edge: str | None
    label: str
    properties: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def elements(nodes: Iterable[Node], edges: Iterable[Edge]) -> Elements:
    """Return nodes and edges by id."""
    return {node.id: node for node in nodes}, {edge.id: edge for edge in edges}


def values_of(template: Template, base: Elements) -> dict[str, object]:
    """Return the values that a flow was given for a template's parameters, as far as they can be found in it."""
    held = Template("", "", "", "", tuple(base[0].values()), tuple(base[1].values()))
    found = ((one.name, value_at(one, held)) for one in template.parameters)
    return {name: value for name, value in found if value is not None}


def differences(base: Elements, now: Elements, mine: Elements) -> tuple[list[Difference], list[dict[str, Any]]]:
    """Return what differs, nodes first, and the operations that bring it into the flow, in an order that holds."""
    told: list[Difference] = []
    added: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    removed: list[dict[str, Any]] = []
    there = mine[0].keys() | (now[0].keys() - base[0].keys())
    for id in sorted(base[0].keys() | now[0].keys()):
        before, after, held = base[0].get(id), now[0].get(id), mine[0].get(id)
        if before is None and after is not None:
            told.append(Difference("added", id, None, after.label, kept=("",) if held else ()))
            added += [] if held else [{"kind": "add_node", "node": encode_node(after)}]
        elif before is not None and after is None and held is not None:
            is_kept = any(name not in {"position", "size"} for name in node_differences(before, held))
            told.append(Difference("removed", id, None, held.label, kept=("",) if is_kept else ()))
            removed += [] if is_kept else [{"kind": "remove_node", "id": id}]
        elif before is not None and after is not None and held is not None:
            names, kept = _taken(before, after, held, node_differences(before, after))
            if names or kept:
                told.append(Difference("changed", id, None, held.label, names, kept))
                changed += _node_edits(after, names)
    for id in sorted(base[1].keys() | now[1].keys()):
        old, new, own = base[1].get(id), now[1].get(id), mine[1].get(id)
        if old is None and new is not None:
            is_kept = own is not None or _kept_back(new, there, mine[1].values())
            told.append(Difference("added", None, id, new.label, kept=("",) if is_kept else ()))
            changed += [] if is_kept else [{"kind": "add_edge", "edge": encode_edge(new)}]
        elif old is not None and new is None and own is not None:
            told.append(Difference("removed", None, id, own.label, kept=("",) if own != old else ()))
            removed[:0] = [] if own != old else [{"kind": "remove_edge", "id": id}]
        elif old is not None and new is not None and own is not None:
            names, kept = _taken(old, new, own, edge_differences(old, new))
            if names or kept:
                told.append(Difference("changed", None, id, own.label, names, kept))
                changed += _edge_edits(new, names)
    added.sort(key=lambda one: (one["node"]["kind"] != "group", one["node"]["parent"] is not None))
    return told, [*added, *changed, *removed]


def _kept_back(edge: Edge, there: Collection[str], held: Iterable[Edge]) -> bool:
    """Return whether a new edge cannot come: one like it is there, or a node at its end was deleted in the flow."""
    return not {edge.source, edge.target} <= set(there) or any(one.ends == edge.ends for one in held)


def _taken(
    before: Node | Edge, after: Node | Edge, held: Node | Edge, names: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split the properties that the template changed into those to take over and those the flow has changed itself."""
    old, new, own = properties_of(before), properties_of(after), properties_of(held)
    open_ = [name for name in names if own.get(name) != new.get(name)]
    taken = tuple(name for name in open_ if own.get(name) == old.get(name))
    return taken, tuple(name for name in open_ if name not in taken)


def _node_edits(node: Node, names: Sequence[str]) -> Iterable[dict[str, Any]]:
    keys = [name.removeprefix(SETTINGS) for name in names if name.startswith(SETTINGS)]
    settings = {key: node.settings.get(key) for key in keys}
    plain = {name: getattr(node, name) for name in names if name not in {"position", "size"} and "." not in name}
    if plain or settings:
        yield {"kind": "edit_node", "id": node.id, "set": plain | ({"settings": settings} if settings else {})}
    if "size" in names:
        yield {"kind": "resize_node", "id": node.id, "width": node.width, "height": node.height}
    if "position" in names:
        yield {"kind": "move_node", "id": node.id, "x": node.x, "y": node.y}


def _edge_edits(edge: Edge, names: Sequence[str]) -> Iterable[dict[str, Any]]:
    if names:
        given = {field: getattr(edge, field) for name in names for field in fields_of(name)}
        yield {"kind": "edit_edge", "id": edge.id, "set": given}
