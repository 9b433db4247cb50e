"""An edge's end that moved: what undo takes back of it, and what others have made of it meanwhile."""

import pytest

from flows.document import Batch, Skipped

from .cast import a_document, a_node, an_edge
from .company import Company
from .test_overwrites import find, put, said
from .test_undo import ANA, BEN, add, batch, connect, edit, move, remove


@pytest.fixture
def company() -> Company:
    nodes = [a_node("a"), a_node("b", label="Ask"), a_node("c", label="Cut"), a_node("d", "decision", label="Dec")]
    decision = edit("d", settings={"branches": ["yes", "no"]})
    made = Company(a_document(nodes, [an_edge("e", "a", "b")]))
    made.do(BEN, decision)
    made.do(BEN, connect("y", "d", "b", source_port="yes", label="if so"))
    return made


def reconnect(id: str, **ends: str) -> dict:
    return {"kind": "edit_edge", "id": id, "set": ends}


def relabel(id: str, label: str) -> dict:
    return {"kind": "edit_edge", "id": id, "set": {"label": label}}


def branches(*names: str) -> dict:
    return edit("d", settings={"branches": list(names)})


RENAME = batch(branches("yes", "ja", "no"), reconnect("y", source_port="ja"), branches("ja", "no"))


class TestUndo:
    def test_the_end_goes_back_and_what_others_set_stays(self, company: Company) -> None:
        company.do(ANA, reconnect("e", target="c"))
        company.do(BEN, relabel("e", "soon"))
        assert company.undo(ANA)
        assert (company.document.edge("e").target, company.document.edge("e").label) == ("b", "soon")
        assert company.redo(ANA) and company.document.edge("e").target == "c"

    def test_ends_are_one_property(self, company: Company) -> None:
        company.do(ANA, {"kind": "edit_edge", "id": "e", "set": {"target": "c", "label": "mine"}})
        company.do(BEN, reconnect("e", source="d", source_port="no"))
        assert company.undo(ANA)
        assert (company.document.edge("e").target, company.document.edge("e").label) == ("c", "")
        assert company.skipped == (Skipped("edge", "e", ("source", "source_port", "target", "target_port")),)

    def test_not_to_a_node_that_is_gone(self, company: Company) -> None:
        company.do(ANA, reconnect("e", target="c"))
        company.do(BEN, remove("b"))
        assert not company.undo(ANA) and company.document.edge("e").target == "c"

    def test_not_to_a_connection_that_was_made_meanwhile(self, company: Company) -> None:
        company.do(ANA, reconnect("e", target="c"))
        company.do(BEN, connect("e2", "a", "b"))
        assert not company.undo(ANA) and company.document.edge("e").target == "c"

    def test_a_new_node_goes_again_once_its_edge_is_back(self, company: Company) -> None:
        company.do(ANA, batch(add("n"), edit("a", label="mine"), reconnect("e", target="n")))
        company.do(BEN, edit("a", label="Ben's"))
        assert company.undo(ANA)
        assert company.document.node("n") is None and company.document.edge("e").target == "b"

    def test_a_node_that_another_connected_stays(self, company: Company) -> None:
        company.do(ANA, add("n"))
        company.do(BEN, reconnect("e", target="n"))
        assert not company.undo(ANA) and company.document.edge("e").target == "n"


class TestRenamingABranch:
    def test_is_one_step(self, company: Company) -> None:
        before = company.document.copy()
        company.do(ANA, RENAME)
        assert company.document.edge("y").source_port == "ja"
        assert company.undo(ANA) and company.document == before
        assert company.redo(ANA) and company.document.edge("y").source_port == "ja"

    @pytest.mark.parametrize("theirs", [relabel("y", "soon"), move("d", 7), edit("d", label="Choose"), remove("c")])
    def test_is_undone_though_another_edited_meanwhile(self, company: Company, theirs: dict) -> None:
        company.do(ANA, RENAME)
        company.do(BEN, theirs)
        assert company.undo(ANA) and company.skipped == ()
        assert company.document.edge("y").source_port == "yes"
        assert company.document.node("d").settings["branches"] == ["yes", "no"]
        assert company.undo(BEN) and company.redo(BEN)

    def test_together_with_what_another_overwrote(self, company: Company) -> None:
        company.do(ANA, batch(*RENAME["operations"], edit("a", label="mine")))
        company.do(BEN, edit("a", label="Ben's"))
        assert company.undo(ANA)
        assert company.skipped == (Skipped("node", "a", ("label",)),)
        assert company.document.edge("y").source_port == "yes"
        assert company.document.node("d").settings["branches"] == ["yes", "no"]

    def test_a_branch_that_another_has_used_since_stays(self, company: Company) -> None:
        company.do(ANA, RENAME)
        company.do(BEN, connect("z", "d", "c", source_port="ja"))
        assert not company.undo(ANA)
        assert company.document.edge("z") and company.document.edge("y").source_port == "ja"

    def test_an_edge_that_another_moved_keeps_its_branch(self, company: Company) -> None:
        company.do(ANA, batch(*RENAME["operations"], edit("a", label="mine")))
        company.do(BEN, reconnect("y", target="c"))
        assert company.undo(ANA)
        assert company.document.node("d").settings["branches"] == ["ja", "no"]
        assert (company.document.edge("y").source_port, company.document.edge("y").target) == ("ja", "c")


class TestOverwrites:
    def test_an_end_that_another_moved_is_told_and_goes_back(self, company: Company) -> None:
        company.do(ANA, reconnect("e", target="c"))
        company.do(BEN, reconnect("e", target="d"))
        (item,) = find(company, ANA)
        assert said([item]) == [("theirs", "e", "ends", ("a", "c", "out", "in"), ("a", "d", "out", "in"))]
        assert dict(item.names) == {"a": "Agent", "c": "Cut", "d": "Dec"}
        assert put(company, item).edge("e").target == "c"

    def test_nothing_brings_it_back_to_a_node_that_is_gone(self, company: Company) -> None:
        company.do(ANA, reconnect("e", target="c"))
        company.do(BEN, batch(reconnect("e", target="d"), remove("c")))
        assert [one.put for one in find(company, ANA) if one.name == "ends"] == [None]

    def test_a_renamed_branch_is_told_once_and_not_for_each_of_its_edges(self, company: Company) -> None:
        company.do(ANA, branches("yes", "nein"))
        company.do(ANA, connect("z", "d", "c", source_port="yes"))
        company.do(BEN, RENAME_BOTH)
        assert [one.name for one in find(company, ANA)] == ["settings.branches"]


RENAME_BOTH = batch(
    branches("yes", "ja", "nein"),
    reconnect("y", source_port="ja"),
    reconnect("z", source_port="ja"),
    branches("ja", "nein"),
)


def test_the_inverse_of_a_renaming_is_one_batch(company: Company) -> None:
    company.do(ANA, RENAME)
    assert isinstance(company.log[-1][1].inverse, Batch)
