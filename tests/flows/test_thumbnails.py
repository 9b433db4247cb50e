"""What a card draws of a flow: a part of it, as the canvas does."""

from typing import Any

import pytest

from accounts.models import User
from accounts.principals import Person
from flows.commands import create_flow
from flows.models import Flow, FlowNode
from flows.parsing import parse_flow
from flows.rendering import thumbnail_svg, thumbnail_svgs
from flows.thumbnails import THUMBNAIL_NODES, Thumbnail, thumbnails

pytestmark = pytest.mark.django_db


def node(number: int, x: float) -> dict[str, object]:
    return {"id": f"n{number:03}", "kind": "agent", "x": x, "y": 0}


class TestThumbnails:
    def test_of_nothing(self, alice: User) -> None:
        empty = create_flow(Person(alice.pk), parse_flow(title="Empty"), via="page")
        assert thumbnails([]) == {}
        assert (thumbnails([empty.pk])[empty.pk].nodes, thumbnails([empty.pk])[empty.pk].edges) == ((), ())

    def test_nodes_and_the_edges_between_them(self, flow: Flow) -> None:
        shape = thumbnails([flow.pk])[flow.pk]
        assert {(block.kind, block.x) for block in shape.nodes} == {
            ("agent", 0),
            ("decision", 200),
            ("output", 400),
            ("group", 380),
        }
        assert {(source.kind, target.kind) for source, target in shape.edges} == {
            ("agent", "decision"),
            ("decision", "output"),
        }

    def test_of_a_large_flow_a_part(self, flow: Flow, alice: User) -> None:
        nodes = [node(number, number) for number in range(THUMBNAIL_NODES + 20)]
        edges = [{"id": f"e{i}", "source": nodes[i]["id"], "target": nodes[i + 1]["id"]} for i in range(len(nodes) - 1)]
        large = create_flow(Person(alice.pk), parse_flow(title="Large", nodes=nodes, edges=edges), via="page")
        shapes = thumbnails([flow.pk, large.pk])
        assert len(shapes[large.pk].nodes) == THUMBNAIL_NODES
        assert len(shapes[large.pk].edges) == THUMBNAIL_NODES - 1
        assert len(shapes[flow.pk].nodes) == 4


def shape_of(person: User, nodes: list[dict[str, object]], *edges: tuple[str, str]) -> Thumbnail:
    drawn = [{"id": f"{source}-{target}", "source": source, "target": target} for source, target in edges]
    flow = create_flow(Person(person.pk), parse_flow(title="Drawn", nodes=nodes, edges=drawn), via="page")
    return thumbnails([flow.pk])[flow.pk]


def box(id: str, parent: str | None = None, *, collapsed: bool = False) -> dict[str, object]:
    return {"id": id, "kind": "group", "x": 0, "y": 0, "parent": parent, "settings": {"collapsed": collapsed}}


def agent(id: str, parent: str | None = None) -> dict[str, object]:
    return {"id": id, "kind": "agent", "x": 20, "y": 20, "parent": parent}


def kinds(shape: Thumbnail) -> list[str]:
    return [block.kind for block in shape.nodes]


class TestCollapsedGroups:
    def test_one_stands_for_what_is_in_it(self, alice: User) -> None:
        nodes = [agent("a"), box("g"), agent("m", "g"), agent("n", "g")]
        edges = [("a", "m"), ("a", "n"), ("m", "n")]
        assert (kinds(shape := shape_of(alice, nodes, *edges)), len(shape.edges)) == (
            ["agent", "group", "agent", "agent"],
            3,
        )
        nodes[1] = box("g", collapsed=True)
        shape = shape_of(alice, nodes, *edges)
        assert kinds(shape) == ["agent", "group"]
        assert [(source.kind, target.kind) for source, target in shape.edges] == [("agent", "group")]

    def test_the_outermost_stands_for_all(self, alice: User) -> None:
        nodes = [box("g", collapsed=True), box("h", "g"), box("i", "h", collapsed=True), agent("m", "i")]
        assert kinds(shape_of(alice, nodes)) == ["group"]

    def test_also_one_that_is_not_among_the_first_nodes(self, alice: User) -> None:
        inside = [agent(f"m{number:03}", "z") for number in range(THUMBNAIL_NODES)]
        assert kinds(shape_of(alice, [box("y", collapsed=True), box("z", "y"), *inside])) == ["group"]


class TestDrawings:
    def test_a_version_is_read_and_drawn_once(self, flow: Flow, django_assert_num_queries: Any) -> None:
        drawn = thumbnail_svgs({flow.pk: flow.version})
        assert drawn == {flow.pk: thumbnail_svg(thumbnails([flow.pk])[flow.pk])}
        with django_assert_num_queries(0):
            assert thumbnail_svgs({flow.pk: flow.version}) == drawn

    def test_one_that_is_empty_is_not_kept(self, alice: User) -> None:
        empty = create_flow(Person(alice.pk), parse_flow(title="Empty"), via="page")
        before = thumbnail_svgs({empty.pk: empty.version})
        place = {"x": 0, "y": 0, "width": 100, "height": 50}
        FlowNode.objects.create(flow=empty, key="n", node_id="n", kind="agent", ordinal=1, enabled=True, **place)
        assert thumbnail_svgs({empty.pk: empty.version}) != before

    def test_another_version_is_drawn_anew(self, flow: Flow) -> None:
        before = thumbnail_svgs({flow.pk: flow.version})[flow.pk]
        FlowNode.objects.filter(flow=flow).update(width=333)
        after = thumbnail_svgs({flow.pk: flow.version + 1})[flow.pk]
        assert before != after == thumbnail_svg(thumbnails([flow.pk])[flow.pk])
