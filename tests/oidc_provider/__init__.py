"""A real OpenID Connect provider, as a process of its own: the login library's."""

import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

from tests.ports import held_port

CLIENT, SECRET = "helix", "between the two of us"
PERSON, PASSWORD, ADDRESS = "olivia", "correct horse", "olivia@example.com"
PATIENCE = 60.0


class Provider:
    """A context manager that starts and ends the process; `callback` is where it sends people back to."""

    def __init__(self, folder: Path, callback: str) -> None:
        self._place = held_port()
        self.port: int = self._place.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [sys.executable, "-m", "tests.oidc_provider.serve", str(self.port), str(folder), callback]
        self._log = folder / "log"

    def __enter__(self) -> "Provider":
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise RuntimeError(self._log.read_text()[-4000:])
            with_patience(self.process)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/.well-known/openid-configuration", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


def with_patience(process: "subprocess.Popen[bytes]") -> None:
    """Wait a moment, or until a process ends."""
    try:
        process.wait(timeout=0.1)
    except subprocess.TimeoutExpired:
        return
