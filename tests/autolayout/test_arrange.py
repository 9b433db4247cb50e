"""The layout of a flow: what holds for every flow, then what a person expects to see."""

import sys
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings

from flows.autolayout import Box, Place, Work, arrange
from tests.autolayout.drawings import apart, backward, box, closes_a_cycle, faults, flows, group
from tests.nightly import amount
from tests.test_imports import imports_of, modules

CHAIN = [("a", "b", 0), ("b", "c", 0), ("c", "d", 0)]


def boxes_of(ids: str) -> list[Box]:
    return [box(id) for id in ids.split()]


@given(flows())
@settings(max_examples=amount(150, nightly=5_000), deadline=None)
def test_nothing_ever_overlaps_and_members_stay_inside(flow: tuple[list[Box], list[tuple[str, str, int]]]) -> None:
    boxes, links = flow
    for direction in ("LR", "RL", "TB", "BT"):
        assert faults(boxes, arrange(boxes, links, direction=direction)) == []


@given(flows(groups=0))
@settings(max_examples=amount(100, nightly=5_000), deadline=None)
def test_links_run_forward_unless_they_close_a_cycle(flow: tuple[list[Box], list[tuple[str, str, int]]]) -> None:
    boxes, links = flow
    for source, target in backward(links, arrange(boxes, links)):
        assert closes_a_cycle(links, source, target)


@given(flows())
@settings(max_examples=amount(60, nightly=2_000), deadline=None)
def test_places_that_are_known_change_none_of_this(flow: tuple[list[Box], list[tuple[str, str, int]]]) -> None:
    boxes, links = flow
    now = {id: (place.x, place.y) for at, (id, place) in enumerate(arrange(boxes, links).items()) if at % 3}

    assert faults(boxes, arrange(boxes, links, before=now)) == []


def test_an_empty_flow_has_no_places() -> None:
    assert arrange([], []) == {}


def test_one_box_stands_at_the_origin() -> None:
    assert arrange(boxes_of("a"), [], origin=(104, -48)) == {"a": Place(104, -48, 136, 60)}


def test_the_origin_is_the_upper_left_corner_of_everything() -> None:
    for direction in ("LR", "RL", "TB", "BT"):
        places = arrange(boxes_of("a b c d e"), CHAIN, origin=(-800, 16), direction=direction).values()

        assert (min(place.x for place in places), min(place.y for place in places)) == (-800, 16)


def test_a_chain_is_a_straight_line_with_room_for_labels() -> None:
    places = arrange(boxes_of("a b c d"), CHAIN)

    assert [places[id].x for id in "abcd"] == [0, 216, 432, 648]
    assert {places[id].y for id in "abcd"} == {0}


@pytest.mark.parametrize(
    ("direction", "axis", "sign"), [("LR", "x", 1), ("RL", "x", -1), ("TB", "y", 1), ("BT", "y", -1)]
)
def test_it_runs_in_the_direction_asked_for(direction: str, axis: str, sign: int) -> None:
    places = arrange(boxes_of("a b c d"), CHAIN, direction=direction)
    along = [sign * getattr(places[id], axis) for id in "abcd"]

    assert along == sorted(along)
    assert len(set(along)) == 4


def test_links_to_nothing_to_itself_and_to_the_own_group_count_for_nothing() -> None:
    boxes = [group("g"), box("a", "g"), box("b")]

    assert arrange(boxes, [("a", "a", 0), ("a", "g", 0), ("g", "a", 0), ("a", "gone", 0)]) == arrange(boxes, [])


def test_a_parent_that_is_no_group_or_is_not_there_holds_nothing() -> None:
    boxes = [box("a"), box("b", "a"), box("c", "gone")]

    assert faults([replace(one, parent=None) for one in boxes], arrange(boxes, [])) == []


def test_groups_that_hold_each_other_are_laid_out_all_the_same() -> None:
    boxes = [group("g", "h"), group("h", "i"), group("i", "g"), group("own", "own"), box("a", "g"), box("b", "own")]

    places = arrange(boxes, [("a", "b", 0)])

    assert len(places) == 6
    assert apart(places["a"], places["b"]) >= 40


def test_an_empty_group_keeps_its_size_and_a_filled_one_gets_that_of_its_members() -> None:
    places = arrange([group("empty"), group("full"), box("a", "full")], [])

    assert (places["empty"].width, places["empty"].height) == (320, 200)
    assert (places["full"].width, places["full"].height) == (136 + 2 * 24, 64 + 40 + 24)


class TestBranches:
    LINKS = [("d", "yes", 0), ("d", "maybe", 1), ("d", "no", 2), ("yes", "e", 0), ("maybe", "e", 0), ("no", "e", 0)]

    @pytest.mark.parametrize("ids", ["d yes maybe no e", "no maybe e yes d", "maybe d no e yes"])
    def test_they_stand_in_the_order_of_their_outputs(self, ids: str) -> None:
        places = arrange(boxes_of(ids), self.LINKS)

        assert places["yes"].y < places["maybe"].y < places["no"].y

    def test_what_leads_to_them_stands_in_the_middle(self) -> None:
        places = arrange(boxes_of("d yes maybe no e"), self.LINKS)

        assert places["d"].y == places["maybe"].y == places["e"].y

    def test_those_that_end_in_different_depths_stay_in_order(self) -> None:
        links = [("d", "a", 0), ("a", "a2", 0), ("d", "b", 1), ("d", "c", 2), ("c", "c2", 0), ("c2", "c3", 0)]
        places = arrange(boxes_of("d c b a c2 c3 a2"), links)

        assert places["a"].y < places["b"].y < places["c"].y
        assert places["a2"].y < places["c2"].y


class TestLoops:
    LINKS = [("in", "loop", 0), ("loop", "body", 0), ("body", "more", 0), ("more", "loop", 0), ("loop", "out", 1)]

    def test_only_the_way_back_runs_back(self) -> None:
        assert backward(self.LINKS, arrange(boxes_of("more out body loop in"), self.LINKS)) == [("more", "loop")]

    def test_a_way_back_does_not_lie_on_the_way_there(self) -> None:
        links = [("in", "loop", 0), ("loop", "body", 0), ("body", "loop", 0), ("loop", "out", 1)]
        places = arrange(boxes_of("in loop body out"), links)

        assert places["loop"].y != places["body"].y

    def test_a_circle_without_an_entry_begins_with_the_first_box(self) -> None:
        links = [("a", "b", 0), ("b", "c", 0), ("c", "a", 0)]

        assert backward(links, arrange(boxes_of("b c a"), links)) == [("a", "b")]


def test_a_link_that_leads_past_boxes_leads_over_none() -> None:
    """It is drawn straight from one end to the other, so they stand in line beside the boxes."""
    ids = [f"c{at}" for at in range(9)]
    places = arrange([box(id) for id in ids], [*((a, b, 0) for a, b in pairwise(ids)), ("c1", "c7", 0)])
    line = places["c1"].y + 30

    assert places["c7"].y + 30 == line
    assert all(not places[id].y <= line <= places[id].y + 60 for id in ids[2:7])


def test_what_only_leads_into_the_middle_stands_right_before_it() -> None:
    places = arrange(boxes_of("a b c d key"), [*CHAIN, ("key", "d", 0)])

    assert places["key"].x == places["c"].x


@pytest.mark.parametrize("seed", range(6))
def test_a_tree_has_no_crossings(seed: int) -> None:
    links = [(f"n{max(0, at - 1 - at * seed % 2) // 2}", f"n{at}", (at * (seed + 3)) % 5) for at in range(1, 40)]
    places = arrange([box(f"n{at}") for at in range(40)], links)

    assert _crossings(links, places) == 0


def test_crossings_that_can_be_avoided_are() -> None:
    links = [("a", "z", 0), ("b", "y", 0), ("c", "x", 0), ("a", "y", 0), ("b", "x", 0)]

    assert _crossings(links, arrange(boxes_of("a b c x y z"), links)) == 0


def _crossings(links: list[tuple[str, str, int]], places: dict[str, Place]) -> int:
    """Count pairs of links between the same two columns whose ends stand in opposite order."""
    lines = [((places[s].x, places[t].x), places[s].y, places[t].y) for s, t, _ in links]
    return sum(
        one[0] == other[0] and (one[1] - other[1]) * (one[2] - other[2]) < 0
        for at, one in enumerate(lines)
        for other in lines[:at]
    )


class TestGroups:
    BOXES = [group("g"), group("h", "g"), box("s"), box("a", "g"), box("b", "h"), box("c", "h"), box("t")]
    LINKS = [("s", "a", 0), ("a", "b", 0), ("b", "c", 0), ("c", "t", 0)]

    def test_links_run_forward_through_them(self) -> None:
        places = arrange(self.BOXES, self.LINKS)

        assert faults(self.BOXES, places) == []
        assert backward(self.LINKS, places) == []

    def test_the_header_is_above_the_members_whichever_way_it_runs(self) -> None:
        for direction in ("LR", "RL", "TB", "BT"):
            places = arrange(self.BOXES, self.LINKS, direction=direction)
            first = min(places[id].y for id in "ah")

            assert first - places["g"].y == 40, direction

    def test_a_link_at_a_group_counts_for_the_group(self) -> None:
        boxes = [box("a"), group("g"), box("m", "g"), box("z")]

        assert backward([("a", "g", 0), ("g", "z", 0)], arrange(boxes, [("a", "g", 0), ("g", "z", 0)])) == []


class TestParts:
    def test_what_hangs_together_stands_together_and_loose_boxes_and_notes_below(self) -> None:
        boxes = [box("n", is_note=True), *boxes_of("l a b x y")]
        places = arrange(boxes, [("a", "b", 0), ("x", "y", 0)])

        assert places["a"].y == places["b"].y
        assert places["x"].y == places["y"].y
        assert places["a"].y < places["l"].y < places["n"].y
        assert places["x"].y < places["l"].y

    def test_many_loose_boxes_fill_rows(self) -> None:
        places = arrange([box(f"l{at}") for at in range(100)], [])

        assert 5 <= len({place.y for place in places.values()}) <= 20

    def test_loose_boxes_keep_their_order(self) -> None:
        before = {"a": (500.0, 0.0), "b": (0.0, 0.0), "c": (0.0, 300.0)}
        places = arrange(boxes_of("a b c"), [], before=before)

        assert sorted("abc", key=lambda id: (places[id].y, places[id].x)) == ["b", "a", "c"]


class TestStability:
    LINKS = [("s", "a", 0), ("s", "b", 0), ("s", "c", 0), ("a", "e", 0), ("b", "e", 0), ("c", "e", 0)]

    def test_the_same_flow_gives_the_same_places(self) -> None:
        assert arrange(boxes_of("s a b c e"), self.LINKS) == arrange(boxes_of("s a b c e"), self.LINKS)

    def test_the_order_in_a_column_stays_where_another_is_not_better(self) -> None:
        before = {"s": (0.0, 200.0), "a": (200.0, 400.0), "b": (200.0, 0.0), "c": (200.0, 200.0), "e": (400.0, 200.0)}
        places = arrange(boxes_of("s a b c e"), self.LINKS, before=before)

        assert places["b"].y < places["c"].y < places["a"].y

    def test_laid_out_again_nothing_moves(self) -> None:
        boxes = [group("g"), box("m", "g"), box("k", "g"), *boxes_of("s a b c e x y l")]
        links = [*self.LINKS, ("x", "y", 0), ("e", "m", 0), ("m", "k", 0)]
        first = arrange(boxes, links)

        assert arrange(boxes, links, before={id: (place.x, place.y) for id, place in first.items()}) == first

    def test_a_new_box_leaves_the_others_in_their_order(self) -> None:
        first = arrange(boxes_of("s c b a e"), self.LINKS)
        before = {id: (place.x, place.y) for id, place in first.items()}
        after = arrange(boxes_of("new s c b a e"), [*self.LINKS, ("s", "new", 0), ("new", "e", 0)], before=before)

        assert sorted("abc", key=lambda id: after[id].y) == sorted("abc", key=lambda id: first[id].y)


class TestWork:
    """Counted in lines looked at: the same on every machine."""

    @staticmethod
    def dense(count: int) -> tuple[list[Box], list[tuple[str, str, int]]]:
        links = [(f"n{at * 7919 % count}", f"n{at * 104729 % count}", 0) for at in range(1, 3 * count)]
        return [box(f"n{at}") for at in range(count)], links

    @pytest.mark.parametrize("count", [50, 400, 1_200])
    def test_it_stays_within_its_bound_but_for_the_last_sweep(self, count: int) -> None:
        work = Work.of(count)
        arrange(*self.dense(count), work=work)

        assert 0 < work.done <= work.most + 5 * (3 + 1 + 4) * count + 1_000

    def test_the_bound_grows_with_the_flow_and_not_faster(self) -> None:
        assert Work.of(5_000).most < 10 * Work.of(500).most + 1

    def test_a_flow_without_crossings_is_looked_at_once(self) -> None:
        work = Work.of(2_000)
        arrange(
            [box(f"n{at}") for at in range(2_000)], [(f"n{at // 3}", f"n{at}", 0) for at in range(1, 2_000)], work=work
        )

        assert work.done < 2_000

    def test_work_that_is_spent_still_gives_a_whole_layout(self) -> None:
        boxes, links = self.dense(40)

        assert faults(boxes, arrange(boxes, links, work=Work(0))) == []

    def test_neither_long_chains_nor_deep_groups_end_the_stack(self) -> None:
        chain = [box(f"n{at}") for at in range(3_000)]
        deep = [group("g0"), *(group(f"g{at}", f"g{at - 1}") for at in range(1, 1_500)), box("in", "g1499")]
        links = [*((f"n{at}", f"n{at + 1}", 0) for at in range(2_999)), ("in", "n0", 0)]

        assert len(arrange([*chain, *deep], links)) == 4_501

    def test_what_is_very_long_goes_on_below(self) -> None:
        """A place further out than the canvas could not be stored."""
        count = 3_000
        places = arrange(
            [box(f"n{at}") for at in range(count)], [(f"n{at}", f"n{at + 1}", 0) for at in range(count - 1)]
        )

        assert max(place.x for place in places.values()) < 400_000
        assert len(backward([(f"n{at}", f"n{at + 1}", 0) for at in range(count - 1)], places)) == 1

    def test_a_very_full_column_goes_on_in_the_next(self) -> None:
        count = 3_000
        links = [("n0", f"n{at}", 0) for at in range(1, count)]
        places = arrange([box(f"n{at}") for at in range(count)], links)

        assert backward(links, places) == []
        assert max(place.y for place in places.values()) < 400_000


def test_the_layout_is_pure() -> None:
    """Sizes in, places out: it knows neither the document nor any library."""
    imported = {name for path in modules("flows/autolayout") for name in imports_of(path)}

    assert "flows.autolayout.boxes.Box" in imported
    assert {name for name in imported if not name.startswith("flows.autolayout.")} <= {
        name for name in imported if name.partition(".")[0] in sys.stdlib_module_names
    }
