"""What is promised of runs as a whole, with real workers: one on SQLite, two on PostgreSQL.

Faults stand in `test_takeover` and `test_takeover_database`; times, which need a machine that does nothing else, in
`bench.runs`. Here is what must come out right however slow the machine is.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.principals import Person
from flows.commands import submit
from flows.document import EditNode, Operation, RemoveNode
from flows.models import Flow
from flows.submission import Submission
from runs.commands import answer, install_engine
from runs.engine.database import open_database
from runs.engine.dbos_engine import DbosEngine
from runs.engine.handing import HandsLater
from runs.errors import Answered
from runs.models import Attempt, Run, RunEvent, Task, Worker
from tests.nightly import IS_NIGHTLY, amount
from tests.runs.crew import Crew, crews, database_environment, until
from tests.runs.hands import go, make_flow, node, task_of
from tests.runs.working import Bench, bench, data_dir, describe, ended, worker

__all__ = ["bench", "data_dir"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_dir")]
ITEMS = [amount(60, nightly=1_000), *([9_990] if IS_NIGHTLY else [])]
PATIENCE = amount(60.0, nightly=1_800.0)


@pytest.fixture
def crew(transactional_db: None, data_dir: Path, settings: LazySettings) -> Iterator[Crew]:
    """Workers in processes of their own; this one only hands over."""
    environment = database_environment(data_dir) | {"HELIX_SECRET_KEY": settings.SECRET_KEY}
    engine = HandsLater(DbosEngine(open_database()))
    install_engine(engine)
    with crews(data_dir, **environment) as crew:
        yield crew
    install_engine(None)
    engine.stop(patience=0)


def edit(person: User, flow: Flow, *operations: Operation) -> None:
    submit(flow.pk, [Submission(operation=one, principal=Person(person.pk), via="api") for one in operations])


def test_steps_that_are_executed_in_place_need_no_worker_and_no_statement_each(alice: User) -> None:
    few, many = _statements_in_place(alice, 5), _statements_in_place(alice, 25)

    assert many <= few


def _statements_in_place(alice: User, count: int) -> int:
    """Run a chain of so many expressions, and return how many statements that took."""
    nodes = [node(f"t{at}", "transform", type="expression", transformation=str(at)) for at in range(count)]
    flow = make_flow(alice, nodes, *(f"t{at - 1}>t{at}" for at in range(1, count)))
    go(alice, flow)  # what is made once is no part of it
    with CaptureQueriesContext(connection) as asked:
        run = go(alice, flow)
    assert (run.state, Task.objects.filter(run=run, state="done").count()) == ("done", count), describe(run.pk)
    return len(asked)


@pytest.mark.parametrize("count", ITEMS)
def test_every_item_is_done_once_in_order_and_counted(alice: User, crew: Crew, count: int) -> None:
    workers = 2 if connection.vendor == "postgresql" else 1
    for _ in range(workers):
        crew.start()
    assert until(lambda: Worker.objects.filter(state="ready").count() == workers)
    nodes = [node("all", "loop", iterate_over=f"range({count})"), node("step", code="pass"), node("end", "output")]

    run = ended(go(alice, make_flow(alice, nodes, "all.each>step", "all.out>end"), now=None), PATIENCE)

    assert run.state == "done", run.reason
    loop = task_of(run, "all")
    assert (loop.done, loop.total) == (count, count)
    begun = [one.task for one in crew.begun("step")]
    assert (len(begun), len(set(begun))) == (count, count)
    assert Attempt.objects.filter(task__run=run, task__node="step", state="done").count() == count
    events = RunEvent.objects.filter(run=run)
    assert list(events.order_by("seq").values_list("seq", flat=True)) == list(range(1, run.seq + 1))
    assert events.filter(kind="task_done", node="step").count() == count
    assert len({one.process for one in crew.begun("step")}) == workers


def test_a_run_of_five_does_not_wait_behind_one_of_many(alice: User, bench: Bench) -> None:
    large = make_flow(alice, [node("all", "loop", iterate_over="range(150)"), node("many")], "all.each>many")
    small = make_flow(alice, [node("few", "loop", iterate_over="range(4)"), node("one")], "few.each>one")
    bench.acts = {"many": bench.held_up}
    with worker(capacity=4):
        behind = go(alice, large, now=None)
        assert bench.wait_for(lambda: len(bench.begun) >= 3)  # one place stays free for other people
        run = go(alice, small, now=None)
        assert until(lambda: not Task.objects.filter(run=run, node="one", handed_at=None, state="queued").exists())
        bench.gate.set()
        ended(run)
        first = [name.partition(":")[0] for name in bench.begun]
        ended(behind)

    last = max(at for at, name in enumerate(first) if name == "one")
    assert first[: last + 1].count("many") <= 20, first


def test_edits_and_removals_during_a_run_do_not_touch_it(alice: User, bench: Bench) -> None:
    flow = make_flow(alice, [node("a"), node("b", code="old"), node("c")], "a>b", "b>c")
    bench.acts = {"a": bench.held_up, "b": lambda work: [work.step.label, work.step.settings["code"]]}
    with worker():
        run = go(alice, flow, now=None)
        assert bench.wait_for(lambda: bench.begun == ["a"])
        edit(alice, flow, EditNode("b", {"label": "New", "settings": {"code": "new"}}), RemoveNode("c"))
        bench.gate.set()
        run = ended(run)

        assert (run.state, run.version, bench.begun) == ("done", 1, ["a", "b", "c"])
        assert json.loads(task_of(run, "b").output or "") == ["B", "old"]
        again = ended(go(alice, flow, now=None))
        assert again.version > 1
        assert json.loads(task_of(again, "b").output or "") == ["New", "new"]


def test_a_question_waits_for_another_release_and_one_answer_counts(alice: User, bob: User, bench: Bench) -> None:
    asked = {"question": "Send it?", "who": "editors"}
    flow = make_flow(alice, [node("a"), node("b", ask_first=asked), node("c")], "a>b", "b>c", editor=bob)
    with worker(release="1"):
        run = go(alice, flow, now=None)
        assert bench.wait_for(lambda: bench.begun == ["a"])
        assert until(lambda: Run.objects.get(pk=run.pk).state == "waiting"), describe(run.pk)
    key = task_of(run, "b").key

    with worker(release="2"):
        answer(Person(bob.pk), run.pk, key, True)
        with pytest.raises(Answered):
            answer(Person(alice.pk), run.pk, key, False)
        run = ended(run)

    assert (run.state, bench.begun) == ("done", ["a", "b", "c"])
    assert set(Worker.objects.filter(state="gone").values_list("release", flat=True)) == {"1", "2"}
