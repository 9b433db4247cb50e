"""What somebody comes back to: whose value stands, whose was replaced, and how to put it back.

The hostile part draws random edits of three people and keeps, by comparing whole documents and nothing else, who wrote
each property when, and with which value: what is said must be just what that history says, and what is to put a value
back must do just that.
"""

import random
from collections.abc import Iterator, Sequence

import pytest

from flows.document import (
    DEFAULT_LIMITS,
    AddEdge,
    Batch,
    Document,
    Edge,
    EditEdge,
    Overwrite,
    PastVersion,
    Rejected,
    apply,
    decode_operation,
    overwrites,
)

from .cast import a_document, a_node, an_edge
from .company import Company
from .random_operations import random_operation
from .soundness import check_sound
from .test_undo import ANA, BEN, CLEO, PEOPLE, add, batch, connect, edit, move, remove


@pytest.fixture
def company() -> Company:
    nodes = [a_node("g", "group"), a_node("a", label="Plan"), a_node("b", label="Ask", parent="g")]
    return Company(a_document([*nodes, a_node("d", "decision")], [an_edge("e", "a", "b")]))


def find(company: Company, person: int, since: int = 1, *, creator: int | None = None) -> list[Overwrite]:
    past = [past for _change, past in reversed(company.log)]
    return list(overwrites(company.document, [*past, PastVersion(1, creator, None)], since, person, DEFAULT_LIMITS))


def said(items: list[Overwrite]) -> list[tuple]:
    return [(one.stands, one.element[1], one.name, one.mine, one.theirs) for one in items]


def put(company: Company, item: Overwrite) -> Document:
    """The document after an item's operation, as somebody would submit it."""
    assert item.put is not None, item
    operation = decode_operation(item.put.encode(), DEFAULT_LIMITS)
    document = company.document.copy()
    document.advance(apply(document, operation, DEFAULT_LIMITS).effect)
    check_sound(document)
    return document


class TestNothing:
    def test_when_nobody_else_wrote(self, company: Company) -> None:
        company.do(ANA, edit("a", label="One"))
        company.do(ANA, edit("a", label="Two"))
        company.do(ANA, remove("b"))
        assert find(company, ANA) == []

    def test_of_what_was_never_mine(self, company: Company) -> None:
        company.do(BEN, edit("a", label="Ben's"))
        company.do(CLEO, edit("a", label="Cleo's"))
        company.do(BEN, remove("b"))
        assert find(company, ANA) == []

    def test_of_other_properties(self, company: Company) -> None:
        company.do(ANA, edit("a", label="Ana's", settings={"model": "m"}))
        company.do(BEN, edit("a", colour="#ff0000", settings={"temperature": 1}))
        company.do(BEN, move("a", 9))
        assert find(company, ANA) == []

    def test_if_it_is_as_i_left_it_in_the_end(self, company: Company) -> None:
        company.do(ANA, edit("a", label="Ana's"))
        company.do(BEN, batch(edit("a", label="Ben's"), move("a", 5)))
        assert company.undo(BEN) and find(company, ANA) == []
        company.do(BEN, remove("a"))
        assert company.undo(BEN) and find(company, ANA) == []

    def test_of_what_happened_before(self, company: Company) -> None:
        company.do(ANA, edit("a", label="Ana's"))
        company.do(BEN, edit("a", label="Ben's"))
        company.do(BEN, edit("a", label="Ben's again"))
        assert find(company, ANA, since=2) and find(company, ANA, since=3) == [] == find(company, ANA, since=99)

    def test_of_what_an_addition_left_empty(self, company: Company) -> None:
        company.do(ANA, add("n", label=""))
        company.do(BEN, edit("n", label="Ben's", description="Ben's", settings={"model": "m"}))
        assert find(company, ANA) == []


class TestTheirs:
    def test_a_value_that_was_mine(self, company: Company) -> None:
        company.do(ANA, edit("a", label="Ana's"))
        company.do(BEN, edit("a", label="Ben's"))
        company.do(CLEO, edit("a", label="Cleo's"))
        (item,) = find(company, ANA)
        assert (item.stands, item.element, item.name, item.version, item.other) == (
            "theirs", ("node", "a"), "label", 4, CLEO,
        )  # fmt: skip
        assert (item.label, item.mine, item.theirs) == ("Cleo's", "Ana's", "Cleo's")
        assert put(company, item).node("a").label == "Ana's"

    @pytest.mark.parametrize(
        ("mine", "theirs", "name", "values"),
        [
            (move("a", 5, 6), move("a", 7, 8), "position", ((5, 6), (7, 8))),
            (edit("a", settings={"temperature": 1}), edit("a", settings={"temperature": None}), "settings.temperature",
             (1, None)),
            (edit("a", parent="g"), edit("a", parent=None), "parent", ("g", None)),
            (edit("a", enabled=False), edit("a", enabled=True), "enabled", (False, True)),
            ({"kind": "edit_edge", "id": "e", "set": {"animated": True}},
             {"kind": "edit_edge", "id": "e", "set": {"animated": False}}, "animated", (True, False)),
            ({"kind": "edit_flow", "set": {"title": "Mine"}}, {"kind": "edit_flow", "set": {"title": "Theirs"}},
             "title", ("Mine", "Theirs")),
            ({"kind": "resize_node", "id": "a", "width": 200, "height": 90},
             {"kind": "resize_node", "id": "a", "width": 300, "height": 90}, "size", ((200, 90), (300, 90))),
        ],
    )  # fmt: skip
    def test_every_property_by_itself(
        self, company: Company, mine: dict, theirs: dict, name: str, values: tuple
    ) -> None:
        company.do(ANA, mine)
        before = company.document.copy()
        company.do(BEN, theirs)
        (item,) = find(company, ANA)
        assert (item.name, item.mine, item.theirs) == (name, *values)
        assert put(company, item) == before

    def test_what_the_flow_began_with(self, company: Company) -> None:
        company.do(BEN, edit("a", label="Ben's"))
        (item,) = find(company, ANA, creator=ANA)
        assert (item.mine, item.theirs) == ("Plan", "Ben's") and find(company, ANA, creator=CLEO) == []

    def test_an_edges_name_is_its_ends(self, company: Company) -> None:
        company.do(ANA, {"kind": "edit_edge", "id": "e", "set": {"label": "mine"}})
        company.do(BEN, {"kind": "edit_edge", "id": "e", "set": {"label": "theirs"}})
        assert [item.label for item in find(company, ANA)] == ["Plan → Ask"]

    def test_a_group_that_is_no_more_cannot_be_put_back(self, company: Company) -> None:
        company.do(ANA, edit("a", parent="g"))
        company.do(BEN, remove("g"))
        assert said(find(company, ANA)) == [("theirs", "a", "parent", "g", None)]
        assert find(company, ANA)[0].put is None

    def test_branches_are_not_put_back_over_somebodys_edges(self, company: Company) -> None:
        company.do(ANA, edit("d", settings={"branches": ["yes"]}))
        company.do(BEN, edit("d", settings={"branches": ["no"]}))
        assert put(company, find(company, ANA)[0]).node("d").settings["branches"] == ["yes"]
        company.do(BEN, connect("e2", "d", "b", source_port="no"))
        assert find(company, ANA)[0].put is None


class TestMine:
    def test_a_value_of_theirs_that_i_wrote_over(self, company: Company) -> None:
        company.do(BEN, edit("a", label="Ben's"))
        company.do(ANA, edit("a", label="Ana's"))
        (item,) = find(company, ANA)
        assert (item.stands, item.mine, item.theirs, item.version, item.other) == ("mine", "Ana's", "Ben's", 3, BEN)
        assert put(company, item).node("a").label == "Ben's"
        assert find(company, ANA, since=2) == [], "that was there when she looked"
        assert said(find(company, BEN)) == [("theirs", "a", "label", "Ben's", "Ana's")]

    def test_what_i_removed_though_they_had_just_worked_on_it(self, company: Company) -> None:
        company.do(BEN, edit("a", label="Ben's"))
        before = company.document.copy()
        company.do(ANA, remove("a"))
        (item,) = find(company, ANA)
        assert (item.stands, item.name, item.label, item.version, item.other) == ("mine", None, "Ben's", 3, BEN)
        assert put(company, item) == before and find(company, ANA, since=2) == []


class TestGone:
    def test_a_node_of_mine_with_its_edges_and_members(self, company: Company) -> None:
        company.do(ANA, batch(add("n", "group", label="Mine"), edit("a", parent="n"), add("m", label="Mine too")))
        company.do(ANA, connect("x", "m", "b"))
        company.do(BEN, connect("y", "m", "a"))
        before = company.document.copy()
        company.do(BEN, batch(remove("n"), remove("m")))
        items = {item.element[1]: item for item in find(company, ANA) if item.name is None}
        assert {id: (item.label, item.edges) for id, item in items.items()} == {
            "n": ("Mine", ()), "m": ("Mine too", ("Mine too → Ask",)),
        }  # fmt: skip
        for id in ("n", "m"):
            (item,) = [one for one in find(company, ANA) if one.element == ("node", id)]
            company.do(ANA, item.put)
        assert company.document == before

    @pytest.mark.parametrize("mine", [move("b", 7), edit("b", colour="#ff0000")])
    def test_one_that_i_have_worked_on(self, company: Company, mine: dict) -> None:
        company.do(ANA, mine)
        company.do(BEN, edit("b", label="Ben's"))
        company.do(BEN, remove("b"))
        assert [(item.label, item.other, item.version) for item in find(company, ANA)] == [("Ben's", BEN, 4)]

    def test_one_that_others_have_written_all_over_is_theirs(self, company: Company) -> None:
        company.do(ANA, edit("b", label="Ana's"))
        company.do(BEN, edit("b", label="Ben's"))
        company.do(BEN, remove("b"))
        assert find(company, ANA) == []

    def test_an_edge_of_mine_that_went_with_a_node_of_theirs(self, company: Company) -> None:
        company.do(BEN, add("n", label="Ben's"))
        company.do(ANA, connect("x", "a", "n"))
        company.do(BEN, remove("n"))
        (item,) = find(company, ANA)
        assert (item.element, item.label, item.put) == (("edge", "x"), "Plan → Ben's", None)
        assert company.undo(BEN) and find(company, ANA) == [], "it came back with the node"

    def test_an_edge_of_mine(self, company: Company) -> None:
        company.do(ANA, connect("x", "a", "d"))
        before = company.document.copy()
        company.do(BEN, {"kind": "remove_edge", "id": "x"})
        (item,) = find(company, ANA)
        assert put(company, item) == before
        company.do(BEN, connect("y", "a", "d"))
        assert [item.put for item in find(company, ANA)] == [None], "they are connected"

    def test_removed_and_back_and_removed(self, company: Company) -> None:
        company.do(ANA, edit("b", label="Ana's"))
        company.do(BEN, remove("b"))
        assert company.undo(BEN) and company.redo(BEN)
        assert [(item.label, item.version) for item in find(company, ANA)] == [("Ana's", 5)]
        assert find(company, ANA, since=3) == [], "it was gone when she looked"
        assert len(find(company, ANA, since=4)) == 1, "it was there when she looked"

    def test_what_i_removed_is_not_missed(self, company: Company) -> None:
        company.do(ANA, edit("b", label="Ana's"))
        company.do(ANA, remove("b"))
        company.do(BEN, add("b"))
        company.do(BEN, remove("b"))
        assert find(company, ANA) == []

    def test_no_more_operations_than_a_batch_holds(self, company: Company) -> None:
        company.do(ANA, add("n"))
        company.do(BEN, batch(*(add(f"m{n}") for n in range(300))))
        company.do(ANA, batch(*(connect(f"x{n}", "n", f"m{n}") for n in range(300))))
        company.do(ANA, batch(*(connect(f"y{n}", f"m{n}", "n") for n in range(300))))
        company.do(BEN, remove("n"))
        (item,) = find(company, ANA)
        assert isinstance(item.put, Batch) and len(item.put.operations) == 500 and len(item.edges) == 600
        assert put(company, item).node("n")


def flat(document: Document) -> dict[tuple, object]:
    """Every property of every element by itself."""
    properties = document.properties
    values: dict[tuple, object] = {(("flow", ""), name): getattr(properties, name) for name in ("title", "description")}
    for node in document.nodes():
        plain = {name: getattr(node, name) for name in ("label", "description", "colour", "parent", "enabled")}
        plain |= {"position": (node.x, node.y), "size": (node.width, node.height), "exists": True}
        plain |= {f"settings.{name}": value for name, value in node.settings.items()}
        values |= {(("node", node.id), name): value for name, value in plain.items()}
    for edge in document.edges():
        ends = (edge.source, edge.target, edge.source_port, edge.target_port)
        plain = {"label": edge.label, "animated": edge.animated, "ends": ends, "exists": True}
        values |= {(("edge", edge.id), name): value for name, value in plain.items()}
    return {key: value for key, value in values.items() if value is not None}


class History:
    """Who wrote each property, when, and with which value; None where there was none."""

    def __init__(self, document: Document) -> None:
        self.now = flat(document)
        self.writes: dict[tuple, list[tuple[int, int, object, bool, bool]]] = {}

    def note(self, version: int, actor: int, document: Document) -> None:
        now = flat(document)
        for key in self.now.keys() | now.keys():
            before, after = self.now.get(key), now.get(key)
            if repr(before) != repr(after):
                existed, exists = (key[0], "exists") in self.now, (key[0], "exists") in now or key[0][0] == "flow"
                if existed and exists and self._follows(key, before, after, now):
                    continue
                self.writes.setdefault(key, []).append((version, actor, after, existed, exists))
        self.now = now

    def _follows(self, key: tuple, before: object, after: object, now: dict[tuple, object]) -> bool:
        """Tell whether a value only follows from a decision's branches: its size, the port of an edge of it."""
        match key, before, after:
            case (("node", id), "size"), _, _:
                pass
            case (("edge", _), "ends"), (id, target, _, port), (source, *_) if after[1::2] == (target, port):  # type: ignore[index]
                if source != id:
                    return False
            case _:
                return False
        branches = (("node", id), "settings.branches")
        return repr(self.now.get(branches)) != repr(now.get(branches))

    def overwrites(self, person: int, since: int) -> Iterator[tuple]:
        """Every property that is there, whose newest writer differs from the one before, in time."""
        for (element, name), writes in self.writes.items():
            if name == "exists" or not ((element, "exists") in self.now or element[0] == "flow"):
                continue
            is_mine = writes[-1][1] == person
            run = list(writes)
            newest = []
            while run and (run[-1][1] == person) == is_mine:
                newest.append(run.pop())
            if not run or newest[-1][0] <= since or (is_mine and run[-1][0] <= since):
                continue
            _version, _actor, value, existed, exists = run[-1]
            was_added = not existed and element[0] != "flow"
            if not exists or (was_added and value in ("", None)) or repr(value) == repr(self.now.get((element, name))):
                continue
            yield ("mine" if is_mine else "theirs"), element, name, repr(value), newest[0][0]

    def missing(self, person: int, since: int) -> set[tuple]:
        """What the person added and somebody else removed since."""
        return {
            element
            for (element, name), writes in self.writes.items()
            if name == "exists" and len(writes) > 1 and not writes[-1][4]
            if writes[-1][0] > since and writes[-1][1] != person == writes[-2][1]
        }


def company_of(company: Company, item: Overwrite) -> Iterator[tuple]:
    """What an item tells of: its element, and the edges that it counts among its losses."""
    yield item.element
    for _change, past in company.log if item.edges else ():
        inverse = past.inverse
        singles = inverse.operations if isinstance(inverse, Batch) else (inverse,)
        for single in singles:
            if isinstance(single, AddEdge) and item.element[1] in ends_of(single.edge, singles):
                yield "edge", single.edge.id


def ends_of(edge: Edge, singles: Sequence[object]) -> set[object]:
    """Return the nodes at an edge that comes back, also those it had before it was moved in the same batch."""
    moves = [one.changes for one in singles if isinstance(one, EditEdge) and one.id == edge.id]
    return {edge.source, edge.target, *(move.get(end) for move in moves for end in ("source", "target"))}


@pytest.mark.parametrize("seed", range(30))
def test_just_what_the_history_says(seed: int) -> None:
    rng = random.Random(seed)
    company = Company(a_document())
    history = History(company.document)
    found = 0
    for _ in range(160):
        who = rng.choice(PEOPLE)
        act = rng.choices([company.undo, company.redo, None], [1, 1, 12])[0]
        try:
            done = act(who) if act else company.do(who, random_operation(rng, company.document))
        except Rejected:
            continue
        if done:
            history.note(len(company.log) + 1, who, company.document)
    for person in PEOPLE:
        for since in (1, len(company.log) // 2, len(company.log) - 5):
            items = find(company, person, since)
            told = {
                (
                    one.stands,
                    one.element,
                    one.name,
                    repr(one.mine if one.stands == "theirs" else one.theirs),
                    one.version,
                )
                for one in items
                if one.name is not None
            }
            every = set(history.overwrites(person, since))
            gone = {(one.stands, one.element[1], one.version) for one in items if one.name is None}
            with_group = {one for one in every if one[2] == "parent" and (one[0], one[3].strip("'"), one[4]) in gone}
            assert told == every - with_group, "whoever is set free by a group's end is told with that"
            assert history.missing(person, since) <= {part for one in items for part in company_of(company, one)}
            found += len(items)
            for one in items:
                check_put(company, one)
    assert found >= 10, "a run that replaced too little proves nothing"


def lost(item: Overwrite) -> object:
    return item.mine if item.stands == "theirs" else item.theirs


def check_put(company: Company, item: Overwrite) -> None:
    """What is to put something back does that, and takes nothing away."""
    if item.put is None:
        return
    before, after = flat(company.document), flat(put(company, item))
    assert before.keys() - after.keys() <= {(item.element, item.name)}
    if item.name is None:
        assert company.document.node(item.element[1]) is None or item.element[0] == "edge"
        assert (item.element, "exists") in after
    else:
        assert repr(after.get((item.element, item.name))) == repr(lost(item))
        others = {key for key in before.keys() | after.keys() if repr(before.get(key)) != repr(after.get(key))}
        came_along = {key for key in others if item.edges and key[0][0] == "edge" and (key[0], "exists") not in before}
        assert others - came_along == {(item.element, item.name)}
