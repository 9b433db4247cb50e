"""Documents, drafts, effects, digests: what carries the edits."""

import hashlib

import pytest

from flows.document import (
    AddEdge,
    AddNode,
    Batch,
    CreateFlow,
    Document,
    Draft,
    Edge,
    EditEdge,
    EditFlow,
    EditNode,
    Effect,
    FlowProperties,
    MoveNode,
    Pair,
    RemoveNode,
    ReplaceGraph,
    chain,
    compose,
    moved_only,
    references_in,
)
from flows.document.graph import FEW

from .cast import a_document, a_node, an_edge, doing

FLOW = a_document([a_node("g", "group"), a_node("n1", parent="g"), a_node("n2")], [an_edge()])


class TestDocument:
    @pytest.mark.parametrize(
        "effect",
        [
            Effect({"n1": Pair(a_node("n1", x=5), a_node("n1", x=6))}),
            Effect({"n3": Pair(a_node("n3"), None)}),
            Effect({"n2": Pair(None, a_node("n2"))}),
            Effect({}, {"e1": Pair(None, an_edge())}),
            Effect({}, {}, Pair(FlowProperties("Other"), FlowProperties("New"))),
            Effect({"n9": Pair(None, a_node("n9"))}, {"e9": Pair(an_edge("e9"), None)}),
        ],
    )
    def test_an_effect_from_elsewhere_is_a_defect(self, effect: Effect) -> None:
        document = FLOW.copy()
        with pytest.raises(ValueError, match="start from"):
            document.advance(effect)
        assert document == FLOW

    def test_equal_documents_hold_the_same_elements_in_any_order(self) -> None:
        assert a_document([a_node("a"), a_node("b")]) == a_document([a_node("b"), a_node("a")])
        assert a_document([a_node("a")]) != a_document([a_node("a", label="other")])
        assert a_document() != Document()

    def test_nodes_can_be_kept_in_caches(self) -> None:
        one, other = (a_node(settings={"max_tokens": number}) for number in (1, 2))
        assert len({one: "a", other: "b", a_node(settings={"max_tokens": 1}): "c"}) == 2


class TestDraft:
    def test_it_never_writes_below(self) -> None:
        below = FLOW.copy()
        draft = Draft(below)
        draft.advance(doing(draft, {"kind": "remove_node", "id": "g"}).effect)
        assert below == FLOW
        assert (draft.node_count, draft.node("g"), draft.members_of("g")) == (2, None, [])
        assert {node.id for node in draft.nodes()} == {"n1", "n2"}

    def test_going_back_leaves_nothing(self) -> None:
        draft = Draft(FLOW)
        outcome = doing(draft, {"kind": "remove_node", "id": "n1"})
        draft.advance(outcome.effect)
        assert (draft.edge_count, draft.edges_of("n2")) == (0, [])
        draft.advance(Effect({"n1": Pair(None, FLOW.node("n1"))}, {"e1": Pair(None, FLOW.edge("e1"))}))
        assert draft.effect.is_empty
        assert (draft.node_count, draft.edge_count) == (3, 1)
        assert [edge.id for edge in draft.edges_of("n2")] == ["e1"]
        assert [node.id for node in draft.members_of("g")] == ["n1"]

    def test_a_node_that_is_new_asks_nothing_below(self) -> None:
        class Mute(Document):
            def edges_of(self, node_id, /):
                raise AssertionError("asked below for a node that is new")

        draft = Draft(Mute())
        for id in ("a", "b"):
            draft.advance(Effect({id: Pair(None, a_node(id))}))
        connecting = {"kind": "add_edge", "edge": {"id": "e", "source": "a", "target": "b"}}
        draft.advance(doing(draft, connecting).effect)
        assert [edge.id for edge in draft.edges_of("a")] == ["e"]


class TestEffect:
    def test_composition_keeps_the_first_before_and_the_last_after(self) -> None:
        here, there, further = a_node(x=0), a_node(x=1), a_node(x=2)
        first, second = Effect({"n1": Pair(here, there)}), Effect({"n1": Pair(there, further)})
        assert compose((first, second)) == Effect({"n1": Pair(here, further)})
        assert compose((first, Effect({"n1": Pair(there, here)}))).is_empty
        assert first == Effect({"n1": Pair(here, there)})

    def test_only_geometry(self) -> None:
        node = a_node()
        assert moved_only(Pair(node, a_node(x=5, y=6, width=9, height=9)))
        assert not moved_only(Pair(node, a_node(x=5, label="other")))
        assert not moved_only(Pair(node, a_node(x=5, settings={"model": "m"})))
        assert not moved_only(Pair(node, None))
        assert not moved_only(Pair(None, node))


def test_the_chain_can_be_computed_by_anybody() -> None:
    first = chain("", {"version": 1, "operation": {"y": 0.5, "kind": "ä"}})
    assert first == hashlib.sha256('\n{"operation":{"kind":"ä","y":0.5},"version":1}'.encode()).hexdigest()
    assert chain(first, {}) == hashlib.sha256(f"{first}\n{{}}".encode()).hexdigest()


class TestMentioned:
    @pytest.mark.parametrize(
        ("record", "nodes", "edges"),
        [
            (MoveNode("a", 1, 1), "a", ""),
            (RemoveNode("a"), "a", ""),
            (AddNode(a_node("a", parent="g")), "a g", ""),
            (EditNode("a", {"parent": "g"}), "a g", ""),
            (EditNode("a", {"label": "x"}), "a", ""),
            (AddEdge(an_edge("e", "a", "b")), "a b", "e"),
            (EditEdge("e", {}), "", "e"),
            (EditFlow({}), "", ""),
            (Batch((RemoveNode("a"), EditEdge("e", {}))), "a", "e"),
            (ReplaceGraph((a_node("a"),), (an_edge("e"),)), "a", "e"),
            (CreateFlow("x", "", (a_node("a"),)), "a", ""),
        ],
    )
    def test_by_a_record(self, record, nodes: str, edges: str) -> None:
        assert record.references() == (set(nodes.split()), set(edges.split()))

    @pytest.mark.parametrize(
        ("wire", "nodes", "edges"),
        [
            ({"kind": "move_node", "id": "a", "x": "far"}, "a", ""),
            ({"kind": "add_node", "node": {"id": "a", "parent": "g", "kind": 1}}, "a g", ""),
            ({"kind": "edit_node", "id": "a", "set": {"parent": "g", "nope": 1}}, "a g", ""),
            ({"kind": "add_edge", "edge": {"id": "e", "source": "a", "target": None}}, "a", "e"),
            ({"kind": "edit_edge", "id": "e", "set": 5}, "", "e"),
            ({"kind": "batch", "operations": [{"kind": "remove_node", "id": "a"}, 7, {"id": "b c"}]}, "a", ""),
            ("nonsense", "", ""),
            ({"kind": [], "id": {}}, "", ""),
        ],
    )
    def test_by_what_could_not_be_decoded(self, wire: object, nodes: str, edges: str) -> None:
        assert references_in(wire) == (set(nodes.split()), set(edges.split()))


def test_few_and_many_edges_of_a_node_are_found_in_the_order_in_which_they_came() -> None:
    def effect(*pairs: Pair[Edge]) -> Effect:
        return Effect({}, {(pair.after or pair.before).id: pair for pair in pairs}, None)  # type: ignore[union-attr]

    edges = [Edge(f"e{i}", "hub", f"n{i}", "out", "in") for i in range(3 * FEW)]
    document = Document(FlowProperties(), [a_node("hub"), *(a_node(f"n{i}") for i in range(3 * FEW))])
    for count, edge in enumerate(edges, 1):
        document.advance(effect(Pair(None, edge)))
        assert document.edges_of("hub") == edges[:count]
    for edge in edges[::2]:
        document.advance(effect(Pair(edge, None)))
    assert document.edges_of("hub") == edges[1::2] and document.edges_of("n0") == []
    document.advance(effect(*(Pair(edge, None) for edge in edges[1::2])))
    assert document.edges_of("hub") == [] == document.edges_of("n1")
