"""Clocks that are wrong: of one machine among several, set forward or back, and put right again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.principals import Person
from runs.commands import cancel_run, due, handing, mark_handed, settle, unhanded
from runs.engine.engine import Handed
from runs.errors import TaskFailure
from runs.kinds import Work
from runs.models import Run, Trigger, TriggerEvent, Worker
from runs.triggers import put_right
from runs.work import clock, reconcile, registry
from runs.work.held_tasks import HeldTasks
from runs.work.incarnation import Incarnation, Offer
from runs.work.reconcile import Reconciler
from runs.work.worker_watch import WorkerWatch
from tests.runs.hands import NOW, claim, go, make_flow, node, states, task_of
from tests.runs.listening import listen, sensing
from tests.runs.workers import enrolled
from tests.runs.working import Bench, bench, data_dir, ended, worker
from web.database_time import database_time

__all__ = ["bench", "data_dir"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_dir")]
BEHIND, AHEAD = timedelta(hours=-3), timedelta(hours=3)

SetClock = Callable[[timedelta], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Set this machine's clock, and no other's, as if by so much it were wrong; files are dated by it."""
    right, file_time = timezone.now, registry.beat_file_time

    def wrong(by: timedelta) -> None:
        def dated(name: str) -> float | None:
            at = file_time(name)
            return None if at is None else at + by.total_seconds()

        monkeypatch.setattr(timezone, "now", lambda: right() + by)
        monkeypatch.setattr(registry, "beat_file_time", dated)

    return wrong


class Idle:
    """An engine that takes all and does nothing."""

    def __init__(self) -> None:
        self.handed: list[Handed] = []

    def hand(self, work: list[Handed], then: Callable[[], None] = lambda: None) -> None:
        self.handed += work
        then()

    def listen(self, *_given: object, **_named: object) -> None:
        pass

    def holders(self) -> set[str]:
        return set()

    def states(self, _ids: list[str]) -> dict[str, str]:
        return {one.id: "queued" for one in self.handed}

    def reassign(self, _ids: list[str]) -> None:
        pass

    def forget(self, _ids: list[str]) -> None:
        pass

    def held_by(self, _worker: str) -> list[str]:
        return []

    def tidy(self) -> int:
        return 0

    def waiting(self) -> dict[str, int]:
        return {}


def sweeper(engine: Idle) -> Reconciler:
    """Who does for all what is to be done."""
    performer = SimpleNamespace(under_way=set)
    return Reconciler(cast("Any", engine), cast("Any", SimpleNamespace(id="me", performer=performer)))


@pytest.mark.parametrize("by", [BEHIND, AHEAD])
def test_who_joins_with_a_wrong_clock_is_the_last_all_the_same(set_clock: SetClock, by: timedelta) -> None:
    enrolled("old", at=database_time())
    set_clock(by)
    joining = Incarnation(cast("Any", Idle()), Offer(), lambda _why: None)
    joining.start()
    try:
        order = [seen.id for seen in registry.living(database_time())]
    finally:
        joining.abandon()

    is_shared = connection.vendor == "postgresql"  # SQLite has one machine, and all go by its clock
    assert order == ["old", joining.id] or (by == BEHIND and not is_shared)


@pytest.mark.parametrize("by", [BEHIND, AHEAD])
def test_who_sweeps_with_a_wrong_clock_is_neither_late_nor_early(
    alice: User, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    monkeypatch.setattr(handing, "GRACE", timedelta(0))
    asks = node("asks", ask_first={"question": "Now?", "who": "editors", "timeout_ms": 3_600_000})
    run = go(alice, make_flow(alice, [node("a"), asks]), now=None)
    engine = Idle()

    if connection.vendor == "postgresql":
        set_clock(by)
    sweeper(engine).do_for_all([], database_time())

    assert len(engine.handed) == 1
    assert states(run) == {"a": "queued", "asks": "asking"}


@pytest.mark.parametrize("by", [BEHIND, AHEAD])
def test_what_is_started_with_a_wrong_clock_is_found_by_others(
    alice: User, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    monkeypatch.setattr(handing, "GRACE", timedelta(0))
    if connection.vendor == "postgresql":
        set_clock(by)
    go(alice, make_flow(alice, [node("a")]), now=None)
    set_clock(timedelta(0))
    engine = Idle()
    sweeper(engine).do_for_all([], database_time())

    assert len(engine.handed) == 1


def tend_at(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what the first worker does when the database tells this time."""
    monkeypatch.setattr(reconcile, "database_time", lambda: now)
    Worker.objects.filter(pk="me").update(beat_at=now)
    sweeper(Idle()).tend()


def test_right_after_the_clock_has_jumped_nothing_is_deleted_or_ended(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "_time", clock.TimeOfDay())
    asks = node("asks", ask_first={"question": "Now?", "who": "editors", "timeout_ms": 3_600_000})
    flow = make_flow(alice, [asks])
    old, asking = go(alice, flow, name="old"), go(alice, flow, name="asking")
    go(alice, make_flow(alice, [node("a")]), name="late")
    cancel_run(Person(alice.pk), old.pk, now=NOW)
    enrolled("me", at=NOW)
    enrolled("ended", at=NOW, state=Worker.State.GONE, ended_at=NOW)
    TriggerEvent.objects.create(trigger=listen(alice.pk, sensing(alice.pk, source="webhook")), event="e", at=NOW)

    def kept() -> tuple[dict[str, str], dict[str, str], int, int]:
        runs = dict(Run.objects.values_list("name", "state"))
        return runs, states(asking), TriggerEvent.objects.count(), Worker.objects.count()

    before = {"old": "cancelled", "asking": "waiting", "late": "running"}, {"asks": "asking"}, 1, 2
    tend_at(NOW, monkeypatch)
    assert kept() == before
    tend_at(NOW + timedelta(days=40), monkeypatch)
    assert kept() == before
    monkeypatch.setattr(clock, "STEADY_SECONDS", 0.0)  # it is believed by then
    tend_at(NOW + timedelta(days=40), monkeypatch)
    assert kept() == ({"asking": "failed", "late": "failed"}, {"asks": "failed"}, 0, 1)


def test_who_has_just_begun_deletes_nothing_for_its_age(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows of no jump, and the time may be wrong."""
    monkeypatch.setattr(reconcile, "_time", clock.TimeOfDay())
    cancel_run(Person(alice.pk), go(alice, make_flow(alice, [node("a")])).pk, now=NOW)
    enrolled("me", at=NOW)

    tend_at(NOW + timedelta(days=40), monkeypatch)
    assert Run.objects.count() == 1
    monkeypatch.setattr(clock, "STEADY_SECONDS", 0.0)
    tend_at(NOW + timedelta(days=40), monkeypatch)
    assert Run.objects.count() == 0


def test_a_jump_between_two_looks_at_the_clock_is_not_believed(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "_time", clock.TimeOfDay())
    monkeypatch.setattr(clock, "STEADY_SECONDS", 0.0)
    run = go(alice, make_flow(alice, [node("a")]))
    enrolled("me", at=NOW)
    told = iter([NOW])
    monkeypatch.setattr(reconcile, "database_time", lambda: next(told, NOW + timedelta(days=40)))
    Worker.objects.filter(pk="me").update(beat_at=NOW)
    sweeper(Idle()).tend()

    assert states(run) == {"a": "queued"}


def test_what_counts_as_a_jump() -> None:
    time = clock.TimeOfDay()
    for now, is_steady in ((0.0, True), (9.0, True), (-0.5, True), (11.0, False), (11.0, False)):
        time.note(NOW + timedelta(seconds=now))
        assert time.is_steady() is is_steady


def test_a_task_has_its_time_whatever_the_clock_says(
    alice: User, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = go(alice, make_flow(alice, [node("a", timeout_ms=60_000)]))
    began = clock.elapsed()
    holding = HeldTasks()
    hold = holding.add(claim(run, "a", now=NOW))
    for by in (BEHIND, AHEAD):
        set_clock(by)
        holding.end_late()
        assert hold.why is None
    monkeypatch.setattr("runs.work.held_tasks.elapsed", lambda: began + 59)
    holding.end_late()
    assert hold.why is None
    monkeypatch.setattr("runs.work.held_tasks.elapsed", lambda: hold.deadline)
    holding.end_late()
    assert hold.why == "timeout"


def test_what_runs_outlives_a_clock_that_jumps(
    alice: User, bench: Bench, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that jumps before the worker has looked at anything: in a process that knows no earlier time."""
    monkeypatch.setattr(reconcile, "_time", clock.TimeOfDay())
    monkeypatch.setattr(reconcile, "DUE_SECONDS", 3.0)
    tries: list[str] = []

    def fail_once(work: Work) -> str:
        tries.append(work.task)
        if len(tries) == 1:
            raise TaskFailure("timeout", "", is_retryable=True)
        return "through"

    bench.acts = {"long": bench.held_up, "again": fail_once}
    with worker():
        long = go(alice, make_flow(alice, [node("long")]), now=None)
        assert bench.wait_for(lambda: "long" in bench.begun)
        set_clock(timedelta(days=2))
        assert ended(go(alice, make_flow(alice, [node("again", retries=1)]), now=None)).state == "done"
        bench.gate.set()
        assert ended(long).state == "done"


def test_what_was_queued_before_a_clock_was_put_right_is_found(alice: User) -> None:
    go(alice, make_flow(alice, [node("a")]), now=NOW + timedelta(minutes=1))

    assert unhanded(NOW) == []  # it may have been queued while others were looked at
    assert len(unhanded(NOW - timedelta(microseconds=1))) == 1


@pytest.mark.parametrize("by", [timedelta(0), AHEAD])
def test_what_was_handed_before_a_clock_was_put_right_and_is_lost_is_handed_again(alice: User, by: timedelta) -> None:
    go(alice, make_flow(alice, [node("a")]), now=None)
    mark_handed(unhanded(database_time() + timedelta(hours=1)), now=database_time() + by)
    engine = Idle()
    sweeper(engine).hand_what_is_lost()

    assert len(engine.handed) == 1


def test_what_backed_off_before_a_clock_was_put_right_is_tried_again(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a", retries=1)]))
    later = TaskFailure("timeout", "", is_retryable=True, retry_after=7200)  # of which an hour is granted
    settle(claim(run, "a"), later, now=NOW)

    assert due(NOW - timedelta(minutes=1)) == 0
    assert due(NOW - timedelta(minutes=1, microseconds=1)) == 1
    assert states(run) == {"a": "queued"}


def test_what_was_begun_before_a_clock_was_put_right_and_is_held_by_none_is_taken_back(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a")]))
    claim(run, "a", worker="me", now=database_time() + AHEAD)
    sweeper(Idle()).find_my_orphans()

    assert states(run) == {"a": "queued"}


def test_what_is_looked_at_now_and_then_does_not_stand_still(alice: User) -> None:
    sensor = listen(alice.pk, sensing(alice.pk, source="polling", endpoint="https://example.org/", interval_ms=600_000))
    latest = NOW + timedelta(seconds=660)
    for failures, due_at, moved_to in [
        (0, latest, latest),
        (0, latest + timedelta(microseconds=1), NOW),
        (1, latest + timedelta(microseconds=1), latest + timedelta(microseconds=1)),
        (1, NOW + timedelta(minutes=61, microseconds=1), NOW),
    ]:
        Trigger.objects.update(due_at=due_at, failures=failures)
        assert put_right(NOW) == (due_at != moved_to)
        sensor.refresh_from_db()
        assert sensor.due_at == moved_to


def test_where_the_only_worker_has_stopped_it_is_told_though_the_clock_was_put_back(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a")]), now=None)
    enrolled("stopped", at=database_time() + AHEAD)
    WorkerWatch().look()

    assert task_of(run, "a").reason
