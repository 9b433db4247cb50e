"""Actions that add something behind a node: children, branches, a way for failures, a second branch."""

from dataclasses import replace

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from flows.actions.action import Action, Plan, Step, Task
from flows.actions.elements import WITH_INPUT, WITH_OUTPUT, add, connect, kind_label, new_node
from flows.actions.places import GAP, Rect, around, column, free_top
from flows.actions.routes import branch_of, incoming, new_id, outgoing, with_members, within
from flows.document import KINDS, AddEdge, AddNode, Edge, EditEdge, EditNode, Node, Setting, default_output

MOST_CHILDREN, MOST_BRANCHES = 20, 10
FAILED = "failed"
GOES_ON = ("go_on", "continue", "null", "return_null")
"""By which a kind says that the flow goes on after a failure, the best first."""


def _kind(title: str, default: str) -> Setting:
    return Setting(name="kind", title=title, type="choice", default=default, choices=WITH_INPUT)


def _labels(most: int) -> Setting:
    return Setting(name="labels", title=_("Labels"), type="names", default=(), maximum=most)


def _count(title: str, low: int, high: int, default: int) -> Setting:
    return Setting(name="count", title=title, type="integer", default=default, minimum=low, maximum=high, step=1)


def generate_children(task: Task) -> list[Step]:
    """Add nodes in a column to the right, each connected with the node."""
    node, kind, labels = task.node, task.text("kind"), task.names("labels")
    names = [
        labels[index] if index < len(labels) else f"{kind_label(kind)} {index + 1}"
        for index in range(task.number("count"))
    ]
    children = _column(task, node, [new_node(kind, label=name, parent=node.parent) for name in names])
    return [*map(add, children), *(connect(node.id, child.id) for child in children)]


def branch_out(task: Task) -> list[Step]:
    """Add a decision behind a node, and a node at each branch; what followed goes on from its default output."""
    node, labels = task.node, task.names("labels")
    names = [
        labels[index] if index < len(labels) else gettext("Branch {number}").format(number=index + 1)
        for index in range(task.number("count"))
    ]
    names = list(dict.fromkeys(name for name in names if name != "default"))
    (decision,) = _column(task, node, [_decision(node, names)])
    ends = [new_node(task.text("kind"), label=name, parent=node.parent) for name in names]
    ends = _column(task, decision, ends)
    followed: list[Step] = [_from_now_on(edge, decision.id) for edge in _usual(task, node)]
    ways = [connect(decision.id, end.id, name) for name, end in zip(names, ends, strict=True)]
    return [add(decision), *map(add, ends), *followed, connect(node.id, decision.id), *ways]


def insert_error_path(task: Task) -> list[Step]:
    """Add a decision that asks whether the node failed, and a node that handles it; else the flow goes on as before."""
    node = task.node
    settings: dict[str, object] = {"expression": f'"{FAILED}" if input is none else "default"'}
    label = gettext("Did “{label}” fail?").format(label=node.label[:200])
    fresh = new_node("decision", label=label, parent=node.parent, settings=settings | {"branches": [FAILED]})
    (decision,) = _column(task, node, [fresh])
    (handler,) = _column(
        task, decision, [new_node("transform", label=gettext("Handle the failure"), parent=node.parent)]
    )
    steps: list[Step] = [add(decision), add(handler)]
    steps += [_from_now_on(edge, decision.id) for edge in _usual(task, node)]
    steps += [connect(node.id, decision.id), connect(decision.id, handler.id, FAILED)]
    setting = KINDS[node.kind].setting("on_error")
    known = {value for value, _title in setting.choices} if setting else set()
    if going_on := next((value for value in GOES_ON if value in known), None):
        steps.append(EditNode(node.id, {"settings": {"on_error": going_on}}))
    return steps


def duplicate_branch(task: Task) -> Plan:
    """Copy a node and what is reached only through it, below; the copy hangs where the branch does."""
    graph, root = task.graph, task.node
    nodes = with_members(graph, branch_of(graph, root))
    ids = {node.id: new_id("n") for node in nodes}
    box = around(nodes)
    top = free_top(graph, Rect(box.x, box.bottom + GAP, box.width, box.height), among=root.parent)
    copies: list[Step] = [AddNode(_copy(node, ids, top - box.y)) for node in nodes]
    inside = {edge.id: edge for edge in within(graph, ids)}
    comes = [edge for edge in incoming(graph, root.id) if edge.source not in ids]
    leaves = [edge for id in ids for edge in outgoing(graph, id) if edge.target not in ids]
    edges = [*inside.values(), *comes, *leaves]
    return Plan([*copies, *(_copied_edge(edge, ids) for edge in edges)])


def _copy(node: Node, ids: dict[str, str], down: float) -> Node:
    parent = ids.get(node.parent, node.parent) if node.parent else None
    return replace(node, id=ids[node.id], parent=parent, y=round(node.y + down, 2))


def _copied_edge(edge: Edge, ids: dict[str, str]) -> AddEdge:
    source, target = ids.get(edge.source, edge.source), ids.get(edge.target, edge.target)
    return AddEdge(replace(edge, id=new_id("e"), source=source, target=target))


def _decision(node: Node, branches: list[str]) -> Node:
    return new_node("decision", parent=node.parent, settings={"branches": branches})


def _column(task: Task, after: Node, nodes: list[Node]) -> list[Node]:
    """Return the nodes in a free column to the right of another."""
    places = column(task.graph, after, [(node.width, node.height) for node in nodes])
    return [node.at(round(x, 2), round(y, 2)) for node, (x, y) in zip(nodes, places, strict=True)]


def _usual(task: Task, node: Node) -> list[Edge]:
    """Return the edges that begin at a node's usual output."""
    return [edge for edge in outgoing(task.graph, node.id) if edge.source_port == default_output(node)]


def _from_now_on(edge: Edge, decision: str) -> EditEdge:
    return EditEdge(edge.id, {"source": decision, "source_port": "default"})


GENERATE_CHILDREN = Action(
    id="generate-children",
    title=_("Generate children…"),
    description=_("Add connected nodes behind this one."),
    on="node",
    kinds=WITH_OUTPUT,
    parameters=(
        _count(_("Number of nodes"), 1, MOST_CHILDREN, 3),
        _kind(_("Kind"), "agent"),
        _labels(MOST_CHILDREN),
    ),
    asks=True,
    compute=generate_children,
)
BRANCH_OUT = Action(
    id="branch-out",
    title=_("Branch out…"),
    description=_("Add a decision with several branches behind this node."),
    on="node",
    kinds=WITH_OUTPUT,
    parameters=(
        _count(_("Number of branches"), 2, MOST_BRANCHES, 2),
        _kind(_("Kind of node at each branch"), "transform"),
        _labels(MOST_BRANCHES),
    ),
    asks=True,
    compute=branch_out,
)
INSERT_ERROR_PATH = Action(
    id="insert-error-path",
    title=_("Insert error path"),
    description=_("Lead failures of this node to a node of their own."),
    on="node",
    kinds=frozenset({"agent", "skill", "memory", "api", "loop", "transform"}),
    compute=insert_error_path,
)
DUPLICATE_BRANCH = Action(
    id="duplicate-branch",
    title=_("Duplicate branch"),
    description=_("Copy this node and everything that is reached only through it."),
    on="node",
    compute=duplicate_branch,
)
