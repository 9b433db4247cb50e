"""What a settled task costs: as many statements in a run of thousands as in a short one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from runs.commands import claim_task, settle, settle_all, work_id
from runs.kinds.executor import Done
from runs.models import Run, RunEvent, Task
from tests.flows.counting import Rows
from tests.runs.hands import NOW, Hands, claim, go, make_flow, node

pytestmark = pytest.mark.django_db


@contextmanager
def statements() -> Iterator[list[str]]:
    """Gather the statements that the block gives the database."""
    given: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "SAVEPOINT" not in sql:
            given.extend([sql] * (len(params) if many else 1))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield given


def fan_out(alice: User, count: int) -> Run:
    flow = make_flow(
        alice, [node("each", "loop", iterate_over="range(input.count)"), node("a"), node("b")], "each.each>a", "a>b"
    )
    return go(alice, flow, input={"count": count})


@pytest.mark.parametrize("count", [5, 190])
def test_a_claim_and_a_settle_cost_the_same_in_any_run(alice: User, count: int) -> None:
    run = fan_out(alice, count)
    Hands().one(run.pk)
    with statements() as claiming, Rows() as rows:
        held = claim(run, "a", "3")
    with statements() as settling, Rows() as written:
        assert settle(held, Done(1), now=NOW)

    assert len(claiming) <= 9, claiming
    assert len(settling) <= 10, settling
    assert max(rows.read, rows.written, written.read, written.written) < 10


def test_several_of_a_run_are_settled_in_one_transaction(alice: User) -> None:
    run = fan_out(alice, 20)
    held = [claim(run, "a", str(index)) for index in range(10)]
    with statements() as given:
        assert settle_all([(one, Done(1)) for one in held], now=NOW) == [True] * 10

    assert len(given) <= 60, given


def test_a_thousand_items_come_back_in_order_with_every_event(alice: User) -> None:
    flow = make_flow(
        alice,
        [node("each", "loop", iterate_over="range(1000)"), node("a"), node("end", "output")],
        "each.each>a",
        "each.out>end",
    )
    run = go(alice, flow)
    assert Task.objects.filter(run=run, node="a").count() == 200
    while queued := list(Task.objects.filter(run=run, state="queued").order_by("-priority")[:50]):
        held = [claim_task(work_id(task.key, task.claim), "w", now=NOW) for task in queued]
        settle_all([(one, Done(one.names["item"])) for one in held if one is not None], now=NOW)

    run.refresh_from_db()
    assert (run.state, json.loads(Task.objects.get(run=run, node="end").output or "")) == ("done", list(range(1000)))
    assert RunEvent.objects.filter(run=run).count() == run.seq
    assert run.made == 1002
