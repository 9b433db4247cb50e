"""A refusal that names what is gone says who removed it, and what it was called."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.principals import Person
from flows.commands import Refused, UndoRequest, deleted_by, replace_graph, submit
from flows.models import Flow
from flows.sentences import sentence
from flows.submission import parse_graph
from tests.flows.conftest import Ask, label, move

pytestmark = pytest.mark.django_db


def remove(id: str) -> dict[str, object]:
    return {"kind": "remove_node", "id": id}


def said(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return sentence(answer)


def test_what_never_was_is_only_unknown(flow: Flow, alice: User, bob: User, ask: Ask) -> None:
    submit(flow.pk, [ask(bob, {"kind": "add_node", "node": {"id": "x", "kind": "note", "x": 0, "y": 0}})])
    submit(flow.pk, [ask(bob, remove("x"))])
    asked = [ask(alice, move("xx", 1)), ask(alice, {"kind": "remove_edge", "id": "x"})]
    assert [said(answer) for answer in submit(flow.pk, asked).answers] == [
        "There is no node xx.",
        "There is no edge x.",
    ]


def test_who_removed_a_node(flow: Flow, alice: User, bob: User, ask: Ask) -> None:
    submit(flow.pk, [ask(bob, remove("plan")), ask(bob, label("route", "Way"))])
    receipt = submit(flow.pk, [ask(alice, label("plan", "x"), seq=1), ask(bob, move("plan", 1))])
    assert [said(answer) for answer in receipt.answers] == ["Bob deleted “Plan”.", "You deleted “Plan”."]
    assert submit(flow.pk, [ask(alice, label("plan", "x"), seq=1)]).answers[0] == receipt.answers[0], "a resend"


def test_within_one_transaction_and_by_the_system(flow: Flow, alice: User, bob: User, ask: Ask) -> None:
    asked = [ask(bob, remove("plan")), ask(alice, {"kind": "batch", "operations": [move("route", 1), move("plan", 1)]})]
    asked += [ask(None, remove("route")), ask(alice, move("route", 1))]
    answers = submit(flow.pk, asked).answers
    assert [said(answer) for answer in answers[1::2]] == ["Bob deleted “Plan”.", "“Decision” was deleted."]


def test_the_last_removal_counts(flow: Flow, alice: User, bob: User, ask: Ask) -> None:
    submit(flow.pk, [ask(bob, remove("plan")), ask(bob, UndoRequest()), ask(alice, remove("plan"))])
    assert said(submit(flow.pk, [ask(bob, move("plan", 1))]).answers[0]) == "Alice deleted “Plan”."


def test_an_edge_that_went_with_its_node(flow: Flow, alice: User, bob: User, ask: Ask) -> None:
    submit(flow.pk, [ask(bob, remove("plan"))])
    edit = {"kind": "edit_edge", "id": "e1", "set": {"label": "x"}}
    assert said(submit(flow.pk, [ask(alice, edit)]).answers[0]) == "Bob deleted this connection."


def test_it_is_not_looked_for_often(flow: Flow, alice: User, bob: User, ask: Ask) -> None:
    submit(flow.pk, [ask(bob, remove("plan"))])
    asked = [ask(alice, move("plan", x)) for x in range(50)] + [ask(alice, move(f"no{x}", 1)) for x in range(50)]
    with CaptureQueriesContext(connection) as queries:
        answers = submit(flow.pk, asked).answers
    assert {said(answer) for answer in answers[:50]} == {"Bob deleted “Plan”."}
    assert len([one for one in queries if "LIKE" in one["sql"].upper()]) == deleted_by.MAX_LOOKUPS


def searches(queries: CaptureQueriesContext, word: str) -> list[str]:
    return [one["sql"] for one in queries if word in one["sql"].upper()]


def test_it_is_not_looked_for_in_a_long_change(flow: Flow, alice: User, bob: User, ask: Ask) -> None:
    others = [{"id": f"n{x}", "kind": "note", "x": x, "y": 0, "description": "d" * 1_000} for x in range(70)]
    submit(flow.pk, [ask(bob, remove("plan"))])
    for nodes in (others, [{"id": "other", "kind": "note", "x": 0, "y": 0}]):
        version = Flow.objects.get(pk=flow.pk).version
        replace_graph(Person(bob.pk), flow.pk, parse_graph({"nodes": nodes, "edges": []}), version=version, via="api")
    with CaptureQueriesContext(connection) as queries:
        answers = submit(flow.pk, [ask(alice, move(id, 1)) for id in ("n7", "plan", "route")]).answers
    assert [said(answer) for answer in answers] == [
        "There is no node n7.",
        "Bob deleted “Plan”.",
        "Bob deleted “Decision”.",
    ]
    assert len(searches(queries, "LIKE")) == 3
    assert all("IN (3, 2)" in sql for sql in searches(queries, "LIKE")), "the long one is not touched"


def test_it_is_not_looked_for_behind_much_else(
    flow: Flow, alice: User, bob: User, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleted_by, "TOTAL_INVERSE_CHARS", 2_000)
    submit(flow.pk, [ask(bob, remove("plan"))])
    submit(flow.pk, [ask(bob, move("route", x + 1)) for x in range(300)])
    with CaptureQueriesContext(connection) as queries:
        answers = submit(flow.pk, [ask(alice, move("plan", 1)), ask(alice, move("plan", 2))]).answers
    assert [said(answer) for answer in answers] == ["There is no node plan."] * 2
    assert len(searches(queries, "LENGTH(")) == 2


@pytest.mark.parametrize(("since", "sentence"), [(499, "Bob deleted “Plan”."), (500, "There is no node plan.")])
def test_it_is_looked_for_among_the_last_changes(
    flow: Flow, alice: User, bob: User, ask: Ask, since: int, sentence: str
) -> None:
    submit(flow.pk, [ask(bob, remove("plan"))])
    submit(flow.pk, [ask(bob, move("route", x + 1)) for x in range(since)])
    assert said(submit(flow.pk, [ask(alice, move("plan", 1))]).answers[0]) == sentence
