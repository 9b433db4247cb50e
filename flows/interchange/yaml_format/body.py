"""The body of a flow from YAML: what a plain scalar means follows from the property it stands for.

Two shapes are read: that of our exports (mappings by id, places apart), and the body of `POST /flows` spelled in YAML.
"""

import re

from django.utils.translation import gettext as _

from flows.document import KINDS
from flows.interchange.budget import Budget, UnreadableError
from flows.interchange.native import read_body
from flows.interchange.neutral import NeutralFlow
from flows.interchange.report import Report
from flows.interchange.text import decode
from flows.interchange.yaml_format.events import read_events
from flows.interchange.yaml_format.lines import Plain, Value, read_lines

_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_TEXTS = frozenset({"id", "kind", "label", "description", "colour", "parent"})
_EDGE_TEXTS = frozenset({"id", "source", "target", "source_port", "target_port", "label"})
_PLACE = frozenset({"x", "y", "width", "height"})


def read(data: bytes, budget: Budget, report: Report) -> NeutralFlow:
    """Read a flow. Raises `UnreadableError` and `TooMuchError`."""
    text = _decoded(data)
    value = read_lines(text, budget)
    body = read_events(text, budget) if value is None else value
    if not isinstance(body, dict):
        raise UnreadableError(_("There is no flow in this file."))
    if "workflow" in body and "nodes" not in body:
        raise UnreadableError(_("This is a pipeline of another tool, which is not read."))
    return read_body(_body(body, budget), budget, report)


def _decoded(data: bytes) -> str:
    text = decode(data)
    if not text.strip():
        raise UnreadableError(_("The file is empty."))
    return text


def _body(fields: dict[str, Value], budget: Budget) -> dict[str, object]:
    if "helix" in fields and _resolved(fields["helix"]) != 1:
        raise UnreadableError(_("This file is of a later version of the format."))
    body: dict[str, object] = {
        name: _text(value) if name in ("title", "description", "id") else value
        for name, value in fields.items()
        if name not in ("nodes", "edges", "layout")
    }
    places = _by_id(fields.get("layout"), "layout")
    body["nodes"] = [_node(one, places, budget) for one in _elements(fields.get("nodes"), "nodes")]
    body["edges"] = [_edge(one, budget) for one in _elements(fields.get("edges"), "edges")]
    if body["nodes"] == [] and "nodes" not in fields:
        del body["nodes"]
    return {name: value for name, value in body.items() if value is not None}


def _elements(value: Value, name: str) -> list[Value]:
    """Return elements as a list, each with its id, from a list or a mapping by id."""
    if isinstance(value, list):
        return value
    by_id = _by_id(value, name)
    return [{"id": id, **one} for id, one in by_id.items()]


def _by_id(value: Value, name: str) -> dict[str, dict[str, Value]]:
    if value is None or (isinstance(value, Plain) and value in _NULLS):
        return {}
    if not isinstance(value, dict):
        raise UnreadableError(_("%(name)s: must be a mapping by id") % {"name": name})
    found: dict[str, dict[str, Value]] = {}
    for id, one in value.items():
        if not isinstance(one, dict):
            raise UnreadableError(_("%(name)s: must be a mapping") % {"name": f"{name}.{id[:60]}"})
        found[id] = one
    return found


def _node(value: Value, places: dict[str, dict[str, Value]], budget: Budget) -> object:
    budget.step(4)
    if not isinstance(value, dict):
        return value
    node: dict[str, object] = {}
    for name, one in value.items():
        read = _text(one) if name in _TEXTS else _resolved(one)
        if read is not None and name != "settings":
            node[name] = read
    settings = value.get("settings")
    if isinstance(settings, dict):
        node["settings"] = _settings(str(node.get("kind")), settings)
    elif settings is not None and _resolved(settings) is not None:
        node["settings"] = _resolved(settings)
    for name, place in places.get(str(node.get("id")), {}).items():
        if name not in _PLACE:
            raise UnreadableError(_("%(name)s: unknown key") % {"name": f"layout.{node.get('id')}.{name[:60]}"})
        node[name] = _resolved(place)
    return node


def _settings(kind: str, settings: dict[str, Value]) -> dict[str, object]:
    known = KINDS[kind].by_name if kind in KINDS else {}
    read: dict[str, object] = {}
    for name, value in settings.items():
        setting = known.get(name)
        if setting is not None and setting.type in ("text", "long_text", "choice"):
            read[name] = _text(value)
        elif setting is not None and setting.type == "names" and isinstance(value, list):
            read[name] = [_text(item) for item in value]
        else:
            read[name] = _resolved(value)
    return read


def _edge(value: Value, budget: Budget) -> object:
    budget.step(2)
    if not isinstance(value, dict):
        return value
    edge: dict[str, object] = {}
    for name, one in value.items():
        if name in ("from", "to"):
            end, port = ("source", "source_port") if name == "from" else ("target", "target_port")
            id, _dot, named = str(_text(one)).partition(".")
            edge[end] = id
            if named:
                edge[port] = named
            continue
        read = _text(one) if name in _EDGE_TEXTS else _resolved(one)
        if read is not None:
            edge[name] = read
    return edge


def _text(value: Value) -> object:
    """Return a scalar as it is written; None where nothing stands."""
    if isinstance(value, Plain):
        return None if value in _NULLS else str(value)
    return value if isinstance(value, str) else _resolved(value)


def _resolved(value: Value) -> object:
    """Return a value with its plain scalars as YAML 1.2 takes them: null, booleans, numbers, else strings."""
    match value:
        case Plain():
            return _scalar(value)
        case dict():
            return {name: _resolved(item) for name, item in value.items()}
        case list():
            return [_resolved(item) for item in value]
        case _:
            return value


def _scalar(plain: Plain) -> object:
    if plain in _NULLS:
        return None
    if plain in _BOOLEANS:
        return _BOOLEANS[plain]
    if _INTEGER.fullmatch(plain):
        return int(plain)
    if _FLOAT.fullmatch(plain):
        return float(plain)
    return str(plain)
