"""Flows by chance, as an exporter gets them."""

import string
from collections.abc import Mapping

from hypothesis import strategies as st

from flows.document import KINDS, Edge, Node
from flows.interchange.neutral import ExportedFlow

WORDS = [
    *("", " ", "end", "a", "Set the direction TB", "it's", 'say "hi"', "a & b", "&amp;", "&lt;b&gt;", "<b>x</b>"),
    *("1 < 2", "#35;", "#quot;", "issue #12", "C:\\new\\table", "\\N", "\\", "back\\", "`code`", "**bold**", "_x_"),
    *("snake_case", "{{x}}", "[a](b)", "f(x)", "a|b", "%% no comment", "%%{init}%%", "--> a", "a; b", "fa:fa-car"),
    *("http://x.y/?a=1", "two\nlines", "\n", " spaced ", "a  b", "日本", "🚀", "é", "x" * 300, "1. list", "- list"),
    *("$$x$$", "\u2028", "\t", "@{ }"),
]
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])
TEXT = st.one_of(st.sampled_from(WORDS), st.text(LETTERS, max_size=20))
ODD_IDS = ["end", "graph", "o", "x", "v", "-", "--", "a-", "-a", "1", "default", "style", "edge1", "n_a", "__proto__"]
IDS = st.one_of(st.sampled_from(ODD_IDS), st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=8))
COLOURS = st.sampled_from(["#0ea5e9", "#ff0000", "#123456", "#94a3b8"])
NUMBERS = st.integers(-100_000, 100_000).map(lambda hundredths: hundredths / 100)
SIZES = st.integers(100, 100_000).map(lambda hundredths: hundredths / 100)


def _settings(kind: str, branches: list[str], text: str) -> Mapping[str, object]:
    if kind == "decision" and branches:
        return {"branches": branches}
    return {"text": text} if kind == "note" and text else {}


@st.composite
def exported_flows(draw: st.DrawFn) -> ExportedFlow:
    """Flows that the document holds: groups in groups, edges at ports that are there, no two alike."""
    nodes: dict[str, Node] = {}
    groups: list[str] = []
    for id in draw(st.lists(IDS, max_size=8, unique=True)):
        kind = draw(st.sampled_from(sorted(KINDS)))
        parent = draw(st.sampled_from([None, *groups]))
        branches = draw(st.lists(st.sampled_from(["yes", "no", "maybe not"]), max_size=3, unique=True))
        place = [draw(NUMBERS), draw(NUMBERS), draw(SIZES), draw(SIZES)]
        label, description, text = draw(TEXT), draw(TEXT), draw(TEXT)
        colour = draw(st.one_of(st.just(KINDS[kind].colour), COLOURS))
        settings = _settings(kind, branches, text)
        nodes[id] = Node(id, kind, *place, label, description, colour, parent, draw(st.booleans()), settings)
        groups += [id] * (kind == "group")
    edges = draw(_edges(nodes)) if nodes else []
    title, description = draw(TEXT), draw(TEXT)
    return ExportedFlow("f", 1, title, description, sorted(nodes.values(), key=lambda node: node.id), edges)


@st.composite
def _edges(draw: st.DrawFn, nodes: dict[str, Node]) -> list[Edge]:
    from flows.document.kinds.ports import ports_of

    sources = [(node.id, port) for node in nodes.values() for port in ports_of(node).outputs]
    targets = [node.id for node in nodes.values() if ports_of(node).inputs]
    if not sources or not targets:
        return []
    ends = draw(st.lists(st.tuples(st.sampled_from(sources), st.sampled_from(targets)), max_size=8, unique=True))
    return [
        Edge(f"e{number}", source, target, port, "in", draw(TEXT), draw(st.booleans()))
        for number, ((source, port), target) in enumerate(ends)
        if source != target
    ]
