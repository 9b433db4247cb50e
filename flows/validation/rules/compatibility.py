"""What goes from one node to the next: a result that the next one can take, as far as both say what they expect."""

from collections.abc import Iterator

from flows.document import Document, Node
from flows.validation.problem import Code, Problem, of_node
from flows.validation.scene import is_active

TYPES = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})


def output_fits_input(node: Node, document: Document) -> Iterator[Problem]:
    """What a skill gets from the only node before it is of a type that its schema allows."""
    wanted = _types(node.settings.get("input_schema")) if node.kind == "skill" and is_active(node) else None
    if wanted is None:
        return
    before = [edge for edge in document.edges_of(node.id) if edge.target == node.id]
    source = document.node(before[0].source) if len(before) == 1 else None
    given = made_by(source) if source is not None else None
    if source is not None and given is not None and not given & wanted:
        yield of_node(
            Code.INCOMPATIBLE,
            node.id,
            "settings",
            "input_schema",
            label=node.label,
            source=source.label,
            given=tuple(sorted(given)),
            wanted=tuple(sorted(wanted)),
        )


def made_by(node: Node) -> frozenset[str] | None:
    """Return the JSON types that a node's result may have; None if that cannot be known."""
    match node.kind:
        case "skill":
            return _types(node.settings.get("output_schema"))
        case "transform" if (types := _types(node.settings.get("validation_schema"))) is not None:
            return types
        case "transform" if node.settings.get("type", "template") == "template" and node.settings.get("transformation"):
            return frozenset({"string"})
        case "input" if node.settings.get("type", "form") in ("form", "text"):
            return frozenset({"object" if node.settings.get("type", "form") == "form" else "string"})
        case _:
            return None


def _types(schema: object) -> frozenset[str] | None:
    if not isinstance(schema, dict):
        return None
    types = schema.get("type")
    names = [types] if isinstance(types, str) else types
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name in TYPES for name in names):
        return None
    return frozenset(names) | ({"integer"} if "number" in names else set())
