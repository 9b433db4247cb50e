"""What is measured of runs, one function a case, each on a fresh server."""

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

from bench.process import Usage
from bench.runs.stage import WARM_UP_TASKS, Setup, Stage, chain, fan_out, seconds_between, skill, staged
from tests.runs.crew import Crew, Member, crews, until
from tests.sessions.client import connect_to

STARTS = 30
EDIT_PAUSE = 0.1
CALM_SECONDS = 5.0
"""Until what a start takes is over."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Milliseconds a step in a chain, and from pressing Run until the first step runs."""

    step: float
    cpu: float
    start_p50: float
    start_p95: float


@dataclass(frozen=True, slots=True)
class FanOut:
    """Seconds for so many tasks, processor milliseconds a task of ours and of PostgreSQL, edits meanwhile, MiB."""

    tasks: int
    seconds: float
    cpu: float
    database_cpu: float
    edit_p50: float
    edit_p95: float
    memory: float


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Seconds from each kill until another begins what was in flight; how many steps were begun again in all."""

    seconds: tuple[float, ...]
    repeated: int

    def within(self, limit: float) -> int:
        """Count those that took at most so long."""
        return sum(one <= limit for one in self.seconds)


@dataclass(frozen=True, slots=True)
class Idle:
    """MiB of processes that do nothing, and the percent of a core that they take."""

    without: float
    inside: float
    worker: float
    cpu: float


def steps(setup: Setup, folder: Path, *, length: int) -> Steps:
    """Run a chain, and start a run of one step again and again."""
    with staged(setup, folder) as stage:
        long, short = stage.flow(*chain(length)), stage.flow([skill("one")])
        stage.ended(stage.start(long))
        before = sum(stage.cpu_seconds())
        run = stage.ended(stage.start(long))
        cpu = sum(stage.cpu_seconds()) - before
        taken = sorted(_started(stage, short) for _ in range(STARTS))
        each = seconds_between(run["started_at"], run["ended_at"]) * 1000 / length
        return Steps(each, cpu * 1000 / length, median(taken), taken[int(0.95 * STARTS)])


def _started(stage: Stage, flow: str) -> float:
    """Return the milliseconds from a call that starts a run until its step runs, by the events' own clock."""
    began = time.time()
    run = stage.start(flow)
    stage.ended(run)
    at = next(one["at"] for one in stage.events(run) if one["kind"] == "task_started")
    return (seconds_between("1970-01-01T00:00:00Z", at) - began) * 1000


def fanned_out(setup: Setup, folder: Path, *, tasks: int) -> FanOut:
    """Run a step for each of many items, while a person edits another flow."""
    with staged(setup, folder) as stage, ThreadPoolExecutor() as aside:
        stage.ended(stage.start(stage.flow(*fan_out(WARM_UP_TASKS))))
        flow = stage.flow(*fan_out(tasks))
        before = stage.cpu_seconds()
        over = threading.Event()
        editing = aside.submit(asyncio.run, _edits(stage, over))
        highest = aside.submit(_highest, stage.usage, over)
        try:
            run = stage.start(flow)
            found = stage.ended(run)
        finally:
            over.set()
        ours, theirs = (after - earlier for after, earlier in zip(stage.cpu_seconds(), before, strict=True))
        latencies = sorted(editing.result())
        if found["output"] != list(range(tasks)) and "$blob" not in found["output"]:
            raise RuntimeError("results are not in the order of the items")
        stage.events(run)
        return FanOut(
            tasks=tasks,
            seconds=seconds_between(found["started_at"], found["ended_at"]),
            cpu=ours * 1000 / tasks,
            database_cpu=theirs * 1000 / tasks,
            edit_p50=median(latencies),
            edit_p95=latencies[int(0.95 * len(latencies))],
            memory=max(highest.result()),
        )


def taken_over(setup: Setup, folder: Path, *, kills: int, seed: int) -> TakeOver:
    """Kill the worker that is at a step, with its children, at any moment; workers stand beside the server."""
    secret = "bench" * 10
    chance = random.Random(seed)
    with staged(setup, folder, workers=0, HELIX_SECRET_KEY=secret) as stage:
        given = {
            "HELIX_SECRET_KEY": secret,
            "HELIX_DATABASE_URL": stage.server.environment.get("HELIX_DATABASE_URL", ""),
        }
        with crews(stage.server.data_dir, own_python=True, **given) as crew:
            crew.effects_file.touch()
            members = [crew.start("--concurrency", "2") for _ in range(max(2, setup.workers))]
            flow = stage.flow([skill("long", "wait 2")])
            taken, runs = [], []
            for _ in range(kills):
                _expect(lambda: all("worker_ready" in member.log.read_text() for member in members))
                known = len(crew.begun())
                run = stage.start(flow)
                runs.append(run)
                taken.append(_killed(crew, members, chance, known))
                members.append(crew.start("--concurrency", "2"))
                stage.ended(run)
            begun = Counter(one.task for one in crew.begun())
            for run in runs:
                done = [one for one in stage.events(run) if one["kind"] == "task_done"]
                if len(done) != 1:
                    raise RuntimeError(f"settled {len(done)} times")
            return TakeOver(tuple(taken), sum(begun.values()) - len(begun))


def _killed(crew: Crew, members: list[Member], chance: random.Random, known: int) -> float:
    """Kill who began last, once more than `known` have begun; return the seconds until another begins the same."""
    _expect(lambda: len(crew.begun()) > known)
    threading.Event().wait(chance.uniform(0.0, 1.5))
    last = crew.begun()[-1]
    member = next(one for one in members if last.process in one.children())
    members.remove(member)
    killed_at = member.kill()
    _expect(lambda: sum(one.task == last.task for one in crew.begun()) > 1)
    return crew.begun()[-1].at - killed_at


def idle(setup: Setup, folder: Path) -> Idle:
    """Measure a server without a worker, one with it, and a worker beside a server."""
    alone = Setup(setup.database, 1)
    with staged(alone, folder) as stage:
        inside, cpu = _calm(stage.usage)
    with staged(alone, folder, workers=0) as stage:
        without, _cpu = _calm(stage.usage)
        given = {name: value for name, value in stage.server.environment.items() if name.startswith("HELIX_")}
        with crews(stage.server.data_dir, own_python=True, **given) as crew:
            member = crew.start()
            _expect(lambda: len(member.children()) > 0)
            worker, _cpu = _calm(Usage(member.process.pid))
    return Idle(without, inside, worker, cpu)


def _calm(usage: Usage) -> tuple[float, float]:
    """Return MiB and percent of a core of processes that have calmed down."""
    time.sleep(CALM_SECONDS)
    before = usage.cpu_seconds()
    time.sleep(CALM_SECONDS)
    return usage.own_memory() / 2**20, (usage.cpu_seconds() - before) * 100 / CALM_SECONDS


async def _edits(stage: Stage, over: threading.Event) -> list[float]:
    """Edit another flow ten times a second until it is over; return the milliseconds to each acknowledgement."""
    person = await connect_to(stage.server.socket_url, stage.programs.owner, stage.programs.flow)
    await person.hello()
    taken = []
    for number in count():
        if over.is_set() and taken:
            break
        began = time.perf_counter()
        answer = await person.do({"kind": "edit_flow", "set": {"title": f"Title {number}"}})
        taken.append((time.perf_counter() - began) * 1000)
        if answer["type"] != "acked":
            raise RuntimeError(answer)
        await asyncio.sleep(EDIT_PAUSE)
    await person.leave()
    return taken


def _highest(usage: Usage, over: threading.Event) -> list[float]:
    """Note the memory of all processes once a second until it is over."""
    noted = [usage.own_memory() / 2**20]
    while not over.wait(1.0):
        noted.append(usage.own_memory() / 2**20)
    return noted


def _expect(so: Callable[[], bool]) -> None:
    if not until(so):
        raise TimeoutError("it did not happen")
