"""Processes under measurement: started on a core of their own, watched from outside, always ended."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import psutil

Number = TypeVar("Number", int, float)
SERVER_CORE, GENERATOR_CORE = 0, 1
PATIENCE = 60.0


class Usage:
    """Processor time and memory of a process and all its children."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)

    def cpu_seconds(self) -> float:
        """Return user and system seconds spent so far, those of children that have ended among them."""
        return sum(self._of_each(lambda process: sum(process.cpu_times()[:4])))

    def memory(self) -> int:
        """Return resident bytes."""
        return sum(self._of_each(lambda process: process.memory_info().rss))

    def own_memory(self) -> int:
        """Return proportional bytes: what forked processes share counts once."""
        return sum(self._of_each(lambda process: process.memory_full_info().pss))

    def _of_each(self, read: Callable[[psutil.Process], Number]) -> Iterator[Number]:
        """Read a figure of each process; one that ends meanwhile has none."""
        for process in self._family():
            with suppress(psutil.NoSuchProcess):
                yield read(process)

    def _family(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return [self._process, *self._process.children(recursive=True)]
        return []


class Program:
    """A server program: a context manager that starts it on the servers' core, waits until it answers, and ends it."""

    def __init__(
        self,
        command: list[str],
        *,
        port: int,
        folder: Path,
        environment: dict[str, str],
        ready: str = "",
        is_pinned: bool = True,
    ) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.socket_url = f"ws://127.0.0.1:{port}"
        self._command = pinned(command) if is_pinned else command
        self._environment = environment
        self._folder, self._log = folder, folder / f"server-{port}.log"
        self._ready = ready

    def __enter__(self) -> "Program":
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                self._command, env=self._environment, cwd=self._folder, stdout=log, stderr=log
            )
        end = time.monotonic() + PATIENCE
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"the server did not start:\n{self._log.read_text()[-3000:]}")
            time.sleep(0.05)
        self.usage = Usage(self.process.pid)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it gently, or after five seconds not."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _answers(self) -> bool:
        if not self._ready:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return True
            return False
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(self.url + self._ready, timeout=5) as got:
            return bool(got.status == 200)
        return False


def pinned(command: list[str]) -> list[str]:
    """Put a command on the servers' core, where there are several."""
    return command if (os.cpu_count() or 1) < 2 else ["taskset", "-c", str(SERVER_CORE), *command]


def free_port() -> int:
    """Return a loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
