"""Real `helix worker` processes on a database of their own, to be killed, stopped and cut off."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import psutil
from django.db import connection

from tests.forked import Process, start
from tests.runs.worker_program import EFFECTS
from tests.servers import clean_environment

PROGRAM = "tests.runs.worker_program"
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Effect:
    """One line of what happened outside."""

    word: str
    task: str
    process: int
    at: float


class Crew:
    """Workers of one installation."""

    def __init__(self, folder: Path, *, own_python: bool = False, **environment: str) -> None:
        self.folder = folder
        self._own_python = own_python
        self.effects_file = folder / "effects"
        self.environment = clean_environment(**environment) | {
            EFFECTS: str(self.effects_file),
            "HELIX_DATA_DIR": str(folder),
            "HELIX_LOG_LEVEL": "INFO",
        }
        self._processes: list[Process] = []

    def start(self, *arguments: str, inside: Sequence[str] = (), **environment: str) -> "Member":
        """Start a worker, by a command that it is given to."""
        number = len(self._processes)
        log = self.folder / f"worker{number}.log"
        process = start(
            PROGRAM,
            ["worker", *arguments],
            self.environment | environment,
            output=log,
            errors=log,
            own_python=self._own_python,
            inside=inside,
        )
        self._processes.append(process)
        return Member(process, log)

    def effects(self) -> list[Effect]:
        """Return what happened outside, in order."""
        if not self.effects_file.exists():
            return []
        parts = [line.split() for line in self.effects_file.read_text().splitlines()]
        return [Effect(word, task, int(process), float(at)) for word, task, process, at in parts]

    def begun(self, node: str = "") -> list[Effect]:
        """Return what began, of one node."""
        return [one for one in self.effects() if one.word == "begun" and (not node or one.task.split(".")[1] == node)]

    def stop(self) -> None:
        """End all at once."""
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Member:
    """One worker: the parent and its child."""

    def __init__(self, process: Process, log: Path) -> None:
        self.process = process
        self.log = log

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to both."""
        os.killpg(self.process.pid, number)

    def kill(self) -> float:
        """End both as a power cut would; return when."""
        self.signal(signal.SIGKILL)
        self.process.wait()
        return time.time()

    def children(self) -> list[int]:
        """Return the executing process, if there is one now."""
        return [child.pid for child in psutil.Process(self.process.pid).children()]

    def terminate(self) -> int:
        """End it gently; return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def until(so: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Look again and again: there is no event for what other programs do."""
    ticking = threading.Event()
    end = time.monotonic() + seconds
    while not so():
        if time.monotonic() > end:
            return False
        ticking.wait(0.02)
    return True


@contextmanager
def crews(folder: Path, *, own_python: bool = False, **environment: str) -> Iterator[Crew]:
    """Lend a crew, and end it."""
    crew = Crew(folder, own_python=own_python, **environment)
    try:
        yield crew
    finally:
        crew.stop()


def database_environment(folder: Path) -> dict[str, str]:
    """Let processes use the database of this test; a file of SQLite is found in their data folder."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        (folder / "helix.sqlite3").symlink_to(given["NAME"])
        return {}
    known = {name: value for name, value in given["OPTIONS"].items() if isinstance(value, str)}
    place = urlencode({"host": given["HOST"], "port": given["PORT"] or "5432"} | known)
    return {"HELIX_DATABASE_URL": f"postgresql://{quote(given['USER'])}@/{quote(str(given['NAME']))}?{place}"}
