"""What a refused operation affects, for its author to see as it is."""

from flows import limits as helix_limits
from flows.document import CreateFlow, Draft, Graph, ReplaceGraph, Work, WorkExceeded
from flows.submission import Asked, Planned, RedoRequest, Refused, UndoRequest


def affected(operation: Asked | Refused, graph: Graph | None) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of nodes and edges that a refused operation affects, for its author to see them as they are.

    More than it names, a group's members for example; that is asked only of a graph in memory, because a refusal must
    never make the database read.
    """
    match operation:
        case Refused(nodes=nodes, edges=edges):
            return nodes, edges
        case Planned(subjects=subjects):
            return subjects, frozenset()
        case CreateFlow() | ReplaceGraph() | UndoRequest() | RedoRequest():
            return frozenset(), frozenset()
        case record if graph is None:
            return record.references()
        case record:
            try:
                return record.affected(Draft(graph, Work(helix_limits.current().work_steps)))
            except WorkExceeded:
                return record.references()
