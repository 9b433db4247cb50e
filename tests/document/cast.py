"""Short ways to say what the document tests say often."""

from flows.document import (
    DEFAULT_LIMITS,
    Document,
    DocumentLimits,
    FlowProperties,
    Outcome,
    apply,
    decode_edge,
    decode_graph,
    decode_node,
    decode_operation,
)


def a_node(id="n1", kind="agent", x=0, y=0, **more):
    """Return a decoded node."""
    return decode_node({"id": id, "kind": kind, "x": x, "y": y, **more}, DEFAULT_LIMITS)


def an_edge(id="e1", source="n1", target="n2", source_port="out", target_port="in", **more):
    """Return a decoded edge, complete."""
    ports = {"source_port": source_port, "target_port": target_port}
    return decode_edge({"id": id, "source": source, "target": target, **ports, **more}, DEFAULT_LIMITS)


def a_document(nodes=(), edges=()) -> Document:
    """Return a document of decoded elements."""
    return Document(FlowProperties("Triage", ""), nodes, edges)


def doing(document: Document, operation: dict, limits: DocumentLimits = DEFAULT_LIMITS) -> Outcome:
    """Decode and apply one operation, without advancing the document."""
    return apply(document, decode_operation(operation, limits), limits)


def after(document: Document, *operations: dict, limits: DocumentLimits = DEFAULT_LIMITS) -> Document:
    """Return the document after the operations; the one given stays as it was."""
    result = document.copy()
    for operation in operations:
        result.advance(doing(result, operation, limits).effect)
    return result


__all__ = ["a_document", "a_node", "after", "an_edge", "decode_graph", "doing"]
