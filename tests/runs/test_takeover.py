"""Workers that die, hang and leave while they are at something: others go on, and nothing counts twice.

Real processes; what they do outside is a line in a file. A sample here, many seeds in the nightly run.
"""

import random
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection

from accounts.models import User
from runs.commands import install_engine
from runs.commands.claiming import MOST_LOSSES
from runs.engine.database import open_database
from runs.engine.dbos_engine import DbosEngine
from runs.engine.handing import HandsLater
from runs.models import Attempt, Run, RunEvent, Task, Worker
from tests.nightly import amount, seeds
from tests.runs.crew import Crew, Member, crews, database_environment, until
from tests.runs.hands import go, make_flow, node, task_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crew(transactional_db: None, tmp_path: Path, settings: LazySettings) -> Iterator[Crew]:
    """Nobody yet; this process hands to the engine like a server without a worker."""
    settings.DATA_DIR = tmp_path
    environment = database_environment(tmp_path) | {"HELIX_SECRET_KEY": settings.SECRET_KEY}
    engine = HandsLater(DbosEngine(open_database()))
    install_engine(engine)
    with crews(tmp_path, **environment) as crew:
        yield crew
    install_engine(None)
    engine.stop(patience=0)


def start(person: User, nodes: list[dict[str, object]], *wires: str) -> Run:
    return go(person, make_flow(person, nodes, *wires), now=None)


def ended(run: Run) -> Run:
    assert until(lambda: Run.objects.get(pk=run.pk).state in Run.ENDED), told(run)
    return Run.objects.get(pk=run.pk)


def told(run: Run) -> str:
    rows = Task.objects.filter(run=run).values_list("node", "path", "state", "error_code", "worker", "claim")
    return f"{Run.objects.get(pk=run.pk).state}: {list(rows)}"


def lost_twice(run: Run) -> bool:
    """Tell whether one more loss would end a task."""
    nearly = Task.objects.filter(run=run, losses=MOST_LOSSES - 1)
    return nearly.exclude(state__in=["done", "failed", "skipped", "cancelled"]).exists()


def gapless(run: Run) -> bool:
    return [one.seq for one in RunEvent.objects.filter(run=run).order_by("seq")] == list(range(1, run.seq + 1))


def run_is_over(run: Run) -> bool:
    return Run.objects.get(pk=run.pk).state in Run.ENDED


def busy(crew: Crew, members: Sequence[Member]) -> Member:
    """Return whose process began last."""
    process = crew.begun()[-1].process
    return next(member for member in members if process in member.children())


def ready(count: int) -> bool:
    return until(lambda: Worker.objects.filter(state="ready").count() >= count)


def test_another_goes_on_when_a_worker_is_killed(alice: User, crew: Crew) -> None:
    members = crew.start(), crew.start()
    assert ready(2)
    run = start(alice, [node("long", code="wait 3"), node("after", code="pass")], "long>after")
    assert until(lambda: len(crew.begun("long")) == 1)

    killed_at = busy(crew, members).kill()
    assert until(lambda: len(crew.begun("long")) == 2)
    silent = crew.begun("long")[1].at - killed_at
    run = ended(run)

    assert silent < 5, f"taken over after {silent:.2f} s"
    assert run.state == "done"
    assert len(crew.begun("after")) == 1
    assert [one.state for one in Attempt.objects.filter(task__node="long").order_by("number")] == ["lost", "done"]
    assert Worker.objects.filter(state="dead").count() == 1
    assert gapless(run)


@pytest.mark.parametrize("seed", seeds(1, nightly=20))
def test_kills_at_any_moment_lose_nothing_and_repeat_only_what_was_in_flight(
    alice: User, crew: Crew, seed: int
) -> None:
    chance = random.Random(seed)
    kills = amount(2, nightly=5)
    members = [crew.start("--concurrency", "3") for _ in range(2)]
    assert ready(2)
    nodes = [node("all", "loop", type="for_each", iterate_over="range(12)"), node("step", code="wait 0.3")]
    run = start(alice, [*nodes, node("last", code="pass")], "all.each>step", "all.out>last")
    for round in range(kills):
        enough = len(crew.begun("step")) + chance.randrange(1, 4)
        assert until(lambda enough=enough: len(crew.begun("step")) >= enough or run_is_over(run))  # type: ignore[misc]
        # A third loss in a row would end a task.
        assert until(lambda: not lost_twice(run)), told(run)
        members.pop(chance.randrange(len(members))).kill()
        members.append(crew.start("--concurrency", "3"))
        assert ready(1), round
    run = ended(run)

    assert run.state == "done", told(run)
    assert gapless(run)
    done = Counter(RunEvent.objects.filter(run=run, kind="task_done", node="step").values_list("task", flat=True))
    assert len(done) == 12
    assert set(done.values()) == {1}
    assert len(crew.begun("step")) <= 12 + kills * 3
    assert len(crew.begun("last")) == 1


def test_a_worker_that_was_stopped_is_fenced_and_begins_nothing(alice: User, crew: Crew) -> None:
    zombie = crew.start("--concurrency", "1")
    assert ready(1)
    run = start(alice, [node("long", code="wait 1"), node("next", code="pass")], "long>next")
    assert until(lambda: len(crew.begun("long")) == 1)
    (child,) = zombie.children()
    zombie.signal(signal.SIGSTOP)
    crew.start()
    run = ended(run)
    effects = crew.begun()

    zombie.signal(signal.SIGCONT)
    assert until(lambda: child not in zombie.children())
    assert until(lambda: Worker.objects.filter(state="ready").count() == 2)

    assert run.state == "done"
    assert [one.process for one in effects].count(child) == 1
    assert crew.begun() == effects
    assert Attempt.objects.filter(task__node="long", state="done").count() == 1
    assert RunEvent.objects.filter(run=run, kind="task_fenced", node="long").count() == 1
    assert Worker.objects.filter(state="ousted").count() == 1
    again = ended(start(alice, [node("one", code="pass")]))
    assert again.state == "done"


def test_a_worker_that_is_told_to_end_ends_what_it_is_at(alice: User, crew: Crew) -> None:
    member = crew.start("--concurrency", "1")
    assert ready(1)
    run = start(alice, [node("long", code="wait 1.5"), node("next", code="pass")], "long>next")
    assert until(lambda: len(crew.begun("long")) == 1)

    assert member.terminate() == 0

    assert task_of(run, "long").state == "done"
    assert Worker.objects.get().state == "gone"
    assert len(crew.begun()) == 1
    crew.start()
    assert ended(run).state == "done"
    assert len(crew.begun()) == 2


def test_a_run_ends_although_the_engines_file_is_lost(alice: User, crew: Crew) -> None:
    member = crew.start("--concurrency", "1")
    assert ready(1)
    run = start(alice, [node("one", code="wait 1"), node("two", code="pass"), node("three", code="pass")], "one>two")
    assert until(lambda: len(crew.begun("one")) == 1)
    member.kill()
    lose_the_engine(crew.folder)

    crew.start()

    assert ended(run).state == "done"
    assert len(crew.begun("one")) == 2


def test_a_critical_task_waits_for_a_worker_that_can(alice: User, crew: Crew) -> None:
    able = crew.start("--labels", "gpu")
    crew.start()
    assert ready(2)
    nodes = [node("first", code="wait 1", runs_on=["gpu"]), node("then", code="pass", runs_on=["gpu"])]
    run = start(
        alice, [one | {"settings": {**one["settings"], "criticality": "critical"}} for one in nodes], "first>then"
    )  # type: ignore[dict-item]
    assert until(lambda: len(crew.begun("first")) == 1)
    able.kill()

    assert until(lambda: Run.objects.get(pk=run.pk).state == "paused"), told(run)
    assert "gpu" in Run.objects.get(pk=run.pk).reason + task_of(run, "first").reason
    crew.start("--labels", "gpu,big")

    assert ended(run).state == "done"


def lose_the_engine(folder: Path) -> None:
    """Delete the engine's file, or its schema."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA engine CASCADE")
        return
    for file in folder.glob("engine.sqlite3*"):
        file.unlink()
