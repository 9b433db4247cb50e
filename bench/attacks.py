"""What attacks cost a person in another flow: how soon their edits are acknowledged meanwhile, and memory afterwards.

`python -m bench.attacks [--server daphne|uvicorn] [--database sqlite|postgresql] [--attack N|NAME]`. For each attack of
`bench.attackers` a server of its own, with the limits as they come: an editor edits ten times a second, first alone,
then for 20 s beside the attack, and once more after it. The claim: p95 within twice the quiet value, and ten seconds
after the attack resident memory within 30 MiB of before.

The server has one core; the attack and the editor share the other, each a process of its own and the editor's more
important, so that the generator does not measure itself.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from bench.attackers import ATTACKS, Target, prepare
from bench.helix_server import ROOT, HelixServer, Setup
from bench.process import GENERATOR_CORE
from bench.websocket import Socket

QUIET_SECONDS, ATTACK_SECONDS, REST_SECONDS = 6.0, 20.0, 10.0
PAUSE = 0.1
HURRIED, PLAIN = -10, 5
"""How nice server and editor are to others, and the attack."""
MIB = 1024 * 1024
RATIO, GROWN = 2.0, 30.0

Sample = tuple[float, float]
"""When an edit was sent, and after how many milliseconds it was acknowledged."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one attack cost."""

    attack: str
    quiet: list[float]
    during: list[float]
    memory: tuple[float, float, float]
    busy: tuple[float, float]
    """Processor seconds of the server in a second, quiet and during the attack."""

    def __str__(self) -> str:
        quiet, during = percentile(self.quiet, 95), percentile(self.during, 95)
        before, most, after = self.memory
        ratio, grown = during / quiet, after - before
        number, _ = ATTACKS[self.attack]
        return (
            f"| {number} {self.attack} | {percentile(self.quiet, 50):.1f}, {quiet:.1f} | "
            f"{percentile(self.during, 50):.1f}, {during:.1f}, {max(self.during):.0f} | {_judged(ratio, RATIO, '×')} | "
            f"{before:.0f}, {most:.0f} | {_judged(grown, GROWN, '')} | {self.busy[0]:.2f}, {self.busy[1]:.2f} |"
        )


HEAD = """| attack | quiet: p50, p95 ms | during: p50, p95, most | p95 | MiB before, most | after | CPU: quiet, during |
|---|---|---|---|---|---|---|"""


def _judged(value: float, most: float, unit: str) -> str:
    text = f"{value:.1f}{unit}" if unit else f"{value:+.0f}"
    return text if value <= most else f"**{text}**"


def percentile(values: list[float], percent: float) -> float:
    """Return the value that so many of a hundred do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


async def edit(url: str, token: str, flow: str) -> None:
    """Edit until the process is ended; print when each edit was sent and how long it took to be acknowledged."""
    acked: asyncio.Queue[float] = asyncio.Queue()

    def receive(payload: bytes, arrived: float) -> None:
        if b'"type":"acked"' in payload[:64]:
            acked.put_nowait(arrived)

    socket = await Socket(f"{url}/ws/flows/{flow}/", {"Authorization": f"Bearer {token}"}, receive).open()
    socket.send(json.dumps({"type": "hello", "protocol": 1, "client": "the-editor", "format": "json"}).encode())
    for seq in range(1, 10_000):
        move = {"kind": "move_node", "id": "n1", "x": seq, "y": 0}
        sent, begun = time.monotonic(), time.perf_counter()
        socket.send(json.dumps({"type": "operate", "seq": seq, "operation": move}).encode())
        milliseconds = (await acked.get() - begun) * 1000
        print(json.dumps((sent, milliseconds)), flush=True)
        if seq % 10 == 0:
            socket.send(json.dumps({"type": "seen", "version": seq + 1}).encode())
        await asyncio.sleep(PAUSE)


@contextmanager
def process(niceness: int, *arguments: str, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run this module beside the server, on the generator's core."""
    with output.open("wb") as file:
        running = subprocess.Popen([sys.executable, "-m", "bench.attacks", *arguments], stdout=file, cwd=ROOT)
    with suppress(psutil.AccessDenied):
        psutil.Process(running.pid).nice(niceness)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def measure(name: str, setup: Setup, folder: Path) -> Row:
    """Measure one attack."""
    variables = {"HELIX_TRUSTED_PROXIES": "1"} if name == "doors" else {}
    with HelixServer(setup, folder, people=3, flows=[20], variables=variables) as server:
        target = Target(server.program.port, server.flows[0], server.tokens[:2], server.cookie)
        target = asyncio.run(prepare(name, target))
        samples = folder / f"editor-{target.port}"
        editor = ("--edit", server.program.socket_url, server.tokens[2], server.flows[0])
        with process(HURRIED, *editor, output=samples):
            time.sleep(2)  # until it is joined and warm
            begun, spent = time.monotonic(), server.usage.cpu_seconds()
            time.sleep(QUIET_SECONDS)
            quiet_spent = server.usage.cpu_seconds() - spent
            before = server.usage.memory() / MIB
            attacked = time.monotonic()
            with process(PLAIN, "--let-loose", name, json.dumps(asdict(target)), output=folder / "attack"):
                most = before
                while time.monotonic() < attacked + ATTACK_SECONDS:
                    time.sleep(0.2)
                    most = max(most, server.usage.memory() / MIB)
            ended = time.monotonic()
            attack_spent = server.usage.cpu_seconds() - spent - quiet_spent
            time.sleep(REST_SECONDS)
            after = server.usage.memory() / MIB
        rows = [json.loads(line) for line in samples.read_text().splitlines()]
    quiet, during = _between(rows, begun, attacked), _between(rows, attacked, ended)
    busy = quiet_spent / (attacked - begun), attack_spent / (ended - attacked)
    return Row(name, quiet, during, (before, most, after), busy)


def _between(samples: list[Sample], begun: float, ended: float) -> list[float]:
    return [milliseconds for sent, milliseconds in samples if begun <= sent < ended] or [float("nan")]


def main() -> None:
    """Let every attack that is asked for loose on a server, and print the table."""
    parser = argparse.ArgumentParser(description="What attacks cost somebody in another flow.")
    parser.add_argument("--server", choices=("daphne", "uvicorn"), action="append")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--attack", action="append", help="a number or a name")
    parser.add_argument("--edit", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--let-loose", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {GENERATOR_CORE})
    if given.edit:
        asyncio.run(edit(*given.edit))
    elif given.let_loose:
        name, target = given.let_loose
        _, attack = ATTACKS[name]
        asyncio.run(attack(Target(**json.loads(target))))
    else:
        report(given.server or ["daphne", "uvicorn"], given.database, given.attack)


def report(servers: list[str], database: str, wanted: list[str] | None) -> None:
    """Print a table for each server."""
    with suppress(PermissionError):
        os.nice(HURRIED)
    names = [name for name, (number, _) in ATTACKS.items() if not wanted or name in wanted or str(number) in wanted]
    with tempfile.TemporaryDirectory(prefix="helix-attacks-") as folder:
        for server in servers:
            print(f"\n{server}, {database}, load before {os.getloadavg()[0]:.1f}\n\n{HEAD}", flush=True)
            for name in names:
                print(measure(name, Setup(server=server, database=database), Path(folder)), flush=True)


if __name__ == "__main__":
    main()
