"""A flow as YAML text. Our own emitter, because others wrap lines and choose quotes by the length of what stands there.

A value is always on the line of its key: a changed property is a changed line.
"""

import re
from collections.abc import Iterator, Mapping

from flows.document import KINDS, Edge, Node
from flows.interchange.neutral import ExportedFlow
from flows.interchange.report import Report

VERSION = 1
PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_./ -]*[A-Za-z0-9_])?")
"""A text that needs no quotes anywhere in any YAML, unless it is one of `_WORDS`."""
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_LONGEST_SIMPLE_KEY = 900
"""YAML finds a key's colon within 1,024 characters."""


def write(flow: ExportedFlow, report: Report) -> bytes:
    """Write a flow; nothing of it is lost."""
    return "".join(f"{line}\n" for line in _lines(flow)).encode()


def _lines(flow: ExportedFlow) -> Iterator[str]:
    yield f"helix: {VERSION}"
    if flow.id:
        yield f"id: {text(flow.id)}"
    yield f"title: {text(flow.title)}"
    yield f"description: {text(flow.description)}"
    yield "nodes:" if flow.nodes else "nodes: {}"
    for node in flow.nodes:
        yield f"  {text(node.id)}:"
        yield from _node(node)
    yield "edges:" if flow.edges else "edges: {}"
    for edge in flow.edges:
        yield f"  {text(edge.id)}: {value(_edge(edge))}"
    yield "layout:" if flow.nodes else "layout: {}"
    for node in flow.nodes:
        place = {"x": node.x, "y": node.y, "width": node.width, "height": node.height}
        yield f"  {text(node.id)}: {value(place)}"


def _node(node: Node) -> Iterator[str]:
    kind = KINDS[node.kind]
    yield f"    kind: {node.kind}"
    defaults = {"label": kind.title, "description": "", "colour": kind.colour, "parent": None, "enabled": True}
    for name, default in defaults.items():
        held = getattr(node, name)
        if held != default:
            yield f"    {name}: {value(held)}"
    if node.settings:
        yield "    settings:"
        for name in sorted(node.settings):
            yield f"      {text(name)}: {value(node.settings[name])}"


def _edge(edge: Edge) -> dict[str, object]:
    ends = {"from": f"{edge.source}.{edge.source_port}", "to": f"{edge.target}.{edge.target_port}"}
    return {**ends, "label": edge.label} | ({"animated": True} if edge.animated else {})


def text(string: str) -> str:
    """Write a string as all readers of YAML take it: plain where that is certain, else in quotes."""
    if not string:
        return "''"
    if PLAIN.fullmatch(string) and string.lower() not in _WORDS:
        return string
    return f'"{_ESCAPED.sub(_escape, string)}"'


def value(held: object) -> str:  # noqa: PLR0911
    """Write a JSON value on one line."""
    match held:
        case None:
            return "null"
        case bool():
            return "true" if held else "false"
        case str():
            return text(held)
        case int():
            return str(held)
        case float():
            return _number(held)
        case Mapping():
            inside = ", ".join(f"{_key(str(name))}: {value(item)}" for name, item in held.items())
            return f"{{{inside}}}"
        case list() | tuple():
            return f"[{', '.join(value(item) for item in held)}]"
        case _:
            raise TypeError(f"{held!r} is no JSON")


def _key(name: str) -> str:
    key = text(name)
    return key if len(key) < _LONGEST_SIMPLE_KEY else f"? {key} "


def _number(held: float) -> str:
    """Write a number with a point and a sign in its exponent, without which it is a string to YAML 1.1."""
    digits, e, exponent = repr(held).partition("e")
    if not e:
        return digits
    point = digits if "." in digits else f"{digits}.0"
    return f"{point}e{exponent if exponent[0] in '+-' else '+' + exponent}"


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return _SHORT.get(character) or f"\\u{ord(character):04x}"
