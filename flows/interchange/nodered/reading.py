"""Read Node-RED's flows JSON.

A node's place is its centre, a group's its corner, so a corner is worked out with the size of our kind. Tabs stand
below each other, an unfolded subflow below what its tab holds. Link nodes are joined by edges that Node-RED does not
draw; junctions stay nodes that hand on what comes in. Config nodes have no place: they are left out and told.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext

from flows.document.kinds.ports import ports_for
from flows.interchange.budget import Budget, UnreadableError
from flows.interchange.colours import read_colour
from flows.interchange.foreign_json import (
    apply_marks,
    as_list,
    as_object,
    as_size,
    as_text,
    fill,
    kind_with_ends,
    own_kind,
    pack,
    tell_unknown,
)
from flows.interchange.ids import fresh_key
from flows.interchange.json_text import MOST_VALUES, parse_json_file
from flows.interchange.neutral import NeutralEdge, NeutralFlow, NeutralNode
from flows.interchange.nodered.kinds import is_known, kind_of, output_ports, settings_of
from flows.interchange.nodered.links import link_pairs
from flows.interchange.nodered.places import set_down
from flows.interchange.nodered.subflows import SUBFLOW, File, Placed, lost_wires, unfold, wires
from flows.interchange.report import Report
from flows.interchange.secrets import without_secrets

NAME = "nodered"
_SAID = {"id", "z", "g", "x", "y", "w", "h", "wires", "name", "info", "d", "nodes", "links", "type", "helix"}
_IN_SETTINGS = {"func": "code", "template": "transformation"}
_PLACELESS = {"tab", "subflow", "group"}


@dataclass(slots=True)
class _Reading:
    report: Report
    budget: Budget
    file: File
    flow: NeutralFlow = field(default_factory=NeutralFlow)
    placed: dict[str, Placed] = field(default_factory=dict)
    below: float | None = None


def read(data: bytes, budget: Budget, report: Report) -> NeutralFlow:
    """Read a file. Raises `UnreadableError` if it is no array of Node-RED's entries; `TooMuchError`."""
    file = _sorted(_entries(parse_json_file(data, most_values=MOST_VALUES)), budget, report)
    reading = _Reading(report, budget, file)
    shown = [scope for scope in file.scopes if scope not in file.subflows]
    used = _used(file, shown)
    for scope in shown:
        _read_scope(reading, scope)
    referenced = {wanted for scope in file.subflows for wanted in _instances(file, scope) if wanted != scope}
    for scope in sorted(file.subflows, key=lambda scope: scope in referenced):
        if scope not in used:
            used |= {scope, *_used(file, [scope])}
            report.approximate(
                "page", _name(file.subflows[scope], scope), gettext("A subflow that nothing uses is shown.")
            )
            _read_scope(reading, scope)
    for source, target in link_pairs(reading.placed, budget, report):
        reading.flow.edges.append(NeutralEdge(source, target))
    tabs = [file.tabs[scope] for scope in shown if scope in file.tabs]
    if tabs:
        reading.flow.title = as_text(tabs[0].get("label"))
        reading.flow.description = as_text(tabs[0].get("info")) if len(tabs) == 1 else ""
    if len(tabs) > 1:
        for tab in tabs[1:]:
            report.approximate("page", _name(tab, ""), gettext("Tabs stand below each other in one flow."))
    return reading.flow


def _entries(root: object) -> list[object]:
    """Find the array: the file itself, `flows` of the admin API, or `nodes` of a single flow there."""
    if isinstance(root, dict):
        held = root.get("flows")
        if isinstance(held, list):
            return held
        if isinstance(root.get("nodes"), list) and "label" in root and "connections" not in root:
            tab = {"id": root.get("id"), "type": "tab", "label": root["label"], "info": root.get("info")}
            subflows = [as_object(subflow) for subflow in as_list(root.get("subflows"))]
            inside = [node for subflow in subflows for node in as_list(subflow.get("nodes"))]
            return [tab, *root["nodes"], *subflows, *inside, *as_list(root.get("configs"))]
    if isinstance(root, list) and (not root or any(isinstance(item, dict) and "type" in item for item in root)):
        return root
    raise UnreadableError(gettext("This is not a Node-RED file: it is no array of nodes."))


def _sorted(items: list[object], budget: Budget, report: Report) -> File:
    """Sort the entries by what they are, without their secrets."""
    file = File()
    taken: dict[str, int] = {}
    for number, item in enumerate(items):
        budget.step()
        raw = as_object(item)
        type, wanted = as_text(raw.get("type")), as_text(raw.get("id"))
        if not type:
            report.drop("node", wanted or f"[{number}]", gettext("It has no type."))
            continue
        key = fresh_key(wanted or f"[{number}]", taken)
        clean = as_object(without_secrets(raw, _name(raw, key), report, budget))
        match type:
            case "tab":
                file.tabs[key] = clean
                file.scopes.setdefault(key, {})
            case "subflow":
                file.subflows[key] = clean
            case _ if type not in _PLACELESS and "x" not in raw and "y" not in raw and not as_list(raw.get("wires")):
                report.drop(
                    "config-node", _name(clean, key), gettext("Settings shared by nodes have no place in a flow.")
                )
            case _:
                if wanted and key != wanted:
                    report.approximate("node", wanted, gettext("Its id is used twice; wires go to the first."))
                file.scopes[as_text(clean.get("z"))][key] = clean
    return file


def _used(file: File, shown: list[str]) -> set[str]:
    """Return the subflows that something shown has instances of, also within each other."""
    used: set[str] = set()
    stack = list(shown)
    while stack:
        new = _instances(file, stack.pop()) - used
        used |= new
        stack.extend(new)
    return used


def _instances(file: File, scope: str) -> set[str]:
    """Return the subflows that a tab or subflow has instances of."""
    types = (as_text(raw.get("type")).removeprefix(SUBFLOW) for raw in file.scopes.get(scope, {}).values())
    return {type for type in types if type in file.subflows}


def _read_scope(reading: _Reading, scope: str) -> None:
    """Add a tab, or a subflow shown by itself, below what is there."""
    file, report = reading.file, reading.report
    placed = unfold(file, scope, reading.budget)
    edges = [*wires(file, placed, reading.budget)]
    incoming, outgoing = {target for _, _, target, _ in edges}, {one.key for one, *_ in edges}
    parents = _parents(placed)
    is_off = file.tabs.get(scope, {}).get("disabled") is True
    nodes: dict[str, NeutralNode] = {}
    for one in placed.values():
        reading.budget.step()
        node = _node(one, one.key in incoming, one.key in outgoing, report)
        node.parent = parents.get(one.key)
        node.enabled = node.enabled and not is_off
        nodes[one.key] = node
    _remember_outputs(edges, nodes, placed, report)
    labels: dict[str, list[list[object]]] = {}
    reading.below = set_down(placed, nodes, reading.below)
    reading.placed.update(placed)
    reading.flow.nodes.extend(nodes.values())
    for one, port, target, _ in edges:
        edge = NeutralEdge(one.key, target, _port(one, port, nodes[one.key]))
        reading.flow.edges.append(_labelled(edge, one, labels))
    for one, id in lost_wires(file, placed):
        report.drop("edge", f"{one.id} → {id}", gettext("The subflow connects nothing to it."))


def _node(one: Placed, has_incoming: bool, has_outgoing: bool, report: Report) -> NeutralNode:
    raw = one.raw
    type = as_text(raw.get("type"))
    marks = as_object(raw.get("helix"))
    kind = "group" if one.unfolds else own_kind(marks) or kind_of(raw)
    otherwise = "transform" if type in ("inject", "debug", "file") else "api"
    kind = kind_with_ends(kind, has_incoming=has_incoming, has_outgoing=has_outgoing, otherwise=otherwise)
    node = NeutralNode(one.key, kind, one.name)
    node.description = as_text(marks.get("description") if kind == "note" else raw.get("info"))
    node.enabled = raw.get("d") is not True
    if type == "group":
        node.width, node.height = as_size(raw.get("w")), as_size(raw.get("h"))
        node.colour = read_colour(as_object(raw.get("style")).get("fill"))
    elif one.unfolds:
        report.approximate("group", node.label or one.key, gettext("A subflow's instance is shown as a group."))
    elif type.startswith(SUBFLOW):
        report.approximate("node", node.label or one.key, gettext("Its subflow is missing, or inside itself."))
    elif kind == "transform" and not own_kind(marks) and not is_known(raw):
        tell_unknown(node, type, report)
    apply_marks(node, marks)
    fill(node, settings_of(kind, raw), report, marks)
    if not one.unfolds and marks.get("blank") is not True:
        node.imported = pack(_imported(one, type, node), node, report)
    return node


def _imported(one: Placed, type: str, node: NeutralNode) -> dict[str, object]:
    rest = {name: value for name, value in one.raw.items() if name not in _SAID}
    for name, setting in _IN_SETTINGS.items():
        if name in rest and rest[name] == node.settings.get(setting):
            del rest[name]
    return {"format": NAME, "id": one.id, "type": type, "outputs": len(as_list(one.raw.get("wires"))), "node": rest}


def _parents(placed: Mapping[str, Placed]) -> dict[str, str]:
    """Say which group each node is in: by its own `g`, by a group's list, or by the instance it was unfolded from."""
    listed: dict[str, str] = {}
    for one in placed.values():
        if as_text(one.raw.get("type")) == "group":
            for id in map(as_text, as_list(one.raw.get("nodes"))):
                listed.setdefault(one.prefix + id, one.key)
    found: dict[str, str] = {}
    for one in placed.values():
        own = one.prefix + as_text(one.raw.get("g"))
        if own in placed and as_text(placed[own].raw.get("type")) == "group":
            found[one.key] = own
        elif one.key in listed:
            found[one.key] = listed[one.key]
        elif one.frame is not None:
            found[one.key] = one.frame
    return found


def _remember_outputs(
    edges: list[tuple[Placed, int, str, str]],
    nodes: Mapping[str, NeutralNode],
    placed: Mapping[str, Placed],
    report: Report,
) -> None:
    """Keep by which further output a node without named outputs is left, for the way back."""
    further: dict[str, list[list[object]]] = defaultdict(list)
    for one, port, target, _ in edges:
        if port and nodes[one.key].kind not in ("decision", "loop"):
            further[one.key].append([placed[target].id if target in placed else target, port])
    for key, held in further.items():
        node = nodes[key]
        node.imported = pack({**(node.imported or {}), "wires": held}, node, report)
        report.approximate("edge", node.label or key, gettext("It leaves by a further output of the node."), len(held))


def _labelled(edge: NeutralEdge, one: Placed, left: dict[str, list[list[object]]]) -> NeutralEdge:
    """Give an edge the label that an export of ours wrote at its source; each is used once."""
    if one.key not in left:
        left[one.key] = [as_list(item) for item in as_list(as_object(one.raw.get("helix")).get("edges"))]
    for number, item in enumerate(left[one.key]):
        if len(item) == 4 and item[0] == edge.source_port and one.prefix + as_text(item[1]) == edge.target:
            edge.label, edge.animated = as_text(item[2]), item[3] is True
            del left[one.key][number]
            break
    return edge


def _port(one: Placed, port: int, node: NeutralNode) -> str:
    marks = as_object(one.raw.get("helix"))
    is_blank = marks.get("blank") is True
    if node.kind != "decision" and not is_blank:
        return ""
    has_own = is_blank or "branches" in as_object(marks.get("settings"))
    ports = [*ports_for(node.kind, node.settings).outputs] if has_own else output_ports(one.raw)
    return ports[port] if port < len(ports) else ""


def _name(raw: Mapping[str, object], key: str) -> str:
    return as_text(raw.get("name")) or as_text(raw.get("label")) or as_text(raw.get("id")) or key
