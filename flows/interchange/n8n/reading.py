"""Read n8n's workflow JSON.

Connections are keyed by the source's name, then by type (`main`, `ai_tool`, …), then listed by output; an output may be
null. A connection to or from a name that no node has is passed on as a loose end, so each is told. What our ports
cannot say of a connection stays in `imported` of its source, under `wires`, for the way back.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext

from flows.interchange.budget import Budget, UnreadableError
from flows.interchange.colours import read_colour
from flows.interchange.foreign_json import (
    apply_marks,
    as_list,
    as_number,
    as_object,
    as_place,
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
from flows.interchange.n8n.kinds import is_known, kind_of, ports_by_output
from flows.interchange.n8n.marks import Marks
from flows.interchange.n8n.settings import code_of, settings_of, sticky_colour, untranslated
from flows.interchange.neutral import NeutralEdge, NeutralFlow, NeutralNode
from flows.interchange.report import Report
from flows.interchange.secrets import without_secrets

NAME = "n8n"
STICKY_SIZE = (240, 160)
_MORE = (
    *("onError", "continueOnFail", "retryOnFail", "maxTries", "waitBetweenTries", "alwaysOutputData", "executeOnce"),
    *("notesInFlow", "color", "extendsCredential"),
)


@dataclass(slots=True)
class _Given:
    key: str
    raw: dict[str, object]
    type: str
    version: float
    parameters: dict[str, object]
    ports: list[str]
    has_credentials: bool
    has_outgoing: bool = False
    has_incoming: bool = False
    wires: list[list[object]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Wire:
    source: str
    type: str
    output: int
    target: str
    input_type: str
    input: int


def read(data: bytes, budget: Budget, report: Report) -> NeutralFlow:
    """Read a file. Raises `UnreadableError` if it is no workflow, `TooMuchError` beyond the budget."""
    root = _workflow(parse_json_file(data, most_values=MOST_VALUES), report)
    about = {name: root.get(name) for name in ("name", "description")}
    about = as_object(without_secrets(about, "", report))
    flow = NeutralFlow(title=as_text(about.get("name")), description=as_text(about.get("description")))
    marks = Marks.read(as_object(as_object(root.get("meta")).get("helix")), report, budget)
    given = _nodes(as_list(root.get("nodes")), budget, report)
    wires = [*_wires(root.get("connections"), given, budget, report)]
    for wire in wires:
        _note_wire(wire, given)
    for node in given.values():
        budget.step()
        flow.nodes.append(_neutral(node, marks, report))
    kinds = {node.key: node.kind for node in flow.nodes}
    for wire in wires:
        flow.edges.append(_edge(wire, given, kinds, marks))
    _tell(root, wires, report)
    return flow


def _workflow(root: object, report: Report) -> dict[str, object]:
    """Find the workflow: the file itself, the first of several, or what a gallery wraps in `workflow`."""
    if isinstance(root, list) and root and _is_workflow(root[0]):
        if len(root) > 1:
            report.drop("page", "", gettext("Only the first workflow of the file is read."), len(root) - 1)
        return as_object(root[0])
    for held in (root, as_object(root).get("workflow"), as_object(root).get("data")):
        if _is_workflow(held):
            return as_object(held)
    raise UnreadableError(gettext("This is not an n8n workflow: it has no nodes and connections."))


def _is_workflow(value: object) -> bool:
    held = as_object(value)
    return isinstance(held.get("nodes"), list) and isinstance(held.get("connections"), (dict, list))


def _nodes(items: list[object], budget: Budget, report: Report) -> dict[str, _Given]:
    given: dict[str, _Given] = {}
    taken: dict[str, int] = {}
    for number, item in enumerate(items):
        budget.add_node()
        raw = as_object(item)
        name = as_text(raw.get("name"))
        if not raw or not (name or as_text(raw.get("type"))):
            report.drop("node", f"nodes[{number}]", gettext("It has no name and no type."))
            continue
        key = fresh_key(name or f"nodes[{number}]", taken)
        if name and key != name:
            report.approximate("node", name, gettext("Its name is used twice; connections go to the first."))
        credentials = as_object(raw.get("credentials"))
        clean = as_object(without_secrets(raw, _shown(key, report), report, budget))
        if as_text(clean.pop("webhookId", None)):
            report.drop("secret", _shown(key, report), gettext("The address of its webhook is not imported."))
        type, version = as_text(clean.get("type")), max(as_number(clean.get("typeVersion")) or 1, 1)
        parameters = as_object(clean.get("parameters"))
        ports = ports_by_output(type, version, parameters)
        given[key] = _Given(key, clean, type, version, parameters, ports, bool(credentials))
    return given


def _shown(name: str, report: Report) -> str:
    return as_text(without_secrets(name, "", Report(report.format)))


def _wires(connections: object, given: Mapping[str, _Given], budget: Budget, report: Report) -> Iterator[_Wire]:
    """Yield all connections that the file lists; one that names no target is told."""
    for source, types in as_object(connections).items():
        for type, outputs in as_object(types).items():
            for output, held in enumerate(as_list(outputs)):
                budget.step()
                for one in as_list(held):
                    budget.add_edge()
                    end = as_object(one)
                    target = as_text(end.get("node"))
                    if not target:
                        report.drop("edge", f"{_shown(source, report)} → ?", gettext("It names no target."))
                        continue
                    input = max(as_number(end.get("index")) or 0, 0)
                    yield _Wire(source, type, output, target, as_text(end.get("type")) or type, int(input))


def _note_wire(wire: _Wire, given: Mapping[str, _Given]) -> None:
    """Remember at both ends that there is a wire, and what our edge will not say of it."""
    source, target = given.get(wire.source), given.get(wire.target)
    if source is None or target is None:
        return
    if source is not target:
        source.has_outgoing = target.has_incoming = True
    port = source.ports[wire.output] if wire.output < len(source.ports) else ""
    if wire.type != "main" or wire.input_type != "main" or wire.input or (wire.output and not port):
        source.wires.append([wire.target, wire.type, wire.output, wire.input_type, wire.input])


def _neutral(given: _Given, marks: Marks, report: Report) -> NeutralNode:
    raw, parameters, own = given.raw, given.parameters, marks.of(given.key)
    kind = own_kind(own) or kind_of(given.type, has_credentials=given.has_credentials)
    kind = kind_with_ends(
        kind,
        has_incoming=given.has_incoming,
        has_outgoing=given.has_outgoing,
        otherwise="api" if kind == "output" and given.type.endswith("emailSend") else "transform",
    )
    name = as_text(raw.get("name"))
    node = NeutralNode(given.key, kind, as_text(own["label"]) if "label" in own else name)
    node.description = as_text(raw.get("notes"))
    node.enabled = raw.get("disabled") is not True
    node.parent = as_text(own.get("parent")) or None
    node.x, node.y = _place(raw.get("position"))
    if kind == "note" or "width" in parameters:
        node.width = as_size(parameters.get("width"), STICKY_SIZE[0])
        node.height = as_size(parameters.get("height"), STICKY_SIZE[1])
        node.colour = read_colour(sticky_colour(parameters.get("color")))
        if "label" not in own and name.startswith("Sticky Note"):
            node.label = ""
    if kind == "transform" and not own_kind(own) and not is_known(given.type):
        tell_unknown(node, given.type, report)
    apply_marks(node, own)
    settings = settings_of(kind, given.type, given.version, parameters)
    if not own and (names := untranslated(kind, settings, parameters)):
        why = gettext("What n8n says of it in code of its own is kept, but not read here: %(names)s.")
        report.approximate("property", name or given.key, why % {"names": ", ".join(names)})
    if kind in ("api", "skill") and raw.get("retryOnFail") is True:
        settings["retry_attempts" if kind == "api" else "retry_count"] = _tries(raw.get("maxTries"))
    fill(node, settings, report, own)
    if own.get("blank") is not True:
        node.imported = pack(_imported(given, node), node, report)
    return node


def _tries(value: object) -> int:
    number = as_number(value)
    return int(min(max((number if number is not None else 3) - 1, 0), 100))


def _place(position: object) -> tuple[float | None, float | None]:
    if isinstance(position, dict):
        return as_place(position.get("x")), as_place(position.get("y"))
    parts = as_list(position)
    return (as_place(parts[0]), as_place(parts[1])) if len(parts) >= 2 else (None, None)


def _imported(given: _Given, node: NeutralNode) -> dict[str, object]:
    """Keep what the node said, but for texts that a setting holds word for word."""
    held = {node.settings.get("code"), node.settings.get("text")} - {None, ""} if node.settings else set()
    texts = {code_of(given.parameters), as_text(given.parameters.get("content"))}
    rest = {
        name: value
        for name, value in given.parameters.items()
        if not (isinstance(value, str) and value in texts and value in held)
    }
    more = {name: given.raw[name] for name in _MORE if name in given.raw}
    return {
        "format": NAME,
        "name": as_text(given.raw.get("name")),
        "type": given.type,
        "typeVersion": given.version,
        "parameters": rest,
        "more": more,
        "wires": given.wires,
    }


def _edge(wire: _Wire, given: Mapping[str, _Given], kinds: Mapping[str, str], marks: Marks) -> NeutralEdge:
    source = given.get(wire.source)
    port, label = "", ""
    if source is not None and wire.type == "main":
        own = marks.ports(source.key)
        ports = own or source.ports
        port = ports[wire.output] if wire.output < len(ports) else ""
        if port and kinds[source.key] not in ("decision", "loop"):
            port = ""
        if not port and wire.output and source.raw.get("onError") == "continueErrorOutput":
            label = "error"
    edge = NeutralEdge(wire.source, wire.target, port, "", label)
    return marks.marked(edge)


def _tell(root: Mapping[str, object], wires: list[_Wire], report: Report) -> None:
    """Tell what of the workflow as a whole is not here."""
    if count := sum(1 for wire in wires if wire.type != "main"):
        report.approximate("edge", "ai", gettext("What is plugged into a node is shown as an ordinary edge."), count)
    for name, why in (
        ("pinData", gettext("Pinned data is not imported.")),
        ("staticData", gettext("Stored state is not imported.")),
        ("tags", gettext("Tags are not imported.")),
    ):
        if root.get(name):
            report.drop("property", name, why)
    if as_object(root.get("settings")).keys() - {"executionOrder"}:
        report.drop("property", "settings", gettext("Settings of the workflow are not imported."))
