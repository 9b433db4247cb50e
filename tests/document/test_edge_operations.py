"""Operations on edges and on the flow itself: what is refused, what happens, what takes it back."""

import pytest

from flows.document import AddEdge, DocumentLimits, Edge, EditEdge, EditFlow, FlowProperties, Rejected, RemoveEdge

from .cast import a_document, a_node, after, an_edge, doing

KINDS_WITH_PORTS = a_document(
    [
        a_node("n1"),
        a_node("n2", "skill"),
        a_node("choose", "decision", settings={"branches": ["yes", "später"]}),
        a_node("again", "loop"),
        a_node("begin", "input"),
        a_node("listen", "sensor"),
        a_node("end", "output"),
        a_node("paper", "note"),
        a_node("frame", "group"),
    ],
    [an_edge()],
)


RENAMED = {
    "kind": "batch",
    "operations": [
        {"kind": "edit_node", "id": "choose", "set": {"settings": {"branches": ["yes", "ja", "später"]}}},
        {"kind": "edit_edge", "id": "e2", "set": {"source_port": "ja"}},
        {"kind": "edit_node", "id": "choose", "set": {"settings": {"branches": ["ja", "später"]}}},
    ],
}


def add(id="e9", source="n2", target="n1", **more):
    return {"kind": "add_edge", "edge": {"id": id, "source": source, "target": target, **more}}


def refusal(document, operation, **limits) -> str:
    with pytest.raises(Rejected) as caught:
        doing(document, operation, DocumentLimits(**limits))
    return caught.value.code


class TestAdding:
    def test_a_taken_id_is_refused(self) -> None:
        assert refusal(KINDS_WITH_PORTS, add("e1", "gone", "gone")) == "duplicate_id"

    @pytest.mark.parametrize(("source", "target"), [("gone", "n1"), ("n1", "gone"), ("gone", "gone")])
    def test_an_end_that_does_not_exist_is_refused(self, source: str, target: str) -> None:
        assert refusal(KINDS_WITH_PORTS, add(source=source, target=target, source_port="x")) == "unknown_node"

    @pytest.mark.parametrize("node", ["n1", "paper"])
    def test_a_loop_to_itself_is_refused(self, node: str) -> None:
        assert refusal(KINDS_WITH_PORTS, add(source=node, target=node, source_port="x")) == "self_loop"

    @pytest.mark.parametrize(
        "ends",
        [
            {"source": "n1", "source_port": "in"},
            {"source": "n1", "source_port": "OUT"},
            {"source": "n1", "target_port": "out"},
            {"source": "end"},
            {"target": "begin"},
            {"target": "listen"},
            {"source": "paper"},
            {"target": "paper"},
            {"source": "frame"},
            {"target": "frame"},
            {"source": "choose", "source_port": "out"},
            {"source": "choose", "source_port": "maybe"},
            {"source": "again", "source_port": "default"},
        ],
    )
    def test_a_port_that_the_node_does_not_have_is_refused(self, ends: dict) -> None:
        assert (
            refusal(KINDS_WITH_PORTS, add(**({"target": "n2"} if "source" in ends else {}), **ends)) == "unknown_port"
        )

    @pytest.mark.parametrize("more", [{}, {"source_port": "out"}, {"target_port": "in"}, {"label": "other"}])
    def test_the_same_connection_twice_is_refused(self, more: dict) -> None:
        assert refusal(KINDS_WITH_PORTS, add("e9", "n1", "n2", **more), edges=1) == "duplicate_edge"

    def test_one_edge_more_than_the_limit_is_refused(self) -> None:
        assert refusal(KINDS_WITH_PORTS, add(), edges=1) == "limit_reached"
        assert after(KINDS_WITH_PORTS, add(), limits=DocumentLimits(edges=2)).edge_count == 2

    @pytest.mark.parametrize(
        ("source", "port"),
        [("n2", "out"), ("choose", "default"), ("again", "out"), ("begin", "out"), ("listen", "out")],
    )
    def test_ports_that_are_not_named_are_filled_in(self, source: str, port: str) -> None:
        outcome = doing(KINDS_WITH_PORTS, add(source=source))
        edge = outcome.effect.edges["e9"].after
        assert (edge.source_port, edge.target_port, edge.label, edge.animated) == (port, "in", "", False)
        assert (outcome.record, outcome.inverse) == (AddEdge(edge), RemoveEdge("e9"))

    @pytest.mark.parametrize(
        ("source", "port"), [("choose", "yes"), ("choose", "später"), ("choose", "default"), ("again", "each")]
    )
    def test_every_output_takes_an_edge(self, source: str, port: str) -> None:
        connected = after(
            KINDS_WITH_PORTS, add("a", source, source_port=port), add("b", source, "n2", source_port=port)
        )
        assert {edge.source_port for edge in connected.edges_of(source)} == {port}

    def test_both_directions_between_two_nodes_are_different_edges(self) -> None:
        assert after(KINDS_WITH_PORTS, add("e9", "n2", "n1")).edge_count == 2


class TestEditing:
    def test_an_unknown_edge_is_refused(self) -> None:
        for operation in ({"kind": "edit_edge", "id": "gone", "set": {}}, {"kind": "remove_edge", "id": "gone"}):
            assert refusal(KINDS_WITH_PORTS, operation) == "unknown_edge"

    @pytest.mark.parametrize(
        "changes",
        [{"id": "e2"}, {"source": None}, {"source_port": ""}, {"animated": 1}, {"label": None}, {"label": "x" * 2001}],
    )
    def test_what_cannot_be_set_is_refused(self, changes: dict) -> None:
        assert refusal(KINDS_WITH_PORTS, {"kind": "edit_edge", "id": "e1", "set": changes}) == "invalid"

    def test_only_the_named_properties_change(self) -> None:
        outcome = doing(KINDS_WITH_PORTS, {"kind": "edit_edge", "id": "e1", "set": {"label": "in 15 min"}})
        edge = outcome.effect.edges["e1"].after
        assert (edge.label, edge.animated, edge.source) == ("in 15 min", False, "n1")
        assert outcome.inverse == EditEdge("e1", {"label": ""})

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"source": "gone"}, "unknown_node"),
            ({"target": "gone"}, "unknown_node"),
            ({"source": "n2"}, "self_loop"),
            ({"source": "end"}, "unknown_port"),
            ({"target": "begin"}, "unknown_port"),
            ({"source_port": "yes"}, "unknown_port"),
            ({"target_port": "out"}, "unknown_port"),
            ({"source": "choose"}, "unknown_port"),
            ({"source": "again", "source_port": "each"}, "duplicate_edge"),
        ],
    )
    def test_an_end_moves_only_where_an_edge_could_be_added(self, changes: dict, code: str) -> None:
        document = after(KINDS_WITH_PORTS, add("taken", "again", "n2", source_port="each"))
        assert refusal(document, {"kind": "edit_edge", "id": "e1", "set": changes}) == code

    def test_an_end_moves_and_the_edge_keeps_all_else(self) -> None:
        named = after(KINDS_WITH_PORTS, {"kind": "edit_edge", "id": "e1", "set": {"label": "soon", "animated": True}})
        moved = {"kind": "edit_edge", "id": "e1", "set": {"source": "choose", "source_port": "yes", "target": "end"}}
        outcome = doing(named, moved)
        assert outcome.effect.edges["e1"].after == Edge("e1", "choose", "end", "yes", "in", "soon", animated=True)
        assert outcome.inverse == EditEdge("e1", {"source": "n1", "source_port": "out", "target": "n2"})
        assert outcome.record.references() == ({"choose", "end"}, {"e1"})

    def test_a_port_that_is_not_named_is_kept(self) -> None:
        outcome = doing(KINDS_WITH_PORTS, {"kind": "edit_edge", "id": "e1", "set": {"source": "again"}})
        assert outcome.effect.edges["e1"].after.source_port == "out"

    def test_an_edge_may_be_told_its_own_ends(self) -> None:
        told = {"source": "n1", "target": "n2", "source_port": "out", "target_port": "in"}
        assert doing(KINDS_WITH_PORTS, {"kind": "edit_edge", "id": "e1", "set": told}).effect.is_empty

    def test_a_branch_is_renamed_by_one_batch(self) -> None:
        document = after(KINDS_WITH_PORTS, add("e2", "choose", "n2", source_port="yes", label="if so"))
        renamed = after(document, RENAMED)
        assert renamed.edge("e2") == Edge("e2", "choose", "n2", "ja", "in", "if so")
        assert renamed.node("choose").settings == {"branches": ["ja", "später"]}
        assert after(renamed, doing(document, RENAMED).inverse.encode()) == document

    def test_adding_takes_a_removal_back(self) -> None:
        outcome = doing(KINDS_WITH_PORTS, {"kind": "remove_edge", "id": "e1"})
        assert outcome.inverse == AddEdge(an_edge())


class TestTheFlow:
    @pytest.mark.parametrize("title", ["", " \n", "\u200b\u2060", "x" * 256, None])
    def test_a_title_that_cannot_be_is_refused(self, title: str | None) -> None:
        assert refusal(a_document(), {"kind": "edit_flow", "set": {"title": title}}) == "invalid"

    def test_only_the_named_properties_change(self) -> None:
        outcome = doing(a_document(), {"kind": "edit_flow", "set": {"title": "x" * 255}})
        assert outcome.effect.flow.after == FlowProperties("x" * 255, "")
        assert outcome.inverse == EditFlow({"title": "Triage"})

    def test_the_same_title_changes_nothing(self) -> None:
        assert doing(a_document(), {"kind": "edit_flow", "set": {"title": "Triage"}}).effect.is_empty
