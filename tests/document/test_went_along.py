"""What follows from a change is told with it, and comes back with it: a branch's edges, a size, a group's members."""

import pytest

from flows.document import Batch, Overwrite

from .cast import a_document, a_node, an_edge
from .company import Company
from .test_overwrites import find, put, said
from .test_undo import ANA, BEN, add, batch, connect, edit, remove

RESIZE = {"kind": "resize_node", "id": "d", "width": 120, "height": 128}


@pytest.fixture
def company() -> Company:
    nodes = [a_node("g", "group", label="Home"), a_node("a", label="Plan", parent="g"), a_node("b", label="Ask")]
    return Company(a_document([*nodes, a_node("d", "decision", label="Dec")], [an_edge("e", "a", "b")]))


def branches(*names: str) -> dict:
    return edit("d", settings={"branches": list(names)})


def late_branches(company: Company) -> Overwrite:
    """Ben set branches and connected one; Ana's are put in their place."""
    company.do(BEN, branches("yes", "no", "later"))
    company.do(BEN, connect("x", "d", "b", source_port="later"))
    company.do(ANA, branches("yes", "no", "maybe"))
    (item,) = find(company, BEN)
    return item


class TestBranches:
    def test_what_hung_on_one_is_told_with_it_and_by_nothing_else(self, company: Company) -> None:
        item = late_branches(company)
        assert (item.name, item.stands, item.edges) == ("settings.branches", "theirs", ("Dec → Ask",))
        (item,) = find(company, ANA)
        assert (item.name, item.stands, item.edges) == ("settings.branches", "mine", ("Dec → Ask",))

    def test_both_come_back_at_once_and_go_again_at_once(self, company: Company) -> None:
        item = late_branches(company)
        after = put(company, item)
        assert after.node("d").settings["branches"] == ["yes", "no", "later"]
        assert (after.edge("x").source_port, after.edge("x").target) == ("later", "b")
        assert isinstance(item.put, Batch) and len(item.put.operations) == 2
        before = company.document.copy()
        company.do(BEN, item.put)
        assert [(one.name, one.stands) for one in find(company, BEN)] == [("settings.branches", "mine")]
        assert company.undo(BEN)
        assert company.document == before, "one step"

    def test_without_what_cannot_come_back(self, company: Company) -> None:
        company.do(BEN, branches("yes"))
        company.do(BEN, batch(connect("x", "d", "b", source_port="yes"), connect("y", "d", "a", source_port="yes")))
        company.do(ANA, branches("no"))
        company.do(ANA, remove("a"))
        item = next(one for one in find(company, BEN) if one.name is not None)
        after = put(company, item)
        assert (after.edge("x") is not None, after.edge("y")) == (True, None)

    def test_a_connection_whose_branch_was_nobodys_comes_back_with_a_branch(self, company: Company) -> None:
        company = Company(
            a_document([a_node("d", "decision", label="Dec", settings={"branches": ["yes", "no"]}), a_node("b")])
        )
        company.do(BEN, connect("x", "d", "b", source_port="no"))
        company.do(ANA, branches("yes", "maybe"))
        (item,) = find(company, BEN)
        assert (item.name, item.element) == (None, ("edge", "x"))
        after = put(company, item)
        assert after.node("d").settings["branches"] == ["yes", "maybe", "no"]
        assert after.edge("x").source_port == "no"


class TestSizes:
    def test_one_that_follows_is_nobodys_change(self, company: Company) -> None:
        company.do(BEN, batch(branches("yes", "no"), {**RESIZE, "height": 108}))
        company.do(ANA, batch(branches("yes", "no", "maybe"), RESIZE))
        assert [one.name for one in find(company, ANA)] == ["settings.branches"]
        assert [one.name for one in find(company, BEN)] == ["settings.branches"]

    def test_one_that_i_gave_is_not_taken_by_one_that_follows(self, company: Company) -> None:
        company.do(ANA, RESIZE)
        company.do(BEN, batch(branches("yes", "no", "maybe"), {**RESIZE, "height": 300}))
        assert find(company, ANA) == []
        company.do(BEN, {**RESIZE, "height": 200})
        assert said(find(company, ANA)) == [("theirs", "d", "size", (120, 128), (120, 200))]


class TestGroups:
    def test_members_of_one_that_is_told_as_gone_are_not_told_again(self, company: Company) -> None:
        company.do(ANA, add("n", "group", label="Mine"))
        company.do(ANA, edit("b", parent="n"))
        company.do(BEN, remove("n"))
        (item,) = find(company, ANA)
        assert item.element == ("node", "n")
        assert put(company, item).node("b").parent == "n"

    def test_one_that_is_gone_is_called_by_its_name(self, company: Company) -> None:
        company.do(ANA, edit("b", parent="g"))
        company.do(BEN, remove("g"))
        (item,) = find(company, ANA)
        assert (item.name, item.mine, item.theirs, dict(item.names)) == ("parent", "g", None, {"g": "Home"})

    def test_two_that_are_there_too(self, company: Company) -> None:
        company.do(BEN, add("n", "group", label="New"))
        company.do(ANA, edit("b", parent="g"))
        company.do(BEN, edit("b", parent="n"))
        (item,) = find(company, ANA)
        assert dict(item.names) == {"g": "Home", "n": "New"}
