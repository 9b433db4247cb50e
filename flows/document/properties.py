"""The properties of an element by name and value: what two people can disagree on, one by one.

Names are those of `written`: a place is one property, a size is one, and so is every setting. A setting that is not set
is None, which is what an edit says to remove it.
"""

from collections.abc import Mapping
from typing import TypeAlias, cast

from flows.document.canonical import same_json
from flows.document.elements import Edge, FlowProperties, Node
from flows.document.node_edits import node_edits
from flows.document.operations import EdgeChanges, EditEdge, EditFlow, FlowChanges, SingleOperation

Held: TypeAlias = Node | Edge | FlowProperties
Properties: TypeAlias = Mapping[str, object]

_SCALARS = ("label", "description", "colour", "parent", "enabled")
_PAIRS = {"position": ("x", "y"), "size": ("width", "height")}


def properties_of(held: Held | None) -> Properties:
    """Return all properties of an element; none of one that does not exist."""
    match held:
        case Node():
            pairs = {"position": (held.x, held.y), "size": (held.width, held.height)}
            settings = {f"settings.{name}": value for name, value in held.settings.items()}
            return {**pairs, **{name: getattr(held, name) for name in _SCALARS}, **settings}
        case Edge():
            return {"label": held.label, "animated": held.animated}
        case FlowProperties():
            return {"title": held.title, "description": held.description}
        case None:
            return {}


def differing(one: Properties, other: Properties) -> list[str]:
    """Name the properties whose values differ, as JSON has it."""
    names = dict.fromkeys([*one, *other])
    return [name for name in names if not is_same(one.get(name), other.get(name))]


def is_same(one: object, other: object) -> bool:
    """Tell whether two values of a property read the same."""
    return one == other if isinstance(one, tuple) or isinstance(other, tuple) else same_json(one, other)


def giving(now: Held, name: str, value: object) -> SingleOperation:
    """Return the operation that gives a property a value that it has had."""
    match now:
        case Node():
            return node_edits(now, _with(now, name, value), [name])[0][0]
        case Edge():
            return EditEdge(now.id, cast(EdgeChanges, {name: value}))
        case FlowProperties():
            return EditFlow(cast(FlowChanges, {name: value}))


def _with(node: Node, name: str, value: object) -> Node:
    fields = {field: getattr(node, field) for field in Node.__slots__}
    if name in _PAIRS:
        fields |= dict(zip(_PAIRS[name], cast("tuple[float, float]", value), strict=True))
    elif name in _SCALARS:
        fields[name] = value
    else:
        fields["settings"] = {**node.settings, name.partition(".")[2]: value}
    return Node(**fields)
