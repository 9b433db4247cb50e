"""Triggers by REST: owners alone; taken from a version and kept there; a hook's address is shown and stored nowhere."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.models import Flow
from runs.models import Run, Trigger, TriggerEvent
from runs.triggers.ticking import forget_old_events
from tests.api.conftest import Program
from tests.runs.listening import listen, sensing, set_sensor

pytestmark = pytest.mark.django_db
Refused = Callable[..., Any]


@pytest.fixture
def hooked(alice: User, bob: User, vera: User) -> Flow:
    flow = sensing(alice.pk)
    commands.set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.EDITOR)
    commands.set_member(Person(alice.pk), flow.pk, person=vera.email, role=Role.VIEWER)
    return flow


def make(program: Program, flow: Flow, **fields: object) -> Any:
    answer = program.post(f"/flows/{flow.pk}/triggers", {"node": "s", **fields})
    assert answer.status_code == 201, answer.content
    return answer.json()  # type: ignore[attr-defined]


def test_an_owner_makes_lists_switches_and_deletes_one(hooked: Flow, as_alice: Program) -> None:
    made = make(as_alice, hooked, enabled=True)
    path = f"/flows/{hooked.pk}/triggers"

    assert {name: made[name] for name in ("node", "version", "enabled", "source", "error", "fired_at")} == {
        "node": "s",
        "version": 1,
        "enabled": True,
        "source": "webhook",
        "error": "",
        "fired_at": None,
    }
    assert "next_at" not in made
    assert as_alice.get(path).json() == {"items": [made]}  # type: ignore[attr-defined]
    off = as_alice.patch(f"{path}/{made['id']}", {"enabled": False}).json()  # type: ignore[attr-defined]
    assert off == {**made, "enabled": False}
    assert as_alice.delete(f"{path}/{made['id']}").status_code == 204
    assert as_alice.get(path).json() == {"items": []}  # type: ignore[attr-defined]


def test_the_address_it_is_given_starts_a_run_until_it_gets_another(hooked: Flow, as_alice: Program) -> None:
    made = make(as_alice, hooked)
    path = f"/flows/{hooked.pk}/triggers/{made['id']}"

    def call(url: str) -> int:
        address = "/" + url.split("/", 3)[3]
        return int(as_alice.client.post(address, b"{}", content_type="application/json").status_code)

    assert call(made["url"]) == 202
    rotated = as_alice.patch(path, {"rotate": True}).json()  # type: ignore[attr-defined]
    assert rotated["url"] != made["url"]
    assert (call(made["url"]), call(rotated["url"])) == (404, 202)
    token = rotated["url"].rpartition("/")[2]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {Trigger._meta.db_table}")
        assert token not in repr(cursor.fetchall())


def test_a_schedule_says_when_it_comes_next(alice: User, as_alice: Program) -> None:
    flow = sensing(alice.pk, source="schedule", cron="0 0 1 1 *", time_zone="Europe/Berlin")

    made = make(as_alice, flow)
    assert made["next_at"].endswith("-12-31T23:00:00Z")
    assert "url" not in made
    Trigger.objects.update(enabled=False)
    (off,) = as_alice.get(f"/flows/{flow.pk}/triggers").json()["items"]  # type: ignore[attr-defined]
    assert "next_at" not in off


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "", None),
        ("post", "", {"node": "s"}),
        ("patch", "/{trigger}", {"enabled": False}),
        ("delete", "/{trigger}", None),
    ],
)
def test_owners_alone_have_to_do_with_them(
    method: str,
    path: str,
    body: object,
    hooked: Flow,
    as_alice: Program,
    as_bob: Program,
    as_vera: Program,
    as_charlie: Program,
    nobody: Program,
    refused: Refused,
) -> None:
    made = make(as_alice, hooked)
    whole = f"/flows/{hooked.pk}/triggers{path}".format(trigger=made["id"])

    refused(as_bob.call(method, whole, body), 403, "forbidden")
    refused(as_vera.call(method, whole, body), 403, "forbidden")
    refused(as_charlie.call(method, whole, body), 404, "not_found")
    refused(nobody.call(method, whole, body), 401, "not_authenticated")
    assert Trigger.objects.filter(pk=made["id"], enabled=True).exists()


def test_one_of_another_flow_is_not_found(hooked: Flow, alice: User, as_alice: Program, refused: Refused) -> None:
    made, other = make(as_alice, hooked), sensing(alice.pk)

    for method, body in (("patch", {"enabled": False}), ("delete", None)):
        refused(as_alice.call(method, f"/flows/{other.pk}/triggers/{made['id']}", body), 404, "not_found")
    refused(as_alice.patch(f"/flows/{hooked.pk}/triggers/{uuid4()}", {"version": 1}), 404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"node": "o"},
        {"node": "none"},
        {"node": "s", "version": 0},
        {"node": "s", "version": 99},
        {"node": "s", "x": 1},
    ],
)
def test_what_is_no_sensor_of_a_version_is_refused(
    body: object, hooked: Flow, as_alice: Program, refused: Refused
) -> None:
    refused(as_alice.post(f"/flows/{hooked.pk}/triggers", body), 422, "invalid")
    assert Trigger.objects.count() == 0


def test_a_sensor_has_one_trigger_and_a_flow_so_many(
    hooked: Flow, as_alice: Program, refused: Refused, settings: Any
) -> None:
    make(as_alice, hooked)
    refused(as_alice.post(f"/flows/{hooked.pk}/triggers", {"node": "s"}), 422, "invalid")

    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, triggers_per_flow=1)
    refused(as_alice.post(f"/flows/{hooked.pk}/triggers", {"node": "s"}), 422, "limit_reached")


def test_a_version_that_cannot_run_is_refused_with_its_problems(
    alice: User, as_alice: Program, refused: Refused
) -> None:
    flow = sensing(alice.pk, source="pubsub")

    refused(as_alice.post(f"/flows/{flow.pk}/triggers", {"node": "s"}), 422, "invalid")
    set_sensor(alice.pk, flow, source="webhook", filters="input.n >")
    refused(as_alice.post(f"/flows/{flow.pk}/triggers", {"node": "s"}), 422, "invalid")


def test_it_keeps_its_version_and_what_the_sensor_was_there(hooked: Flow, alice: User, as_alice: Program) -> None:
    made = make(as_alice, hooked)
    version = set_sensor(alice.pk, hooked, filters={"n": 1})
    path = f"/flows/{hooked.pk}/triggers/{made['id']}"

    def call(number: int) -> Any:
        address, body = "/" + made["url"].split("/", 3)[3], f'{{"n": {number}}}'
        return as_alice.client.post(address, body, content_type="application/json").json()["run"]

    assert Run.objects.get(pk=call(2)).version == 1
    moved = as_alice.patch(path, {"version": version}).json()  # type: ignore[attr-defined]
    assert (moved["version"], moved["url"]) == (version, made["url"])
    assert call(2) is None
    assert Run.objects.get(pk=call(1)).version == version


def test_other_sensors_of_the_flow_stay_silent(alice: User, as_alice: Program) -> None:
    flow = sensing(alice.pk)
    graph: dict[str, Any] = {
        "version": flow.version,
        "nodes": [
            {"id": "s", "kind": "sensor", "x": 0, "y": 0},
            {"id": "t", "kind": "sensor", "x": 0, "y": 100, "settings": {"source": "schedule", "cron": "0 0 * * *"}},
            {"id": "o", "kind": "output", "x": 200, "y": 0},
            {"id": "p", "kind": "output", "x": 200, "y": 100},
        ],
        "edges": [{"id": "e", "source": "s", "target": "o"}, {"id": "f", "source": "t", "target": "p"}],
    }
    assert as_alice.put(f"/flows/{flow.pk}/graph", graph).status_code == 200
    url = make(as_alice, flow)["url"]

    run = as_alice.client.post("/" + url.split("/", 3)[3], b'{"n": 1}', content_type="application/json").json()["run"]
    tasks = dict(Run.objects.get(pk=run).tasks.values_list("node", "state"))
    assert (tasks["o"], tasks["p"]) == ("done", "skipped")


def test_events_are_kept_as_long_as_runs(alice: User, settings: Any) -> None:
    trigger = listen(alice.pk, sensing(alice.pk))
    now = timezone.now()
    kept = timedelta(days=settings.HELIX_LIMITS.runs_kept_days)
    TriggerEvent.objects.create(trigger=trigger, event="old", at=now - kept - timedelta(seconds=1))
    TriggerEvent.objects.create(trigger=trigger, event="new", at=now - kept + timedelta(seconds=1))

    assert forget_old_events(now) == 1
    assert TriggerEvent.objects.get().event == "new"
