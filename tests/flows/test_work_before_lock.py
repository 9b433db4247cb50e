"""What is long is done before the lock: under it no more is read, and nothing is lost when others write meanwhile."""

import random
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from accounts.principals import Person
from flows import limits as helix_limits
from flows.access import Role
from flows.commands import (
    Acked,
    Planned,
    Refused,
    Submission,
    TooLong,
    UndoRequest,
    Versioned,
    commit,
    create_flow,
    replace_graph,
    set_member,
    work_budget,
)
from flows.commands import submit as submit_function
from flows.document import (
    Addition,
    Batch,
    Draft,
    MoveNode,
    Reason,
    RemoveNode,
    ReplaceGraph,
    SingleOperation,
    Work,
    apply,
)
from flows.log import fold, verify_flow
from flows.models import Flow
from flows.parsing import parse_flow
from flows.storage.store import load_document
from flows.submission import parse_graph
from tests.flows.conftest import Ask, label, move

pytestmark = pytest.mark.django_db

MEMBERS = 60
LOCK = "SELECT id, title, description, version"
Between = Callable[[Callable[[], None]], None]


@pytest.fixture(autouse=True)
def little_under_the_lock(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A move of the group has to be prepared, a node's label not; nobody pauses."""
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, lock_steps=50)
    monkeypatch.setattr(work_budget, "pause", lambda _: 0.0)


@pytest.fixture
def grouped(alice: User, bob: User) -> Flow:
    nodes: list[dict[str, Any]] = [{"id": "g", "kind": "group", "x": 0, "y": 0}]
    nodes += [{"id": f"n{i}", "kind": "agent", "x": i, "y": 0, "parent": "g"} for i in range(MEMBERS)]
    edges = [{"id": f"e{i}", "source": "n0", "target": f"n{i}"} for i in range(1, MEMBERS)]
    flow = create_flow(Person(alice.pk), parse_flow(title="Grouped", nodes=nodes, edges=edges), via="api")
    set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.EDITOR)
    return flow


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Between:
    """`between(act)`: each time something is prepared, `act` happens before it is committed."""
    module = import_module("flows.commands.submit")
    commit_prepared = module._commit_prepared

    def set_up(act: Callable[[], None]) -> None:
        def after_act(*given: Any) -> Any:
            monkeypatch.setattr(module, "_commit_prepared", commit_prepared)  # what `act` submits is not disturbed
            act()
            monkeypatch.setattr(module, "_commit_prepared", after_act)
            return commit_prepared(*given)

        monkeypatch.setattr(module, "_commit_prepared", after_act)

    return set_up


def submit(flow: Flow, *asked: Any) -> Any:
    return submit_function(flow.pk, asked)


def under_the_lock(queries: CaptureQueriesContext) -> list[str]:
    """Return the statements since the last lock was taken."""
    statements = [query["sql"] for query in queries]
    return statements[max(i for i, sql in enumerate(statements) if sql.startswith(LOCK)) :]


def label_of(flow: Flow, id: str) -> str | None:
    node = load_document(flow.pk).document.node(id)
    return node and node.label


LONG: dict[str, Any] = {
    "a move of a group": move("g", 9),
    "the removal of a hub": {"kind": "remove_node", "id": "n0"},
    "the removal of a group": {"kind": "remove_node", "id": "g"},
    "a batch": {"kind": "batch", "operations": [label(f"n{i}", "New") for i in range(MEMBERS)]},
}


@pytest.mark.parametrize("in_memory", [False, True], ids=["over rows", "in memory"])
@pytest.mark.parametrize("operation", LONG.values(), ids=LONG)
def test_under_the_lock_nothing_of_the_graph_is_read(
    grouped: Flow, alice: User, ask: Ask, operation: Any, in_memory: bool
) -> None:
    before = load_document(grouped.pk)
    for asked in (operation, UndoRequest()):
        held = load_document(grouped.pk)
        graph = Versioned(held.document, held.version) if in_memory else None
        with CaptureQueriesContext(connection) as queries:
            (answer,) = commit(grouped.pk, [ask(alice, asked)], graph=graph).answers
        assert isinstance(answer, Acked) and answer.fresh
        locked = under_the_lock(queries)
        assert not [sql for sql in locked if sql.startswith("SELECT") and ("flownode" in sql or "flowedge" in sql)]
        assert len(locked) <= 12, locked
    assert load_document(grouped.pk).document == before.document
    assert verify_flow(grouped.pk) == []


def addition(count: int) -> Addition:
    nodes = [{"id": f"a{i}", "kind": "agent", "x": i, "y": 0} for i in range(count)]
    graph = parse_graph({"nodes": nodes, "edges": []})
    assert isinstance(graph, ReplaceGraph)
    return Addition.of(graph.nodes, graph.edges, helix_limits.current())


def planned(flow: Flow, *operations: SingleOperation) -> Planned:
    """Return what an action would do, computed on the flow as it is."""
    held, work = load_document(flow.pk), Work()
    batch = Batch(operations, whole=False)
    outcome = apply(Draft(held.document, work), batch, helix_limits.current())
    return Planned(batch, outcome, held.version, work.spent, frozenset({"g"}))


class TestWhatImportsAndActionsBring:
    """They computed it before; what is left is long to encode and to write, or to compute again."""

    def test_an_addition_is_encoded_before_the_lock(self, grouped: Flow, alice: User) -> None:
        with CaptureQueriesContext(connection) as queries:
            submit(grouped, Submission(operation=addition(51), principal=Person(alice.pk), via="import"))
        locked = under_the_lock(queries)
        assert not [sql for sql in locked if sql.startswith("SELECT") and ("flownode" in sql or "flowedge" in sql)]
        assert load_document(grouped.pk).document.node_count == MEMBERS + 1 + 51
        assert verify_flow(grouped.pk) == []

    def test_an_addition_at_the_limit_and_one_past_it(self, grouped: Flow, alice: User) -> None:
        at_it, past_it = (
            Submission(operation=addition(count), principal=Person(alice.pk), via="import") for count in (50, 51)
        )
        with pytest.raises(TooLong):
            commit(grouped.pk, [past_it], may_take_long=False)
        assert commit(grouped.pk, [at_it], may_take_long=False).version == 2

    def test_an_addition_behind_an_edit_is_encoded_before_the_lock(self, grouped: Flow, alice: User, ask: Ask) -> None:
        added = Submission(operation=addition(51), principal=Person(alice.pk), via="import")
        receipt = submit(grouped, ask(alice, label("n1", "One")), added)
        assert receipt.answers == (Acked(2, fresh=True), Acked(3, fresh=True))

    def test_a_plan_is_encoded_before_the_lock(self, grouped: Flow, alice: User) -> None:
        plan = Submission(operation=planned(grouped, MoveNode("g", 9, 0)), principal=Person(alice.pk), via="action")
        with CaptureQueriesContext(connection) as queries:
            assert submit(grouped, plan).answers == (Acked(2, fresh=True),)
        assert not [query for query in queries if query["sql"].startswith("SELECT") and "flownode" in query["sql"]]

    def test_a_plan_is_computed_again_before_the_lock(self, grouped: Flow, alice: User, bob: User, ask: Ask) -> None:
        operation = planned(grouped, MoveNode("g", 9, 0), RemoveNode("n1"))
        submit(grouped, ask(bob, {"kind": "remove_node", "id": "n1"}))
        with CaptureQueriesContext(connection) as queries:
            plan = Submission(operation=operation, principal=Person(alice.pk), via="action")
            (answer,) = submit(grouped, plan).answers
        assert isinstance(answer, Acked) and [one.id for one in answer.skipped] == ["n1"]
        locked = under_the_lock(queries)
        assert not [sql for sql in locked if sql.startswith("SELECT") and ("flownode" in sql or "flowedge" in sql)]
        assert verify_flow(grouped.pk) == []

    def test_a_plan_that_others_overtake_is_done_on_the_flow_as_it_is(
        self, grouped: Flow, alice: User, bob: User, ask: Ask, between: Between
    ) -> None:
        plan = Submission(operation=planned(grouped, MoveNode("g", 9, 0)), principal=Person(alice.pk), via="action")
        between(lambda: submit(grouped, ask(bob, label("n1", "Bob's"))))
        assert isinstance(submit(grouped, plan).answers[0], Acked)
        moved = load_document(grouped.pk).document.node("n1")
        assert moved is not None and (moved.x, moved.label) == (10, "Bob's")

    def test_what_is_based_on_an_old_version_is_refused_and_nothing_read(
        self, grouped: Flow, alice: User, ask: Ask
    ) -> None:
        submit(grouped, ask(alice, label("n1", "One")))
        with CaptureQueriesContext(connection) as queries:
            (answer,) = submit(grouped, replace(ask(alice, move("g", 9)), based_on=1)).answers
        assert isinstance(answer, Refused) and answer.code == "version_conflict"
        assert not [query for query in queries if "flownode" in query["sql"]]


def test_little_is_done_at_once(grouped: Flow, alice: User, ask: Ask) -> None:
    with CaptureQueriesContext(connection) as queries:
        submit(grouped, ask(alice, label("n1", "New")))
    assert len([query for query in queries if query["sql"].startswith(LOCK)]) == 1


def test_a_batch_is_parted_before_what_is_long(grouped: Flow, alice: User, ask: Ask) -> None:
    asked = [label("n1", "One"), move("g", 9), label("n2", "Two"), label("nowhere", "No"), move("g", 0)]
    receipt = submit(grouped, *(ask(alice, one, seq=seq) for seq, one in enumerate(asked, 1)))
    assert [getattr(one, "version", "refused") for one in receipt.answers] == [2, 3, 4, "refused", 5]
    document = fold(grouped.pk, 1).document
    document.advance(receipt.effect)
    assert document == load_document(grouped.pk).document


def test_what_must_not_take_long_says_so_and_is_done_the_next_time(grouped: Flow, alice: User, ask: Ask) -> None:
    asked = [ask(alice, label("n1", "One"), seq=1), ask(alice, move("g", 9), seq=2)]
    with pytest.raises(TooLong):
        commit(grouped.pk, asked, may_take_long=False)
    answers = commit(grouped.pk, asked).answers
    assert answers == (Acked(2, fresh=False), Acked(3, fresh=True))


class TestOthersWriteInBetween:
    def test_both_are_done(self, grouped: Flow, alice: User, bob: User, ask: Ask, between: Between) -> None:
        between(lambda: submit(grouped, ask(bob, label("n1", "Bob's"))))
        receipt = submit(grouped, ask(alice, move("g", 9)))
        assert isinstance(receipt.answers[0], Acked), "at last under the lock"
        assert label_of(grouped, "n1") == "Bob's"
        moved = load_document(grouped.pk).document.node("n1")
        assert moved is not None and moved.x == 10
        assert verify_flow(grouped.pk) == []

    def test_a_refusal_is_of_the_flow_as_it_is(
        self, grouped: Flow, alice: User, bob: User, ask: Ask, between: Between
    ) -> None:
        turns = iter([{"kind": "remove_node", "id": "n0"}])

        def once() -> None:
            for operation in turns:
                submit(grouped, ask(bob, operation))

        between(once)
        batch = {"kind": "batch", "operations": [*LONG["a batch"]["operations"], label("n0", "Again")]}
        (answer,) = submit(grouped, ask(alice, batch)).answers
        assert isinstance(answer, Refused) and answer.code == "unknown_node"
        assert label_of(grouped, "n1") == "Agent"

    def test_a_replaced_graph_is_refused(
        self, grouped: Flow, alice: User, bob: User, ask: Ask, between: Between
    ) -> None:
        between(lambda: submit(grouped, ask(bob, label("n1", "Bob's"))))
        graph = parse_graph({"nodes": [{"id": "m", "kind": "agent", "x": 0, "y": 0}], "edges": []})
        (answer,) = replace_graph(Person(alice.pk), grouped.pk, graph, version=1, via="api").answers
        assert isinstance(answer, Refused) and answer.code == "version_conflict"
        assert label_of(grouped, "n1") == "Bob's"

    def test_rights_are_read_again(self, grouped: Flow, alice: User, bob: User, ask: Ask, between: Between) -> None:
        between(lambda: set_member(Person(alice.pk), grouped.pk, person=bob.pk, role=Role.VIEWER))
        (answer,) = submit(grouped, ask(bob, move("g", 9))).answers
        assert isinstance(answer, Refused) and answer.code == "forbidden"
        assert Flow.objects.get(pk=grouped.pk).version == 1

    def test_a_name_is_used_once(self, grouped: Flow, alice: User, ask: Ask, between: Between) -> None:
        asked = ask(alice, move("g", 9), seq=1)
        twin = iter([asked])

        def once() -> None:
            for one in twin:
                submit(grouped, one)

        between(once)
        assert submit(grouped, asked).answers == (Acked(2, fresh=False),)
        assert submit(grouped, asked).answers == (Acked(2, fresh=False),)
        assert Flow.objects.get(pk=grouped.pk).version == 2

    @pytest.mark.parametrize("seed", range(6))
    def test_by_chance_nothing_is_lost(
        self, grouped: Flow, alice: User, bob: User, ask: Ask, between: Between, seed: int
    ) -> None:
        chance, written = random.Random(seed), dict[str, str]()

        def some() -> None:
            for _ in range(chance.choice([0, 0, 1, 2])):
                id, text = f"n{chance.randrange(MEMBERS)}", f"{chance.random()}"
                (answer,) = submit(grouped, ask(bob, label(id, text))).answers
                written.update({id: text} if isinstance(answer, Acked) else {})

        between(some)
        moved = 0
        for x in range(1, 8):
            answer = submit(grouped, ask(alice, move("g", x))).answers[0]
            moved = x if isinstance(answer, Acked) else moved
        document = load_document(grouped.pk).document
        assert {id: node.label for id in written if (node := document.node(id))} == written
        assert [node.x - int(node.id[1:]) for node in document.members_of("g")] == [moved] * MEMBERS
        assert fold(grouped.pk).document == document
        assert verify_flow(grouped.pk) == []


def test_what_is_too_much_work_is_refused_as_ever(grouped: Flow, alice: User, ask: Ask, settings: Settings) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, work_steps=300)
    moves = {"kind": "batch", "operations": [move("g", x) for x in range(1, 9)]}
    asked = ask(alice, moves, seq=1)
    for _ in range(2):
        (answer,) = submit(grouped, asked).answers
        assert isinstance(answer, Refused) and answer.reason == Reason.TOO_MUCH_WORK
    assert Flow.objects.get(pk=grouped.pk).version == 1


def test_at_the_limit_and_one_past_it(grouped: Flow, alice: User, ask: Ask, settings: Settings) -> None:
    held = load_document(grouped.pk)
    asked, graph = [ask(alice, move("g", 9))], Versioned(held.document, held.version)
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, lock_steps=2 * (MEMBERS + 1) - 1)
    with pytest.raises(TooLong):
        commit(grouped.pk, asked, graph=graph, may_take_long=False)
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, lock_steps=2 * (MEMBERS + 1))
    assert commit(grouped.pk, asked, graph=graph, may_take_long=False).version == 2


def test_large_commits_of_a_person_have_pauses_in_between() -> None:
    pauses = work_budget.Pauses()
    assert pauses.left(1, now=100.0) == 0
    pauses.begin(1, held=0.1, now=100.0)
    assert pauses.left(1, now=100.0) == pytest.approx(0.1 * (work_budget.SHARE - 1))
    assert pauses.left(2, now=100.0) == 0
    assert pauses.left(1, now=103.0) == 0
    pauses.begin(1, held=60, now=104.0)
    assert pauses.left(1, now=104.0) == work_budget.MOST_PAUSE
    pauses.begin(3, held=0.1, now=100.0, is_alone=True)
    assert pauses.left(3, now=100.0) == pytest.approx(0.1 * (work_budget.SHARE_ALONE - 1))


def test_who_writes_while_nobody_else_does_is_alone() -> None:
    budgets = work_budget.WorkBudgets()
    assert budgets.is_alone(1, now=100.0)
    for person, at in ((2, 100.0), (1, 105.0), (1, 109.0)):
        budgets.spend(person, 5, now=at)
    assert not budgets.is_alone(1, now=100.0 + work_budget.ALONE_SECONDS)
    assert budgets.is_alone(1, now=100.1 + work_budget.ALONE_SECONDS)
    assert not budgets.is_alone(2, now=110.0)
