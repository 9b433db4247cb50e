"""What lies in what, for formats that write a group around its members."""

from collections.abc import Iterator, Sequence

from flows.document import Node


class Members:
    """The nodes of a flow by the group that holds them, each group's in the order given."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        groups = {node.id for node in nodes if node.kind == "group"}
        self._inside: dict[str | None, list[Node]] = {}
        for node in nodes:
            self._inside.setdefault(node.parent if node.parent in groups else None, []).append(node)

    def walk(self) -> Iterator[tuple[int, Node, bool]]:
        """Yield depth, node, and whether it opens: a group comes before its members, and closes after them."""
        waiting = [(0, node, True) for node in reversed(self._inside.get(None, ()))]
        while waiting:
            depth, node, is_open = waiting.pop()
            yield depth, node, is_open
            if node.kind == "group" and is_open:
                waiting.append((depth, node, False))
                waiting.extend((depth + 1, inner, True) for inner in reversed(self._inside.get(node.id, ())))
