"""What runs keep is bounded: by flow, and by the person who answers for them; what is forgotten makes room."""

from dataclasses import replace
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.acting import acting_as, acting_in
from accounts.models import User
from accounts.principals import Person
from flows.commands import delete_flow, remove_member
from flows.commands.purging import purge_flow
from runs.commands import forget_old_runs, save_checkpoint, settle, start_run
from runs.commands.storage import STEP
from runs.errors import TaskFailure
from runs.kinds import Done
from runs.models import Blob, FlowRunStorage, PersonRunStorage, Run, RunEvent
from tests.runs.hands import NOW, claim, go, make_flow, node, task_of
from web.errors import Problem

pytestmark = pytest.mark.django_db
LONG = "x" * (2 * STEP)


def kept(run: Run) -> int:
    run.refresh_from_db()
    return run.storage


def totals() -> tuple[dict[object, int], dict[object, int]]:
    """Return what is counted for each flow and each person that keeps anything."""
    flows = FlowRunStorage.objects.exclude(storage=0).values_list("flow", "storage")
    return dict(flows), dict(PersonRunStorage.objects.exclude(storage=0).values_list("user", "storage"))


def summed() -> tuple[dict[object, int], dict[object, int]]:
    """Return the same by a sum over all runs."""
    counted = Run.objects.order_by().exclude(counted=0)
    by_flow = counted.values_list("flow").annotate(models.Sum("counted"))
    by_person = counted.exclude(responsible=None).values_list("responsible").annotate(models.Sum("counted"))
    return dict(by_flow), dict(by_person)


def is_counted() -> bool:
    """Whether the totals are the sums, and no run keeps a step more than they know."""
    rows = Run.objects.values_list("state", "storage", "counted")
    return totals() == summed() and all(
        0 <= size - known < (STEP, 1)[state in Run.ENDED] for state, size, known in rows
    )


@pytest.mark.parametrize("limit", ["run_storage_per_flow", "run_storage_per_person"])
def test_runs_keep_up_to_a_limit_and_no_more(alice: User, settings: Settings, limit: str) -> None:
    flow = make_flow(alice, [node("a", on_error="go_on")])
    measured = go(alice, flow)
    before = kept(measured)
    settle(claim(measured, "a"), Done(LONG), now=NOW)
    assert kept(measured) - before > len(LONG) + 2
    assert Blob.objects.filter(run=measured).count() == 1
    grown = len(LONG) + 2 + len(task_of(measured, "a").output or "")

    for over, state in ((1, "failed"), (0, "done")):
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, **{limit: 1 << 40})
        run = go(alice, flow)
        claimed = claim(run, "a")
        held = sum(map(kept, Run.objects.all()))
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, **{limit: held + grown - over})
        settle(claimed, Done(LONG), now=NOW)
        assert (task_of(run, "a").state, task_of(run, "a").error_code) == (state, "limit_reached" if over else "")


def test_where_all_is_kept_no_run_begins_until_some_are_forgotten(alice: User, settings: Settings) -> None:
    flow = make_flow(alice, [node("a")])
    run = go(alice, flow)
    settle(claim(run, "a"), Done(LONG), now=NOW)
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, run_storage_per_flow=kept(run) + 1)

    with pytest.raises(Problem) as refused:
        start_run(Person(alice.pk), flow.pk)
    assert refused.value.code == "limit_reached"

    assert forget_old_runs(NOW + timedelta(days=400)) == 1
    assert start_run(Person(alice.pk), flow.pk).is_new


def test_checkpoints_count_and_the_same_value_counts_once(alice: User, settings: Settings) -> None:
    run = go(alice, make_flow(alice, [node("a")]))
    claimed = claim(run, "a")
    save_checkpoint(claimed, "one", LONG, now=NOW)
    once = kept(run)
    save_checkpoint(claimed, "two", LONG, now=NOW)
    assert kept(run) - once < 1_000

    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, run_storage_per_flow=kept(run) + STEP)
    with pytest.raises(TaskFailure) as failed:
        save_checkpoint(claimed, "three", LONG + "y", now=NOW)
    assert failed.value.code == "limit_reached"


def test_events_count(alice: User) -> None:
    run = go(alice, make_flow(alice, [node("a")]))

    assert kept(run) >= 100 * RunEvent.objects.filter(run=run).count()


def test_totals_know_all_but_a_step_of_each_open_run(alice: User, bob: User) -> None:
    flow = make_flow(alice, [node("a"), node("b"), node("end", "output")], "a>b", "b>end", editor=bob)
    mine, theirs = go(alice, flow), go(bob, flow)
    assert totals() == ({}, {})

    settle(claim(mine, "a"), Done("x" * 1_000), now=NOW)
    assert totals() == ({}, {}) and is_counted()
    settle(claim(theirs, "a"), Done(LONG), now=NOW)
    assert totals() == ({flow.pk: kept(theirs)}, {bob.pk: kept(theirs)})
    for run in (mine, theirs):
        settle(claim(run, "b"), Done("x" * 100), now=NOW)

    assert totals() == ({flow.pk: kept(mine) + kept(theirs)}, {alice.pk: kept(mine), bob.pk: kept(theirs)})
    assert is_counted()
    later = NOW + timedelta(days=400)
    assert forget_old_runs(later, limit=1) == 1 and is_counted()
    assert forget_old_runs(later) == 1 and totals() == ({}, {})


def test_what_goes_with_a_flow_makes_room_for_its_people(alice: User, bob: User) -> None:
    flows = [make_flow(alice, [node("a")], editor=bob) for _ in range(2)]
    for flow in flows:
        for person in (alice, bob):
            settle(claim(go(person, flow), "a"), Done(LONG), now=NOW)
    delete_flow(Person(alice.pk), flows[0].pk)
    purge_flow(Person(alice.pk), flows[0].pk)

    assert is_counted()
    assert totals()[0].keys() == {flows[1].pk} and totals()[1].keys() == {alice.pk, bob.pk}


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_persons_limit_holds_whoever_the_database_is_asked_for(
    alice: User, bob: User, settings: Settings, is_shared: bool
) -> None:
    first, second = make_flow(bob, [node("a")], editor=alice), make_flow(alice, [node("a")])
    run = go(alice, first)
    settle(claim(run, "a"), Done(LONG), now=NOW)
    if not is_shared:
        remove_member(Person(bob.pk), first.pk, user_id=alice.pk)
    other = go(alice, second)
    claimed = claim(other, "a")
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, run_storage_per_person=kept(run) + 1)

    with acting_in(second.pk), pytest.raises(TaskFailure) as failed:
        save_checkpoint(claimed, "one", LONG, now=NOW)
    with acting_as(Person(alice.pk)), pytest.raises(Problem) as refused:
        start_run(Person(alice.pk), second.pk, input={})

    assert (failed.value.code, refused.value.code) == ("limit_reached", "limit_reached")


def test_open_runs_count_also_in_flows_that_one_may_not_see_any_more(
    alice: User, bob: User, settings: Settings
) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, open_runs_per_person=1)
    lost, own = make_flow(bob, [node("a")], editor=alice), make_flow(alice, [node("a")])
    go(alice, lost)
    remove_member(Person(bob.pk), lost.pk, user_id=alice.pk)

    with acting_as(Person(alice.pk)), pytest.raises(Problem) as refused:
        start_run(Person(alice.pk), own.pk)
    assert refused.value.code == "rate_limited"


def test_a_run_whose_output_has_no_room_fails(alice: User, settings: Settings) -> None:
    nodes = [node("a"), node("one", "output"), node("two", "output")]
    flow = make_flow(alice, nodes, "a>one", "a>two")
    states = {}
    for more in (0, 3 * len(LONG)):
        run = go(alice, flow)
        claimed = claim(run, "a")
        held = sum(map(kept, Run.objects.all()))
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, run_storage_per_flow=held + 2 * len(LONG) + more)
        settle(claimed, Done(LONG), now=NOW)
        kept(run)
        states[more] = (run.state, run.output is None, "which is all they may" in run.reason)
    assert states == {0: ("failed", True, True), 3 * len(LONG): ("done", False, False)}
    assert is_counted()


def test_what_is_kept_costs_the_same_however_many_runs_there_are(alice: User) -> None:
    flow = make_flow(alice, [node("a")])
    given = []
    for count in (1, 20):
        for _ in range(count):
            settle(claim(go(alice, flow), "a"), Done(1), now=NOW)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            settle(claim(go(alice, flow), "a"), Done([LONG, count]), now=NOW)
        statements = [one["sql"] for one in queries.captured_queries]
        assert not [sql for sql in statements if "SUM(" in sql.upper()]
        assert len([sql for sql in statements if "runs_blob" in sql]) == 2
        given.append(len(statements))
    assert given[0] == given[1]


def test_runs_from_before_are_counted_once(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = make_flow(alice, [node("a")], editor=bob)
    runs = [go(person, flow) for person in (alice, bob, bob)]
    for run in runs[:2]:
        settle(claim(run, "a"), Done(LONG), now=NOW)
    Run.objects.update(storage=0, counted=0, responsible=None)
    FlowRunStorage.objects.all().delete()
    PersonRunStorage.objects.all().delete()
    filling = import_module("runs.migrations.0008_fill_storage")
    monkeypatch.setattr(filling, "CHUNK", 1)

    for _ in range(2):
        filling.fill(apps, connection.schema_editor())
        assert is_counted()
        assert totals() == ({flow.pk: 2 * (len(LONG) + 2)}, dict.fromkeys((alice.pk, bob.pk), len(LONG) + 2))
    assert {run.actor_id: run.responsible_id for run in Run.objects.all()} == {alice.pk: alice.pk, bob.pk: bob.pk}


def test_the_admin_shows_the_totals_whatever_the_list_is_filtered_by(admin_client: Client, alice: User) -> None:
    flow = make_flow(alice, [node("a")])
    ended, opened = go(alice, flow), go(alice, flow)
    settle(claim(ended, "a"), Done(LONG), now=NOW)
    Run.objects.filter(pk=opened.pk).update(responsible=None)
    FlowRunStorage.objects.update(storage=3 << 20)
    PersonRunStorage.objects.update(storage=5 << 20)

    for page in ("", "?state__exact=done", f"{ended.pk}/change/"):
        with CaptureQueriesContext(connection) as queries:
            shown = admin_client.get(f"/admin/runs/run/{page}").content.decode().replace("\xa0", " ")
        assert "3.0 MB" in shown and "5.0 MB" in shown, page
        assert not [one for one in queries.captured_queries if "SUM(" in one["sql"].upper()]
    nobodys = admin_client.get(f"/admin/runs/run/{opened.pk}/change/").content.decode().replace("\xa0", " ")
    assert "3.0 MB" in nobodys and "5.0 MB" not in nobodys
