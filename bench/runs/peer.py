"""Prefect beside us: its server on SQLite, in an environment of its own, and flows run by its own library.

`bench/install_runs` makes that environment. What Prefect runs is `prefect_flow.py`, which it alone imports.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.process import Program, Usage, free_port
from bench.runs.stage import PATIENCE, WARM_UP_TASKS

PLACE = Path(
    os.environ.get("HELIX_BENCH_PREFECT")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "helix-bench/prefect"
)
FLOW = Path(__file__).with_name("prefect_flow.py")
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "ERROR",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}
CALM_SECONDS = 5.0
LOOK_SECONDS = 0.1
AFTER_KILL_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A running Prefect server."""

    url: str
    usage: Usage
    environment: dict[str, str]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the program of flows."""
        command = [str(PLACE / "bin/python"), str(FLOW), *arguments]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True)

    def seconds(self, what: str, tasks: int) -> float:
        """Run a flow; return the seconds from its beginning until the server knows that all its tasks are done.

        Its tasks tell the server of themselves aside, so they are over in their process before that.
        """
        end, wanted = time.monotonic() + PATIENCE, self._completed() + tasks
        with self.start(what, str(tasks)) as process:
            while self._completed() < wanted and process.poll() in {None, 0} and time.monotonic() < end:
                time.sleep(LOOK_SECONDS)
            over = time.time()
            said = process.communicate()[0]
        if process.returncode:
            raise RuntimeError(f"Prefect's flow ended with status {process.returncode}")
        return over - float(json.loads(said.splitlines()[-1]))

    def _completed(self) -> int:
        wanted = {"task_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
        return int(httpx.post(f"{self.url}/task_runs/count", json=wanted, timeout=30).raise_for_status().json())


def installed() -> bool:
    """Tell whether `bench/install_runs` has been run."""
    return (PLACE / "bin/prefect").exists()


def name() -> str:
    """Return what its rows are called."""
    known = next((PLACE / "lib").glob("python*/site-packages/prefect-*.dist-info"))
    return f"Prefect {known.name.removeprefix('prefect-').removesuffix('.dist-info')}, sqlite"


def step(folder: Path, length: int) -> float:
    """Return the milliseconds of a step in a chain, which has run once before, as ours has."""
    with served(folder) as peer:
        peer.seconds("chain", length)
        return peer.seconds("chain", length) * 1000 / length


def fan_out(folder: Path, tasks: int) -> float:
    """Return the seconds of so many tasks, after a few that are not measured, as with ours."""
    with served(folder) as peer:
        peer.seconds("fan-out", WARM_UP_TASKS)
        return peer.seconds("fan-out", tasks)


def after_kill(folder: Path) -> str:
    """Kill the process that is at a flow, and say what becomes of the run."""
    with served(folder) as peer:
        process = peer.start("long")
        try:
            states = {"RUNNING"}
            while _states(peer) != states and process.poll() is None:
                time.sleep(0.2)
            process.send_signal(signal.SIGKILL)
            end = time.monotonic() + AFTER_KILL_SECONDS
            while _states(peer) == states and time.monotonic() < end:
                time.sleep(0.2)
            found = ", ".join(sorted(_states(peer)))
            return f"{found} after {AFTER_KILL_SECONDS - max(0.0, end - time.monotonic()):.0f} s"
        finally:
            process.kill()
            process.communicate()


def idle(folder: Path) -> float:
    """Return the MiB of a server that does nothing."""
    with served(folder) as peer:
        time.sleep(CALM_SECONDS)
        return peer.usage.own_memory() / 2**20


@contextmanager
def served(folder: Path) -> Iterator[Peer]:
    """Lend a server on a fresh database."""
    port = free_port()
    place = folder / f"prefect-{port}"
    place.mkdir()
    url = f"http://127.0.0.1:{port}/api"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PYTHON"))}
    environment |= QUIET | {"PREFECT_HOME": str(place), "PREFECT_API_URL": url}
    command = [str(PLACE / "bin/prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with Program(
        command, port=port, folder=place, environment=environment, ready="/api/health", is_pinned=False
    ) as program:
        yield Peer(url, program.usage, environment)


def _states(peer: Peer) -> set[str]:
    found = httpx.post(f"{peer.url}/flow_runs/filter", json={}, timeout=30).raise_for_status().json()
    return {one["state_type"] for one in found}
