"""What is measured on each server, one function a case; each starts from a fresh server where that matters."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from bench import opening
from bench.helix_server import HelixServer, Setup
from bench.load import Result, Schedule, drive, join
from bench.measure import Journal
from bench.peers import Broadcaster, Peer
from bench.people import NODES_PER_WRITER, Person
from bench.process import Usage

P = TypeVar("P", bound=Person)
P_co = TypeVar("P_co", bound=Person, covariant=True)
FIRST_STEP, FACTOR, LAST_STEP = 500.0, 1.5, 30_000.0
FEWEST_FRAMES = 40.0
SETTLED = 1.0


class Target(Protocol[P_co]):
    """A running server, ours or another's."""

    name: str
    usage: Usage

    def journal(self) -> Journal: ...
    def person(self, number: int, journal: Journal) -> P_co: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One rate of the ramp."""

    operations: float
    result: Result


@dataclass(frozen=True, slots=True)
class Live:
    """A server under the steady schedule, what a socket costs it, and the ramp."""

    name: str
    steady: Result
    socket_kilobytes: float
    steps: tuple[Step, ...]

    @property
    def most(self) -> Step | None:
        """The fastest step that kept up."""
        return max((step for step in self.steps if step.result.kept_up), key=lambda s: s.operations, default=None)

    @property
    def limited(self) -> str:
        """What gave way at the last step."""
        return gave_way(self.steps[-1].result) if self.steps else "not tried"

    @property
    def complete(self) -> bool:
        """Everything that was written has arrived."""
        return not any(result.missing for result in (self.steady, *(step.result for step in self.steps)))


@dataclass(frozen=True, slots=True)
class Crowd:
    """What a crowd saw, and the seconds until all were in."""

    name: str
    result: Result
    joining: float


def nodes_for(schedule: Schedule) -> int:
    """Return how many nodes the writers of a schedule move."""
    return max(1, schedule.writers) * NODES_PER_WRITER


async def helix_live(setup: Setup, folder: Path, schedule: Schedule, *, ramp_seconds: float) -> Live:
    """Measure one of our own setups."""
    with HelixServer(setup, folder, people=schedule.people, flows=[nodes_for(schedule)]) as server:
        return (await live(server, schedule, ramp_seconds=ramp_seconds))[0]


async def peer_live(name: str, folder: Path, schedule: Schedule, *, ramp_seconds: float) -> Live:
    """Measure one of the others."""
    with Peer(name, folder) as peer:
        found, people = await live(peer, schedule, ramp_seconds=ramp_seconds)
        if found.complete:
            peer.check(people)
        return found


async def live(target: Target[P], schedule: Schedule, *, ramp_seconds: float) -> tuple[Live, list[P]]:
    """Let people in, run the steady schedule, then faster ones until the server no longer keeps up."""
    journal = target.journal()
    people = [target.person(number, journal) for number in range(schedule.people)]
    early = max(1, schedule.people // 20)
    await join(people[:early])
    await asyncio.sleep(SETTLED)
    before = target.usage.memory()
    await join(people[early:])
    await asyncio.sleep(SETTLED)
    kilobytes = (target.usage.memory() - before) / 1024 / max(1, schedule.people - early)
    steady = await drive(people, journal, schedule, target.usage)
    steps = await ramp(people, target, schedule, seconds=ramp_seconds) if ramp_seconds else []
    for person in people:
        person.socket.close()
    return Live(target.name, steady, kilobytes, tuple(steps)), people


async def ramp(
    people: Sequence[P], target: Target[P], schedule: Schedule, *, seconds: float, slowest: float = FIRST_STEP
) -> list[Step]:
    """Raise the rate step by step until a step does not keep up; return all steps."""
    steps: list[Step] = []
    rate = slowest
    while rate <= LAST_STEP and (not steps or steps[-1].result.kept_up):
        journal = target.journal()
        for person in people:
            person.journal = journal
        faster = replace(schedule, operations=rate, seconds=seconds)
        steps.append(Step(rate, await drive(people, journal, faster, target.usage)))
        rate *= FACTOR
        await asyncio.sleep(0.3)
    return steps


def gave_way(result: Result) -> str:
    """Say in a few words why a step did not keep up."""
    if result.closed:
        return "sockets closed"
    if result.generator_cpu > 90 and result.cpu < 90:
        return "generator"
    return "server" if result.cpu > 80 else "both cores" if result.generator_cpu > 80 else "waiting"


async def helix_crowd(setup: Setup, folder: Path, schedule: Schedule) -> Crowd:
    """Let a thousand people into one flow of ours."""
    with HelixServer(setup, folder, people=schedule.people, flows=[nodes_for(schedule)]) as server:
        return await crowd(server, schedule)


async def peer_crowd(name: str, folder: Path, schedule: Schedule) -> Crowd:
    """The same crowd at one of the others."""
    with Peer(name, folder) as peer:
        return await crowd(peer, schedule)


async def crowd(target: Target[P], schedule: Schedule) -> Crowd:
    """Let all people in, fifty at a time, then write and point."""
    journal = target.journal()
    people = [target.person(number, journal) for number in range(schedule.people)]
    seconds = await join(people, 50)
    await asyncio.sleep(2 * SETTLED)
    result = await drive(people, journal, schedule, target.usage)
    for person in people:
        person.socket.close()
    return Crowd(target.name, result, seconds)


@dataclass(frozen=True, slots=True)
class Opened:
    """How long things take to open on one of our setups."""

    name: str
    pages: dict[str, opening.Page]
    growth: float
    batch_bytes: int
    label_bytes: int


async def opened(setup: Setup, folder: Path, library: int) -> Opened:
    """Measure pages, snapshots, frames and memory."""
    with HelixServer(setup, folder, people=2, flows=[100, 1_000, 10_000], library=library) as server:
        grown = await opening.growth(server, 2, 10_000)
        batch, label = await opening.frame_sizes(server)
        pages = {}
        for flow, count in ((1, 1_000), (2, 10_000)):
            pages[f"snapshot, json, {count:,} nodes"] = await opening.snapshots(server, flow)
            pages[f"page, {count:,} nodes"] = opening.fetch(server, f"/flows/{server.flows[flow]}/")
        if library:
            pages[f"library of {library:,}, page"] = opening.fetch(server, "/")
            pages[f"library of {library:,}, search"] = opening.fetch(server, "/?q=invoice")
            pages[f"library of {library:,}, search by REST"] = opening.fetch(server, "/api/v1/flows?q=invoice")
        return Opened(server.name, pages, grown, batch, label)


async def peer_opened(name: str, folder: Path) -> Opened:
    """Measure how long a peer takes to hand over a document."""
    pages = {}
    for count in (1_000, 10_000):
        with Peer(name, folder) as peer:
            pages[f"snapshot, json, {count:,} nodes"] = await opening.peer_snapshots(peer, count)
    return Opened(peer.name, pages, 0.0, 0, 0)


async def ceiling(folder: Path, schedule: Schedule, *, changes: int, ramp_seconds: float) -> Live:
    """Find what the generator itself can take, against a server that only passes frames on."""
    with Broadcaster(folder, changes) as target:
        journal = target.journal()
        people = [target.person(number, journal) for number in range(schedule.people)]
        await join(people)
        alone = replace(schedule, writers=1, operations=FEWEST_FRAMES)
        steady = await drive(people, journal, alone, target.usage)
        return Live(
            target.name,
            steady,
            0.0,
            tuple(await ramp(people, target, alone, seconds=ramp_seconds, slowest=FEWEST_FRAMES)),
        )
