"""`python -m bench.guard`: what has become slower since the last record, in less than eight minutes.

Both servers on both databases, and Hocuspocus before and after them: 200 people in one flow, then faster and faster.
Figures are ratios to Hocuspocus in the same run, so that they mean something on another machine; they are compared with
the record in docs/performance.md. What is worse by more than `ALLOWED` is named, and the exit status is 1. With
`--record` the table is written into that file instead.
"""

import argparse
import resource
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import mean

from bench import cases, peers
from bench.cases import Live
from bench.helix_server import ROOT, Setup
from bench.load import Schedule, pin
from bench.process import GENERATOR_CORE
from bench.report import table
from bench.run import wait

ALLOWED = 1.3
RECORD = ROOT / "docs/performance.md"
BEGIN, END = "<!-- record -->", "<!-- end of the record -->"
COLUMNS = ("p50", "p99", "most deliveries/s", "CPU a delivery")
MORE_IS_BETTER = frozenset({"most deliveries/s"})
PEER = "hocuspocus"
UNKNOWN = "–"
SCHEDULE = Schedule(people=200, writers=10, operations=50, seconds=5.0)
RAMP_SECONDS = 1.5

Ratios = Mapping[str, Mapping[str, float | None]]
"""By setup and column: how many times Hocuspocus's; None where a step of either did not keep up."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is compared, of one server."""

    values: tuple[float | None, ...]

    @classmethod
    def of(cls, live: Live) -> "Figures":
        """Take them from a run; processor time a delivery is that of the fastest step that kept up."""
        most = live.most.result if live.most else None
        cost = most.cpu / most.deliveries if most and most.deliveries else None
        return cls((live.steady.p50, live.steady.p99, most.deliveries if most else None, cost))


def ratios(ours: Mapping[str, Figures], theirs: Sequence[Figures]) -> Ratios:
    """Divide each of our figures by the mean of theirs."""
    means = [mean(known) if (known := [one for one in column if one]) else None for column in _columns(theirs)]
    return {
        name: {
            column: value / other if value and other else None
            for column, value, other in zip(COLUMNS, one.values, means, strict=True)
        }
        for name, one in ours.items()
    }


def _columns(figures: Sequence[Figures]) -> Sequence[Sequence[float | None]]:
    return list(zip(*(one.values for one in figures), strict=True))


def fallen(record: Ratios, now: Ratios) -> list[str]:
    """Name what is worse than in the record by more than `ALLOWED`, or is no longer there at all."""
    said = []
    for name, column in product(record, COLUMNS):
        before, after = record[name].get(column), now.get(name, {}).get(column)
        if before is None:
            continue
        if after is None:
            said.append(f"{name}: {column}: {before:.2f} before, nothing now")
            continue
        factor = before / after if column in MORE_IS_BETTER else after / before
        if factor > ALLOWED:
            said.append(f"{name}: {column}: {before:.2f} → {after:.2f} × {PEER}, worse by {factor:.1f}")
    return said


def written(found: Ratios) -> str:
    """Return ratios as the table of the record."""
    head = (f"÷ {PEER}, in one run", *COLUMNS)
    rows = [(name, *(f"{value:.2f}" if value else UNKNOWN for value in one.values())) for name, one in found.items()]
    return table(head, rows)


def read(text: str) -> Ratios:
    """Read the record out of the document. Empty if there is none."""
    lines = text.partition(BEGIN)[2].partition(END)[0].strip().splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    return {
        name: {
            column: None if value == UNKNOWN else float(value) for column, value in zip(COLUMNS, values, strict=True)
        }
        for name, *values in cells
    }


def measure(folder: Path, setups: Sequence[Setup]) -> Ratios:
    """Run everything once."""

    def peer() -> Figures:
        return Figures.of(wait(cases.peer_live(PEER, folder, SCHEDULE, ramp_seconds=RAMP_SECONDS)))

    theirs = [peer()]
    ours = {}
    for setup in setups:
        print(f"measuring {setup}", file=sys.stderr, flush=True)
        ours[str(setup)] = Figures.of(wait(cases.helix_live(setup, folder, SCHEDULE, ramp_seconds=RAMP_SECONDS)))
    return ratios(ours, [*theirs, peer()])


def main(given: list[str] | None = None) -> int:
    """Measure, print the table, and compare; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.guard", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write what was measured into docs/performance.md")
    parser.add_argument("--server", default="uvicorn,daphne")
    parser.add_argument("--database", default="sqlite,postgresql")
    parser.add_argument("--folder", type=Path, default=None, help="where databases live; must be a real disk")
    options = parser.parse_args(given)
    if not peers.installed():
        print("The servers to compare with are missing: run bench/install first.", file=sys.stderr)
        return 2
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    pin(GENERATOR_CORE)
    pairs = product(options.server.split(","), options.database.split(","))
    setups = [Setup(server=server, database=database) for server, database in pairs]
    with tempfile.TemporaryDirectory(prefix="helix-bench-", dir=options.folder, ignore_cleanup_errors=True) as folder:
        now = measure(Path(folder), setups)
    print(written(now))
    text = RECORD.read_text()
    if options.record:
        before, _, rest = text.partition(BEGIN)
        RECORD.write_text(f"{before}{BEGIN}\n{written({**read(text), **now})}{END}{rest.partition(END)[2]}")
        return 0
    wanted = {name: one for name, one in read(text).items() if name in now}
    worse = fallen(wanted, now)
    print("\n".join(worse) if worse else f"Nothing is worse than in the record by more than {ALLOWED}.")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
