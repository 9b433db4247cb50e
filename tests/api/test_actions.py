"""Actions by REST: the answer, the long way by a job, and whose job it is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from flows.actions import jobs
from flows.models import Flow, Job
from tests.api.conftest import Program
from tests.runs.hands import make_flow

pytestmark = pytest.mark.django_db
Refused = Callable[..., Any]


def run(program: Program, flow: Flow, action: str, **body: object) -> Any:
    return program.post(f"/flows/{flow.pk}/actions/{action}", body)


def test_the_list(as_vera: Program) -> None:
    items = as_vera.get("/actions").json()["items"]  # type: ignore[attr-defined]

    children = next(one for one in items if one["id"] == "generate-children")
    assert (children["on"], children["long"]) == ("node", False)
    count = children["parameters"][0]
    assert (count["name"], count["type"], count["default"]) == ("count", "integer", 3)
    assert (count["minimum"], count["maximum"]) == (1, 20)


def test_the_answer_names_what_changed(as_bob: Program, flow: Flow) -> None:
    answer = run(as_bob, flow, "generate-children", node="n2", parameters={"count": 2}).json()

    assert answer["version"] == 2
    assert {
        what: {kind: len(ids) for kind, ids in answer[what].items()} for what in ("added", "changed", "removed")
    } == {
        "added": {"nodes": 2, "edges": 2},
        "changed": {"nodes": 0, "edges": 0},
        "removed": {"nodes": 0, "edges": 0},
    }


def test_a_resend_is_answered_as_before(as_bob: Program, flow: Flow) -> None:
    body: dict[str, Any] = {"node": "n2", "client": "program", "seq": 7}
    first = run(as_bob, flow, "generate-children", **body).json()

    assert run(as_bob, flow, "generate-children", **body).json() == first


def test_refusals(as_bob: Program, as_vera: Program, as_charlie: Program, flow: Flow, refused: Refused) -> None:
    refused(run(as_bob, flow, "none"), 422, "unknown_action")
    refused(run(as_bob, flow, "explain", node="nobody"), 422, "unknown_node")
    refused(run(as_bob, flow, "explain"), 422, "invalid")
    refused(run(as_bob, flow, "explain", node="no id"), 422, "invalid")
    refused(run(as_bob, flow, "explain", node="n1", seq=1), 422, "invalid")
    refused(run(as_bob, flow, "explain", node="n1", speed=9), 422, "invalid")
    refused(run(as_vera, flow, "explain", node="n1"), 403, "forbidden")
    refused(run(as_charlie, flow, "explain", node="n1"), 404, "not_found")


@pytest.fixture
def large(settings: Any) -> None:
    """A flow of two nodes is a large one."""
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, action_nodes=1, jobs_per_person=2)


def test_at_the_bound_it_is_short_one_past_it_a_job(as_bob: Program, flow: Flow, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, action_nodes=2)
    assert run(as_bob, flow, "auto-layout").status_code == 200

    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, action_nodes=1)
    assert run(as_bob, flow, "auto-layout").status_code == 202
    assert run(as_bob, flow, "auto-layout", nodes=["n1"]).status_code == 200


def test_a_long_one_is_a_job_of_its_owner_alone(
    as_bob: Program, as_alice: Program, flow: Flow, large: None, refused: Refused
) -> None:
    response = run(as_bob, flow, "auto-layout")
    job = response.json()["job"]

    assert as_bob.get(f"/jobs/{job}").json() == {  # type: ignore[attr-defined]
        "state": "done",
        "progress": 1.0,
        "message": "",
        "version": Flow.objects.get(pk=flow.pk).version,
    }
    refused(as_alice.get(f"/jobs/{job}"), 404, "not_found")
    refused(as_alice.delete(f"/jobs/{job}"), 404, "not_found")
    assert as_bob.delete(f"/jobs/{job}").status_code == 204
    assert as_bob.get(f"/jobs/{job}").json()["state"] == "done"  # type: ignore[attr-defined]


def test_a_long_one_that_is_sent_again_is_the_same_job(as_bob: Program, flow: Flow, large: None) -> None:
    first = run(as_bob, flow, "auto-layout", client="program", seq=1).json()
    version = Flow.objects.get(pk=flow.pk).version

    assert run(as_bob, flow, "auto-layout", client="program", seq=1).json() == first
    assert Flow.objects.get(pk=flow.pk).version == version


def test_a_refused_job_says_why(as_bob: Program, flow: Flow, large: None) -> None:
    job = run(as_bob, flow, "auto-layout", parameters={"direction": "up"}).json()["job"]
    told = as_bob.get(f"/jobs/{job}").json()  # type: ignore[attr-defined]

    assert told["state"] == "failed"
    assert "LR" in told["message"]


def test_so_many_run_at_a_time_and_no_more(as_bob: Program, flow: Flow, large: None, refused: Refused) -> None:
    now = timezone.now()
    for _ in range(2):
        Job.objects.create(flow=flow, actor=as_bob.user, action="auto-layout", created_at=now, beat=now)
    refused(run(as_bob, flow, "auto-layout"), 429, "rate_limited")

    Job.objects.update(beat=now - jobs.SILENT - timedelta(seconds=1))
    silent = Job.objects.first()
    assert silent is not None
    assert as_bob.get(f"/jobs/{silent.pk}").json()["state"] == "failed"  # type: ignore[attr-defined]
    assert run(as_bob, flow, "auto-layout").status_code == 202


def test_those_in_flows_that_one_may_not_see_any_more_count(
    as_bob: Program, flow: Flow, alice: User, large: None, refused: Refused
) -> None:
    now, lost = timezone.now(), make_flow(alice, [])
    for _ in range(2):
        Job.objects.create(flow=lost, actor=as_bob.user, action="auto-layout", created_at=now, beat=now)

    refused(run(as_bob, flow, "auto-layout"), 429, "rate_limited")


def test_one_whose_process_ended_may_be_tried_again_under_its_name(as_bob: Program, flow: Flow, large: None) -> None:
    then = timezone.now() - jobs.SILENT - timedelta(seconds=1)
    name = {"client": "program", "seq": 1}
    dead = Job.objects.create(flow=flow, actor=as_bob.user, action="auto-layout", created_at=then, beat=then, **name)

    job = run(as_bob, flow, "auto-layout", **name).json()["job"]
    assert job != str(dead.pk)
    assert as_bob.get(f"/jobs/{job}").json()["state"] == "done"  # type: ignore[attr-defined]


def test_rows_of_jobs_are_bounded(as_bob: Program, flow: Flow, large: None) -> None:
    now = timezone.now()
    state = Job.State.DONE
    Job.objects.bulk_create(
        Job(flow=flow, actor=as_bob.user, action="x", state=state, created_at=now, beat=now)
        for _ in range(jobs.MOST_KEPT + 5)
    )
    old = now - jobs.KEPT - timedelta(seconds=1)
    Job.objects.create(flow=flow, actor=as_bob.user, action="x", state=state, created_at=old, beat=old)
    run(as_bob, flow, "auto-layout")

    assert Job.objects.count() == jobs.MOST_KEPT
