"""Schedules: each due time is one run, over several processes and restarts; of those that were missed only the last."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from accounts.acting import as_system
from accounts.models import User
from accounts.principals import Person
from flows import commands
from runs.models import Run, Trigger
from runs.triggers import put_right
from runs.triggers.commands import change_trigger
from runs.triggers.schedules import read_schedule
from runs.triggers.ticking import AT_ONCE, fire_schedule, pause, tick
from tests.runs.listening import inputs, listen, sensing, set_sensor
from web.deferred_translation import said
from web.errors import Problem

pytestmark = pytest.mark.django_db


def every_hour(alice: User, **settings: Any) -> Trigger:
    flow = sensing(alice.pk, source="schedule", cron="0 * * * *", **settings)
    return listen(alice.pk, flow)


def after(trigger: Trigger, **more: float) -> datetime:
    trigger.refresh_from_db()
    assert trigger.next_at is not None
    return trigger.next_at + timedelta(**more)


def wait_refused(cron: object, zone: object) -> str:
    with pytest.raises(Problem) as refused:
        read_schedule(cron, zone)
    assert refused.value.code == "invalid"
    return refused.value.message


@pytest.mark.parametrize(
    "cron",
    [
        None,
        "",
        5,
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "x * * * *",
        "0 0 30 2 *",
        "0 0 31 4,6 *",
        "@daily",
        "0 " * 200,
    ],
)
def test_what_is_no_cron_is_refused(cron: object) -> None:
    assert wait_refused(cron, "UTC").startswith("cron:")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", 7, "Európe", "x" * 5000])
def test_what_is_no_time_zone_is_refused(zone: object) -> None:
    assert wait_refused("0 9 * * *", zone).startswith("time_zone:")


def test_a_schedule_goes_by_the_clock_of_its_zone() -> None:
    schedule = read_schedule("30 9 * * 1-5", "Europe/Berlin")

    friday = datetime(2026, 3, 27, 8, 30, tzinfo=UTC)
    assert schedule.after(friday - timedelta(seconds=1)) == friday
    assert schedule.after(friday) == datetime(2026, 3, 30, 7, 30, tzinfo=UTC)
    assert schedule.last(friday) == friday
    assert schedule.last(friday + timedelta(days=2)) == friday
    assert schedule.last(friday - timedelta(microseconds=1)) == friday - timedelta(days=1)


@pytest.mark.parametrize("cron", ["30 2 * * *", "0 * * * *", "*/15 2 * * *", "0 0,2,3 * * *", "59 23 31 12 *"])
def test_forwards_and_backwards_are_the_same_times_when_clocks_are_changed(cron: str) -> None:
    for zone in ("Europe/Berlin", "America/New_York", "Pacific/Chatham"):
        for month in (3, 4, 10, 11):
            _check_both_ways(cron, zone, month)


def _check_both_ways(cron: str, zone: str, month: int) -> None:
    schedule, times = read_schedule(cron, zone), []
    at, end = datetime(2026, month, 1, tzinfo=UTC), datetime(2026, month, 30, tzinfo=UTC)
    while (at := schedule.after(at)) and at < end:  # type: ignore[assignment]
        times.append(at)

    back, at = [], end - timedelta(seconds=1)
    while (found := schedule.last(at)) and found > datetime(2026, month, 1, tzinfo=UTC):
        back.append(found)
        at = found - timedelta(seconds=1)
    assert back[::-1] == times


def test_the_next_time_lies_ahead_also_in_the_hour_that_comes_twice() -> None:
    for minutes in range(0, 180, 7):
        moment = datetime(2026, 10, 25, 0, tzinfo=UTC) + timedelta(minutes=minutes)
        found = read_schedule("30 2 * * *", "Europe/Berlin").after(moment)
        assert found is not None
        assert found > moment


def test_it_is_fired_when_it_is_due_and_not_before(alice: User) -> None:
    trigger = every_hour(alice)
    due = after(trigger)

    assert tick(due - timedelta(microseconds=1)) == 0
    assert tick(due) == 1
    assert tick(due) == 0
    assert after(trigger) == due + timedelta(hours=1)
    (run,) = Run.objects.all()
    assert (run.trigger, run.version) == ("schedule", 1)
    assert inputs(trigger.flow) == [{"at": due.isoformat().replace("+00:00", "Z"), "time_zone": "UTC"}]


def test_of_those_that_were_missed_only_the_last_is_fired(alice: User) -> None:
    trigger = every_hour(alice)
    due = after(trigger)

    assert tick(due + timedelta(hours=50, minutes=20)) == 1
    assert [given["at"] for given in inputs(trigger.flow)] == [
        (due + timedelta(hours=50)).isoformat().replace("+00:00", "Z")
    ]
    assert after(trigger) == due + timedelta(hours=51)


def test_a_clock_that_is_put_back_fires_nothing_again(alice: User) -> None:
    trigger = every_hour(alice)
    due = after(trigger)
    tick(due + timedelta(hours=3))

    assert tick(due + timedelta(hours=1)) == 0
    assert tick(due + timedelta(hours=3)) == 0
    assert tick(due + timedelta(hours=4)) == 1


def test_a_clock_that_was_ahead_and_is_put_right_lets_no_schedule_stand_still(alice: User) -> None:
    trigger = every_hour(alice)
    due = after(trigger)
    tick(due + timedelta(days=365))

    now = due + timedelta(minutes=10)
    assert put_right(now) == 1
    assert put_right(now) == 0
    assert after(trigger) == due + timedelta(hours=1)
    assert tick(due + timedelta(minutes=59)) == 0
    assert tick(due + timedelta(hours=1)) == 1


def test_one_that_failed_while_a_clock_was_ahead_waits_no_longer_than_after_a_failure(alice: User) -> None:
    trigger = every_hour(alice, stays_open=True, queue_size=1)
    due = after(trigger)
    tick(due)
    assert tick(due + timedelta(days=365)) == 0
    Run.objects.update(state="done")

    now = due + timedelta(minutes=10)
    assert put_right(now) == 1
    assert after(trigger) == due + timedelta(hours=1)
    assert tick(now + timedelta(hours=1)) == 1
    assert inputs(trigger.flow)[-1]["at"] == (due + timedelta(hours=1)).isoformat().replace("+00:00", "Z")


def test_a_schedule_that_is_due_when_it_says_so_is_left_alone(alice: User) -> None:
    trigger = listen(alice.pk, sensing(alice.pk, source="schedule", cron="0 0 29 2 *"))
    broken = every_hour(alice)
    due = after(trigger)
    Trigger.objects.filter(pk=broken.pk).update(options="{}")

    put_right(due - timedelta(days=300))
    assert after(trigger) == due


def test_what_is_off_or_of_a_deleted_flow_is_not_fired(alice: User) -> None:
    trigger, other = every_hour(alice), every_hour(alice)
    due = after(trigger)
    change_trigger(Person(alice.pk), trigger.flow_id, trigger.pk, enabled=False)
    commands.delete_flow(Person(alice.pk), other.flow_id)

    assert tick(due + timedelta(days=1)) == 0
    change_trigger(Person(alice.pk), trigger.flow_id, trigger.pk, enabled=True)
    assert tick(after(trigger) - timedelta(seconds=1)) == 0
    assert tick(after(trigger)) == 1


def test_it_stays_on_its_version_until_it_is_moved(alice: User) -> None:
    trigger = every_hour(alice)
    version = set_sensor(alice.pk, trigger.flow, cron="30 * * * *")

    due = after(trigger)
    assert due.minute == 0
    tick(due)
    assert Run.objects.get().version == 1
    change_trigger(Person(alice.pk), trigger.flow_id, trigger.pk, version=version)
    assert after(trigger).minute == 30
    tick(after(trigger))
    assert sorted(Run.objects.values_list("version", flat=True)) == [1, version]


def test_a_full_queue_makes_it_wait_and_the_last_due_time_comes_then(alice: User) -> None:
    trigger = every_hour(alice, stays_open=True, queue_size=1)
    due = after(trigger)
    tick(due)

    late = due + timedelta(hours=1)
    assert tick(late) == 0
    trigger.refresh_from_db()
    assert trigger.last_error
    assert trigger.failures == 1
    assert tick(late + timedelta(seconds=1)) == 0
    Run.objects.update(state="done")
    assert tick(late + timedelta(minutes=5)) == 1
    trigger.refresh_from_db()
    assert (trigger.last_error, trigger.failures) == ("", 0)
    assert inputs(trigger.flow)[-1]["at"] == late.isoformat().replace("+00:00", "Z")


def test_one_that_cannot_be_fired_stops_no_other(alice: User) -> None:
    broken, good = every_hour(alice), every_hour(alice)
    Trigger.objects.filter(pk=broken.pk).update(options="{}")

    assert tick(after(good)) == 1
    broken.refresh_from_db()
    assert said(broken.last_error).startswith("cron:")
    assert broken.due_at > after(good) - timedelta(hours=1)
    assert Run.objects.get().flow_id == good.flow_id


def test_who_has_many_schedules_lets_that_of_another_have_its_turn(alice: User, bob: User) -> None:
    last = [every_hour(alice) for _ in range(AT_ONCE + 1)][-1]
    others = every_hour(bob)
    now = after(last)
    Trigger.objects.filter(created_by=alice).update(next_at=now, due_at=now - timedelta(seconds=1))
    Trigger.objects.filter(created_by=bob).update(next_at=now, due_at=now)

    assert tick(now) == AT_ONCE

    assert len(inputs(others.flow)) == 1
    assert tick(now) == 2


def test_a_defect_is_told_shortly_and_waits_longer_each_time(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger = every_hour(alice)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr("runs.triggers.firing.start_run", broken)
    now = after(trigger)
    for number in range(1, 4):
        assert tick(now) == 0
        trigger.refresh_from_db()
        assert trigger.failures == number
        assert "secret" not in trigger.last_error
        now = trigger.due_at
    assert Run.objects.count() == 0
    assert [round(pause(number).total_seconds()) <= 5 * 2 ** (number - 1) for number in (1, 2, 3)] == [True] * 3
    assert pause(500) <= timedelta(hours=1)


@pytest.mark.django_db(transaction=True)
def test_two_processes_fire_each_due_time_once(alice: User) -> None:
    trigger = every_hour(alice)
    due, barrier = after(trigger), Barrier(4)
    fired: list[int] = []

    @as_system
    def process() -> None:
        try:
            for hour in range(5):
                barrier.wait(30)
                fired.append(fire_schedule(trigger.pk, due + timedelta(hours=hour)))
        finally:
            connection.close()

    threads = [Thread(target=process) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)

    assert sum(fired) == 5
    hours = [(due + timedelta(hours=hour)).isoformat().replace("+00:00", "Z") for hour in range(5)]
    assert [given["at"] for given in inputs(trigger.flow)] == hours
