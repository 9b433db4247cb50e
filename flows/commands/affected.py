"""What a refused operation affected: all that its author may have changed on screen already, and must see again.

More than it names: a group takes its members along, a removed node its edges, a decision the edges of its branches.
That is asked only of a graph in memory: a refusal must never make the database read for it.
"""

from flows.document import CreateFlow, Graph, Record, ReplaceGraph, references_in

NOTHING: tuple[frozenset[str], frozenset[str]] = frozenset(), frozenset()


def touched(operation: object, record: Record | None, graph: Graph | None) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of nodes and edges that an operation touched; `record` is None if it could not be decoded.

    Without a graph, only those that it names.
    """
    match record:
        case None:
            return references_in(operation)
        case CreateFlow() | ReplaceGraph():
            return NOTHING
        case _:
            return record.references() if graph is None else record.affected(graph)
