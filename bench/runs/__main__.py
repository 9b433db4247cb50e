"""`python -m bench.runs`: what runs cost on each database, beside Prefect in the same run, as Markdown.

SQLite has one worker, in the server; PostgreSQL has a second one beside it. Half an hour on a machine that does
nothing else; `--quick` takes a few minutes. `bench/install_runs` fetches Prefect; without it its rows are left out.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.gates import judged
from bench.report import machine, table
from bench.runs import cases, peer
from bench.runs.stage import Setup

SETUPS = {"sqlite": Setup("sqlite", 1), "postgresql": Setup("postgresql", 2)}
CASES = ("steps", "fan-out", "take-over", "idle")
QUICK, FULL = (20, (1_000,), 3), (100, (1_000, 9_990), 20)
"""Steps of the chain, tasks of the fan-outs, kills."""
GATES = {1_000: 20.0, 9_990: 180.0}
START_MILLISECONDS, EDIT_MILLISECONDS, MEGABYTES = 500.0, 100.0, 200.0
TAKE_OVER, TAKE_OVER_ALWAYS = 2.0, 5.0


class Report:
    """The tables, which also go to standard error as they grow."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._setups = [SETUPS[name] for name in options.database.split(",")]
        self._length, self._tasks, self._kills = QUICK if options.quick else FULL
        self._has_peer = peer.installed() and not options.no_peers
        self.parts: list[str] = []

    def write(self) -> str:
        """Measure what is asked for and return the report."""
        quick = " (quick)" if self._options.quick else ""
        self._say(f"## Runs, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC{quick}\n\n{machine(self._folder)}")
        parts: dict[str, Callable[[], None]] = {
            "steps": self._steps, "fan-out": self._fan_outs, "take-over": self._take_over, "idle": self._idle
        }  # fmt: skip
        for name in CASES:
            if name in self._options.only:
                parts[name]()
        self._say(f"- load at the end: {os.getloadavg()[0]:.2f}\n")
        return "\n".join(self.parts)

    def _steps(self) -> None:
        rows: list[Sequence[str]] = []
        for setup in self._setups:
            found = cases.steps(setup, self._folder, length=self._length)
            start = judged(found.start_p95, START_MILLISECONDS, digits=0)
            rows.append((str(setup), f"{found.step:.1f}", f"{found.cpu:.1f}", f"{found.start_p50:.0f}", start))
        if self._has_peer:
            rows.append((peer.name(), f"{peer.step(self._folder, self._length):.1f}", "–", "–", "–"))
        head = (f"{self._length} steps in turn", "ms a step", "CPU ms a step", "pressed to running, p50 ms", "p95 ms")
        self._say(table(head, rows))

    def _fan_outs(self) -> None:
        for tasks in self._tasks:
            rows: list[Sequence[str]] = []
            for setup in self._setups:
                found = cases.fanned_out(setup, self._folder, tasks=tasks)
                rows.append((
                    str(setup), judged(found.seconds, GATES.get(tasks)), f"{tasks / found.seconds:.0f}",
                    f"{found.cpu:.1f}", f"{found.database_cpu:.1f}", f"{found.edit_p50:.0f}",
                    judged(found.edit_p95, EDIT_MILLISECONDS, digits=0), f"{found.memory:.0f}",
                ))  # fmt: skip
            if self._has_peer and tasks <= 1_000:
                seconds = peer.fan_out(self._folder, tasks)
                rows.append((peer.name(), f"{seconds:.1f}", f"{tasks / seconds:.0f}", *["–"] * 5))
            head = (
                f"{tasks:,} items", "s", "tasks/s", "CPU ms a task, ours", "PostgreSQL's", "edits meanwhile, p50 ms",
                "p95 ms", "most memory of all, MiB",
            )  # fmt: skip
            self._say(table(head, rows))

    def _take_over(self) -> None:
        rows: list[Sequence[str]] = []
        for setup in self._setups:
            found = cases.taken_over(setup, self._folder, kills=self._kills, seed=self._options.seed)
            well, worst = found.within(TAKE_OVER), judged(max(found.seconds), TAKE_OVER_ALWAYS)
            middle = sorted(found.seconds)[len(found.seconds) // 2]
            rows.append((
                f"Helix, {setup.database}", f"{middle:.2f}", worst, f"{well} of {self._kills}", str(found.repeated)
            ))  # fmt: skip
        if self._has_peer:
            rows.append((peer.name(), "–", peer.after_kill(self._folder), "–", "–"))
        head = (f"{self._kills} × kill -9, seed {self._options.seed}", "median s", "most s", "within 2 s", "run again")
        self._say(table(head, rows))

    def _idle(self) -> None:
        rows: list[Sequence[str]] = []
        for setup in self._setups:
            found = cases.idle(setup, self._folder)
            worker = judged(found.worker, MEGABYTES, digits=0)
            rows.append((
                f"Helix, {setup.database}", f"{found.without:.0f}", f"{found.inside:.0f}", f"{found.cpu:.1f}", worker
            ))  # fmt: skip
        if self._has_peer:
            rows.append((peer.name(), f"{peer.idle(self._folder):.0f}", "–", "–", "–"))
        head = ("idle", "server, MiB", "with a worker inside, MiB", "its CPU %", "worker beside, MiB")
        self._say(table(head, rows))

    def _say(self, text: str) -> None:
        self.parts.append(text)
        print(text, file=sys.stderr, flush=True)


def main(given: list[str] | None = None) -> None:
    """Measure what the command line asks for and print the report."""
    parser = argparse.ArgumentParser(prog="python -m bench.runs", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short chains, 1,000 items, three kills")
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES), metavar="CASE", help=" ".join(CASES))
    parser.add_argument("--database", default="sqlite,postgresql")
    parser.add_argument("--no-peers", action="store_true", help="leave out Prefect")
    parser.add_argument("--seed", type=int, default=7, help="of the moments of the kills")
    parser.add_argument("--folder", type=Path, default=None, help="where databases live; must be a real disk")
    parser.add_argument("--output", type=Path, default=None, help="write the report here too")
    options = parser.parse_args(given)
    with tempfile.TemporaryDirectory(prefix="helix-bench-", dir=options.folder, ignore_cleanup_errors=True) as folder:
        text = Report(options, Path(folder)).write()
    if options.output:
        options.output.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
