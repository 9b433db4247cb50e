"""What is asked of a run by a socket and sent again: it is acknowledged, and nothing new begins."""

import pytest

from accounts.models import User
from accounts.principals import Person
from flows.actions.execute import ActionCall
from flows.submission import Acked, Refused
from runs.errors import TaskFailure
from runs.models import Question, Run, RunEvent
from sessions.run_actions import perform
from tests.runs.hands import Hands, go, make_flow, node, task_of

pytestmark = pytest.mark.django_db


def act(user: User, run: Run, action: str, **parameters: object) -> Acked | Refused:
    given = {"run": str(run.pk), **parameters}
    call = ActionCall(
        flow_id=run.flow_id, principal=Person(user.pk), action=action, parameters=given, client="c", seq=1
    )
    return perform(call).answer


def broken(_claimed: object) -> None:
    raise TaskFailure("skill_error", "It broke.")


@pytest.mark.parametrize("is_named", [False, True])
def test_a_retry_that_is_sent_again_retries_nothing(alice: User, is_named: bool) -> None:
    run = Hands({"a": broken}).work(go(alice, make_flow(alice, [node("a")])))
    given = {"tasks": [task_of(run, "a").key]} if is_named else {}

    assert isinstance(act(alice, run, "retry_run", **given), Acked)
    assert isinstance(act(alice, run, "retry_run", **given), Acked)
    assert RunEvent.objects.filter(run=run, kind="task_retried").count() == 1
    run.refresh_from_db()
    Hands().work(run)
    assert isinstance(act(alice, run, "retry_run", **given), Acked)


def test_a_retry_of_what_never_failed_is_refused(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a"), node("b")], "a>b"))

    for given in ({}, {"tasks": [task_of(run, "a").key]}):
        answer = act(alice, run, "retry_run", **given)
        assert isinstance(answer, Refused)
        assert answer.code == "wrong_state"


def test_an_answer_that_is_sent_again_is_the_same_with_its_defaults(alice: User) -> None:
    form = [{"name": "sum", "type": "number", "default": 5}, {"name": "why"}]
    run = go(alice, make_flow(alice, [node("a", ask_first={"question": "How much?", "form": form})]))
    task = task_of(run, "a").key

    assert isinstance(act(alice, run, "answer", task=task, value={"why": "x"}), Acked)
    assert isinstance(act(alice, run, "answer", task=task, value={"why": "x"}), Acked)
    other = act(alice, run, "answer", task=task, value={"why": "y"})
    assert isinstance(other, Refused)
    assert other.code == "answered"
    assert Question.objects.filter(run=run).count() == 1
