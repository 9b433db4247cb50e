"""The tables: figures, the gates beside them, and ratios to the others of the same run."""

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from itertools import product
from pathlib import Path
from statistics import median
from time import perf_counter

from bench import gates
from bench.cases import Crowd, Live, Opened
from bench.gates import gate, judged
from bench.load import Result, Schedule

Row = Sequence[str]


def table(head: Row, rows: Iterable[Row]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def live_table(found: Sequence[Live], schedule: Schedule) -> str:
    """Show latency, processor, memory and the most deliveries of each server."""
    head = (
        "server", "p50 ms", "p95 ms", "p99 ms", "CPU %", "most deliveries/s", "at operations/s", "its p99 ms",
        "ended by", "KB per socket", "bytes per frame", "problems",
    )  # fmt: skip
    title = (
        f"### {schedule.people} people, {schedule.operations:g} operations/s, {schedule.writers} writers, one flow\n\n"
    )
    return title + table(head, [live_row(one) for one in found]) + "\n" + ratios(found)


def live_row(one: Live) -> Row:
    """Show one server."""
    steady, name = one.steady, one.name
    most = one.most.result if one.most else None
    return (
        name, judged(steady.p50, gate(name, "p50")), judged(steady.p95, None), judged(steady.p99, gate(name, "p99")),
        f"{steady.cpu:.0f}",
        judged(most.deliveries if most else None, gate(name, "deliveries"), at_least=True, digits=0),
        f"{one.most.operations:,.0f}" if one.most else "–", judged(most.p99 if most else None, None), one.limited,
        judged(one.socket_kilobytes, gates.SOCKET_KILOBYTES if is_ours(name) else None, digits=0),
        f"{steady.bytes_per_frame:.0f}", problems(steady),
    )  # fmt: skip


def is_ours(name: str) -> bool:
    """Tell our rows from the others'."""
    return name.startswith("Helix")


def ratios(found: Sequence[Live]) -> str:
    """Show our servers as multiples of each of the others: below 1 we are better in time and memory."""
    rows = []
    for one, other in product(filter(lambda o: is_ours(o.name), found), filter(lambda o: not is_ours(o.name), found)):
        pairs = zip(compared(one), compared(other), strict=True)
        rows.append((f"{one.name} ÷ {other.name}", *(f"{a / b:.2f}" if a and b else "–" for a, b in pairs)))
    head = ("ratio (more is better only in the last column)", "p50", "p99", "CPU", "KB per socket", "deliveries/s")
    return table(head, rows) if rows else ""


def compared(one: Live) -> Sequence[float | None]:
    """Return the figures that ratios are made of."""
    most = one.most.result.deliveries if one.most else None
    return one.steady.p50, one.steady.p99, one.steady.cpu, one.socket_kilobytes, most


def crowd_table(found: Sequence[Crowd], schedule: Schedule) -> str:
    """Show what a crowd sees."""
    head = (
        "server", "edits p50 ms", "p95", "p99", "cursors p50 ms", "p95", "p99", "CPU %", "generator CPU %", "frames/s",
        "all in after s", "problems",
    )  # fmt: skip
    rows = [
        (
            name, judged(one.p50, None), judged(one.p95, gate(name, "crowd_p95")), judged(one.p99, None),
            judged(one.cursor_p50, None), judged(one.cursor_p95, gate(name, "crowd_p95")), judged(one.cursor_p99, None),
            f"{one.cpu:.0f}", f"{one.generator_cpu:.0f}", f"{one.frames:,.0f}", f"{seconds:.1f}", problems(one),
        )
        for name, one, seconds in ((crowd.name, crowd.result, crowd.joining) for crowd in found)
    ]  # fmt: skip
    title = (
        f"### {schedule.people:,} people, {schedule.operations:g} operations/s, "
        f"{schedule.cursors} cursors moving {schedule.cursor_rate:g} times a second\n\n"
    )
    return title + table(head, rows)


def problems(result: Result) -> str:
    """Say what went wrong, in a few words."""
    said = [f"{result.missing:,} never arrived"] if result.missing else []
    said += [f"{count} closed {code}" for code, count in result.closed.items()]
    said += [f"{count} {code}" for code, count in result.refused.items()]
    said += [f"{result.gaps} gaps"] if result.gaps else []
    return ", ".join(said) or "none"


def opening_table(found: Sequence[Opened]) -> str:
    """Show how long things take to open."""
    rows = []
    for one in found:
        for what, page in one.pages.items():
            limit = limit_of(what)
            rows.append((
                f"{one.name}: {what}", f"{page.cold:.1f}", f"{page.first_byte:.1f}", judged(page.full, limit),
                f"{limit:g}" if limit else "–", f"{page.kilobytes:,.0f}",
            ))  # fmt: skip
    head = ("what", "first time, ms", "to first byte (welcome), ms", "to the last byte, ms", "gate", "KB")
    return "### Opening (median of later times)\n\n" + table(head, rows)


def limit_of(what: str) -> float | None:
    """Return the gate of something opened."""
    if what.startswith("page"):
        return gates.OPEN_MILLISECONDS
    return gates.SEARCH_MILLISECONDS if "search" in what else None


def sizes_table(found: Sequence[Opened], static: Path) -> str:
    """Show memory and bytes."""
    rows: list[Row] = []
    for one in found:
        if one.batch_bytes:
            figures = (
                ("KB a node when 10,000 are first joined", one.growth, gates.NODE_KILOBYTES, 2),
                ("bytes of 100 moves, html", one.batch_bytes, gates.BATCH_BYTES, 0),
                ("bytes of one label, html", one.label_bytes, gates.LABEL_BYTES, 0),
            )
            rows += [
                (f"{one.name}: {what}", judged(value, top, digits=d), f"{top:g}") for what, value, top, d in figures
            ]
    script = sum(path.stat().st_size for path in static.rglob("*.js")) / 1024
    rows.append(("JavaScript in static/, KB", judged(script, gates.JAVASCRIPT_KILOBYTES), "120"))
    return "### Sizes\n\n" + table(("what", "measured", "gate"), rows)


def ceiling_table(found: Sequence[Live]) -> str:
    """Show what the generator itself can take."""
    rows = []
    for one in found:
        if one.most:
            most = one.most.result
            rows.append((
                one.name, f"{most.frames:,.0f}", f"{most.deliveries:,.0f}", f"{most.megabytes:,.0f}",
                judged(most.p99, None), f"{most.cpu:.0f}", f"{most.generator_cpu:.0f}", one.limited,
            ))  # fmt: skip
    head = ("changes in a frame", "frames/s", "deliveries/s", "MB/s", "p99 ms", "CPU %", "generator CPU %", "ended by")
    return "### The generator's own ceiling, against a server that only passes frames on\n\n" + table(head, rows)


def machine(folder: Path) -> str:
    """Say what the figures were measured on."""
    packages = ("django", "channels", "daphne", "uvicorn", "uvloop", "websockets", "orjson", "psycopg")
    facts = {
        "cores": str(os.cpu_count()),
        "processor": processor(),
        "system": platform.platform(terse=True),
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in packages),
        "Node": node_version(),
        "load before": f"{os.getloadavg()[0]:.2f}",
        "fsync of 4 KB": f"{fsync_milliseconds(folder):.2f} ms (median)",
    }
    return "".join(f"- {name}: {value}\n" for name, value in facts.items())


def processor() -> str:
    """Return the processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def node_version() -> str:
    """Return Node's version, if there is one."""
    try:
        return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "none"


def fsync_milliseconds(folder: Path) -> float:
    """Return what it costs here to make 4 KB durable: the floor of every commit."""
    taken = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(50):
            started = perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            taken.append((perf_counter() - started) * 1000)
    return median(taken)
