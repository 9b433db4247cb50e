"""`python -m bench.profiling`: where the processor time of a busy server goes.

200 people in one flow at a rate near the most that the server can take. Given are the shares of the event loop's thread
and of all others, what an operation and a delivery cost, the functions in which the loop's thread was found most often,
and the same rate on a server that only passes bytes on: the floor.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import uvloop

from bench import cases
from bench.helix_server import HelixServer, Setup
from bench.load import Result, Schedule, drive, join, pin
from bench.peers import Broadcaster
from bench.process import GENERATOR_CORE
from bench.report import table

SECONDS = 6.0
MOST = 30


@dataclass(frozen=True, slots=True)
class Profile:
    """What the schedule came to, the share of the loop's thread, and where that was found."""

    result: Result
    share: float
    found: Counter[str]


async def ours(setup: Setup, folder: Path, schedule: Schedule) -> Profile:
    """Measure our server."""
    target = folder / "profile.json"
    with HelixServer(
        setup, folder, people=schedule.people, flows=[cases.nodes_for(schedule)], profile=target
    ) as server:
        journal = server.journal()
        people = [server.person(number, journal) for number in range(schedule.people)]
        await join(people)
        process = psutil.Process(server.program.process.pid)
        process.send_signal(signal.SIGUSR1)
        before = {thread.id: thread.user_time + thread.system_time for thread in process.threads()}
        result = await drive(people, journal, schedule, server.usage)
        spent = {one.id: one.user_time + one.system_time - before.get(one.id, 0.0) for one in process.threads()}
        process.send_signal(signal.SIGUSR2)
        while not target.exists():
            await asyncio.sleep(0.1)
        found = Counter(json.loads(target.read_text()))
        return Profile(result, spent[process.pid] / sum(spent.values()), found)


async def floor(folder: Path, schedule: Schedule, frames: float) -> Result:
    """Return what passing on as many frames costs a server that only copies bytes."""
    with Broadcaster(folder, 1) as target:
        journal = target.journal()
        people = [target.person(number, journal) for number in range(schedule.people)]
        await join(people)
        return await drive(people, journal, replace(schedule, writers=1, operations=frames), target.usage)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.profiling", description=__doc__)
    parser.add_argument("--server", default="uvicorn")
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--operations", type=float, default=1_500)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    pin(GENERATOR_CORE)
    setup = Setup(server=options.server, database=options.database)
    schedule = Schedule(people=200, writers=10, operations=options.operations, seconds=SECONDS)
    with tempfile.TemporaryDirectory(prefix="helix-bench-", dir=options.folder, ignore_cleanup_errors=True) as folder:
        profile = uvloop.run(ours(setup, Path(folder), schedule))
        frames = profile.result.frames / schedule.people
        print(report(setup, profile, frames, uvloop.run(floor(Path(folder), schedule, frames))))


def report(setup: Setup, profile: Profile, frames: float, lowest: Result) -> str:
    """Return the figures as Markdown."""
    result, found = profile.result, profile.found
    operations = result.deliveries / 199
    lines = [
        f"{setup}: {operations:,.0f} operations/s, {result.deliveries:,.0f} deliveries/s in {frames:,.0f} frames/s to"
        f" each, p99 {result.p99} ms, CPU {result.cpu:.0f} %: {result.cpu * 10_000 / operations:,.0f} µs an operation,"
        f" {result.cpu * 10_000 / result.deliveries:.2f} µs a delivery; {profile.share:.0%} of it on the loop.",
        f"The floor at {frames:,.0f} frames/s: CPU {lowest.cpu:.0f} %.",
    ]
    total = found.total()
    rows = [(where, f"{100 * count / total:.1f}") for where, count in found.most_common(MOST)]
    return "\n".join(lines) + "\n\n" + table(("where the loop's thread was", "%"), rows)


if __name__ == "__main__":
    sys.exit(main())
