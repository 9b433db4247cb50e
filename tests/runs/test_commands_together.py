"""Many at once: workers and people at the same run, each thing happening once."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import pytest
from django.db import connection

from accounts.acting import as_system
from accounts.models import User
from accounts.principals import Person
from runs.commands import (
    answer,
    cancel_run,
    claim_task,
    install_engine,
    lose,
    mark_handed,
    read_work_id,
    settle,
    unhanded,
    work_id,
)
from runs.engine.engine import Handed
from runs.engine.handing import HandsLater
from runs.errors import Answered
from runs.kinds.executor import Done
from runs.models import Attempt, Run, RunEvent, Task
from tests.runs.hands import NOW, Hands, claim, go, make_flow, node, started, states, task_of
from web.errors import Problem

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")


def at_once(calls: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Run each call in a thread of its own, all beginning together."""
    start = threading.Barrier(len(calls))

    @as_system
    def run(call: Callable[[], T]) -> T | Exception:
        start.wait()
        try:
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def events_are_whole(run: Run) -> bool:
    seqs = list(RunEvent.objects.filter(run=run).order_by("seq").values_list("seq", flat=True))
    return seqs == list(range(1, Run.objects.get(pk=run.pk).seq + 1))


def test_one_key_starts_one_run(alice: User) -> None:
    flow = make_flow(alice, [node("a")])
    found = at_once([lambda: started(alice, flow, idempotency_key="k")] * 6)

    assert [one.is_new for one in found if not isinstance(one, Exception)].count(True) == 1
    assert len({one.run.pk for one in found}) == 1  # type: ignore[union-attr]
    assert Run.objects.count() == 1


def test_no_more_runs_are_open_than_may_be(alice: User, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, open_runs=3)
    flow = make_flow(alice, [node("a")])
    found = at_once([lambda: started(alice, flow)] * 6)

    refused = [one for one in found if isinstance(one, Problem)]
    assert (len(refused), Run.objects.count()) == (3, 3)
    assert {one.code for one in refused} == {"rate_limited"}


def test_no_more_runs_of_a_person_are_open_than_may_be_in_many_flows(alice: User, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, open_runs_per_person=3)
    flows = [make_flow(alice, [node("a")]) for _ in range(6)]
    found = at_once([partial(started, alice, flow) for flow in flows])

    refused = [one for one in found if isinstance(one, Problem)]
    assert (len(refused), Run.objects.count()) == (3, 3)
    assert {one.code for one in refused} == {"rate_limited"}


def test_workers_settle_one_run_together(alice: User) -> None:
    flow = make_flow(
        alice,
        [node("each", "loop", iterate_over="range(24)"), node("a"), node("b"), node("end", "output")],
        "each.each>a",
        "a>b",
        "each.out>end",
    )
    run = go(alice, flow)

    def work(name: str) -> Callable[[], list[str]]:
        def until_done() -> list[str]:
            hands, idle = Hands({"a": lambda one: one.prev, "b": lambda one: one.prev * 2}, worker=name), 0
            while idle < 50 and Run.objects.get(pk=run.pk).state == "running":
                idle = 0 if hands.one(run.pk) else idle + 1
            return hands.did

        return until_done

    did = at_once([work(f"w{index}") for index in range(4)])
    run = Hands().work(run)
    assert (run.state, run.output) == ("done", str([index * 2 for index in range(24)]).replace(" ", ""))
    assert not [one for one in did if isinstance(one, Exception)]
    assert events_are_whole(run)
    assert Attempt.objects.filter(task__run=run, task__kind="skill").count() == 48
    assert (run.unfinished, run.made) == (0, 50)


def test_one_claim_is_won_by_one_worker(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a")]))
    task = task_of(run, "a")
    id = work_id(task.key, task.claim)
    found = at_once([lambda name=name: claim_task(id, name, now=NOW) for name in "abcdef"])  # type: ignore[misc]

    assert len([one for one in found if one is not None]) == 1
    assert Attempt.objects.filter(task=task).count() == 1


def test_of_two_answers_one_counts(alice: User, bob: User) -> None:
    flow = make_flow(alice, [node("a", ask_first={"question": "Go?", "who": "editors"})], editor=bob)
    run = go(alice, flow)
    key = task_of(run, "a").key
    found = at_once([lambda who=who: answer(Person(who.pk), run.pk, key, True, now=NOW) for who in (alice, bob)])  # type: ignore[misc]

    assert sorted(type(one) for one in found if isinstance(one, Exception)) == [Answered]
    assert states(run) == {"a": "queued"}


def test_a_result_and_a_loss_and_a_cancel_at_once_leave_a_run_that_is_whole(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a"), node("b")], "a>b"))
    held = claim(run, "a")
    at_once(
        [
            lambda: settle(held, Done(1), now=NOW),
            lambda: lose(held.id, now=NOW),
            lambda: cancel_run(Person(alice.pk), run.pk, now=NOW),
        ]
    )

    run.refresh_from_db()
    assert (run.state, run.unfinished) == ("cancelled", 0)
    assert set(states(run).values()) <= {"done", "cancelled"}
    assert events_are_whole(run)


class Keeping:
    """An engine that keeps what it is handed; it can be out of order."""

    def __init__(self) -> None:
        self.handed: list[Handed] = []
        self.cancelled: list[str] = []
        self.is_broken = False

    def hand(self, work: Sequence[Handed], then: Callable[[], None] | None = None) -> None:
        if self.is_broken:
            raise OSError("away")
        self.handed += work
        if then is not None:
            then()

    def stop(self, *, patience: float) -> None:
        pass

    def cancel(self, ids: Sequence[str]) -> None:
        self.cancelled += ids


def test_what_is_queued_is_handed_after_the_commit_or_found_later(alice: User) -> None:
    engine = Keeping()
    install_engine(engine)  # type: ignore[arg-type]
    try:
        flow = make_flow(alice, [node("a"), node("b")], "a>b")
        run = go(alice, flow)
        assert [one.id for one in engine.handed] == [f"{task_of(run, 'a').key}#1"]
        assert unhanded(NOW.replace(hour=23)) == []
        engine.is_broken = True
        settle(claim(run, "a"), Done(1), now=NOW)
        (late,) = unhanded(NOW.replace(hour=23))
        assert late.id == f"{task_of(run, 'b').key}#1"
        mark_handed([late], now=NOW)
        assert unhanded(NOW.replace(hour=23)) == []
        cancel_run(Person(alice.pk), run.pk, now=NOW)
        assert engine.cancelled == [late.id]
    finally:
        install_engine(None)
    assert Task.objects.filter(run=run, state="cancelled").count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_handed_later_and_is_not_is_found_too(alice: User) -> None:
    beneath = Keeping()
    beneath.is_broken = True
    engine = HandsLater(beneath)  # type: ignore[arg-type]
    install_engine(engine)
    try:
        broken = go(alice, make_flow(alice, [node("a")]))
        engine.stop(patience=1)
        assert [one.id for one in unhanded(NOW.replace(hour=23))] == [f"{task_of(broken, 'a').key}#1"]
        beneath.is_broken = False
        engine = HandsLater(beneath)  # type: ignore[arg-type]
        install_engine(engine)
        run = go(alice, make_flow(alice, [node("a")]))
        engine.stop(patience=1)
        assert [one.id for one in beneath.handed] == [f"{task_of(run, 'a').key}#1"]
        assert [read_work_id(one.id)[0] for one in unhanded(NOW.replace(hour=23))] == [task_of(broken, "a").key]
    finally:
        install_engine(None)
