"""Actions that change what is there: switch a branch off, turn edges round, tidy names, say what a node does."""

import json
from collections.abc import Iterator

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from flows.actions.action import Action, Plan, Step, Task
from flows.actions.elements import add, kind_label, new_node
from flows.actions.places import GAP, Rect, free_top
from flows.actions.routes import branch_of, incoming, is_executable, outgoing, with_members, within
from flows.document import (
    KINDS,
    Edge,
    EditEdge,
    EditNode,
    Graph,
    Node,
    Reason,
    Rejected,
    Setting,
    Skipped,
    default_output,
    ports_of,
)
from flows.titles import choice_title, setting_title

NOTE_SIZE = (240, 160)
LONGEST_VALUE = 200
LONGEST_NOTE = 20_000
LONGEST_LABEL = 1_900
"""A tidy label; there is room for its number."""


def disable_branch(task: Task) -> list[Step]:
    """Switch a node and what is reached only through it off, or on again."""
    enabled = bool(task.parameters["enabled"])
    nodes = with_members(task.graph, branch_of(task.graph, task.node))
    return [EditNode(node.id, {"enabled": enabled}) for node in nodes if node.enabled != enabled]


def reverse_edge(task: Task) -> Plan:
    """Turn one edge round, or all between the selected nodes; those that cannot go the other way are left out."""
    graph, named = task.graph, task.text("edge")
    if named:
        edge = graph.edge(named)
        if edge is None:
            raise Rejected("unknown_edge", Reason.UNKNOWN_EDGE, missing=("edge", named[:64]), id=named[:64])
        turned = _turned(graph, edge)
        if turned is None:
            raise _no_way_back(graph, edge)
        return Plan([turned])
    edges = sorted(within(graph, (node.id for node in task.nodes)), key=lambda edge: edge.id)
    if not edges:
        raise Rejected("invalid", Reason.EMPTY, name="nodes")
    found = {edge.id: _turned(graph, edge) for edge in edges}
    left_out = tuple(Skipped("edge", id) for id, turned in found.items() if turned is None)
    return Plan([turned for turned in found.values() if turned is not None], left_out)


def tidy_names(task: Task) -> list[Step]:
    """Trim labels, name what has none by its kind, and number those that are equal."""
    nodes = [node for node in task.nodes or tuple(task.graph.nodes()) if node.kind != "note"]
    chosen = {node.id for node in nodes}
    taken = {node.label for node in task.graph.nodes() if node.id not in chosen}
    following: dict[str, int] = {}
    steps: list[Step] = []
    for node in sorted(nodes, key=lambda node: (node.x, node.y, node.id)):
        label = _unique(_tidy(node), taken, following)
        taken.add(label)
        if label != node.label:
            steps.append(EditNode(node.id, {"label": label}))
    return steps


def explain(task: Task) -> list[Step]:
    """Add a note below a node that says what it does, from its settings and connections alone."""
    node, (width, height) = task.node, NOTE_SIZE
    wanted = Rect(node.x, node.y + node.height + GAP, width, height)
    y = free_top(task.graph, wanted, among=node.parent)
    text = "\n".join(_explanation(task.graph, node))
    label = gettext("About “{label}”").format(label=node.label[:200])
    note = new_node(
        "note", (node.x, y), size=NOTE_SIZE, label=label, parent=node.parent, settings={"text": text[:LONGEST_NOTE]}
    )
    return [add(note)]


def _explanation(graph: Graph, node: Node) -> Iterator[str]:
    yield f"**{node.label}** · {kind_label(node.kind)}"
    if node.description:
        yield node.description[:1000]
    if not node.enabled:
        yield gettext("It is disabled: a run skips it.")
    if settings := list(_settings(node)):
        yield ""
        yield from settings
    if is_executable(node):
        yield ""
        yield _connections(gettext("Gets its input from {nodes}."), graph, [e.source for e in incoming(graph, node.id)])
        yield from _ways_out(graph, node)
    if node.kind == "group":
        count = len(list(graph.members_of(node.id)))
        yield ngettext("It holds {count} node.", "It holds {count} nodes.", count).format(count=count)


def _ways_out(graph: Graph, node: Node) -> Iterator[str]:
    edges = outgoing(graph, node.id)
    if len(ports_of(node).outputs) < 2:
        yield _connections(gettext("Hands its output to {nodes}."), graph, [edge.target for edge in edges])
        return
    for port in ports_of(node).outputs:
        text = gettext("Output “{port}” leads to {nodes}.").replace("{port}", port)
        yield "- " + _connections(text, graph, [edge.target for edge in edges if edge.source_port == port])


def _connections(text: str, graph: Graph, ids: list[str]) -> str:
    labels = dict.fromkeys(node.label for id in ids if (node := graph.node(id)) is not None)
    shown = ", ".join(f"“{label[:100]}”" for label in list(labels)[:20])
    return text.replace("{nodes}", shown or gettext("nothing"))


def _settings(node: Node) -> Iterator[str]:
    for setting in KINDS[node.kind].settings:
        if (value := node.settings.get(setting.name)) is not None:
            yield f"- {setting_title(setting)}: {_shown(setting, value)}"


def _shown(setting: Setting, value: object) -> str:
    if setting.type == "choice":
        return choice_title(dict(setting.choices).get(str(value), str(value)))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_VALUE else f"{line[:LONGEST_VALUE]}…"


def _turned(graph: Graph, edge: Edge) -> EditEdge | None:
    source, target = graph.node(edge.source), graph.node(edge.target)
    if source is None or target is None or not ports_of(source).inputs or not ports_of(target).outputs:
        return None
    port = default_output(target)
    if graph.edge_between((target.id, source.id, port, "in")) is not None:
        return None
    ends = {"source": target.id, "target": source.id, "source_port": port, "target_port": "in"}
    return EditEdge(edge.id, ends)  # type: ignore[arg-type]


def _no_way_back(graph: Graph, edge: Edge) -> Rejected:
    source, target = graph.node(edge.source), graph.node(edge.target)
    if source is not None and not ports_of(source).inputs:
        return Rejected("unknown_port", Reason.NO_INPUT, id=source.id, port="in")
    if target is not None and not ports_of(target).outputs:
        return Rejected("unknown_port", Reason.NO_OUTPUT, id=target.id, port="out")
    return Rejected("duplicate_edge", Reason.ALREADY_CONNECTED, source=edge.target, target=edge.source)


def _tidy(node: Node) -> str:
    label = " ".join(node.label.split())[:LONGEST_LABEL]
    return label[:1].upper() + label[1:] if label else kind_label(node.kind)


def _unique(label: str, taken: set[str], following: dict[str, int]) -> str:
    """Number a label that is taken; `following` is where to go on, so that n equal ones take n steps."""
    found, number = label, following.get(label, 2)
    while found in taken:
        found, number = f"{label} {number}", number + 1
    following[label] = number
    return found


DISABLE_BRANCH = Action(
    id="disable-branch",
    title=_("Disable branch"),
    description=_("Switch off this node and everything that is reached only through it."),
    on="node",
    parameters=(Setting(name="enabled", title=_("Enable instead"), type="boolean", default=False),),
    compute=disable_branch,
)
REVERSE_EDGE = Action(
    id="reverse-edge",
    title=_("Reverse edges"),
    description=_("Turn round an edge, or all edges between the selected nodes."),
    on="selection",
    may_be_empty=True,
    parameters=(Setting(name="edge", title=_("Edge"), type="text", default=""),),
    compute=reverse_edge,
)
EXPLAIN = Action(
    id="explain",
    title=_("Explain"),
    description=_("Add a note that says what this node does."),
    on="node",
    compute=explain,
)
TIDY_NAMES = Action(
    id="tidy-names",
    title=_("Tidy names"),
    description=_("Trim labels, name unnamed nodes and number equal names."),
    on="selection",
    long=True,
    may_be_empty=True,
    compute=tidy_names,
)
