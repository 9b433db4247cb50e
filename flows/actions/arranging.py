"""Lay out the flow, or what is selected, from left to right or from top to bottom."""

from django.utils.translation import gettext_noop as _

from flows.actions.action import Action, Step, Task
from flows.actions.places import around
from flows.actions.routes import with_members, within
from flows.autolayout import Box, arrange
from flows.document import Edge, MoveNode, Node, ResizeNode, Setting, ports_of


def auto_layout(task: Task) -> list[Step]:
    """Place nodes by their connections; what is in a group stays in it, and groups fit what they hold."""
    nodes = with_members(task.graph, task.nodes or task.graph.nodes())
    if not nodes:
        return []
    ids = {node.id for node in nodes}
    boxes = [_box(node, ids) for node in nodes]
    links = [_link(edge, task) for edge in within(task.graph, ids)]
    task.advance(0.1)
    corner = around(nodes)
    direction = "TB" if task.text("direction") == "TB" else "LR"
    before = {node.id: (node.x, node.y) for node in nodes}
    places = arrange(boxes, links, direction=direction, origin=(corner.x, corner.y), before=before)
    task.advance(0.8)
    steps: list[Step] = []
    for node in nodes:
        place = places[node.id]
        x, y = round(place.x, 2), round(place.y, 2)
        if node.kind == "group":
            width, height = round(place.width, 2), round(place.height, 2)
            if (x, y, width, height) != (node.x, node.y, node.width, node.height):
                steps.append(ResizeNode(node.id, width, height, x, y))  # members are placed by themselves
        elif (x, y) != (node.x, node.y):
            steps.append(MoveNode(node.id, x, y))
    return steps


def _box(node: Node, ids: set[str]) -> Box:
    parent = node.parent if node.parent in ids else None
    return Box(
        node.id,
        node.width,
        node.height,
        parent=parent,
        is_group=node.kind == "group",
        is_note=node.kind == "note",
    )


def _link(edge: Edge, task: Task) -> tuple[str, str, int]:
    """Return an edge as the layout takes it: from where, to where, and at which output."""
    source = task.graph.node(edge.source)
    outputs = ports_of(source).outputs if source is not None else ()
    return edge.source, edge.target, outputs.index(edge.source_port) if edge.source_port in outputs else 0


AUTO_LAYOUT = Action(
    id="auto-layout",
    title=_("Auto-layout"),
    description=_("Arrange the selected nodes, or the whole flow, by their connections."),
    on="selection",
    may_be_empty=True,
    long=True,
    parameters=(
        Setting(
            name="direction",
            title=_("Direction"),
            type="choice",
            default="LR",
            choices=(("LR", _("Left to right")), ("TB", _("Top to bottom"))),
        ),
    ),
    compute=auto_layout,
)
