"""A template's parameters: what each asks for, and its value put where it belongs.

A parameter points at a label, a description or a setting of a node, at any depth, or at an edge's label. What stands
there is its default, and tells its type; a setting that is not set is text, or what the kind's catalogue says.
"""

import copy
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from flows.document import KINDS, Edge, Node, Rejected, decode_graph, encode_edge, encode_node
from flows.errors import FlowReason
from flows.limits import current
from flows.templates.template import Parameter, Template

ParameterType: TypeAlias = Literal["text", "number", "integer", "boolean", "json"]
PARTS = {"nodes": ("label", "description", "settings"), "edges": ("label",)}
LONGEST_POINTER = 500
_TYPES: Mapping[str, ParameterType] = {"integer": "integer", "number": "number", "boolean": "boolean"}
_PYTHON: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "json": (str, int, float, bool, list, dict),
}
_Graph: TypeAlias = dict[str, dict[str, Any]]


def parameters_of(template: Template) -> list[dict[str, object]]:
    """Return what a template asks for, each with its name, title, type and default."""
    return [_described(parameter, _graph(template)) for parameter in template.parameters]


def fill(template: Template, values: Mapping[str, object]) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """Return a template's graph with these values in their places; a parameter without one keeps its default.

    Raises `Rejected` for a name that is no parameter's, a value of the wrong type, or one that its place does not take.
    """
    known = {parameter.name: parameter for parameter in template.parameters}
    graph = copy.deepcopy(_graph(template))
    for name, value in values.items():
        parameter = known.get(name)
        if parameter is None:
            raise Rejected("invalid", FlowReason.UNKNOWN_PARAMETER, name=name[:80])
        described = _described(parameter, graph)
        if value is None or (value == "" and not described["default"]):
            continue
        if not _fits(str(described["type"]), value):
            raise Rejected("invalid", FlowReason.WRONG_PARAMETER, name=name[:80], type=described["type"])
        _put(parameter, graph, value)
    return decode_graph(list(graph["nodes"].values()), list(graph["edges"].values()), current())


def value_at(parameter: Parameter, template: Template) -> object:
    """Return what stands where a parameter points, None where that is nowhere."""
    try:
        return _described(parameter, _graph(template))["default"]
    except Rejected:
        return None


def check_parameters(template: Template) -> None:
    """Refuse too many parameters, two of one name, or one that points nowhere. Raises `Rejected`."""
    most = current().template_parameters
    if len(template.parameters) > most:
        raise Rejected("limit_reached", FlowReason.TOO_MANY_PARAMETERS, most=most)
    names: set[str] = set()
    graph = _graph(template)
    for parameter in template.parameters:
        if parameter.name in names:
            raise Rejected("invalid", FlowReason.PARAMETER_TWICE, name=parameter.name)
        names.add(parameter.name)
        _described(parameter, graph)


def _graph(template: Template) -> _Graph:
    return {
        "nodes": {node.id: encode_node(node) for node in template.nodes},
        "edges": {edge.id: encode_edge(edge) for edge in template.edges},
    }


def _described(parameter: Parameter, graph: _Graph) -> dict[str, object]:
    holder, key, setting = _place(parameter, graph)
    value = holder[key] if isinstance(holder, list) else holder.get(key, setting.default if setting else None)
    kind: ParameterType = "json"
    if isinstance(value, bool):
        kind = "boolean"
    elif isinstance(value, (int, float)):
        kind = _TYPES.get(setting.type if setting else "number", "number")
    elif isinstance(value, str):
        kind = "text"
    return {"name": parameter.name, "title": parameter.title, "type": kind, "default": value}


def _put(parameter: Parameter, graph: _Graph, value: object) -> None:
    holder, key, _ = _place(parameter, graph)
    holder[key] = value


def _place(parameter: Parameter, graph: _Graph) -> tuple[Any, Any, Any]:
    """Return what holds a parameter's value, under which key, and its setting where it is a whole one."""
    tokens = [token.replace("~1", "/").replace("~0", "~") for token in parameter.path[:LONGEST_POINTER].split("/")]
    nowhere = Rejected("invalid", FlowReason.PARAMETER_NOWHERE, name=parameter.name, path=parameter.path[:80])
    if len(tokens) < 4 or tokens[0] or tokens[1] not in PARTS or tokens[3] not in PARTS[tokens[1]]:
        raise nowhere
    element = graph[tokens[1]].get(tokens[2])
    if element is None or (len(tokens) > 4) != (tokens[3] == "settings"):
        raise nowhere
    setting = KINDS[element["kind"]].setting(tokens[4]) if len(tokens) > 4 and "kind" in element else None
    if setting is not None and setting.makes_ports:
        raise nowhere  # edges hang on these
    if len(tokens) > 5:
        setting = None
    holder: Any = element
    for token in tokens[3:-1]:
        holder = _step(holder, token)
    key: Any = tokens[-1]
    if isinstance(holder, list):
        key = int(key) if key.isdecimal() and int(key) < len(holder) else None
    elif not isinstance(holder, dict) or (key not in holder and setting is None):
        key = None
    if key is None:
        raise nowhere
    return holder, key, setting


def _step(holder: Any, token: str) -> Any:
    if isinstance(holder, dict):
        return holder.get(token)
    if isinstance(holder, list) and token.isdecimal() and int(token) < len(holder):
        return holder[int(token)]
    return None


def _fits(kind: str, value: object) -> bool:
    return isinstance(value, _PYTHON[kind]) and (isinstance(value, bool) <= (kind in {"boolean", "json"}))
