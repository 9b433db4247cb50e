"""Which format a file has, told by what it says, never by its name.

A guess must not cost much, nor be wrong where people paste: what shows no clear sign of a format has none.
"""

import re

import orjson

_BINARY = (b"\x7fELF", b"\x89PNG", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"%PDF", b"GIF8", b"\xff\xd8\xff")
_HEAD = 65_536

_COMMENTS = re.compile(r"(?:\s+|//[^\n]*\n|/\*.*?\*/|#[^\n]*\n)*", re.DOTALL)
_DOT = re.compile(r'(?:strict\s++)?(?:di)?graph\b\s*+(?:"(?:[^"\\]|\\.)*+"|[\w.-]++)?\s*+\{', re.IGNORECASE)
_FRONT_MATTER = re.compile(r"---[ \t]*\n.*?\n---[ \t]*(?:\n|$)", re.DOTALL)
_DIRECTIVES = re.compile(r"(?:\s+|%%[^\n]*(?:\n|$))*")
_MERMAID = re.compile(
    r"flowchart(?:-elk)?\b(?!\s*+\{)|graph(?:[ \t]++(?:TB|TD|BT|RL|LR|[<>^v]))?[ \t]*+(?:;|\n|%%|\Z)(?!\s*+\{)"
    r"|(?:sequenceDiagram|classDiagram|stateDiagram|erDiagram|gantt|pie|journey|gitGraph|mindmap|timeline|quadrantChart"
    r"|requirementDiagram|C4Context|sankey|xychart|block|packet|kanban|architecture)(?:-v2|-beta)?\b[^\n:]*(?:\n|$)"
)
_IN_MARKDOWN = re.compile(r"^[ \t]{0,3}`{3,}+[ \t]*+mermaid[ \t]*$", re.MULTILINE)
_YAML_KEY = re.compile(r"""^(?:["']?)(?:helix|nodes|workflow)(?:["']?):(?:\s|$)""", re.MULTILINE)


def detect(data: bytes) -> str:
    """Return the name of a file's format, or "" for none that is known."""
    if data.startswith(_BINARY):
        return ""
    body = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if body[:1] in (b"{", b"["):
        return _json_format(body)
    text = body[:_HEAD].decode("utf-8", "replace").replace("\r\n", "\n")
    if text.startswith("<"):
        return "drawio" if re.search(r"<(?:mxfile|mxGraphModel|diagram)\b", text) else ""
    if "\0" in text:
        return ""
    return _text_format(text)


def _text_format(text: str) -> str:
    matter = _FRONT_MATTER.match(text)
    diagram = text[matter.end() :] if matter else text
    after = _DIRECTIVES.match(diagram)
    if _MERMAID.match(diagram, after.end() if after else 0):
        return "mermaid"
    comments = _COMMENTS.match(text)
    if _DOT.match(text, comments.end() if comments else 0):
        return "dot"
    fence, key = _IN_MARKDOWN.search(text), _YAML_KEY.search(text)
    if fence and not (key and key.start() < fence.start()):
        return "mermaid"
    return "yaml" if key else ""


def _json_format(body: bytes) -> str:  # noqa: PLR0911
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "json"
    match value:
        case list():
            return "nodered" if _any(value, "type") and _any(value, "wires", "z", "label") else _old(value)
        case {"nodes": list(), "connections": _}:
            return "n8n"
        case {"flows": list(flows)} if _any(flows, "type"):
            return "nodered"
        case {"elements": list()} | {"nodes": list(), "edges": list(), "viewport": _}:
            return "reactflow"
        case {"nodes": list(nodes)} if _any(nodes, "position", "data", "positionAbsolute"):
            return "reactflow"
        case {"title": _} | {"nodes": _}:
            return "json"
        case {"flow": {"nodes": list()}} | {"data": {"nodes": list()}} | {"viewport": _}:
            return "reactflow"
        case _:
            return ""


def _old(value: list[object]) -> str:
    """Recognise what React Flow kept before version 10: a list of nodes and edges."""
    return "reactflow" if _any(value, "position") or (_any(value, "source") and _any(value, "target")) else ""


def _any(items: list[object], *keys: str) -> bool:
    """Tell whether one of the first items has one of these keys."""
    return any(isinstance(item, dict) and not item.keys().isdisjoint(keys) for item in items[:200])
