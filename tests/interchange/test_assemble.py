"""What a file draws, made to hold together: what had to go or to change is told, and nothing else is lost."""

from dataclasses import replace
from typing import Any

import pytest

from flows.document import DEFAULT_LIMITS, CreateFlow, Document, Node, apply
from flows.interchange.assemble import Assembled, assemble
from flows.interchange.budget import Budget, TooMuchError
from flows.interchange.cleaning import clean
from flows.interchange.neutral import NeutralEdge, NeutralFlow, NeutralNode
from flows.interchange.placing import Bounds, beside, placed
from flows.interchange.report import MOST_TOLD, Report


def assembled(nodes: list[NeutralNode], edges: list[NeutralEdge] | None = None) -> tuple[Assembled, Report]:
    """Assemble, and see that the document takes it and that everything is counted."""
    report = Report("test")
    flow = NeutralFlow("T", nodes=nodes, edges=edges or [])
    clean(flow, report)
    graph = assemble(flow, DEFAULT_LIMITS, Budget(10_000, 20_000), report)
    apply(Document(), CreateFlow("T", "", graph.nodes, graph.edges), DEFAULT_LIMITS)
    lost = {what: sum(one.count for one in report.dropped if one.what == what) for what in ("edge", "node")}
    assert report.kept["edges"] + lost["edge"] == len(edges or [])
    assert sum(report.kept.values()) - report.kept["edges"] + lost["node"] == len(nodes)
    return graph, report


def only(nodes: list[NeutralNode], edges: list[NeutralEdge] | None = None) -> tuple[Node, Report]:
    graph, report = assembled(nodes, edges)
    (node,) = graph.nodes
    return node, report


class TestIds:
    def test_a_key_that_can_be_an_id_stays(self) -> None:
        graph, _report = assembled([NeutralNode("a-1_Z"), NeutralNode("__proto__")])
        assert [node.id for node in graph.nodes] == ["a-1_Z", "__proto__"]

    def test_others_read_like_their_key_and_differ(self) -> None:
        keys = ["a b", "a_b", "a.b", "a/b", "ü", "判", "", "x" * 65, "x" * 66]
        graph, _report = assembled([NeutralNode(key) for key in keys])
        assert [node.id for node in graph.nodes][:4] == ["a_b_2", "a_b", "a_b_3", "a_b_4"]
        assert len({node.id for node in graph.nodes}) == len(keys)

    def test_a_key_twice_means_the_first(self) -> None:
        graph, report = assembled([NeutralNode("a"), NeutralNode("a"), NeutralNode("b")], [NeutralEdge("b", "a")])
        assert [(edge.source, edge.target) for edge in graph.edges] == [("b", "a")]
        assert [one.what for one in report.approximated] == ["node"]

    def test_many_of_one_name_take_linear_time(self) -> None:
        graph, _report = assembled([NeutralNode("." * number) for number in range(5_000)])
        assert len({node.id for node in graph.nodes}) == 5_000

    def test_edges_have_ids_of_their_own(self) -> None:
        nodes = [NeutralNode(key) for key in "abc"]
        edges = [
            NeutralEdge("a", "b", key="e"),
            NeutralEdge("b", "c", key="e"),
            NeutralEdge("a", "c"),
            NeutralEdge("c", "a", key="ü"),
        ]
        graph, _report = assembled(nodes, edges)
        assert [edge.id for edge in graph.edges] == ["e", "e_2", "e1", "n"]


class TestNesting:
    def chain(self, depth: int) -> list[NeutralNode]:
        groups = [NeutralNode(f"g{n}", "group", parent=f"g{n - 1}" if n else None) for n in range(depth)]
        return [*reversed(groups), NeutralNode("leaf", parent=f"g{depth - 1}")]

    @pytest.mark.parametrize(("depth", "told"), [(32, 0), (33, 1), (5_000, 4_968)])
    def test_groups_too_deep_come_up(self, depth: int, told: int) -> None:
        graph, report = assembled(self.chain(depth))
        assert len(graph.nodes) == depth + 1
        assert [one.what for one in report.approximated] == ["group"] * told
        assert next(node for node in graph.nodes if node.id == "leaf").parent == f"g{depth - 1}"

    def test_a_circle_is_opened_once(self) -> None:
        groups = [NeutralNode(key, "group", parent=parent) for key, parent in ("ab", "bc", "ca")]
        graph, report = assembled([*groups, NeutralNode("d", "group", parent="d"), NeutralNode("e", parent="a")])
        assert sum(node.parent is None for node in graph.nodes) == 2
        assert [one.what for one in report.approximated] == ["group", "group"]

    @pytest.mark.parametrize("parent", ["gone", "a"])
    def test_what_is_no_group_holds_nothing(self, parent: str) -> None:
        graph, report = assembled([NeutralNode("a"), NeutralNode("b", parent=parent)])
        assert graph.nodes[1].parent is None
        assert [(one.what, one.where) for one in report.approximated] == [("node", "b")]


class TestEdges:
    @pytest.mark.parametrize(
        "edge",
        [
            ("a", "gone"),
            ("gone", "a"),
            ("a", "a"),
            ("a", "g"),
            ("g", "a"),
            ("a", "n"),
            ("n", "a"),
            ("g", "g"),
            ("", ""),
        ],
    )
    def test_what_cannot_be_held_is_told(self, edge: tuple[str, str]) -> None:
        nodes = [NeutralNode("a"), NeutralNode("g", "group"), NeutralNode("n", "note")]
        graph, report = assembled(nodes, [NeutralEdge(*edge)])
        assert graph.edges == ()
        assert [(one.what, one.where) for one in report.dropped] == [("edge", f"{edge[0]} → {edge[1]}")]
        assert report.approximated == []

    def test_a_second_edge_between_the_same_ports(self) -> None:
        edges = [NeutralEdge("a", "b", label="one"), NeutralEdge("a", "b", label="two"), NeutralEdge("b", "a")]
        graph, report = assembled([NeutralNode("a"), NeutralNode("b")], edges)
        assert [edge.label for edge in graph.edges] == ["one", ""]
        assert len(report.dropped) == 1

    def test_a_decision_gets_the_branches_that_edges_name(self) -> None:
        nodes = [NeutralNode("d", "decision", settings={"branches": ["no"]}), NeutralNode("x"), NeutralNode("y")]
        edges = [NeutralEdge("d", "x", "yes"), NeutralEdge("d", "y", "no"), NeutralEdge("d", "y", "default")]
        graph, _report = assembled(nodes, edges)
        assert graph.nodes[0].settings["branches"] == ["no", "yes"]
        assert [edge.source_port for edge in graph.edges] == ["yes", "no", "default"]

    def test_a_decision_has_at_most_a_hundred(self) -> None:
        nodes = [NeutralNode("d", "decision"), *(NeutralNode(f"n{number}") for number in range(120))]
        graph, report = assembled(nodes, [NeutralEdge("d", f"n{number}", f"b{number}") for number in range(120)])
        assert len(graph.edges) == 120
        assert sum(one.what == "edge" for one in report.approximated) == 20

    @pytest.mark.parametrize(("kind", "edge"), [("input", ("a", "b")), ("sensor", ("a", "b")), ("output", ("b", "a"))])
    def test_what_cannot_be_connected_this_way_becomes_a_transform(self, kind: str, edge: tuple[str, str]) -> None:
        graph, report = assembled([NeutralNode("a"), NeutralNode("b", kind)], [NeutralEdge(*edge)])
        assert (graph.nodes[1].kind, len(graph.edges)) == ("transform", 1)
        assert [one.what for one in report.approximated] == ["node"]


class TestValues:
    @pytest.mark.parametrize(
        ("given", "held"),
        [
            ({"label": "a\x00b\x07\ud800c\r\nd"}, {"label": "abc\nd"}),
            ({"label": "x" * 2_000}, {"label": "x" * 2_000}),
            ({"label": "x" * 2_001}, {"label": "x" * 1_999 + "…"}),
            ({"kind": "nonsense"}, {"kind": "transform"}),
            ({"colour": "#ABC"}, {"colour": "#aabbcc"}),
            ({"colour": "red"}, {"colour": "#14b8a6"}),
            ({"x": float("nan"), "y": 1}, {"x": 0, "y": 0}),
            ({"x": 1e300, "y": 1.005}, {"x": 1_000_000, "y": 1}),
            ({"width": 0, "height": float("inf")}, {"width": 136, "height": 60}),
            ({"width": 1e9, "height": 1}, {"width": 100_000, "height": 1}),
            ({"settings": {"type": "?", "gone": 1, "transformation": "x"}}, {"settings": {"transformation": "x"}}),
            ({"settings": {"imported": {"a": 1}}}, {"settings": {}}),
            ({"imported": {"format": "test", "a": 1}}, {"settings": {"imported": {"format": "test", "a": 1}}}),
            ({"imported": {"format": "test", "a": float("nan")}}, {"settings": {"imported": {"format": "test"}}}),
        ],
        ids=str,
    )  # fmt: skip
    def test_a_value_is_made_to_fit(self, given: dict[str, Any], held: dict[str, Any]) -> None:
        node, _report = only([NeutralNode("a", **{"x": 1, "y": 1, **given})])
        assert {name: getattr(node, name) for name in held} == held

    @pytest.mark.parametrize(("length", "kept"), [(8_150, True), (8_192, False)])
    def test_what_is_kept_of_a_format_is_bounded(self, length: int, kept: bool) -> None:
        imported = {"format": "test", "small": 1, "long": "x" * length}
        node, report = only([NeutralNode("a", imported=imported)])
        held = node.settings["imported"]
        assert ("long" in held) is kept and held["small"] == 1  # type: ignore[operator, index]
        assert [one.what for one in report.dropped] == [] if kept else ["property"]

    def test_what_is_kept_may_be_nested_as_far_as_settings(self) -> None:
        deep: object = 1
        for _ in range(20):
            deep = [deep]
        node, report = only([NeutralNode("a", imported={"format": "test", "deep": deep})])
        assert node.settings == {"imported": {"format": "test"}}
        assert len(report.dropped) == 1


class TestPlaces:
    def at(self, key: str, x: float | None = None, y: float | None = None, **more: Any) -> NeutralNode:
        return NeutralNode(key, x=x, y=y, **more)

    def test_a_file_with_places_keeps_them(self) -> None:
        graph, _report = assembled([self.at("a", 5, 7), self.at("b", -5.25, 7)])
        assert [(node.x, node.y) for node in placed(graph)] == [(5, 7), (-5.25, 7)]

    @pytest.mark.parametrize("place", [(None, None), (0, 0), (300, 300)])
    def test_one_without_or_on_one_spot_is_laid_out(self, place: tuple[float | None, float | None]) -> None:
        nodes = [self.at("a", *place), self.at("b", *place), self.at("c", *place)]
        graph, _report = assembled(nodes, [NeutralEdge("a", "b"), NeutralEdge("b", "c")])
        a, b, c = placed(graph)
        assert a.x + a.width < b.x and b.x + b.width < c.x

    def test_one_node_stays_where_it_is(self) -> None:
        graph, _report = assembled([self.at("a", 30, 40)])
        assert [(node.x, node.y) for node in placed(graph)] == [(30, 40)]

    def test_the_few_without_a_place_come_below(self) -> None:
        graph, _report = assembled([self.at("a", 0, 0), self.at("b", 200, 0), self.at("c"), self.at("d", 5, None)])
        a, b, c, d = placed(graph)
        assert (a.x, a.y, b.x, b.y) == (0, 0, 200, 0)
        assert min(c.y, d.y) >= max(a.y + a.height, b.y + b.height)
        assert (c.x, c.y) != (d.x, d.y)

    def test_a_group_without_a_size_holds_its_members(self) -> None:
        nodes = [self.at("g", 0, 0, kind="group"), self.at("h", 50, 50, kind="group", parent="g")]
        graph, _report = assembled([*nodes, self.at("a", 900, 700, parent="h")])
        g, h, a = placed(graph)
        assert a.x + a.width < h.x + h.width < g.x + g.width
        assert a.y + a.height < h.y + h.height < g.y + g.height

    def test_beside_is_to_the_right_tops_aligned(self) -> None:
        graph, _report = assembled([self.at("a", 1_000, 1_000), self.at("b", 1_200, 900)])
        moved = beside(graph.nodes, Bounds(-50, -20, 300, 400))
        assert [(node.x, node.y) for node in moved] == [(380, 80), (580, -20)]

    @pytest.mark.parametrize(
        "there",
        [Bounds(0, 0, 999_990, 10), Bounds(-999_990, 0, 999_990, 10), Bounds(-999_990, -10, 999_990, 999_990)],
    )
    def test_where_the_canvas_ends_it_is_on_another_side(self, there: Bounds) -> None:
        graph, _report = assembled([self.at("a", 0, 0), self.at("b", 200, 0)])
        own = Bounds.of(beside(graph.nodes, there))
        assert own is not None
        assert own.right <= there.left or own.left >= there.right or own.top >= there.bottom or own.bottom <= there.top


class TestTheReport:
    def test_a_long_one_is_joined_by_what_and_why(self) -> None:
        report = Report("test")
        for number in range(MOST_TOLD + 50):
            report.drop("edge", f"e{number}", "Gone.")
        encoded: Any = report.encode()["dropped"]
        assert len(encoded) == MOST_TOLD + 1
        assert encoded[-1] == {"what": "edge", "where": "", "why": "Gone.", "count": 50}

    def test_names_are_told_as_far_as_they_can_be_read(self) -> None:
        report = Report("test")
        report.approximate("node", "a\x00\n" + "b" * 500, "Changed.", 2)
        assert report.encode()["approximated"] == [
            {"what": "node", "where": "a  " + "b" * 197, "why": "Changed.", "count": 2}
        ]


@pytest.mark.parametrize("limit", ["nodes", "edges"])
def test_the_limits_hold_whatever_the_reader_counted(limit: str) -> None:
    flow = NeutralFlow(nodes=[NeutralNode("a"), NeutralNode("b")], edges=[NeutralEdge("a", "b"), NeutralEdge("b", "a")])
    assemble(flow, replace(DEFAULT_LIMITS, **{limit: 2}), Budget(9, 9), Report("test"))
    with pytest.raises(TooMuchError) as refused:
        assemble(flow, replace(DEFAULT_LIMITS, **{limit: 1}), Budget(9, 9), Report("test"))
    assert refused.value.limit == limit
