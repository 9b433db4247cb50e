"""Undo and redo through the writing door: rights, names, the log, and that no more is read than has to be."""

import gc
import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.principals import Person
from flows import limits
from flows.access import Role
from flows.commands import (
    Acked,
    RedoRequest,
    Refused,
    UndoRequest,
    Versioned,
    commit,
    replace_graph,
    set_member,
    submit,
    undo,
    undo_budget,
)
from flows.commands.undo import RefusalCache
from flows.document import Draft, Skipped
from flows.errors import FlowReason
from flows.log import verify_flow
from flows.models import Change, Flow
from flows.sentences import sentence
from flows.storage.store import load_document
from flows.storage.stored_graph import StoredGraph
from flows.submission import parse_graph
from tests.document.random_operations import random_operation
from tests.flows.conftest import Ask, label, move

pytestmark = pytest.mark.django_db


def code(answer: Acked | Refused) -> str:
    assert isinstance(answer, Refused), answer
    return answer.code


def text_of(flow: Flow, id: str = "plan") -> str | None:
    node = load_document(flow.pk).document.node(id)
    return node and node.label


def graphs_in_memory() -> int:
    gc.collect()
    # By type alone: asking a lazy object for its class would wake it.
    return sum(type(one) in (Draft, StoredGraph) for one in gc.get_objects())


class TestRefusals:
    def test_nothing_was_done(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        submit(flow.pk, [ask(bob, move("plan", 1))])
        receipt = submit(
            flow.pk, [ask(alice, UndoRequest(), seq=1), ask(alice, RedoRequest(), seq=2), ask(None, UndoRequest())]
        )
        assert [code(answer) for answer in receipt.answers] == ["nothing_to_undo"] * 3
        assert receipt.version == 2, "the flow's creation is not undone"

    def test_who_may_not_write_any_more(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        submit(flow.pk, [ask(bob, move("plan", 1))])
        set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role.VIEWER)
        assert code(submit(flow.pk, [ask(bob, UndoRequest(), seq=1)]).answers[0]) == "forbidden"
        set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role.EDITOR)
        assert submit(flow.pk, [ask(bob, UndoRequest(), seq=1)]).answers == (Acked(3, fresh=True),)

    def test_a_refused_undo_stays_refused(self, flow: Flow, alice: User, ask: Ask) -> None:
        first = submit(flow.pk, [ask(alice, UndoRequest(), seq=1)]).answers
        submit(flow.pk, [ask(alice, move("plan", 1))])
        assert submit(flow.pk, [ask(alice, UndoRequest(), seq=1)]).answers == first

    def test_who_went_on_elsewhere_since(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, label("plan", "Here"), seq=1)])
        submit(flow.pk, [ask(alice, label("send", "There"), seq=1, client="another-tab")])
        late = submit(flow.pk, [ask(alice, UndoRequest(at=2), seq=2), ask(alice, RedoRequest(at=2), seq=3)])
        assert [code(answer) for answer in late.answers] == ["nothing_to_undo"] * 2
        assert (text_of(flow), text_of(flow, "send")) == ("Here", "There")
        assert submit(flow.pk, [ask(alice, UndoRequest(at=3), seq=4)]).version == 4, "this one was known"
        assert text_of(flow, "send") != "There"

    def test_who_goes_on_elsewhere_in_the_same_transaction(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, label("plan", "Here"), seq=1)])
        there = ask(alice, label("send", "There"), seq=1, client="another-tab")
        receipt = submit(flow.pk, [ask(bob, move("plan", 9)), there, ask(alice, UndoRequest(at=2), seq=2)])
        assert code(receipt.answers[2]) == "nothing_to_undo"

    def test_somebody_elses_writing(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, label("plan", "hers")), ask(bob, label("plan", "his"))])
        refused = submit(flow.pk, [ask(alice, UndoRequest())]).answers[0]
        assert code(refused) == "nothing_to_undo" and "others" in sentence(refused)
        assert text_of(flow) == "his"


class TestBudget:
    """Far walks are bounded, whoever asks for them and however often."""

    def test_what_was_refused_is_refused_again_without_a_walk(
        self, flow: Flow, alice: User, bob: User, ask: Ask
    ) -> None:
        submit(flow.pk, [ask(alice, label("plan", "hers")), ask(bob, label("plan", "his"))])
        first = submit(flow.pk, [ask(alice, UndoRequest())]).answers
        with CaptureQueriesContext(connection) as queries:
            assert submit(flow.pk, [ask(alice, UndoRequest())]).answers == first
        assert not [query["sql"] for query in queries if '"inverse"' in query["sql"]]
        assert code(submit(flow.pk, [ask(alice, RedoRequest())]).answers[0]) == "nothing_to_undo"

    def test_a_refusal_that_is_remembered_keeps_nothing_of_what_it_went_through(
        self, flow: Flow, alice: User, bob: User, ask: Ask
    ) -> None:
        submit(flow.pk, [ask(alice, label("plan", "hers")), ask(bob, label("plan", "his"))])
        before = graphs_in_memory()
        for _ in range(3):
            assert code(submit(flow.pk, [ask(alice, UndoRequest())]).answers[0]) == "nothing_to_undo"
        assert graphs_in_memory() <= before

    def test_it_is_asked_anew_when_something_was_written(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        """The branch that the edge needs is taken away, and comes back."""
        submit(flow.pk, [ask(alice, {"kind": "remove_edge", "id": "e2"})])
        for branches in (["no"], ["yes", "no"]):
            edit = {"kind": "edit_node", "id": "route", "set": {"settings": {"branches": branches}}}
            submit(flow.pk, [ask(bob, edit)])
            answer = submit(flow.pk, [ask(alice, UndoRequest())]).answers[0]
        assert isinstance(answer, Acked)

    def test_who_searches_too_far_too_often_waits(
        self, flow: Flow, alice: User, bob: User, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(undo_budget, "CAPACITY", 20.0)
        monkeypatch.setattr(undo_budget, "REFILL_PER_SECOND", 0.0)
        monkeypatch.setattr(undo, "_budgets", undo_budget.UndoBudgets())
        submit(flow.pk, [ask(alice, label("plan", "hers")), ask(bob, label("plan", "his"))])
        asked = [
            one for x in range(20) for one in (ask(bob, move("route", x + 1)), ask(alice, UndoRequest(), seq=x + 1))
        ]
        answers = submit(flow.pk, asked).answers[1::2]
        codes = [code(answer) for answer in answers]
        assert codes == ["nothing_to_undo"] * codes.index("rate_limited") + ["rate_limited"] * codes.count(
            "rate_limited"
        )
        assert 1 <= codes.index("rate_limited") <= 10
        assert isinstance(submit(flow.pk, [ask(bob, UndoRequest())]).answers[0], Acked), "that is Alice's affair alone"
        monkeypatch.setattr(undo, "_budgets", undo_budget.UndoBudgets())
        assert code(submit(flow.pk, [asked[-1]]).answers[0]) == "nothing_to_undo", "it was not remembered"

    def test_a_refusal_is_for_one_request_at_one_digest(self, flow: Flow) -> None:
        cache = RefusalCache()
        cache.add(flow.pk, 1, UndoRequest(), "digest", ("nothing_to_undo", FlowReason.CHANGED_BY_OTHERS))
        assert cache.find(flow.pk, 1, UndoRequest(at=2), "digest") == ("nothing_to_undo", FlowReason.CHANGED_BY_OTHERS)
        assert not cache.find(flow.pk, 1, UndoRequest(), "later")
        assert not cache.find(flow.pk, 1, RedoRequest(), "digest")
        assert not cache.find(flow.pk, 2, UndoRequest(), "digest")

    def test_an_allowance_fills_up_again(self) -> None:
        mine = undo_budget.UndoBudget(refilled_at=100.0)
        mine.spend(int(undo_budget.CAPACITY) * 500)
        assert not mine.has_room(100.0)
        assert mine.has_room(100.1)


class TestEffects:
    def test_a_version_of_its_own_and_once_only(self, flow: Flow, alice: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, label("plan", "one"), seq=1)])
        undo, redo = ask(alice, UndoRequest(), seq=2), ask(alice, RedoRequest(), seq=3)
        assert submit(flow.pk, [undo]).answers == (Acked(3, fresh=True),) and text_of(flow) == "Plan"
        assert submit(flow.pk, [undo]).answers == (Acked(3, fresh=False),) and text_of(flow) == "Plan"
        assert submit(flow.pk, [redo, redo]).answers == (Acked(4, fresh=True), Acked(4, fresh=False))
        rows = Change.objects.filter(flow=flow, version__gt=1).order_by("version")
        assert list(rows.values_list("via", "undo_of", "seq")) == [("socket", None, 1), ("undo", 2, 2), ("redo", 3, 3)]
        assert text_of(flow) == "one" and verify_flow(flow.pk) == []

    def test_within_one_batch(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        asked = [ask(alice, label("plan", "one")), ask(bob, label("route", "his")), ask(alice, label("plan", "two"))]
        asked += [
            ask(alice, UndoRequest()),
            ask(alice, UndoRequest()),
            ask(bob, UndoRequest()),
            ask(alice, RedoRequest()),
        ]
        receipt = submit(flow.pk, asked)
        assert [head.undo_of for head in receipt.changes] == [None, None, None, 4, 2, 3, 6]
        assert (text_of(flow), text_of(flow, "route")) == ("one", "Decision")
        assert verify_flow(flow.pk) == []

    def test_late_but_by_the_same_client(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, label("plan", "One"), seq=1)])
        submit(flow.pk, [ask(bob, move("plan", 9)), ask(alice, label("plan", "Two"), seq=2)])
        submit(flow.pk, [ask(alice, UndoRequest(at=2), seq=3)])
        assert text_of(flow) == "One"

    def test_a_removed_node_comes_back_with_its_edges_and_members(self, flow: Flow, alice: User, ask: Ask) -> None:
        before = load_document(flow.pk).document
        submit(flow.pk, [ask(alice, {"kind": "remove_node", "id": id}) for id in ("route", "frame")])
        submit(flow.pk, [ask(alice, UndoRequest()), ask(alice, UndoRequest())])
        assert load_document(flow.pk).document == before and verify_flow(flow.pk) == []

    def test_what_is_left_alone(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, {"kind": "remove_node", "id": "route"})])
        submit(flow.pk, [ask(bob, {"kind": "remove_node", "id": "send"})])
        (answer,) = submit(flow.pk, [ask(alice, UndoRequest())]).answers
        assert isinstance(answer, Acked) and [(one.what, one.id) for one in answer.skipped] == [("edge", "e2")]

    def test_a_resend_hears_again_what_was_left_alone(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        mine = {"kind": "edit_node", "id": "plan", "set": {"label": "hers", "colour": "#ff0000"}}
        submit(flow.pk, [ask(alice, mine), ask(bob, label("plan", "his"))])
        undo = ask(alice, UndoRequest(), seq=1)
        skipped = (Skipped("node", "plan", ("label",)),)
        assert submit(flow.pk, [undo, undo]).answers == (Acked(4, True, skipped), Acked(4, False, skipped))
        submit(flow.pk, [ask(bob, {"kind": "remove_node", "id": "plan"})])
        assert submit(flow.pk, [undo]).answers == (Acked(4, False, skipped),)
        assert verify_flow(flow.pk) == []

    def test_what_has_one_step_s_name(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        before = load_document(flow.pk).document
        for text in ("R", "Re", "Res"):
            submit(flow.pk, [ask(alice, label("plan", text), step="typing"), ask(bob, move("route", len(text)))])
        submit(flow.pk, [ask(bob, move("route", 200))])
        receipt = submit(flow.pk, [ask(alice, UndoRequest(), seq=1), ask(alice, UndoRequest(), seq=2)])
        assert [head.undo_of for head in receipt.changes] == [2]
        assert code(receipt.answers[1]) == "nothing_to_undo"
        assert load_document(flow.pk).document == before
        submit(
            flow.pk,
            [ask(alice, RedoRequest()), ask(alice, label("plan", "Rest"), step="typing"), ask(alice, UndoRequest())],
        )
        assert text_of(flow) == "Res", "an undo ended the step"
        assert list(Change.objects.filter(flow=flow).values_list("step", flat=True).order_by("version")) == [
            None, "typing", None, "typing", None, "typing", None, None, None, None, "typing", None,
        ]  # fmt: skip
        assert verify_flow(flow.pk) == []

    def test_within_one_batch_and_before_it(self, flow: Flow, alice: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, move("plan", 1)), ask(alice, move("plan", 2), step="drag")])
        submit(flow.pk, [ask(alice, move("plan", 3), step="drag"), ask(alice, UndoRequest())])
        plan = load_document(flow.pk).document.node("plan")
        assert plan and plan.x == 1

    def test_a_whole_graph(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        before = load_document(flow.pk).document
        other = [{"id": "plan", "kind": "note", "x": 0, "y": 0}, {"id": "new", "kind": "agent", "x": 0, "y": 0}]
        replace_graph(Person(alice.pk), flow.pk, parse_graph({"nodes": other, "edges": []}), version=1, via="api")
        after = load_document(flow.pk).document
        submit(flow.pk, [ask(alice, UndoRequest())])
        assert load_document(flow.pk).document == before
        submit(flow.pk, [ask(alice, RedoRequest())])
        assert load_document(flow.pk).document == after
        submit(flow.pk, [ask(bob, label("new", "his")), ask(alice, UndoRequest())])
        document = load_document(flow.pk).document
        assert document.node("new") and document.node("route") and verify_flow(flow.pk) == []

    def test_with_the_flow_in_memory_it_is_the_same(self, flow: Flow, alice: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, move("frame", 0, 0)), ask(alice, move("frame", 5, 5))])
        held = load_document(flow.pk)
        receipt = commit(flow.pk, [ask(alice, UndoRequest())], graph=Versioned(held.document, held.version))
        held.document.advance(receipt.effect)
        assert held.document == load_document(flow.pk).document


class TestLimits:
    def test_a_hundred_steps_and_no_more(self, flow: Flow, alice: User, ask: Ask) -> None:
        most = limits.current().undo
        submit(flow.pk, [ask(alice, move("plan", x + 1)) for x in range(most + 1)])
        answers = submit(flow.pk, [ask(alice, UndoRequest()) for _ in range(most + 1)]).answers
        assert all(isinstance(answer, Acked) for answer in answers[:-1]) and code(answers[-1]) == "nothing_to_undo"
        plan = load_document(flow.pk).document.node("plan")
        assert plan and plan.x == 1
        answers = submit(flow.pk, [ask(alice, RedoRequest()) for _ in range(most + 1)]).answers
        assert all(isinstance(answer, Acked) for answer in answers[:-1]) and code(answers[-1]) == "nothing_to_undo"
        assert verify_flow(flow.pk) == []

    def test_a_step_long_ago_takes_few_queries(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, label("route", "hers"))])
        submit(flow.pk, [ask(bob, move("plan", x + 1)) for x in range(600)])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            submit(flow.pk, [ask(alice, UndoRequest())])
        assert text_of(flow, "route") == "Decision"
        assert len(queries) < 40, [query["sql"][:90] for query in queries]

    @pytest.mark.parametrize("end", ["source", "target"])
    def test_a_hub_comes_back_in_few_queries(self, flow: Flow, alice: User, ask: Ask, end: str) -> None:
        """Nobody is asked whether it is connected already: it is not there."""
        nodes = [{"id": f"n{at}", "kind": "agent", "x": at, "y": 0} for at in range(100)]
        edges = [{"id": f"h{at}", "source": f"n{at}", "target": f"n{at}", end: "hub"} for at in range(100)]
        graph = parse_graph({"nodes": [{"id": "hub", "kind": "agent", "x": 0, "y": 0}, *nodes], "edges": edges})
        replace_graph(Person(alice.pk), flow.pk, graph, version=1, via="api")
        submit(flow.pk, [ask(alice, {"kind": "remove_node", "id": "hub"})])
        with CaptureQueriesContext(connection) as queries:
            submit(flow.pk, [ask(alice, UndoRequest())])
        assert load_document(flow.pk).document.edge_count == 100
        assert len(queries) < 40, len(queries)

    def test_steps_may_be_long(self, flow: Flow, alice: User, ask: Ask) -> None:
        """More of them than are read at first, and yet none is taken for shorter than it is."""
        for name in "abc":
            submit(flow.pk, [ask(alice, move("plan", ord(name) * 1000 + x), step=name) for x in range(400)])
        places = []
        for _ in range(4):
            submit(flow.pk, [ask(alice, UndoRequest())])
            plan = load_document(flow.pk).document.node("plan")
            places.append(plan and plan.x)
        assert places == [98_399, 97_399, 0, 0]

    @pytest.mark.parametrize(("since", "place"), [(18, 0), (19, 2)])
    def test_a_step_that_began_too_long_ago_is_not_taken_apart(
        self, flow: Flow, alice: User, bob: User, ask: Ask, monkeypatch: pytest.MonkeyPatch, since: int, place: int
    ) -> None:
        monkeypatch.setattr(undo, "MAX_VERSIONS_BACK", 20)
        submit(flow.pk, [ask(alice, move("plan", 1), step="drag"), ask(alice, move("plan", 2), step="drag")])
        submit(flow.pk, [ask(bob, move("route", x + 1)) for x in range(since)])
        submit(flow.pk, [ask(alice, UndoRequest())])
        plan = load_document(flow.pk).document.node("plan")
        assert plan and plan.x == place

    def test_steps_are_read_from_an_index_alone(self, flow: Flow, alice: User, ask: Ask) -> None:
        rows = Change.objects.filter(flow_id=flow.pk, actor_id=alice.pk, version__gt=1).order_by("-version")
        plan = rows.values_list("version", "via", "undo_of", "step")[:1000].explain()
        assert "own_steps" in plan or connection.vendor == "postgresql", plan


@pytest.mark.parametrize("seed", range(4))
def test_three_people_undo_ten_and_redo_ten(
    flow: Flow, alice: User, bob: User, charlie: User, ask: Ask, seed: int
) -> None:
    set_member(Person(alice.pk), flow.pk, person=charlie.email, role=Role.EDITOR)
    rng, people = random.Random(seed), (alice, bob, charlie)
    document = load_document(flow.pk).document
    for _ in range(60):
        operation = random_operation(rng, document)
        receipt = submit(flow.pk, [ask(rng.choice(people), operation)])
        document.advance(receipt.effect)
    before = load_document(flow.pk).document
    turns = [person for person in people for _ in range(10)]
    rng.shuffle(turns)
    undone = []
    for person in turns:
        if isinstance(submit(flow.pk, [ask(person, UndoRequest())]).answers[0], Acked):
            undone.append(person)
    assert len(undone) >= 10
    rng.shuffle(undone)
    for person in undone:
        assert isinstance(submit(flow.pk, [ask(person, RedoRequest())]).answers[0], Acked)
    assert load_document(flow.pk).document == before
    assert verify_flow(flow.pk) == []
