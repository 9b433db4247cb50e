"""The markup of nodes and edges: the page contract, whatever the labels hold, and the same from fragments as afresh."""

import json
import random
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.document import (
    DEFAULT_LIMITS,
    KINDS,
    Document,
    Edge,
    EditNode,
    FlowProperties,
    Node,
    apply,
    decode_operation,
)
from flows.rendering import blanks, canvas, edge_html, fragments, label_html, node_html, state_html, whole
from tests.pages.marks import by_id, elements

HOSTILE = "\"><img src=x onerror=alert(1)>'&lt;{{ 7*7 }}\u202e</helix-node>"


def node(id: str = "n1", kind: str = "agent", **given: object) -> Node:
    of = KINDS[kind]
    plain = Node(id, kind, 100, 40, of.width, of.height, of.title, "", of.colour, None, True, {})
    return replace(plain, **given)  # type: ignore[arg-type]


# What must not get in.


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_label_stays_text(kind: str) -> None:
    settings = {"text": HOSTILE} if kind == "note" else {"branches": [HOSTILE]} if kind == "decision" else {}
    found = elements(node_html(node(kind=kind, label=HOSTILE, settings=settings)))
    assert [element.tag for element in found].count("helix-node") == 1
    assert not {"img", "script"} & {element.tag for element in found}
    assert not any(name.startswith("on") for element in found for name in element.attributes)
    assert found[0].attributes["data-label"] == HOSTILE


def test_a_hostile_edge_stays_text() -> None:
    edge = Edge("e1", "n1", "n2", HOSTILE, "in", HOSTILE)
    html = edge_html(edge, node(label=HOSTILE), node("n2", label=HOSTILE)) + label_html(edge)
    assert {element.tag for element in elements(html)} == {"g", "path", "div"}
    assert by_id(html, "l-e1").text == HOSTILE


@pytest.mark.parametrize("hostile", [HOSTILE, "' data-x='9' onload='x'", "&quot;&#x27;&amp;", "\u2028</script>"])
def test_hostile_settings_and_descriptions_stay_text(hostile: str) -> None:
    settings = {"system_prompt": hostile, "model": '"' + hostile}
    one, *others = elements(node_html(node(settings=settings, description=hostile)))
    assert not any(name.startswith("on") for name in one.attributes)
    assert one.attributes["data-x"] == "100"
    assert one.attributes["data-description"] == hostile
    assert json.loads(one.attributes["data-settings"]) == settings
    assert {part.tag for part in others} == {"span"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_any_settings_come_back_as_they_were(value: object) -> None:
    one = elements(node_html(node(kind="api", settings={"params": value})))[0]
    assert json.loads(one.attributes["data-settings"]) == {"params": value}


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_comes_back_as_it_was(label: str, text: str) -> None:
    html = node_html(node(kind="note", label=label, settings={"text": text}))
    shown = next(element for element in elements(html) if "data-node-label" in element.attributes)
    assert re.sub(r"\r\n?", "\n", shown.text) == re.sub(r"\r\n?", "\n", label)


def test_nothing_is_styled_inline() -> None:
    assert "style=" not in "".join(html for _kind, html in blanks())


# The contract.


@pytest.mark.parametrize("kind", KINDS)
def test_a_node_says_what_scripts_and_readers_need(kind: str) -> None:
    one = by_id(node_html(node(kind=kind, parent="g1")), "n-n1")
    assert one.tag == "helix-node"
    assert one.attributes | {"data-kind": kind} == one.attributes
    assert one.attributes["data-x"] == "100"
    assert one.attributes["data-parent"] == "g1"
    assert one.attributes["tabindex"] == "-1"
    assert one.attributes["aria-label"].startswith(KINDS[kind].title)
    ports = [
        (part.attributes["data-direction"], part.attributes["data-port"])
        for part in one.all()
        if "data-port" in part.attributes
    ]
    assert ports == [("in", name) for name in KINDS[kind].inputs] + [("out", name) for name in KINDS[kind].outputs]


def test_a_decision_has_a_port_for_each_branch() -> None:
    html = node_html(node(kind="decision", settings={"branches": ["yes", "no"]}))
    outputs = [
        part.attributes["data-port"] for part in elements(html) if part.attributes.get("data-direction") == "out"
    ]
    assert outputs == ["yes", "no", "default"]


def test_a_colour_is_told_only_where_it_is_picked() -> None:
    assert "data-colour" not in node_html(node())
    assert by_id(node_html(node(colour="#123456")), "n-n1").attributes["data-colour"] == "#123456"


def test_what_only_a_form_shows_is_told_only_where_there_is_some() -> None:
    assert not re.search("data-(description|settings)", node_html(node()))
    one = by_id(node_html(node(description="Why", settings={"temperature": 0.2, "model": "m"})), "n-n1")
    assert one.attributes["data-description"] == "Why"
    assert one.attributes["data-settings"] == '{"model":"m","temperature":0.2}'


def test_a_disabled_node_says_so_and_its_edges_are_dotted() -> None:
    off = node(enabled=False)
    one = by_id(node_html(off), "n-n1")
    assert "data-disabled" in one.attributes
    assert one.attributes["aria-label"].endswith("off")
    assert "data-disabled" in by_id(edge_html(Edge("e1", "n1", "n2", "out", "in"), off, node("n2")), "e-e1").attributes


def test_an_edge_reads_as_from_where_to_where() -> None:
    edge = by_id(edge_html(Edge("e1", "n1", "n2", "out", "in"), node(label="Plan"), node("n2", label="Search")), "e-e1")
    assert edge.attributes["aria-label"] == "Plan to Search, edge"
    assert [part.attributes["class"] for part in edge.children] == ["edge-hit", "edge-line", "edge-arrow"]


# Fragments.


def flow() -> Document:
    nodes = [node("n1"), node("n2", x=400, parent="g1"), node("n3", x=800), node("g1", kind="group")]
    edges = [Edge("e1", "n1", "n2", "out", "in", "then"), Edge("e2", "n2", "n3", "out", "in")]
    return Document(FlowProperties("Trip"), nodes, edges)


def changed(document: Document, operation: object) -> str:
    outcome = apply(document, decode_operation(operation, DEFAULT_LIMITS), DEFAULT_LIMITS)
    document.advance(outcome.effect)
    return fragments(outcome.effect, document)


def test_a_move_makes_no_fragment() -> None:
    assert changed(flow(), {"kind": "move_node", "id": "n1", "x": 8, "y": 8}) == ""


def test_a_resize_that_brings_or_takes_the_footer_makes_the_node() -> None:
    document = flow()
    low = changed(document, {"kind": "resize_node", "id": "n1", "width": 200, "height": 60})
    high = changed(document, {"kind": "resize_node", "id": "n1", "width": 200, "height": 90})
    assert "node-label" in low and "node-footer" not in low
    assert "node-footer" in high
    assert changed(document, {"kind": "resize_node", "id": "n1", "width": 220, "height": 95}) == ""


def test_an_edit_makes_one_node() -> None:
    html = changed(flow(), {"kind": "edit_node", "id": "n1", "set": {"label": "Plan"}})
    assert [part.attributes["id"] for part in elements(html) if part.tag == "helix-node"] == ["n-n1"]
    assert len(html.encode()) <= 1_500


def test_a_removal_tells_of_the_node_its_edges_and_the_group_it_left() -> None:
    html = changed(flow(), {"kind": "remove_node", "id": "n2"})
    gone = [part.attributes for part in elements(html) if part.tag == "helix-gone"]
    assert gone == [{"data-edge-id": "e1"}, {"data-edge-id": "e2"}, {"data-node-id": "n2"}]
    assert by_id(html, "n-g1").children[-1].text == "0"


def test_an_edge_whose_end_moved_is_drawn_anew_and_under_its_id() -> None:
    html = changed(flow(), {"kind": "edit_edge", "id": "e1", "set": {"target": "n3"}})
    edge = by_id(html, "e-e1")
    assert (edge.attributes["data-source"], edge.attributes["data-target"]) == ("n1", "n3")
    assert by_id(html, "l-e1").text == "then"


def test_turning_a_node_off_brings_its_edges() -> None:
    html = changed(flow(), {"kind": "edit_node", "id": "n2", "set": {"enabled": False}})
    assert "data-disabled" in by_id(html, "e-e1").attributes
    assert "data-disabled" in by_id(html, "e-e2").attributes


def test_the_flow_tells_its_title() -> None:
    html = changed(flow(), {"kind": "edit_flow", "set": {"title": "<Trip>"}})
    assert elements(html)[0].attributes == {"data-title": "<Trip>", "data-description": ""}


def test_what_is_absent_is_told_to_be_gone() -> None:
    html = state_html(["n1", "nowhere"], ["e1", "nothing"], flow())
    assert [part.attributes for part in elements(html) if part.tag == "helix-gone"] == [
        {"data-node-id": "nowhere"},
        {"data-edge-id": "nothing"},
    ]
    assert by_id(html, "l-e1").text == "then"


@pytest.mark.parametrize("seed", range(12))
def test_a_flow_built_from_fragments_reads_as_one_freshly_rendered(seed: int) -> None:
    """Nodes and labels exactly; an edge's curve and name are the browser's to keep up with its ends."""
    chance, document = random.Random(seed), flow()
    held = pieces(whole(document).decode())
    for _ in range(60):
        for tag, id, html in parts(changed(document, step(chance, document))):
            if tag == "gone":
                held.pop(id, None)
                held.pop(f"l-{id[2:]}", None)
            else:
                held[id] = html
    fresh = pieces(whole(document).decode())
    assert {id: still(html) for id, html in held.items()} == {id: still(html) for id, html in fresh.items()}


def step(chance: random.Random, document: Document) -> dict[str, object]:
    ids = [one.id for one in document.nodes() if one.kind != "group"]
    match chance.randrange(5):
        case 0:
            return {
                "kind": "add_node",
                "node": {"id": f"m{chance.randrange(10**9)}", "kind": chance.choice(list(KINDS)), "x": 0, "y": 0},
            }
        case 1 if len(ids) > 2:
            return {"kind": "remove_node", "id": chance.choice(ids)}
        case 2:
            return {"kind": "edit_node", "id": chance.choice(ids), "set": {"parent": chance.choice(["g1", None])}}
        case 3:
            return {
                "kind": "edit_node",
                "id": chance.choice(ids),
                "set": {"enabled": chance.random() < 0.5, "label": f"L{chance.randrange(9)}"},
            }
        case _:
            return {"kind": "edit_node", "id": chance.choice(ids), "set": {"colour": f"#{chance.randrange(16**6):06x}"}}


PIECE = re.compile(
    r'<helix-gone data-(?P<what>node|edge)-id="(?P<gone>[^"]+)"></helix-gone>'
    r'|(?P<html><(?P<tag>helix-node|g|div) id="(?P<id>[neln]-[^"]+)".*?</(?P=tag)>)',
    re.S,
)


def parts(html: str) -> list[tuple[str, str, str]]:
    return [
        ("gone", f"{match['what'][0]}-{match['gone']}", "") if match["gone"] else ("put", match["id"], match["html"])
        for match in PIECE.finditer(html)
    ]


def pieces(html: str) -> dict[str, str]:
    return {id: piece for _tag, id, piece in parts(html)}


def still(html: str) -> str:
    """Drop from an edge what follows its ends in the browser."""
    return re.sub(r' (d|aria-label)="[^"]*"', "", html) if html.startswith("<g ") else html


# A whole flow.


def test_groups_lie_below_and_parents_below_their_children() -> None:
    document = Document(
        FlowProperties(), [node("in", kind="group", parent="out"), node("out", kind="group"), node("n1", parent="in")]
    )
    layers = canvas(document)
    assert layers.groups.index('id="n-out"') < layers.groups.index('id="n-in"')
    assert "n-n1" in layers.nodes
    assert [part.text for part in elements(layers.groups) if part.attributes.get("class") == "node-count"] == ["1", "1"]


def test_the_same_value_is_rendered_once() -> None:
    assert node_html(node()) is node_html(node())


def test_a_decision_keeps_its_default_when_a_branch_goes() -> None:
    document = Document(FlowProperties(), [node("d", kind="decision", settings={"branches": ["yes"]}), node("n2")])
    outcome = apply(document, EditNode("d", {"settings": {"branches": None}}), DEFAULT_LIMITS)
    document.advance(outcome.effect)
    assert 'data-port="default"' in fragments(outcome.effect, document)
    assert 'data-port="yes"' not in fragments(outcome.effect, document)
