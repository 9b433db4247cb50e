"""What Mermaid and DOT share: a drawing of shapes and arrows read as a flow of ours, and what a flow loses as one.

Neither format knows kinds, ports or settings. Shapes say kinds where our own mark does not; a shape for both ends of a
flow becomes an input or an output by its arrows; the label of an arrow out of a decision is its branch.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from flows.document import KINDS, Edge, Node
from flows.interchange.neutral import NeutralFlow, NeutralNode
from flows.interchange.report import Report

ENDPOINT = "endpoint"
"""A kind for readers: where a flow begins or ends, to be told apart by its edges."""

BRANCHING = frozenset(("decision", "loop"))
"""Kinds with several outputs, of which the label of an edge names one."""

_PORT = 64
_MOST_BRANCHES = 100


def name_branches(flow: NeutralFlow) -> None:
    """Begin the edges of decisions and loops at the outputs that their labels name; give decisions these branches."""
    kinds = {node.key: node for node in flow.nodes if node.kind in BRANCHING}
    branches: dict[str, dict[str, None]] = {}
    for edge in flow.edges:
        node = kinds.get(edge.source)
        if node is None:
            continue
        named = edge.source_port or _port(edge.label)
        if node.kind == "loop":
            edge.source_port = named if named in KINDS["loop"].outputs else edge.source_port
        elif named.lower() == "default":
            edge.source_port = "default"
        elif named:
            names = branches.setdefault(node.key, {})
            if named in names or len(names) < _MOST_BRANCHES:
                names[named] = None
                edge.source_port = named
    for key, names in branches.items():
        kinds[key].settings.setdefault("branches", list(names))


def settle_kinds(flow: NeutralFlow, report: Report) -> None:
    """Tell inputs from outputs where a shape means either, and make nodes of notes that edges end at."""
    sources = {edge.source for edge in flow.edges}
    targets = {edge.target for edge in flow.edges}
    for node in flow.nodes:
        if node.kind == ENDPOINT:
            node.kind = _endpoint(node, sources, targets)
        elif node.kind == "note" and (node.key in sources or node.key in targets):
            node.kind = "transform"
            report.approximate("note", node.key[:80], _("It has edges, so it is a node."))


def tell_unsaid(nodes: Iterable[Node], report: Report, *, places: bool) -> None:
    """Tell once each what a drawing does not say; `places` if not where nodes are, how large, and what they are for."""
    said = {"imported", "branches"}
    counts: Counter[str] = Counter()
    for node in nodes:
        has_text = node.kind == "note" and (not places or not node.label)
        counts["settings"] += bool(node.settings.keys() - (said | {"text"} if has_text else said))
        counts["places"] += places
        counts["descriptions"] += places and bool(node.description)
    whys = {
        "settings": _("This format has no settings."),
        "places": _("This format has no places and sizes."),
        "descriptions": _("This format has no descriptions of nodes."),
    }
    for what, why in whys.items():
        if counts[what]:
            report.drop("property", what, why, counts[what])


def drawn_label(node: Node) -> str:
    """Return what is written on a node: its label, or the text of a note without one."""
    text = node.settings.get("text")
    return node.label if node.label or node.kind != "note" or not isinstance(text, str) else text


def named_port(edge: Edge, kinds: Mapping[str, str]) -> str:
    """Return the output where an edge begins, or "" if it is the kind's default; `kinds` are by node."""
    kind = kinds.get(edge.source, "transform")
    return "" if edge.source_port == KINDS[kind].default_output else edge.source_port


def imported_of(node: Node, format: str) -> Mapping[str, object]:
    """Return what was kept of the same format when the node was imported from it."""
    imported = node.settings.get("imported")
    return imported if isinstance(imported, Mapping) and imported.get("format") == format else {}


def _endpoint(node: NeutralNode, sources: set[str], targets: set[str]) -> str:
    if node.key in sources and node.key not in targets:
        return "input"
    return "output" if node.key in targets and node.key not in sources else "transform"


def _port(label: str) -> str:
    return " ".join(label.split())[:_PORT].strip()
