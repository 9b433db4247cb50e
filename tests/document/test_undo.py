"""Undo takes back my last step and nothing of anybody else's.

The hostile part draws random edits of three people; a ledger of who last wrote each property, kept by comparing whole
documents and nothing else, says what an undo may touch (I8). Ten undone and ten redone by each, in any order, is the
flow as it was.
"""

import random
from collections.abc import Sequence

import pytest

from flows.document import (
    Document,
    DocumentLimits,
    OwnChange,
    Rejected,
    Skipped,
    UndoStep,
    redo_steps,
    undo_steps,
)

from .cast import a_document, a_node, an_edge
from .company import Company
from .random_operations import random_operation
from .soundness import check_sound

ANA, BEN, CLEO = PEOPLE = (1, 2, 3)


def add(id, kind="agent", **more):
    return {"kind": "add_node", "node": {"id": id, "kind": kind, "x": 0, "y": 0, **more}}


def move(id, x, y=0):
    return {"kind": "move_node", "id": id, "x": x, "y": y}


def edit(id, **changes):
    return {"kind": "edit_node", "id": id, "set": changes}


def connect(id, source, target, **more):
    return {"kind": "add_edge", "edge": {"id": id, "source": source, "target": target, **more}}


def remove(id):
    return {"kind": "remove_node", "id": id}


def batch(*operations):
    return {"kind": "batch", "operations": list(operations)}


@pytest.fixture
def company() -> Company:
    group = a_node("g", "group")
    nodes = [group, a_node("a", label="Plan"), a_node("b", parent="g"), a_node("d", "decision")]
    return Company(a_document(nodes, [an_edge("e", "a", "b")]))


class TestNothingToUndo:
    def test_who_did_nothing(self, company: Company) -> None:
        company.do(BEN, move("a", 5))
        assert not company.undo(ANA) and not company.redo(ANA)

    def test_what_somebody_has_written_since_stays(self, company: Company) -> None:
        company.do(ANA, edit("a", label="Ana's"))
        company.do(BEN, edit("a", label="Ben's"))
        assert not company.undo(ANA)
        assert company.document.node("a").label == "Ben's"
        assert company.skipped == (Skipped("node", "a", ("label",)),)

    def test_what_somebody_wrote_and_took_back_was_written(self, company: Company) -> None:
        company.do(ANA, edit("a", label="Ana's"))
        company.do(BEN, edit("a", label="Ben's"))
        assert company.undo(BEN) and not company.undo(ANA)

    def test_a_change_of_nothing_is_no_step(self, company: Company) -> None:
        company.do(ANA, move("a", 5))
        company.do(ANA, move("a", 5))
        assert company.undo(ANA) and not company.undo(ANA)

    @pytest.mark.parametrize(
        "touch",
        [
            edit("new", label="x"),
            move("new", 9),
            connect("e2", "new", "b"),
            edit("new", settings={"temperature": 1}),
            {"kind": "resize_node", "id": "new", "width": 9, "height": 9},
        ],
    )
    def test_an_addition_that_somebody_has_written_to_is_passed_over(self, company: Company, touch: dict) -> None:
        company.do(ANA, edit("a", label="Older"))
        company.do(ANA, add("new"))
        company.do(BEN, touch)
        assert company.undo(ANA), "the next older step"
        assert company.document.node("new") and company.document.node("a").label == "Plan"
        assert company.skipped == (Skipped("node", "new"),)
        assert not company.undo(ANA), "it was passed over"

    def test_a_group_that_somebody_has_put_something_into(self, company: Company) -> None:
        company.do(ANA, add("mine", "group"))
        company.do(BEN, edit("a", parent="mine"))
        assert not company.undo(ANA) and company.document.node("a").parent == "mine"

    def test_what_there_is_no_room_for(self, company: Company) -> None:
        company.do(ANA, remove("b"))
        company.do(BEN, add("new"))
        company.limits = DocumentLimits(nodes=4)
        with pytest.raises(Rejected, match="limit_reached"):
            company.undo(ANA)


class TestWhatComesBack:
    def test_my_last_step_and_then_the_one_before(self, company: Company) -> None:
        for x in (10, 20, 30):
            company.do(ANA, move("a", x))
            company.do(BEN, move("d", x))
        assert company.undo(ANA) and company.document.node("a").x == 20
        assert company.undo(ANA) and company.document.node("a").x == 10
        assert company.document.node("d").x == 30, "Ben's is Ben's"

    def test_only_the_properties_that_are_still_mine(self, company: Company) -> None:
        company.do(ANA, edit("a", label="Ana's", colour="#ff0000", settings={"temperature": 1, "model": "m"}))
        company.do(BEN, edit("a", label="Ben's", settings={"model": "other"}))
        assert company.undo(ANA)
        node = company.document.node("a")
        assert (node.label, node.colour, dict(node.settings)) == ("Ben's", a_node("a").colour, {"model": "other"})
        assert company.skipped == (Skipped("node", "a", ("label", "settings.model")),)

    def test_a_place_is_one_property(self, company: Company) -> None:
        company.do(ANA, move("a", 10, 10))
        company.do(BEN, move("a", 10, 50))
        assert not company.undo(ANA) and company.skipped == (Skipped("node", "a", ("x", "y")),)

    def test_a_removed_node_with_its_edges_and_members(self, company: Company) -> None:
        before = company.document.copy()
        for id in ("a", "g"):
            company.do(ANA, remove(id))
        company.do(BEN, edit("d", label="x"))
        assert company.undo(ANA) and company.undo(ANA)
        company.do(BEN, edit("d", label="Decision"))
        assert company.document == before

    def test_as_much_of_a_removal_as_the_graph_still_allows(self, company: Company) -> None:
        company.do(ANA, remove("a"))
        company.do(BEN, remove("b"))
        assert company.undo(ANA) and company.document.node("a")
        assert company.skipped == (Skipped("edge", "e"),)

    def test_a_node_whose_group_is_gone_comes_back_without(self, company: Company) -> None:
        company.do(ANA, remove("b"))
        company.do(BEN, remove("g"))
        assert company.undo(ANA) and company.document.node("b").parent is None
        assert company.skipped == (Skipped("node", "b", ("parent",)),)

    def test_an_id_that_was_taken_meanwhile(self, company: Company) -> None:
        company.do(ANA, batch(remove("d"), edit("b", label="mine")))
        company.do(BEN, add("d", "note"))
        assert company.undo(ANA) and company.document.node("d").kind == "note"
        assert company.skipped == (Skipped("node", "d"),)

    def test_a_connection_that_was_made_meanwhile(self, company: Company) -> None:
        company.do(ANA, {"kind": "remove_edge", "id": "e"})
        company.do(BEN, connect("e2", "a", "b"))
        assert not company.undo(ANA) and company.skipped == (Skipped("edge", "e"),)

    def test_a_group_goes_back_without_what_others_moved_or_put_in(self, company: Company) -> None:
        company.do(BEN, edit("d", parent="g"))
        company.do(ANA, move("g", 100, 100))
        company.do(BEN, move("d", 500, 500))
        company.do(BEN, edit("a", parent="g"))
        assert company.undo(ANA)
        places = {id: (company.document.node(id).x, company.document.node(id).y) for id in ("g", "b", "d", "a")}
        assert places == {"g": (0, 0), "b": (0, 0), "d": (500, 500), "a": (0, 0)}

    def test_a_branch_with_its_edges(self, company: Company) -> None:
        company.do(ANA, edit("d", settings={"branches": ["yes"]}))
        company.do(ANA, connect("e2", "d", "b", source_port="yes"))
        before = company.document.copy()
        company.do(ANA, edit("d", settings={"branches": []}))
        assert company.document.edge("e2") is None
        assert company.undo(ANA) and company.document == before

    def test_a_branch_that_somebody_uses_stays(self, company: Company) -> None:
        company.do(ANA, edit("d", settings={"branches": ["yes"]}))
        company.do(BEN, connect("e2", "d", "b", source_port="yes"))
        assert not company.undo(ANA) and company.document.edge("e2")

    def test_a_batch_is_one_step(self, company: Company) -> None:
        before = company.document.copy()
        company.do(ANA, batch(add("n"), connect("e2", "n", "a"), move("a", 70), edit("n", label="x"), remove("b")))
        assert company.undo(ANA) and company.document == before

    def test_the_flows_own_properties(self, company: Company) -> None:
        company.do(ANA, {"kind": "edit_flow", "set": {"title": "Mine", "description": "Mine"}})
        company.do(BEN, {"kind": "edit_flow", "set": {"title": "Ben's"}})
        assert company.undo(ANA)
        assert (company.document.properties.title, company.document.properties.description) == ("Ben's", "")
        assert company.skipped == (Skipped("flow", "", ("title",)),)

    def test_nothing_of_mine_that_a_passed_over_step_made_anew(self, company: Company) -> None:
        """The label was of another node with this id."""
        company.do(ANA, edit("d", label="First"))
        company.do(ANA, remove("d"))
        company.do(ANA, add("d", "decision", label="First"))
        company.do(BEN, move("d", 9))
        assert not company.undo(ANA) and company.document.node("d").label == "First"


class TestRedo:
    def test_there_and_back(self, company: Company) -> None:
        start = company.document.copy()
        for x in (10, 20, 30):
            company.do(ANA, move("a", x))
        end = company.document.copy()
        for _ in range(2):
            assert [company.undo(ANA) for _ in range(4)] == [True, True, True, False] and company.document == start
            assert [company.redo(ANA) for _ in range(4)] == [True, True, True, False] and company.document == end

    def test_a_new_edit_drops_it(self, company: Company) -> None:
        company.do(ANA, move("a", 10))
        company.undo(ANA)
        company.do(ANA, move("b", 10))
        assert not company.redo(ANA)

    def test_somebody_elses_edit_does_not(self, company: Company) -> None:
        company.do(ANA, move("a", 10))
        company.undo(ANA)
        company.do(BEN, move("d", 10))
        assert company.redo(ANA) and company.document.node("a").x == 10

    def test_not_over_what_somebody_has_written_since(self, company: Company) -> None:
        company.do(ANA, move("a", 10))
        company.undo(ANA)
        company.do(BEN, move("a", 77))
        assert not company.redo(ANA) and company.document.node("a").x == 77

    def test_figmas_rule(self, company: Company) -> None:
        """Going back to look, and copy, and forward again changes nothing, whatever others do beside."""
        for x in range(10):
            company.do(ANA, move("a", x + 1))
            company.do(BEN, edit("a", label=f"Plan {x}"))
        before = company.document.copy()
        assert all(company.undo(ANA) for _ in range(7)) and all(company.redo(ANA) for _ in range(7))
        assert company.document == before


class TestSteps:
    """Which versions are steps, from a person's own changes alone."""

    def test_no_more_than_the_limit_however_often(self, company: Company) -> None:
        company.steps = 5
        for x in range(8):
            company.do(ANA, move("a", x + 1))
        assert [company.undo(ANA) for _ in range(6)] == [True] * 5 + [False]
        assert company.document.node("a").x == 3
        assert all(company.redo(ANA) for _ in range(5)) and not company.redo(ANA)

    def test_an_undo_leads_over_everything_since_its_step(self) -> None:
        changes = [(2, "api", None), (3, "api", None), (4, "undo", 3), (5, "redo", 4), (6, "undo", 5), (7, "undo", 2)]
        own = [OwnChange(*change) for change in reversed(changes)]
        assert (versions(undo_steps(own, 100)), versions(redo_steps(own, 100))) == ([], [[7], [6]])
        assert (versions(undo_steps(own[2:], 100)), versions(redo_steps(own[2:], 100))) == ([[5], [2]], [])

    def test_what_is_not_read_any_more_is_gone(self) -> None:
        own = [OwnChange(9, "undo", 3), OwnChange(8, "api", None)]
        assert undo_steps(own, 100) == []

    def test_one_name_is_one_step_as_long_as_nothing_else_is_done(self) -> None:
        names = {2: "a", 3: "a", 5: "b", 6: None, 7: None, 8: "b", 9: "b", 12: "a"}
        own = [OwnChange(version, "api", None, name) for version, name in reversed(names.items())]
        assert versions(undo_steps(own, 100)) == [[12], [9, 8], [7], [6], [5], [3, 2]]
        assert versions(undo_steps(own, 2)) == [[12], [9, 8]], "the limit counts steps"

    def test_an_undo_in_between_ends_a_step(self) -> None:
        own = [OwnChange(2, "api", None, "a"), OwnChange(3, "api", None, "a"), OwnChange(4, "undo", 2)]
        own += [OwnChange(5, "redo", 4), OwnChange(6, "api", None, "a")]
        assert versions(undo_steps(own[::-1], 100)) == [[6], [5]], "undo over a redo is undo of its step"

    def test_a_step_that_began_out_of_reach_is_out_of_it_altogether(self) -> None:
        own = [OwnChange(version, "api", None, "old" if version < 6 else "new") for version in range(9, 1, -1)]
        assert versions(undo_steps(own, 100, after=5)) == [[9, 8, 7, 6]]
        assert versions(undo_steps(own, 100, after=4)) == [[9, 8, 7, 6]]
        assert versions(undo_steps(own, 100, after=6)) == []
        assert redo_steps([OwnChange(9, "undo", 3)], 100, after=9) == []

    def test_a_run_without_end_goes_back_in_parts(self) -> None:
        own = [OwnChange(version, "api", None, "typing") for version in range(2502, 1, -1)]
        assert [len(step.versions) for step in undo_steps(own, 100)] == [1000, 1000, 501]
        undone = [OwnChange(2503, "undo", undo_steps(own, 100)[0].first), *own]
        assert undo_steps(undone, 99) == undo_steps(own, 99)[1:], "the next part is where the first one began"


class TestTogether:
    """Several versions that are one step."""

    def test_what_was_typed_goes_in_one(self, company: Company) -> None:
        company.do(ANA, move("a", 7))
        before = company.document.copy()
        for end in range(1, 9):
            company.do(ANA, edit("a", label="Research"[:end]), "typing")
            company.do(BEN, move("d", end))
        ahead = company.document.copy()
        company.do(BEN, move("d", before.node("d").x))
        assert company.undo(ANA) and company.document == before
        assert company.log[-1][1].inverse.encode() == edit("a", label="Research"), "one operation, not eight"
        company.do(BEN, move("d", 8))
        assert company.redo(ANA) and company.document == ahead
        assert company.undo(ANA) and company.undo(ANA) and company.document.node("a").x == 0
        assert not company.undo(ANA)

    def test_a_paste_in_several_batches(self, company: Company) -> None:
        before = company.document.copy()
        for part in "pqr":
            nodes = [add(f"{part}{n}", label=part) for n in range(5)]
            company.do(ANA, batch(*nodes, connect(f"{part}e", f"{part}0", f"{part}1")), "paste")
        company.do(ANA, batch(connect("x", "p2", "q2"), connect("y", "q2", "r3")), "paste")
        after = company.document.copy()
        for _ in range(2):
            assert company.undo(ANA) and company.document == before and not company.undo(ANA)
            assert company.redo(ANA) and company.document == after and not company.redo(ANA)

    def test_a_name_used_again_later_is_another_step(self, company: Company) -> None:
        company.do(ANA, move("a", 1), "drag")
        company.do(ANA, move("b", 1))
        company.do(ANA, move("a", 2), "drag")
        assert company.undo(ANA) and (company.document.node("a").x, company.document.node("b").x) == (1, 1)

    def test_what_somebody_has_written_since_stays_and_the_rest_goes(self, company: Company) -> None:
        company.do(ANA, batch(add("n"), add("m")), "call")
        company.do(ANA, edit("a", label="Ana's"), "call")
        company.do(ANA, edit("a", colour="#ff0000"), "call")
        company.do(BEN, batch(edit("a", label="Ben's"), move("n", 50)))
        assert company.undo(ANA)
        node = company.document.node("a")
        assert (node.label, node.colour) == ("Ben's", a_node("a").colour)
        assert company.document.node("n") and not company.document.node("m")
        assert company.skipped == (Skipped("node", "a", ("label",)), Skipped("node", "n"))

    def test_what_somebody_wrote_in_between_comes_back(self, company: Company) -> None:
        company.do(ANA, edit("a", label="One", colour="#111111"), "typing")
        company.do(BEN, edit("a", label="Ben's"))
        company.do(ANA, edit("a", label="Two"), "typing")
        assert company.undo(ANA)
        assert (company.document.node("a").label, company.document.node("a").colour) == ("Ben's", a_node("a").colour)
        assert company.skipped == (Skipped("node", "a", ("label",)),)
        assert company.redo(ANA) and company.document.node("a").label == "Two"

    def test_what_came_to_nothing_is_passed_over_and_stands_in_no_ones_way(self, company: Company) -> None:
        company.do(ANA, edit("a", label="Better"))
        company.do(ANA, edit("a", label="Betterx"), "typing")
        company.do(ANA, edit("a", label="Better"), "typing")
        assert company.undo(ANA) and company.document.node("a").label == "Plan"
        assert company.redo(ANA) and company.document.node("a").label == "Better"

    def test_what_went_and_came_under_one_id(self, company: Company) -> None:
        before = company.document.copy()
        company.do(ANA, remove("d"), "swap")
        company.do(ANA, add("d", "note"), "swap")
        company.do(ANA, edit("d", label="new"), "swap")
        after = company.document.copy()
        assert company.undo(ANA) and company.document == before
        assert company.redo(ANA) and company.document == after

    def test_nothing_of_mine_that_was_made_anew_within_it(self, company: Company) -> None:
        company.do(ANA, edit("d", label="First"), "s")
        company.do(ANA, remove("d"), "s")
        company.do(ANA, add("d", "decision", label="First"), "s")
        company.do(BEN, move("d", 9))
        assert not company.undo(ANA) and company.document.node("d").label == "First"

    def test_it_counts_as_one(self, company: Company) -> None:
        company.steps = 3
        for name in "abcd":
            for x in range(4):
                company.do(ANA, move("a", ord(name) * 10 + x), name)
        assert [company.undo(ANA) for _ in range(4)] == [True] * 3 + [False]
        assert company.document.node("a").x == 973


def versions(steps: list[UndoStep]) -> list[list[int]]:
    return [list(step.versions) for step in steps]


def flat(document: Document) -> dict[tuple, object]:
    """Every property of every element by itself; a place and a connection are one each."""
    values: dict[tuple, object] = {
        ("flow", name): getattr(document.properties, name) for name in ("title", "description")
    }
    for node in document.nodes():
        values |= {
            (node.id, name): getattr(node, name) for name in ("kind", "label", "description", "colour", "parent")
        }
        values |= {(node.id, "enabled"): node.enabled, (node.id, "place"): (node.x, node.y)}
        values |= {(node.id, "size"): (node.width, node.height)}
        values |= {(node.id, "settings", name): repr(value) for name, value in node.settings.items()}
    for edge in document.edges():
        values |= {(edge.id, "ends"): (edge.source, edge.source_port, edge.target, edge.target_port)}
        values |= {(edge.id, "label"): edge.label, (edge.id, "animated"): edge.animated}
    return values


class Ledger:
    """Who last wrote each property."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.values = flat(document)
        self.writers: dict[tuple, int] = {}

    def note(self, actor: int, *, only_own: bool) -> None:
        now = flat(self.document)
        for key in self.values.keys() | now.keys():
            if self.values.get(key) != now.get(key):
                assert not only_own or self.writers.get(key) == actor, f"{key} was {self.writers.get(key)}'s"
                self.writers[key] = actor
        self.values = now


def session(seed: int, names: Sequence[str | None] = (None,)) -> tuple[random.Random, Company, Ledger]:
    """A while of editing by three people, who undo and redo now and then; `names` are those of their steps."""
    rng = random.Random(seed)
    company = Company(a_document())
    ledger = Ledger(company.document)
    for _ in range(150):
        who = rng.choice(PEOPLE)
        try:
            company.do(who, random_operation(rng, company.document), rng.choice(names))
        except Rejected:
            continue
        ledger.note(who, only_own=False)
        for chance, act in ((0.1, company.undo), (0.05, company.redo)):
            if rng.random() < chance:
                act(who)
                ledger.note(who, only_own=True)
    return rng, company, ledger


NAMES = [(None,), ("one", "one", "other", None)]


@pytest.mark.parametrize("names", NAMES, ids=["each by itself", "together"])
@pytest.mark.parametrize("seed", range(40))
def test_each_undoes_ten_and_redoes_ten(seed: int, names: Sequence[str | None]) -> None:
    rng, company, ledger = session(seed, names)
    before = company.document.copy()
    turns = [person for person in PEOPLE for _ in range(10)]
    rng.shuffle(turns)
    undone = []
    for person in turns:
        if company.undo(person):
            undone.append(person)
        ledger.note(person, only_own=True)
        check_sound(company.document)
    assert len(undone) >= 15, "a run that undid too little proves nothing"
    rng.shuffle(undone)
    for person in undone:
        assert company.redo(person), f"{person} cannot redo: {company.skipped}"
        ledger.note(person, only_own=True)
        check_sound(company.document)
    assert company.document == before
