"""Actions that put something around a selection: a loop whose body it becomes, or a group."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from django.utils.translation import gettext_noop as _

from flows.actions.action import Action, Step, Task
from flows.actions.elements import add, connect, new_node
from flows.actions.places import AISLE, Rect, around, free_top
from flows.actions.routes import incoming, is_executable, outgoing, within
from flows.document import Edge, EditEdge, EditNode, Node, Reason, Rejected, RemoveEdge, Setting, ports_of

FarEnd: TypeAlias = Callable[[Edge], tuple[str, str]]
SIDE, TOP = 16, 56
"""Between a group's border and what is in it; above there is room for its header."""


def wrap_in_loop(task: Task) -> list[Step]:
    """Make the selection the body of a new loop.

    What led into it leads into the loop, what it led to follows the loop, and where it ended goes back to the loop.
    """
    graph, body = task.graph, {node.id: node for node in task.nodes if is_executable(node)}
    if not body:
        raise Rejected("invalid", Reason.EMPTY, name="nodes")
    ways_in = _distinct(edge for id in body for edge in incoming(graph, id) if edge.source not in body)
    ways_out = _distinct(edge for id in body for edge in outgoing(graph, id) if edge.target not in body)
    inside = list(within(graph, body))
    entries = _entries(body, ways_in, inside)
    exits = {edge.source for edge in ways_out} or body.keys() - {edge.source for edge in inside}
    loop = _loop(task, list(body.values()))
    steps: list[Step] = [add(loop)]
    steps += _moved(ways_in, lambda edge: (edge.source, edge.source_port), {"target": loop.id, "target_port": "in"})
    steps += _moved(ways_out, lambda edge: (edge.target, edge.target_port), {"source": loop.id, "source_port": "out"})
    steps += [connect(loop.id, id, "each") for id in entries]
    return steps + [connect(id, loop.id) for id in sorted(exits) if id not in _without(body, "outputs")]


def extract_group(task: Task) -> list[Step]:
    """Put a group around the selection."""
    chosen = {node.id for node in task.nodes}
    roots = [node for node in task.nodes if node.parent not in chosen]
    box = around(roots)
    parents = {node.parent for node in roots}
    group = new_node(
        "group",
        (box.x - SIDE, box.y - TOP),
        size=(box.width + 2 * SIDE, box.height + SIDE + TOP),
        label=task.text("label") or None,
        parent=parents.pop() if len(parents) == 1 else None,
    )
    return [add(group), *(EditNode(node.id, {"parent": group.id}) for node in roots)]


def _loop(task: Task, body: list[Node]) -> Node:
    box, parents = around(body), {node.parent for node in body}
    loop = new_node("loop", parent=parents.pop() if len(parents) == 1 else None)
    wanted = Rect(box.x - AISLE - loop.width, box.y + (box.height - loop.height) / 2, loop.width, loop.height)
    return loop.at(round(wanted.x, 2), round(free_top(task.graph, wanted, among=loop.parent), 2))


def _entries(body: dict[str, Node], ways_in: list[Edge], inside: list[Edge]) -> list[str]:
    """Return where an iteration begins: where something led in, else what nothing inside leads to."""
    without = _without(body, "inputs")
    entered = {edge.target for edge in ways_in} or body.keys() - {edge.target for edge in inside}
    return sorted(id for id in entered or set(list(body)[:1]) if id not in without)


def _without(body: dict[str, Node], side: str) -> set[str]:
    return {id for id, node in body.items() if not getattr(ports_of(node), side)}


def _distinct(edges: Iterable[Edge]) -> list[Edge]:
    return list({edge.id: edge for edge in edges}.values())


def _moved(edges: list[Edge], far_end: FarEnd, to: dict[str, str]) -> Iterator[Step]:
    """Yield what moves an end of each edge to the loop; of those that would then be equal the first stays."""
    seen = set()
    for edge in edges:
        if far_end(edge) in seen:
            yield RemoveEdge(edge.id)
        else:
            seen.add(far_end(edge))
            yield EditEdge(edge.id, to)  # type: ignore[arg-type]


WRAP_IN_LOOP = Action(
    id="wrap-in-loop",
    title=_("Wrap in loop"),
    description=_("Make the selected nodes the body of a loop."),
    on="selection",
    compute=wrap_in_loop,
)
EXTRACT_GROUP = Action(
    id="extract-group",
    title=_("Extract group…"),
    description=_("Put a group around the selected nodes."),
    on="selection",
    parameters=(Setting(name="label", title=_("Label"), type="text", default=""),),
    asks=True,
    compute=extract_group,
)
