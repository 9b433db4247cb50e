"""The parts of a worker alone: the beat and its fence, holding, doing together, locks, health."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from django.db import connection

from flows.limits import Limits
from runs.commands import Claimed
from runs.engine import claiming
from runs.engine.claiming import Claim, Listening
from runs.plan import Step
from runs.work import health, heartbeat, reconcile
from runs.work.batching import Batching
from runs.work.health import Measured, SandboxFailures
from runs.work.heartbeat import Heartbeat, Ousted
from runs.work.held_tasks import HeldTasks, Hold
from runs.work.locks import FileLock, is_free
from runs.work.reconcile import SILENT, Reconciler
from runs.work.registry import Seen
from tests.runs.working import data_dir

__all__ = ["data_dir"]
PATIENCE = 10.0


class Heart:
    """A beat that does what a test says, and remembers the end."""

    def __init__(self) -> None:
        self.act: Callable[[], None] = lambda: None
        self.beats = 0
        self.why: list[str] = []
        self.over = threading.Event()
        self.finished = threading.Event()
        self.heartbeat = Heartbeat(self._beat, self._given_up, self.finished.set)

    def _beat(self) -> None:
        self.beats += 1
        self.act()

    def _given_up(self, why: str) -> None:
        self.why.append(why)
        self.over.set()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a second be a twentieth."""
    for name in ("BEAT_SECONDS", "FENCE_SECONDS", "WATCH_SECONDS", "AGAIN_SECONDS"):
        monkeypatch.setattr(heartbeat, name, getattr(heartbeat, name) / 20)


def fail() -> None:
    raise ConnectionError("away")


def test_a_first_beat_that_fails_is_told(quick: None) -> None:
    heart = Heart()
    heart.act = fail

    with pytest.raises(ConnectionError):
        heart.heartbeat.start()

    heart.heartbeat.stop()
    assert heart.finished.is_set()
    assert not heart.why


def test_a_worker_whose_beats_fail_is_given_up_once(quick: None) -> None:
    heart = Heart()
    heart.heartbeat.start()
    assert heart.heartbeat.is_alive
    heart.act = fail

    assert heart.over.wait(PATIENCE)

    assert not heart.heartbeat.is_alive
    assert heart.heartbeat.has_failed
    assert heart.finished.wait(PATIENCE)
    assert heart.why == ["silent"]


def test_a_beat_that_hangs_is_not_waited_for(quick: None) -> None:
    heart, hangs = Heart(), threading.Event()
    heart.heartbeat.start()

    def hang() -> None:
        hangs.wait(PATIENCE)

    heart.act = hang

    assert heart.over.wait(PATIENCE)

    assert heart.why == ["silent"]
    assert not heart.finished.is_set()
    hangs.set()
    assert heart.finished.wait(PATIENCE)
    assert not heart.heartbeat.is_alive


def test_a_beat_that_comes_too_late_revives_nobody(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after SIGCONT, when the beat may run before the watch does."""
    monkeypatch.setattr(heartbeat, "WATCH_SECONDS", PATIENCE)
    heart, late = Heart(), threading.Event()
    heart.heartbeat.start()

    def be_late() -> None:
        late.wait(2 * heartbeat.FENCE_SECONDS)

    heart.act = be_late

    assert heart.over.wait(PATIENCE)
    assert not heart.heartbeat.is_alive


def test_who_was_declared_dead_is_ousted(quick: None) -> None:
    heart = Heart()
    heart.heartbeat.start()

    def be_dead() -> None:
        raise Ousted

    heart.act = be_dead

    assert heart.over.wait(PATIENCE)
    assert heart.why == ["ousted"]


def test_a_failure_is_remembered_until_beats_succeed_again(quick: None) -> None:
    heart = Heart()
    heart.heartbeat.start()
    failed = threading.Event()

    def fail_once() -> None:
        heart.act = lambda: None
        failed.set()
        fail()

    heart.act = fail_once
    assert failed.wait(PATIENCE)
    beats = heart.beats
    ticking = threading.Event()
    while heart.beats < beats + 2:
        ticking.wait(0.01)

    assert heart.heartbeat.has_failed
    assert 0 <= heart.heartbeat.well_for() < PATIENCE
    assert heart.heartbeat.is_alive
    heart.heartbeat.stop()
    assert not heart.why


def claimed(id: str = "a#1") -> Claimed:
    step = Step("a", "skill", "A", {}, ("in",), ("out",))
    return Claimed(
        id=id,
        task="a",
        claim=1,
        worker="w1",
        attempt=1,
        run=uuid4(),
        flow=uuid4(),
        step=step,
        path="",
        names={},
        prev=None,
        seconds=60.0,
        checkpoints={},
    )


def test_what_ends_a_call_is_called_once_and_the_first_reason_counts() -> None:
    ends: list[str] = []
    hold = Hold(claimed())
    hold.on_cancel(lambda: ends.append("early"))

    hold.end("timeout")
    hold.end("cancelled")
    hold.on_cancel(lambda: ends.append("late"))

    assert (hold.why, ends, hold.cancelled.is_set()) == ("timeout", ["early", "late"], True)


def test_an_end_that_raises_stops_no_other() -> None:
    ends: list[str] = []
    hold = Hold(claimed())
    hold.on_cancel(fail)
    hold.on_cancel(lambda: ends.append("second"))

    hold.end("cancelled")

    assert ends == ["second"]


def test_what_is_let_go_is_not_held() -> None:
    holding = HeldTasks()
    hold = holding.add(claimed())
    assert holding.ids() == ["a#1"]

    holding.remove(hold)

    assert holding.ids() == []


def test_what_waits_is_done_together_and_each_gets_its_own_answer() -> None:
    calls: list[list[int]] = []
    first, go_on = threading.Event(), threading.Event()

    def double(numbers: Sequence[int]) -> list[int]:
        calls.append(list(numbers))
        first.set()
        go_on.wait(PATIENCE)
        return [2 * number for number in numbers]

    together = Batching[int, int](double, of=lambda _number: "all")
    answers: dict[int, int] = {}
    threads = [threading.Thread(target=lambda n=n: answers.update({n: together(n)})) for n in range(6)]  # type: ignore[misc]
    threads[0].start()
    assert first.wait(PATIENCE)
    for thread in threads[1:]:
        thread.start()
    while len(together._lines["all"].wishes) < 5:
        threading.Event().wait(0.001)
    go_on.set()
    for thread in threads:
        thread.join(PATIENCE)

    assert answers == {number: 2 * number for number in range(6)}
    assert [len(call) for call in calls] == [1, 5]


def test_what_is_wanted_of_another_thing_does_not_wait() -> None:
    is_held, let_go = threading.Event(), threading.Event()

    def hold(numbers: Sequence[int]) -> list[int]:
        if 0 in numbers:
            is_held.set()
            assert let_go.wait(PATIENCE)
        return list(numbers)

    together = Batching[int, int](hold, of=lambda number: number)
    waiting = threading.Thread(target=together, args=(0,))
    waiting.start()
    assert is_held.wait(PATIENCE)

    assert together(1) == 1
    assert list(together._lines) == [0]
    let_go.set()
    waiting.join(PATIENCE)
    assert not together._lines


def test_what_cannot_be_done_stops_no_other() -> None:
    hold_up = threading.Event()

    def halve(numbers: Sequence[int]) -> list[int]:
        hold_up.wait(0.2)
        return [100 // number for number in numbers]

    together = Batching[int, int](halve, of=lambda _number: "all")
    answers: dict[int, object] = {}

    def ask(number: int) -> None:
        try:
            answers[number] = together(number)
        except ZeroDivisionError:
            answers[number] = "refused"

    threads = [threading.Thread(target=ask, args=(number,)) for number in (5, 0, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert answers == {5: 20, 0: "refused", 2: 50}


@pytest.mark.sqlite
@pytest.mark.django_db
def test_a_file_lock_is_free_when_its_process_is_gone(data_dir: Path) -> None:
    assert is_free("nobody.lock")
    lock = FileLock("w1")
    assert not is_free(lock.name)

    child = os.fork()
    if child == 0:
        FileLock("w2")
        os._exit(0)
    os.waitpid(child, 0)

    assert (data_dir / "workers" / "w2.lock").exists()
    assert is_free("w2.lock")
    lock.let_go()
    lock.let_go()
    assert is_free(lock.name)


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (Measured(), "healthy"),
        (Measured(memory=0.7), "degraded"),
        (Measured(processor=0.95), "unhealthy"),
        (Measured(disk=0.9), "unhealthy"),
        (Measured(sandbox_failures=4), "healthy"),
        (Measured(sandbox_failures=5), "degraded"),
    ],
)
def test_health_is_the_worst_of_all(measured: Measured, expected: str) -> None:
    assert measured.health == expected


def test_an_unhealthy_worker_claims_nothing() -> None:
    assert not Measured(memory=0.9).may_claim
    assert not Measured(disk=0.9).may_claim
    assert Measured(processor=1.0).may_claim
    assert Measured(memory=0.8).may_claim
    assert Measured(sandbox_failures=5).may_claim


def test_a_sandbox_that_fails_closes_the_worker_to_those_alone_whose_tasks_met_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(health, "elapsed", lambda: now[0])
    failures = SandboxFailures()

    for places in (8, 8, 8, 8, 8, 0):
        assert failures.most_each("bob", 8) == places
        failures.note("bob", failed=True)
    failures.note("alice", failed=True)
    failures.note("alice", failed=False)
    assert (failures.most_each("bob", 8), failures.most_each("alice", 8), failures.worst()) == (0, 8, 6)

    now[0] += health.PROBE_SECONDS
    assert failures.most_each("bob", 8) == 1
    failures.note("bob", failed=True)
    assert failures.most_each("bob", 8) == 0
    failures.note("bob", failed=False)
    assert (failures.most_each("bob", 8), failures.worst()) == (8, 0)


def test_failures_of_so_many_accounts_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "MOST_ACCOUNTS", 2)
    failures = SandboxFailures()

    for account in ("first", "second", "third"):
        for _ in range(health.SANDBOX_FAILURES):
            failures.note(account, failed=True)

    assert [failures.most_each(account, 8) for account in ("first", "second", "third")] == [8, 0, 0]


def test_one_person_has_a_share_of_the_places_and_with_a_busy_processor_a_quarter() -> None:
    assert [Measured().most_each(capacity, 75) for capacity in (1, 2, 3, 4, 8, 16)] == [1, 1, 2, 3, 6, 12]
    assert [Measured().most_each(capacity, Limits().places_per_person) for capacity in (1, 2, 8, 100)] == [1, 1, 7, 99]
    assert [Measured().most_each(capacity, 100) for capacity in (1, 2, 8)] == [1, 2, 8]
    assert Measured().most_each(8, 200) == 8
    assert [Measured(processor=0.9).most_each(capacity, 75) for capacity in (1, 4, 8)] == [1, 1, 2]


def test_what_is_measured_is_a_share(tmp_path: Path) -> None:
    found = health.measure(tmp_path)

    assert all(0 <= share <= 1 for share in (found.processor, found.memory, found.disk))


# Looking for work.


def listening() -> Listening:
    return Listening(
        lambda id: None,
        worker="w",
        labels=frozenset(),
        capacity=8,
        may_begin=lambda: True,
        most_each=lambda _account: 8,
    )


def test_who_is_at_nothing_looks_at_once_when_something_is_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "BUSY_POLL_SECONDS", 60.0)
    idle = listening()
    idle.wake()

    assert idle.pause() == claiming.LEAST_POLL_SECONDS
    begun: list[Claim] = []
    idle.claim(
        "any",
        lambda: ["person 1"],
        lambda one, room: [Claim(f"a{at}", "owner", one) for at in range(room)],
        begun.append,
    )
    assert [claim.id for claim in begun] == [f"a{at}" for at in range(8)]


def test_who_is_at_several_tasks_takes_what_comes_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "BUSY_POLL_SECONDS", 0.2)
    busy = listening()
    busy.claim(
        "any", lambda: ["person 1"], lambda one, _room: [Claim("a", "o", one), Claim("b", "o", one)], lambda _: None
    )
    busy.wake()
    began = time.monotonic()

    busy.pause()

    assert time.monotonic() - began >= 0.19


def judge(*, well_for: float = 3600.0) -> Reconciler:
    steady = SimpleNamespace(heartbeat=SimpleNamespace(well_for=lambda: well_for, has_failed=False), id="me")
    return Reconciler(cast("Any", None), cast("Any", steady))


def seen_silent(silent: float, *, lock: str) -> Seen:
    now = datetime.now(UTC)
    return Seen("other", "ready", frozenset(), lock, 1, now - timedelta(seconds=silent), silent, now)


@pytest.mark.django_db
@pytest.mark.parametrize("silent", [3600.0, -3600.0])
def test_a_clock_that_is_set_makes_nobody_dead_who_beats_and_hides_nobody_who_does_not(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, silent: float
) -> None:
    now = [100.0]
    monkeypatch.setattr(reconcile, "elapsed", lambda: now[0])
    monkeypatch.setattr(reconcile, "is_free", lambda _lock: False)
    reconciler = judge()
    beats = stands_still = seen_silent(silent, lock="8999")

    for second in range(10):
        seen = replace(beats, beat_at=beats.beat_at + timedelta(seconds=second))
        reconciler.note_beats([seen])
        assert not reconciler.is_dead(seen)
        now[0] += 1.0
    for is_dead in (False, False, False, False, True):
        reconciler.note_beats([stands_still])
        assert reconciler.is_dead(stands_still) is is_dead
        now[0] += 1.0


@pytest.mark.parametrize(
    ("silent", "is_dead"), [(1.0, False), (5.0, True), (2.0, True), (-1.0, False), (-3600.0, True)]
)
@pytest.mark.django_db
def test_a_free_lock_tells_of_a_dead_worker_though_the_clock_was_put_back(
    data_dir: Path, silent: float, is_dead: bool
) -> None:
    reconciler = judge()
    seen = seen_silent(silent, lock="8999")

    assert reconciler.is_dead(seen) is is_dead
    assert reconciler.is_first([seen]) is False
    me = replace(seen, id="me", silent=0.0)
    assert reconciler.is_first([seen, me]) is (abs(silent) >= SILENT)


@pytest.mark.django_db
def test_who_has_just_begun_believes_a_free_lock_unless_all_locks_may_have_been_freed(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconciler = judge(well_for=0.5)
    silent = seen_silent(2.0, lock="8999")

    monkeypatch.setattr(reconcile, "GRACE", 86_400.0 * 365)  # no PostgreSQL of the tests is as old as that
    assert reconciler.is_dead(silent) is (connection.vendor == "sqlite")
    monkeypatch.setattr(reconcile, "GRACE", 0.6)
    assert reconciler.is_dead(silent)
    monkeypatch.setattr(reconcile, "is_free", lambda _lock: False)
    assert not reconciler.is_dead(silent)
