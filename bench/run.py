"""`python -m bench.run`: every case on every server asked for, and one Markdown report.

Run it on a quiet machine; a run with everything takes some minutes, `--quick` one or two. The servers get one core,
this process another. PostgreSQL and Redis, where asked for, run on whichever is free.
"""

import argparse
import resource
import sys
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from bench import cases, peers, report
from bench.helix_server import ROOT, Setup
from bench.load import Schedule, pin
from bench.process import GENERATOR_CORE

CASES = ("ceiling", "live", "crowd", "opening")
T = TypeVar("T")


def arguments(given: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short schedules, uvicorn on SQLite alone")
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES), metavar="CASE", help=" ".join(CASES))
    parser.add_argument("--server", default=None, help="uvicorn,daphne")
    parser.add_argument("--database", default=None, help="sqlite,postgresql")
    parser.add_argument("--layer", choices=("memory", "redis"), default="memory")
    parser.add_argument("--format", default="json", help="json,html: what people ask the server for")
    parser.add_argument("--no-peers", action="store_true", help="leave out the servers of others")
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--writers", type=int, default=10)
    parser.add_argument("--operations", type=float, default=50)
    parser.add_argument("--cursors", type=int, default=0)
    parser.add_argument("--cursor-rate", type=float, default=10)
    parser.add_argument("--seconds", type=float, default=None)
    parser.add_argument("--ramp-seconds", type=float, default=None, help="of each step; 0 leaves the ramp out")
    parser.add_argument("--crowd", type=int, default=1000, help="people of the crowd")
    parser.add_argument("--library", type=int, default=10_000, help="flows of the library")
    parser.add_argument("--folder", type=Path, default=None, help="where databases live; must be a real disk")
    parser.add_argument("--output", type=Path, default=None, help="write the report here too")
    options = parser.parse_args(given)
    for name, quick, full in (
        ("server", "uvicorn", "uvicorn,daphne"), ("database", "sqlite", "sqlite,postgresql"),
        ("seconds", 3.0, 5.0), ("ramp_seconds", 1.5, 2.0),
    ):  # fmt: skip
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else full)
    return options


class Run:
    """One run: its options, and the report so far, which also goes to standard error as it grows."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.parts: list[str] = []
        self.setups = [
            Setup(server=server, database=database, layer=options.layer)
            for server, database in product(options.server.split(","), options.database.split(","))
        ]
        self.peers = tuple(peers.PACKAGES) if peers.installed() and not options.no_peers else ()
        self.schedule = Schedule(
            people=options.people, writers=options.writers, operations=options.operations,
            cursors=options.cursors, cursor_rate=options.cursor_rate, seconds=options.seconds,
        )  # fmt: skip

    def report(self) -> str:
        """Measure everything and return the report."""
        now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        self.say(f"## A run of {now}{' (quick)' if self.options.quick else ''}\n\n{report.machine(self.folder)}")
        for name in CASES:
            if name in self.options.only:
                getattr(self, name)()
        return "\n".join(self.parts)

    def say(self, text: str) -> None:
        """Add to the report."""
        self.parts.append(text)
        print(text, file=sys.stderr, flush=True)

    def ceiling(self) -> None:
        """The generator alone."""
        seconds = self.options.ramp_seconds or 1.0
        found = [wait(cases.ceiling(self.folder, self.schedule, changes=n, ramp_seconds=seconds)) for n in (1, 50)]
        self.say(report.ceiling_table(found))

    def live(self) -> None:
        """The steady schedule and the ramp, on all servers."""
        ramp = self.options.ramp_seconds
        setups = [replace(setup, form=form) for setup, form in product(self.setups, self.options.format.split(","))]
        found = [wait(cases.helix_live(setup, self.folder, self.schedule, ramp_seconds=ramp)) for setup in setups]
        found += [wait(cases.peer_live(name, self.folder, self.schedule, ramp_seconds=ramp)) for name in self.peers]
        self.say(report.live_table(found, self.schedule))

    def crowd(self) -> None:
        """A thousand people."""
        count = self.options.crowd
        schedule = Schedule(people=count, operations=20, cursors=min(50, count), seconds=self.options.seconds)
        found = [wait(cases.helix_crowd(setup, self.folder, schedule)) for setup in self.setups]
        found += [wait(cases.peer_crowd(name, self.folder, schedule)) for name in self.peers]
        self.say(report.crowd_table(found, schedule))

    def opening(self) -> None:
        """Pages, snapshots, library, sizes."""
        found = [wait(cases.opened(setup, self.folder, self.options.library)) for setup in self.setups]
        found += [wait(cases.peer_opened(name, self.folder)) for name in self.peers]
        self.say(report.opening_table(found))
        self.say(report.sizes_table(found, ROOT / "static"))


def wait(case: Coroutine[Any, Any, T]) -> T:
    """Run one case in an event loop of its own."""
    return uvloop.run(case)


def main(given: list[str] | None = None) -> None:
    """Measure what the command line asks for and print the report."""
    options = arguments(sys.argv[1:] if given is None else given)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    pin(GENERATOR_CORE)
    with tempfile.TemporaryDirectory(prefix="helix-bench-", dir=options.folder, ignore_cleanup_errors=True) as folder:
        text = Run(options, Path(folder)).report()
    if options.output:
        options.output.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
