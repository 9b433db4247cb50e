"""The load: people in one flow, a steady schedule of writes and cursors, and what the others saw of it when.

The loop is open: writes go out when the schedule says so, however slow the answers are, so an overloaded server
shows as latency and not as a smaller load. Latency runs from the write on A's socket to the arrival of the frame
that holds it at B's, by one clock in one process.
"""

import asyncio
import gc
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, cycle
from time import perf_counter, process_time

from bench.measure import Journal, count_between
from bench.people import Person
from bench.process import Usage

WARM_UP = 0.7
PATIENCE = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Who does what how often; the same value drives every server."""

    people: int = 200
    writers: int = 10
    operations: float = 50.0  # a second, all writers together
    cursors: int = 0  # people whose cursor moves
    cursor_rate: float = 10.0  # moves a second of each of them
    seconds: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one schedule came to. Times in milliseconds, `cpu` in percent of one core."""

    p50: float | None
    p95: float | None
    p99: float | None
    cursor_p50: float | None
    cursor_p95: float | None
    cursor_p99: float | None
    deliveries: float  # of edits to others, a second
    cursor_deliveries: float
    frames: float  # received by all, a second
    bytes_per_frame: float
    megabytes: float  # received by all, a second
    written: int
    missing: int  # deliveries that never came
    acked: int
    refused: dict[str, int]
    gaps: int
    closed: dict[int, int]  # close codes of sockets that did not live through it
    cpu: float
    generator_cpu: float
    generator_late: float  # p99 of how much later than planned a write went out

    @property
    def kept_up(self) -> bool:
        """Tell whether everything arrived and 99 of 100 deliveries within 200 ms."""
        return self.missing == 0 and not self.closed and self.p99 is not None and self.p99 < 200


async def join(people: Sequence[Person], at_once: int = 20) -> float:
    """Let all people join, `at_once` at a time; return the seconds it took."""
    started = perf_counter()
    for start in range(0, len(people), at_once):
        await asyncio.gather(*(person.join() for person in people[start : start + at_once]))
    return perf_counter() - started


async def drive(people: Sequence[Person], journal: Journal, schedule: Schedule, usage: Usage) -> Result:
    """Run `schedule` on people who have joined and work out what it came to."""
    gc.collect()
    gc.disable()
    keeper = asyncio.create_task(keep(people))
    try:
        opened = perf_counter() + WARM_UP
        shut = opened + schedule.seconds
        writes = pace(people[: schedule.writers], schedule.operations, shut, journal)
        moves = points(people[: schedule.cursors], schedule.cursor_rate, shut)
        window = asyncio.create_task(watch(people, usage, opened, shut))
        await asyncio.gather(writes, moves)
        seen = await window
        await drained(journal, schedule)
    finally:
        keeper.cancel()
        gc.enable()
    return conclude(people, journal, schedule, seen, (opened, shut))


async def pace(writers: Sequence[Person], rate: float, until: float, journal: Journal) -> None:
    """Let the writers alternate at `rate` operations a second in all."""
    started, turns = perf_counter(), cycle(writers)
    for index in count():
        due = started + index / rate
        if due >= until:
            return
        if (wait := due - perf_counter()) > 0:
            await asyncio.sleep(wait)
        next(turns).write()
        journal.late.append(perf_counter() - due)


async def points(movers: Sequence[Person], rate: float, until: float) -> None:
    """Let each of the movers point `rate` times a second, evenly spread."""
    if not movers:
        return
    started, turns = perf_counter(), cycle(movers)
    for index in count():
        due = started + index / (rate * len(movers))
        if due >= until:
            return
        if (wait := due - perf_counter()) > 0:
            await asyncio.sleep(wait)
        next(turns).point()


async def keep(people: Sequence[Person]) -> None:
    """Do for each person what the protocol asks of a client once a second."""
    while True:
        for person in people:
            person.tick()
        await asyncio.sleep(1)


@dataclass(frozen=True, slots=True)
class Window:
    """What the counters grew by while the schedule was measured."""

    frames: int
    bytes: int
    cpu: float
    generator_cpu: float


async def watch(people: Sequence[Person], usage: Usage, opened: float, shut: float) -> Window:
    """Read every counter when the window opens and when it shuts."""
    await asyncio.sleep(opened - perf_counter())
    frames, size = received(people)
    cpu, own = usage.cpu_seconds(), process_time()
    await asyncio.sleep(shut - perf_counter())
    now_frames, now_size = received(people)
    seconds = shut - opened
    used, own_used = usage.cpu_seconds() - cpu, process_time() - own
    return Window(now_frames - frames, now_size - size, used / seconds * 100, own_used / seconds * 100)


def received(people: Sequence[Person]) -> tuple[int, int]:
    """Return all frames and bytes received so far."""
    return sum(p.socket.frames_received for p in people), sum(p.socket.bytes_received for p in people)


async def drained(journal: Journal, schedule: Schedule) -> None:
    """Wait until every write reached all, or patience ends."""
    expected = len(journal.edits) * schedule.people
    end = perf_counter() + PATIENCE
    while perf_counter() < end:
        if sum(len(frame.edits) * len(frame.arrivals) for frame in journal.frames) >= expected:
            return
        await asyncio.sleep(0.1)


def conclude(
    people: Sequence[Person], journal: Journal, schedule: Schedule, window: Window, times: tuple[float, float]
) -> Result:
    """Turn the journal into figures."""
    edits, cursors = journal.latencies(*times)
    written = journal.writes(*times)
    arrived = sum(len(f.edits) * count_between(f.arrivals, *times) for f in journal.frames)
    pointed = sum(len(f.cursors) * count_between(f.arrivals, *times) for f in journal.frames if f.cursors)
    closed: dict[int, int] = {}
    for person in people:
        if person.socket.closed is not None:
            closed[person.socket.closed] = closed.get(person.socket.closed, 0) + 1
    others = (schedule.people - 1) / schedule.people
    late = sorted(journal.late)
    return Result(
        p50=edits.percentile(50), p95=edits.percentile(95), p99=edits.percentile(99),
        cursor_p50=cursors.percentile(50), cursor_p95=cursors.percentile(95), cursor_p99=cursors.percentile(99),
        deliveries=arrived * others / schedule.seconds,
        cursor_deliveries=pointed / schedule.seconds,
        frames=window.frames / schedule.seconds,
        bytes_per_frame=window.bytes / max(1, window.frames),
        megabytes=window.bytes / schedule.seconds / 1e6,
        written=written, missing=written * (schedule.people - 1) - edits.count,
        acked=journal.acked, refused=dict(journal.refused), gaps=journal.gaps, closed=closed,
        cpu=window.cpu, generator_cpu=window.generator_cpu,
        generator_late=late[int(len(late) * 0.99)] * 1000 if late else 0.0,
    )  # fmt: skip


def pin(core: int) -> None:
    """Keep this process on one core, where there are several."""
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {core})
