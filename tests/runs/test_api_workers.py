"""Workers by REST; who may is in tests/access/calls.py."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from runs.models import Worker, WorkerEvent
from tests.api.conftest import Program
from tests.runs.workers import enrolled

pytestmark = pytest.mark.django_db


def test_an_unknown_worker_is_not_found(as_dora: Program) -> None:
    assert as_dora.post("/workers/nobody/drain", None).status_code == 404


def test_one_that_has_ended_is_not_drained(as_dora: Program) -> None:
    enrolled(state=Worker.State.DEAD, ended_at=timezone.now())

    response = as_dora.post("/workers/w1/drain", None)

    assert (response.status_code, response.json()["code"]) == (409, "wrong_state")


def test_workers_are_listed_with_what_they_say(as_dora: Program) -> None:
    now = timezone.now()
    enrolled("old", at=now - timedelta(days=3), state=Worker.State.GONE, ended_at=now - timedelta(days=2))
    enrolled("dead", at=now - timedelta(hours=2), state=Worker.State.DEAD, ended_at=now, holds='["x#1"]')
    enrolled("w1", at=now, labels='["gpu"]', holds='["a#1", "b#2"]', health="degraded")

    items = as_dora.get("/workers").json()["items"]

    assert [(one["id"], one["state"], one["running"]) for one in items] == [("w1", "ready", 2), ("dead", "dead", 0)]
    assert {name: items[0][name] for name in ("host", "release", "labels", "capacity", "health")} == {
        "host": "here",
        "release": "1",
        "labels": ["gpu"],
        "capacity": 8,
        "health": "degraded",
    }
    assert items[0]["beat_at"].endswith("Z")


def test_draining_is_said_once_and_may_be_asked_twice(as_dora: Program) -> None:
    enrolled()

    answers = [as_dora.post("/workers/w1/drain", None) for _ in range(2)]

    assert [(answer.status_code, answer.json()["state"]) for answer in answers] == [(200, "draining")] * 2
    assert list(WorkerEvent.objects.order_by("id").values_list("kind", flat=True)) == ["started", "draining"]
    assert json.loads(WorkerEvent.objects.earliest("id").data) == {"labels": [], "capacity": 8}
