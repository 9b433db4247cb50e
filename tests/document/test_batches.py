"""Batches, and the two records that write a whole graph."""

import pytest

from flows.document import (
    DEFAULT_LIMITS,
    AddEdge,
    Batch,
    CreateFlow,
    Document,
    DocumentLimits,
    Edge,
    MoveNode,
    Reason,
    Rejected,
    RemoveEdge,
    RemoveNode,
    ReplaceGraph,
    Skipped,
    apply,
    decode_graph,
    decode_operation,
)

from .cast import a_document, a_node, an_edge, doing
from .soundness import check_sound


def batch(*operations):
    return {"kind": "batch", "operations": list(operations)}


def adding(id, **more):
    return {"kind": "add_node", "node": {"id": id, "kind": "agent", "x": 0, "y": 0, **more}}


class TestBatches:
    def test_one_refusal_refuses_all(self) -> None:
        document = a_document([a_node()])
        with pytest.raises(Rejected) as caught:
            doing(
                document, batch(adding("a"), {"kind": "remove_node", "id": "n1"}, {"kind": "remove_node", "id": "n1"})
            )
        assert caught.value.code == "unknown_node"
        assert (caught.value.reason, caught.value.values["number"]) == (Reason.BATCH_ITEM, 3)
        assert document == a_document([a_node()])

    @pytest.mark.parametrize("more", [[], [{"kind": "move_node", "id": "n1", "x": 0, "y": 0}]], ids=["all", "the rest"])
    def test_one_that_need_not_be_whole_is_refused_if_nothing_is_left_to_do(self, more) -> None:
        gone = [{"kind": "move_node", "id": "gone", "x": 1, "y": 1}, {"kind": "remove_node", "id": "lost"}]
        with pytest.raises(Rejected, match=r"batch_item number=1 inner=.*unknown_node id=gone") as caught:
            doing(a_document([a_node(x=0, y=0)]), batch(*gone, *more) | {"whole": False})
        assert caught.value.missing == ("node", "gone")

    def test_one_that_need_not_be_whole_is_refused_for_every_other_reason(self) -> None:
        document = a_document([a_node()])
        with pytest.raises(Rejected, match="duplicate_id"):
            doing(document, batch(adding("a"), adding("n1")) | {"whole": False})
        with pytest.raises(Rejected, match="limit_reached"):
            doing(document, batch(adding("a"), adding("b")) | {"whole": False}, DocumentLimits(nodes=2))

    @pytest.mark.parametrize("whole", [None, 0, "false"])
    def test_whole_is_true_or_false(self, whole) -> None:
        with pytest.raises(Rejected, match="whole"):
            decode_operation(batch() | {"whole": whole}, DEFAULT_LIMITS)

    def test_what_is_asked_of_what_is_gone_is_left_out_where_that_is_allowed(self) -> None:
        document = a_document([a_node(x=0, y=0)])
        move = {"kind": "move_node", "id": "n1", "x": 8, "y": 0}
        link = {"kind": "add_edge", "edge": {"id": "e", "source": "gone", "target": "a"}}
        cut = {"kind": "remove_edge", "id": "e"}
        outcome = doing(document, batch(move, adding("a"), link, cut, cut) | {"whole": False})
        assert outcome.skipped == (Skipped("node", "gone"), Skipped("edge", "e")), "each once, as it is remembered"
        assert set(outcome.effect.nodes) == {"n1", "a"}
        assert not outcome.effect.edges
        assert outcome.record == Batch((MoveNode("n1", 8, 0), outcome.record.operations[1])), "whole, for the log"
        assert outcome.inverse == Batch((RemoveNode("a"), MoveNode("n1", 0, 0)))

    def test_what_was_to_go_into_a_group_that_is_gone_goes_into_none(self) -> None:
        document = a_document([a_node("h", "group"), a_node("m", parent="h")])
        link = {"kind": "add_edge", "edge": {"id": "e", "source": "a", "target": "b"}}
        put = {"kind": "edit_node", "id": "m", "set": {"parent": "gone", "label": "Moved"}}
        asked = batch(adding("a", parent="gone"), adding("b", parent="gone", label="B"), link, put) | {"whole": False}
        outcome = doing(document, asked)
        after = document.copy()
        after.advance(outcome.effect)
        check_sound(after)
        assert [after.node(id).parent for id in "abm"] == [None] * 3
        assert (after.node("b").label, after.node("m").label, after.edge("e").source) == ("B", "Moved", "a")
        assert outcome.skipped == tuple(Skipped("node", id, ("parent",)) for id in "abm")
        whole = apply(document, outcome.record, DEFAULT_LIMITS)
        assert (whole.effect, whole.skipped) == (outcome.effect, ()), "the log says what was done"
        after.advance(apply(after, outcome.inverse, DEFAULT_LIMITS).effect)
        assert after == document

    @pytest.mark.parametrize("whole", [{}, {"whole": True}])
    def test_it_is_refused_where_that_was_not_allowed(self, whole) -> None:
        with pytest.raises(Rejected, match="unknown_node"):
            doing(a_document(), batch(adding("a", parent="gone")) | whole)
        with pytest.raises(Rejected, match="unknown_node"):
            doing(a_document(), adding("a", parent="gone"))

    def test_without_its_group_it_keeps_to_every_other_rule(self) -> None:
        with pytest.raises(Rejected, match="limit_reached: batch_item number=1"):
            doing(a_document([a_node()]), batch(adding("a", parent="gone")) | {"whole": False}, DocumentLimits(nodes=1))
        with pytest.raises(Rejected, match="invalid"):
            doing(a_document([a_node()]), batch(adding("a", parent="n1")) | {"whole": False})

    def test_that_alone_is_refused_if_it_changes_nothing(self) -> None:
        put = {"kind": "edit_node", "id": "n1", "set": {"parent": "gone"}}
        with pytest.raises(Rejected, match="unknown_node id=gone"):
            doing(a_document([a_node()]), batch(put) | {"whole": False})

    def test_operations_see_what_came_before_them(self) -> None:
        connect = {"kind": "add_edge", "edge": {"id": "e", "source": "a", "target": "b"}}
        outcome = doing(a_document(), batch(adding("a"), adding("b"), connect))
        assert set(outcome.effect.nodes) == {"a", "b"}
        assert outcome.record.operations[2] == AddEdge(Edge("e", "a", "b", "out", "in"))
        assert outcome.inverse == Batch((RemoveEdge("e"), RemoveNode("b"), RemoveNode("a")))

    def test_what_ends_as_it_began_changes_nothing(self) -> None:
        outcome = doing(a_document(), batch(adding("a"), {"kind": "remove_node", "id": "a"}))
        assert outcome.effect.is_empty
        assert doing(a_document(), batch()).effect.is_empty

    def test_a_node_removed_and_added_again_is_an_update(self) -> None:
        document = a_document([a_node(), a_node("n2")], [an_edge()])
        outcome = doing(document, batch({"kind": "remove_node", "id": "n1"}, adding("n1", label="New")))
        assert outcome.effect.nodes["n1"].before.label == "Agent"
        assert outcome.effect.nodes["n1"].after.label == "New"
        assert outcome.effect.edges["e1"].after is None

    def test_counts_hold_inside_a_batch_too(self) -> None:
        removing = {"kind": "remove_node", "id": "n1"}
        with pytest.raises(Rejected, match="limit_reached"):
            doing(a_document([a_node()]), batch(adding("a"), removing), DocumentLimits(nodes=1))
        assert doing(a_document([a_node()]), batch(removing, adding("a")), DocumentLimits(nodes=1))

    def test_one_operation_more_than_the_limit_is_refused(self) -> None:
        move = {"kind": "move_node", "id": "n1", "x": 1, "y": 1}
        assert len(decode_operation(batch(*[move] * 500), DEFAULT_LIMITS).operations) == 500
        with pytest.raises(Rejected, match="limit_reached"):
            decode_operation(batch(*[move] * 501), DEFAULT_LIMITS)

    def test_an_undo_may_be_larger_than_a_batch_that_is_submitted(self) -> None:
        nodes = [a_node("hub"), *[a_node(f"n{number}") for number in range(600)]]
        document = a_document(nodes, [an_edge(f"e{number}", "hub", f"n{number}") for number in range(600)])
        outcome = doing(document, {"kind": "remove_node", "id": "hub"})
        removed = document.copy()
        removed.advance(outcome.effect)
        removed.advance(apply(removed, outcome.inverse, DEFAULT_LIMITS).effect)
        assert removed == document

    @pytest.mark.parametrize("inner", [batch(), {"kind": "create_flow"}, {"kind": "replace_graph"}, 1, None, []])
    def test_only_single_operations_go_inside(self, inner: object) -> None:
        with pytest.raises(Rejected, match="invalid"):
            decode_operation({"kind": "batch", "operations": [inner]}, DEFAULT_LIMITS)


def graph(nodes, edges=(), bounds=DEFAULT_LIMITS):
    """Decode a graph and put it in the place of a small one."""
    document = a_document([a_node("old")])
    outcome = apply(document, ReplaceGraph(*decode_graph(list(nodes), list(edges), bounds)), bounds)
    document.advance(outcome.effect)
    check_sound(document)
    return document


def wire(id, kind="agent", **more):
    return {"id": id, "kind": kind, "x": 0, "y": 0, **more}


def link(id, source, target, **more):
    return {"id": id, "source": source, "target": target, **more}


class TestWholeGraphs:
    @pytest.mark.parametrize(
        ("nodes", "edges", "code"),
        [
            ([wire("a"), wire("a")], [], "duplicate_id"),
            ([wire("a"), wire("b")], [link("e", "a", "b"), link("e", "b", "a")], "duplicate_id"),
            ([wire("a", parent="gone")], [], "unknown_node"),
            ([wire("a", parent="b"), wire("b")], [], "invalid"),
            ([wire("a", "group", parent="a")], [], "invalid"),
            ([wire("a", "group", parent="b"), wire("b", "group", parent="a")], [], "invalid"),
            ([wire("a")], [link("e", "a", "gone")], "unknown_node"),
            ([wire("a")], [link("e", "a", "a")], "self_loop"),
            ([wire("a"), wire("b")], [link("e", "a", "b", source_port="each")], "unknown_port"),
            ([wire("a"), wire("b")], [link("e", "a", "b"), link("f", "a", "b", source_port="out")], "duplicate_edge"),
            ([wire("a"), wire("b"), wire("c"), wire("d")], [], "limit_reached"),
            ([wire("a"), wire("b"), wire("c", "loop")], [link(f"e{n}", "a", "b") for n in range(3)], "limit_reached"),
        ],
    )
    def test_a_graph_that_does_not_hold_together_is_refused(self, nodes: list, edges: list, code: str) -> None:
        with pytest.raises(Rejected) as caught:
            graph(nodes, edges, DocumentLimits(nodes=3, edges=2))
        assert caught.value.code == code

    def test_members_may_come_before_their_group(self) -> None:
        document = graph([wire("a", parent="g"), wire("g", "group", parent="h"), wire("h", "group")])
        assert [member.id for member in document.members_of("g")] == ["a"]
        assert document.node("old") is None

    def test_ports_that_are_not_named_are_filled_in(self) -> None:
        document = graph([wire("a", "decision"), wire("b")], [link("e", "a", "b")])
        assert document.edge("e").source_port == "default"

    def test_a_flow_is_created_once(self) -> None:
        with pytest.raises(Rejected, match="invalid"):
            apply(a_document([a_node()]), CreateFlow("Again", ""), DEFAULT_LIMITS)
        effect = apply(Document(), CreateFlow("First", "", (a_node(),)), DEFAULT_LIMITS).effect
        assert (effect.flow.after.title, list(effect.nodes)) == ("First", ["n1"])
