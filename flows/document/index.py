"""Which edges touch a node, and which nodes a group holds: what keeps one edit independent of the flow's size."""

from flows.document.effect import Pair
from flows.document.elements import Edge, Node


class Index:
    """Ids by node and by group, in the order in which they came."""

    __slots__ = ("edges", "members")

    def __init__(self) -> None:
        self.edges: dict[str, dict[str, None]] = {}
        self.members: dict[str, dict[str, None]] = {}

    def place(self, pair: Pair[Node]) -> None:
        """Follow a node into its group, or out of it."""
        before, after = pair.before, pair.after
        if before is not None and after is not None and before.parent == after.parent:
            return
        if before is not None and before.parent is not None:
            _drop(self.members, before.parent, before.id)
        if after is not None and after.parent is not None:
            self.members.setdefault(after.parent, {})[after.id] = None

    def attach(self, pair: Pair[Edge]) -> None:
        """Follow an edge to the nodes at its ends."""
        before, after = pair.before, pair.after
        if before is not None and after is not None and before.source == after.source and before.target == after.target:
            return
        if before is not None:
            _drop(self.edges, before.source, before.id)
            _drop(self.edges, before.target, before.id)
        if after is not None:
            self.edges.setdefault(after.source, {})[after.id] = None
            self.edges.setdefault(after.target, {})[after.id] = None


def _drop(ids: dict[str, dict[str, None]], key: str, id: str) -> None:
    held = ids[key]
    held.pop(id, None)
    if not held:
        del ids[key]
