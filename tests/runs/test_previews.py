"""The values of the last run, for an expression that is being written."""

from uuid import uuid4

import pytest
from django.utils import timezone

from flows.document import Node
from flows.expressions import references
from flows.models import Flow
from runs.models import Plan, Run, Task
from runs.previews import last_values
from tests.validation.graphs import document_of

pytestmark = pytest.mark.django_db
NODES = [{"id": id, "kind": kind, "x": 0, "y": 0} for id, kind in (("a", "input"), ("b", "skill"), ("c", "skill"))]
EDGES = [{"id": "1", "source": "a", "target": "c"}, {"id": "2", "source": "b", "target": "c"}]
GRAPH = document_of(NODES, EDGES)
NOTHING = references("1", is_template=False)


@pytest.fixture
def run(flow: Flow) -> Run:
    plan = Plan.objects.create(flow=flow, version=1, compiler=1, digest="", body="{}")
    return Run.objects.create(flow=flow, plan=plan, version=1, input='{"name":"Kim"}', created_at=timezone.now())


def task(run: Run, node: str, output: str | None, path: str = "", **more: object) -> Task:
    now = timezone.now()
    given = {"kind": "skill", "state": "done", "started_at": now, "ended_at": now, **more}
    return Task.objects.create(key=f"{run.pk.hex}.{node}.{path}", run=run, node=node, path=path, output=output, **given)


def node(id: str) -> Node:
    found = GRAPH.node(id)
    assert found is not None
    return found


def test_a_flow_that_has_not_run_has_no_values() -> None:
    assert last_values(uuid4(), GRAPH, node("c"), NOTHING) is None


def test_what_came_before_is_prev_and_what_is_mentioned_is_read(run: Run) -> None:
    task(run, "a", '{"x":1}')
    task(run, "b", "[2]")
    mentioned = references('nodes["b"].output', is_template=False)

    names = last_values(run.flow_id, GRAPH, node("c"), mentioned)

    assert names is not None
    assert names["input"] == {"name": "Kim"}
    assert names["prev"] == [{"x": 1}, [2]]
    assert names["nodes"]["b"] == {"output": [2]}  # type: ignore[index,call-overload]
    assert names["run"] == {"id": str(run.pk), "version": 1, "name": run.name, "trigger": run.trigger}


def test_what_failed_or_did_not_run_is_not_there(run: Run) -> None:
    task(run, "a", None, state="failed")

    names = last_values(run.flow_id, GRAPH, node("c"), NOTHING)

    assert names is not None
    assert "prev" not in names
    assert names["nodes"] == {}


def test_in_a_loop_the_last_iteration_counts(run: Run) -> None:
    task(run, "l", None, kind="loop", state="running", items='["x","y"]')
    task(run, "c", "1", path="0")
    task(run, "c", "2", path="1")

    names = last_values(run.flow_id, GRAPH, node("c"), NOTHING)

    assert names is not None
    assert (names["item"], names["index"]) == ("y", 1)


def test_the_newest_run_counts(run: Run) -> None:
    Run.objects.create(flow=run.flow, plan=run.plan, version=1, input='{"name":"Lee"}', created_at=timezone.now())

    names = last_values(run.flow_id, GRAPH, node("c"), NOTHING)

    assert names is not None
    assert names["input"] == {"name": "Lee"}
