"""`python -m bench.saturated`: what an operation and a delivery cost a server that always has work.

200 people in one flow; ten of them write, each with as many operations unanswered as `--waiting` says: what is
answered is followed by the next. So the batches are as large as at the steep end of a schedule, on a slow machine and
on a fast one, and the processor time an operation says something even where others use the cores too. With several
`--tree`s their servers alternate, in as many rounds as wanted; the database lies in memory unless a folder is given.
"""

import argparse
import asyncio
import tempfile
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil
import uvloop

from bench.helix_person import HelixPerson
from bench.helix_server import ROOT, HelixServer, Setup
from bench.load import join, keep, pin
from bench.measure import Frame, Journal
from bench.people import NODES_PER_WRITER
from bench.process import GENERATOR_CORE
from bench.report import table

PEOPLE, WRITERS = 200, 10
WARM_UP = 1.0
MEMORY = Path("/dev/shm")
COUNTED = ("helix_commit_size_count", "helix_fanout_seconds_count", "helix_frames_out_total", "helix_frames_in_total")
COLUMNS = (
    *("µs an operation", "of it on the loop", "system", "PostgreSQL's beside it", "ns a delivery"),
    *("operations a commit", "a flush"),
    *("frames out an operation", "in", "operations/s"),
)


class Journalless(Journal):
    """Notes nothing: the generator is not what is measured."""

    def __init__(self) -> None:
        super().__init__(lambda _: Frame([], []))
        self.answered = 0


class Busy(HelixPerson):
    """A person who writes again as soon as an operation is answered."""

    is_writing = False
    journal: Journalless

    def received(self, payload: bytes, arrived: float) -> None:
        """Take a frame, reading no more of it than flow control needs."""
        if payload.startswith(b'{"type":"acked"'):
            self.journal.answered += 1
            if self.is_writing:
                self.again()
        elif payload.startswith(b'{"type":"apply_changes"'):
            self.version = int(payload.partition(b'"version":')[2][:12].partition(b",")[0])
            if self.version - self._seen_version >= 100 or self.socket.bytes_received - self._seen_bytes >= 262_144:
                self._tell_seen(arrived)
        else:
            self._rare(payload, arrived)

    def again(self) -> None:
        """Move a node."""
        self._edits += 1
        self.socket.send(self.edit(self._edits, self.number * NODES_PER_WRITER + self._edits % NODES_PER_WRITER))


@dataclass(frozen=True, slots=True)
class Spent:
    """What a server has spent and counted."""

    user: float
    system: float
    loop: float
    database: float
    answered: int
    at: float
    counted: tuple[float, ...]


def spent(server: HelixServer, journal: Journalless) -> Spent:
    """Read it: first what belongs to one moment, then what the server has to be asked for."""
    process = psutil.Process(server.program.process.pid)
    times, answered, at = process.cpu_times(), journal.answered, perf_counter()
    loop = next(one for one in process.threads() if one.id == process.pid)
    database = server.database_usage.cpu_seconds() if server.database_usage else 0.0
    with urllib.request.urlopen(f"{server.program.url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    counted = tuple(sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name)) for name in COUNTED)
    on_loop = loop.user_time + loop.system_time
    return Spent(times.user, times.system, on_loop, database, answered, at, counted)


async def measure(setup: Setup, tree: Path, folder: Path, waiting: int, seconds: float) -> tuple[float, ...]:
    """Return the figures of one run, in the order of `COLUMNS`."""
    nodes = WRITERS * NODES_PER_WRITER
    with HelixServer(setup, folder, people=PEOPLE, flows=[nodes], tree=tree) as server:
        journal = Journalless()
        people = [
            Busy(number, journal, url=server.program.socket_url, flow=server.flows[0], token=token, form=setup.form)
            for number, token in enumerate(server.tokens)
        ]
        await join(people)
        keeper = asyncio.create_task(keep(people))
        for person in people[:WRITERS]:
            person.is_writing = True
            for _ in range(waiting):
                person.again()
        await asyncio.sleep(WARM_UP)
        before = await asyncio.to_thread(spent, server, journal)
        await asyncio.sleep(seconds)
        after = await asyncio.to_thread(spent, server, journal)
        keeper.cancel()
        closed = [person.socket.closed for person in people if person.socket.closed]
        for person in people:
            person.is_writing = False
            person.socket.close()
        assert not closed, f"{len(closed)} sockets were closed"
        return figures(before, after)


def figures(before: Spent, after: Spent) -> tuple[float, ...]:
    """Work out what one operation cost in between."""
    operations = max(1, after.answered - before.answered)
    user, system = after.user - before.user, after.system - before.system
    commits, flushes, out, heard = (
        max(1.0, now - then) for now, then in zip(after.counted, before.counted, strict=True)
    )
    micro = 1e6 * (user + system) / operations
    return (
        micro,
        1e6 * (after.loop - before.loop) / operations,
        1e6 * system / operations,
        1e6 * (after.database - before.database) / operations,
        1e3 * micro / (PEOPLE - 1),
        operations / commits,
        operations / flushes,
        out / operations,
        heard / operations,
        operations / (after.at - before.at),
    )


def main() -> None:
    """Measure and print the median of each figure, with the least and the most of the first."""
    parser = argparse.ArgumentParser(prog="python -m bench.saturated", description=__doc__)
    parser.add_argument("--server", default="uvicorn,daphne")
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--form", default="json")
    parser.add_argument("--waiting", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--tree", type=Path, action="append")
    parser.add_argument("--folder", type=Path, default=MEMORY)
    options = parser.parse_args()
    pin(GENERATOR_CORE)
    trees: Sequence[Path] = [tree.resolve() for tree in options.tree or [ROOT]]
    found: dict[tuple[str, Path], list[tuple[float, ...]]] = {}
    with tempfile.TemporaryDirectory(prefix="helix-bench-", dir=options.folder, ignore_cleanup_errors=True) as folder:
        for _ in range(options.rounds):
            for server in options.server.split(","):
                setup = Setup(server=server, database=options.database, form=options.form)
                for tree in trees:
                    run = measure(setup, tree, Path(folder), options.waiting, options.seconds)
                    found.setdefault((str(setup), tree), []).append(uvloop.run(run))
    rows = []
    for (name, tree), runs in found.items():
        columns = list(zip(*runs, strict=True))
        spread = f"{median(columns[0]):.0f} ({min(columns[0]):.0f}–{max(columns[0]):.0f})"
        rows.append((f"{name}, {tree.name}", spread, *(f"{median(column):,.1f}" for column in columns[1:])))
    print(table(("server, tree", *COLUMNS), rows))


if __name__ == "__main__":
    main()
