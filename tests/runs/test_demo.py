"""The demo runs from the first minute: every way through it ends well, with nothing but what the product brings."""

import json

import pytest

from accounts.models import User
from accounts.principals import Person
from flows.demo import seed_demo
from flows.storage.store import load_document
from runs.commands import answer, start_run
from runs.kinds.output import value_of
from runs.models import Question, Run
from runs.plan import Step
from tests.runs.hands import states
from tests.runs.working import data_dir, ended, until, worker

__all__ = ["data_dir"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_dir")]


def triaged(message: str) -> Run:
    """Start a run of the demo for one ticket."""
    flow = seed_demo()
    assert flow is not None
    alice = User.objects.get(name="Alice")
    return start_run(Person(alice.pk), flow.pk, input={"message": message}).run


def test_a_refund_is_judged_order_by_order() -> None:
    with worker():
        run = ended(triaged("Please refund my money."))

    assert (run.state, states(run)["draft"]) == ("done", "skipped")
    assert json.loads(json.loads(run.output or "")["send"]) == [
        {"order": "A-17", "refund": True},
        {"order": "A-42", "refund": False},
    ]


def test_a_question_is_answered() -> None:
    with worker():
        run = ended(triaged("How do I change my address?"))

    assert (run.state, states(run)["orders"]) == ("done", "skipped")
    assert "How do I change my address?" in json.loads(run.output or "")["send"]


def test_nobody_is_paged_without_being_asked() -> None:
    with worker():
        run = triaged("URGENT: the site is down for everybody!")
        assert until(lambda: Question.objects.filter(run=run).exists())
        question = Question.objects.get(run=run)
        answer(Person(User.objects.get(name="Alice").pk), run.pk, question.task_id, False)
        run = ended(run)

    assert (run.state, states(run)["page"], states(run)["summarise"]) == ("done", "skipped", "done")


def test_nobody_is_said_to_be_paged_who_could_not_be() -> None:
    flow = seed_demo()
    assert flow is not None
    node = load_document(flow.pk).document.node("paged")
    assert node is not None
    step = Step(node.id, node.kind, node.label, dict(node.settings), (), ())  # type: ignore[arg-type]
    said = lambda prev: value_of(step, {"input": {"subject": "Down"}, "prev": prev}, prev).value  # noqa: E731

    assert said(None) == "Down: nobody could be paged."
    assert said({"status": 202}) == "Down: told to the person on call."


def test_the_ticket_that_stands_in_the_form_is_a_question() -> None:
    flow = seed_demo()
    assert flow is not None
    with worker():
        run = ended(start_run(Person(User.objects.get(name="Alice").pk), flow.pk, input={}).run)

    assert (run.state, states(run)["draft"], states(run)["page"]) == ("done", "done", "skipped")
