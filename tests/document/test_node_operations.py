"""Operations on nodes: what is refused, what happens, what takes it back."""

from dataclasses import replace

import pytest

from flows.document import (
    NO_LIMITS,
    AddEdge,
    AddNode,
    Batch,
    DocumentLimits,
    EditNode,
    MoveNode,
    Pair,
    Rejected,
    RemoveNode,
    ResizeNode,
    apply,
)

from .cast import a_document, a_node, after, an_edge, doing


def refusal(document, operation, **limits) -> str:
    with pytest.raises(Rejected) as caught:
        doing(document, operation, DocumentLimits(**limits))
    assert caught.value.reason
    return caught.value.code


def add(**node):
    return {"kind": "add_node", "node": {"id": "n1", "kind": "agent", "x": 0, "y": 0} | node}


def edit(id="n1", **changes):
    return {"kind": "edit_node", "id": id, "set": changes}


def move(id="n1", x=0, y=0):
    return {"kind": "move_node", "id": id, "x": x, "y": y}


GROUPS = a_document(
    [
        a_node("outer", "group", 0, 0),
        a_node("inner", "group", 20, 60, parent="outer"),
        a_node("n1", "agent", 40, 80, parent="inner"),
        a_node("n2", "skill", 500, 0),
    ]
)


class TestAdding:
    def test_a_taken_id_is_refused(self) -> None:
        assert refusal(a_document([a_node()]), add()) == "duplicate_id"

    def test_a_taken_id_is_named_before_a_missing_parent(self) -> None:
        assert refusal(a_document([a_node()]), add(parent="gone")) == "duplicate_id"

    def test_a_missing_parent_is_refused(self) -> None:
        assert refusal(a_document(), add(parent="gone")) == "unknown_node"

    @pytest.mark.parametrize("kind", ["agent", "note"])
    def test_a_parent_that_is_no_group_is_refused(self, kind: str) -> None:
        assert refusal(a_document([a_node("p", kind)]), add(parent="p")) == "invalid"

    def test_one_node_more_than_the_limit_is_refused(self) -> None:
        assert refusal(a_document([a_node("a"), a_node("b")]), add(), nodes=2) == "limit_reached"
        assert after(a_document([a_node("a")]), add(), limits=DocumentLimits(nodes=2)).node_count == 2

    def test_the_catalogue_fills_in_the_rest(self) -> None:
        outcome = doing(a_document(), add(x=1.005, y=-0.0))
        node = outcome.effect.nodes["n1"].after
        assert outcome.record == AddNode(node)
        assert (node.width, node.height, node.label, node.colour) == (144, 80, "Agent", "#0ea5e9")
        assert (node.parent, node.enabled, node.description, node.settings) == (None, True, "", {})

    def test_removing_takes_it_back(self) -> None:
        assert doing(a_document(), add()).inverse == RemoveNode("n1")


class TestMoving:
    def test_an_unknown_node_is_refused(self) -> None:
        assert refusal(a_document(), move()) == "unknown_node"

    @pytest.mark.parametrize("x", [1_000_000.01, -1_000_001, float("inf"), float("nan"), "1", True, None])
    def test_a_place_off_the_canvas_is_refused(self, x: object) -> None:
        assert refusal(GROUPS, move(x=x)) == "invalid"

    def test_the_bounds_themselves_are_taken(self) -> None:
        moved = after(GROUPS, move(x=1_000_000, y=-1_000_000)).node("n1")
        assert (moved.x, moved.y) == (1_000_000, -1_000_000)

    def test_a_group_takes_all_that_is_in_it_along(self) -> None:
        outcome = doing(GROUPS, move("outer", 10.5, -3))
        places = {id: (pair.after.x, pair.after.y) for id, pair in outcome.effect.nodes.items()}
        assert places == {"outer": (10.5, -3), "inner": (30.5, 57), "n1": (50.5, 77)}
        assert outcome.record == MoveNode("outer", 10.5, -3)
        assert outcome.inverse == MoveNode("outer", 0, 0)

    def test_a_member_beyond_the_bounds_refuses_the_whole(self) -> None:
        assert refusal(GROUPS, move("outer", 999_960.01, 0)) == "invalid"
        assert after(GROUPS, move("outer", 999_960, 0)).node("n1").x == 1_000_000

    def test_moving_nowhere_changes_nothing(self) -> None:
        assert doing(GROUPS, move("inner", 20, 60.001)).effect.is_empty

    def test_small_steps_do_not_drift(self) -> None:
        there = after(GROUPS, *[move("outer", step / 100, 0) for step in range(1, 50)])
        assert after(there, move("outer", 0, 0)) == GROUPS


class TestResizing:
    def test_an_unknown_node_is_refused(self) -> None:
        assert refusal(a_document(), {"kind": "resize_node", "id": "n1", "width": 10, "height": 10}) == "unknown_node"

    @pytest.mark.parametrize("width", [0, -1, 0.99, 100_000.01, "10", None])
    def test_a_size_out_of_bounds_is_refused(self, width: object) -> None:
        assert refusal(GROUPS, {"kind": "resize_node", "id": "n1", "width": width, "height": 10}) == "invalid"

    def test_members_of_a_group_stay(self) -> None:
        operation = {"kind": "resize_node", "id": "outer", "width": 1, "height": 100_000, "x": -50}
        outcome = doing(GROUPS, operation)
        assert list(outcome.effect.nodes) == ["outer"]
        resized = outcome.effect.nodes["outer"].after
        assert (resized.x, resized.y, resized.width, resized.height) == (-50, 0, 1, 100_000)
        assert outcome.inverse == ResizeNode("outer", 320, 200, 0, None)

    def test_a_place_that_was_not_named_is_not_written_back(self) -> None:
        outcome = doing(GROUPS, {"kind": "resize_node", "id": "n1", "width": 200, "height": 90})
        assert outcome.inverse == ResizeNode("n1", 144, 80, None, None)


class TestEditing:
    def test_an_unknown_node_is_refused(self) -> None:
        assert refusal(a_document(), edit(label="x")) == "unknown_node"

    def test_a_missing_parent_is_refused(self) -> None:
        assert refusal(GROUPS, edit(parent="gone")) == "unknown_node"

    @pytest.mark.parametrize(
        ("id", "parent"), [("n1", "n2"), ("n1", "n1"), ("inner", "inner"), ("outer", "inner"), ("outer", "outer")]
    )
    def test_a_parent_that_cannot_be_is_refused(self, id: str, parent: str) -> None:
        assert refusal(GROUPS, edit(id, parent=parent)) == "invalid"

    def test_a_group_can_move_out_of_its_group_and_take_the_other_in(self) -> None:
        swapped = after(GROUPS, edit("inner", parent=None), edit("outer", parent="inner"))
        assert swapped.node("outer").parent == "inner"
        assert [member.id for member in swapped.members_of("inner")] == ["n1", "outer"]

    def test_only_the_named_properties_change(self) -> None:
        outcome = doing(GROUPS, edit(label="", colour="#ABCDEF", enabled=False))
        node = outcome.effect.nodes["n1"].after
        assert (node.label, node.colour, node.enabled, node.parent) == ("", "#abcdef", False, "inner")
        assert outcome.inverse == EditNode("n1", {"label": "Agent", "colour": "#0ea5e9", "enabled": True})

    def test_settings_merge_and_null_removes(self) -> None:
        document = a_document([a_node(settings={"model": "small", "temperature": 0.5})])
        outcome = doing(document, edit(settings={"temperature": None, "max_tokens": 9.0}))
        assert outcome.effect.nodes["n1"].after.settings == {"model": "small", "max_tokens": 9}
        assert outcome.inverse == EditNode("n1", {"settings": {"temperature": 0.5, "max_tokens": None}})

    @pytest.mark.parametrize(
        "settings", [{"nope": 1}, {"nope": None}, {"temperature": 1.1}, {"temperature": "1"}, {"provider": 5}]
    )
    def test_settings_that_do_not_fit_the_kind_are_refused(self, settings: dict) -> None:
        assert refusal(GROUPS, edit(settings=settings)) == "invalid"

    def test_one_and_true_are_not_the_same_setting(self) -> None:
        document = a_document([a_node(kind="api", settings={"body": 1})])
        changed = after(document, edit(settings={"body": True}))
        assert changed.node("n1").settings["body"] is True
        assert changed != document

    def test_the_merged_settings_have_to_fit_the_limit(self) -> None:
        document = a_document([a_node(kind="note", settings={"text": "x" * 10})])
        assert refusal(document, edit(settings={"text": "é" * 50}), settings_bytes=110) == "too_large"
        assert not doing(
            document, edit(settings={"text": "é" * 50}), DocumentLimits(settings_bytes=111)
        ).effect.is_empty

    def test_what_an_older_catalogue_allowed_can_be_kept_or_removed(self) -> None:
        old = apply(a_document(), AddNode(replaced_settings({"bygone": 1})), NO_LIMITS).effect.nodes["n1"].after
        document = a_document([old])
        assert after(document, edit(settings={"model": "m"})).node("n1").settings == {"bygone": 1, "model": "m"}
        assert after(document, edit(settings={"bygone": None})).node("n1").settings == {}
        assert refusal(document, edit(settings={"bygone": 2})) == "invalid"

    def test_a_branch_that_goes_takes_its_edges_along(self) -> None:
        document = a_document(
            [
                a_node("n1", "decision", settings={"branches": ["yes", "no"]}),
                a_node("n2", "decision", settings={"branches": ["yes"]}),
                a_node("n3"),
            ],
            [
                an_edge("e1", "n1", "n2", "yes"),
                an_edge("e2", "n1", "n3", "no"),
                an_edge("e3", "n1", "n3", "default"),
                an_edge("e4", "n2", "n1", "yes"),
            ],
        )
        operation = edit(settings={"branches": ["no"]})
        outcome = doing(document, operation)
        assert outcome.effect.edges == {"e1": Pair(document.edge("e1"), None)}
        restoring = EditNode("n1", {"settings": {"branches": ["yes", "no"]}})
        assert outcome.inverse == Batch((restoring, AddEdge(document.edge("e1"))))
        none_left = after(document, edit(settings={"branches": None}))
        assert sorted(edge.id for edge in none_left.edges()) == ["e3", "e4"]

    def test_setting_nothing_changes_nothing(self) -> None:
        assert doing(GROUPS, edit()).effect.is_empty
        assert doing(GROUPS, edit(label="Agent", settings={"model": None})).effect.is_empty


class TestRemoving:
    def test_an_unknown_node_is_refused(self) -> None:
        assert refusal(a_document(), {"kind": "remove_node", "id": "n1"}) == "unknown_node"

    def test_edges_go_and_members_are_freed(self) -> None:
        document = a_document(
            [a_node("g", "group"), a_node("n1", parent="g"), a_node("n2")], [an_edge(), an_edge("e2", "n2", "n1")]
        )
        outcome = doing(document, {"kind": "remove_node", "id": "n1"})
        assert set(outcome.effect.nodes) == {"n1"} and set(outcome.effect.edges) == {"e1", "e2"}
        outcome = doing(document, {"kind": "remove_node", "id": "g"})
        assert outcome.effect.nodes["g"].after is None
        assert outcome.effect.nodes["n1"].after.parent is None
        assert outcome.inverse == Batch((AddNode(document.node("g")), EditNode("n1", {"parent": "g"})))

    def test_a_second_removal_is_refused(self) -> None:
        gone = after(a_document([a_node()]), {"kind": "remove_node", "id": "n1"})
        assert refusal(gone, {"kind": "remove_node", "id": "n1"}) == "unknown_node"
        assert refusal(gone, edit(label="back")) == "unknown_node"


def replaced_settings(settings):
    """Return a node with settings that today's catalogue does not know."""
    return replace(a_node(), settings=settings)
