"""Real `helix up` processes for the tests: started, watched until ready, ended gently or not at all gently.

Nothing here imports Django: what a test proves with a `Server`, it proves about the program somebody starts.
"""

import atexit
import fcntl
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import httpx

from tests.forked import Process, run, start
from tests.ports import held_port

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of servers without TLS: to read the machine's certificates takes 20 ms, often many times a second."""
MANY_TESTS = {
    "HELIX_LIMIT_INVITATIONS_PER_HOUR": "1000000",
    "HELIX_LIMIT_FLOW_CHANGES_PER_MINUTE": "1000000",
    "HELIX_LIMIT_ACCOUNT_CHANGES_PER_HOUR": "1000000",
    "HELIX_LIMIT_SIGNUPS_PER_MINUTE": "1000000",
}
"""What one person or address may not do in an hour, many tests together do."""


class Server:
    """One `helix up` with a data folder and a port of its own; a context manager that starts and ends it.

    Without `workers` it runs no flows: few tests do, and a worker looks for work all the time. `environment` adds to
    what the process gets; `HELIX_*` of the tests themselves is never passed on. With `own_python` an interpreter of its
    own starts, and not a fork of one that has loaded the libraries (`tests/forked.py`).
    """

    def __init__(
        self,
        *,
        data_dir: Path | None = None,
        database_url: str = "",
        redis_url: str = "",
        server: str = "daphne",
        demo: bool = True,
        workers: int = 0,
        environment: dict[str, str] | None = None,
        own_python: bool = False,
    ) -> None:
        self.process: Process
        self._own_python = own_python
        self._folder = tempfile.TemporaryDirectory(prefix="helix-server-", ignore_cleanup_errors=True)
        self.data_dir = data_dir or Path(self._folder.name) / "data"
        self.log = Path(self._folder.name) / "log"
        self.output = Path(self._folder.name) / "output"
        self._place = held_port()
        self.port: int = self._place.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.socket_url = f"ws://127.0.0.1:{self.port}"
        given = MANY_TESTS | {"HELIX_WORKERS": str(workers)} | (environment or {})
        self.environment = clean_environment(HELIX_DATABASE_URL=database_url, HELIX_REDIS_URL=redis_url, **given)
        self.module = "helix.cli"
        self.arguments = ["up", "--port", str(self.port), "--server", server]
        self.arguments += ["--data-dir", str(self.data_dir), "--demo" if demo else "--no-demo"]

    def start(self) -> "Server":
        """Start the process and return when `/readyz` says yes."""
        lend_static_files(self.data_dir)
        if "HELIX_DATABASE_URL" not in self.environment:
            lend_database(self.data_dir)
        self.process = start(
            self.module,
            self.arguments,
            self.environment,
            folder=self._folder.name,
            output=self.output,
            errors=self.log,
            own_python=self._own_python,
        )
        self.wait_until_ready()
        keep_static_files(self.data_dir)
        return self

    def wait_until_ready(self) -> None:
        """Return when `/readyz` says yes; raise with the log's end when it never does."""
        end = time.monotonic() + PATIENCE
        while not self.is_ready():
            with suppress(subprocess.TimeoutExpired):
                status = self.process.wait(timeout=0.05)
                raise RuntimeError(f"helix up ended with status {status}:\n{self.log.read_text()[-4000:]}")
            if time.monotonic() > end:
                self.kill()
                raise TimeoutError(f"helix up was not ready in {PATIENCE:.0f} s:\n{self.log.read_text()[-4000:]}")

    def is_ready(self) -> bool:
        """Ask `/readyz`."""
        try:
            return self.fetch("/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    def fetch(self, path: str, **headers: str) -> httpx.Response:
        """Get an address of this server."""
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=10, verify=NO_CERTIFICATES)

    def client(self, path: str = "") -> httpx.Client:
        """Return a client that remembers cookies, and keeps no connection that somebody would have to close."""
        none_kept = httpx.Limits(max_keepalive_connections=0)
        return httpx.Client(
            base_url=f"{self.url}{path}",
            limits=none_kept,
            timeout=30,
            follow_redirects=True,
            verify=NO_CERTIFICATES,
        )

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        self._end(signal.SIGKILL)

    def terminate(self) -> int:
        """End it as an operator would (SIGTERM) and return its exit status."""
        return self._end(signal.SIGTERM)

    def restart(self) -> None:
        """End it gently and start it again on the same data and port."""
        self.terminate()
        self.start()

    def verify(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `helix verify` on this server's data."""
        return run("helix.cli", "verify", "--data-dir", str(self.data_dir), *arguments, environment=self.environment)

    def _end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.terminate()
        self._place.close()
        self._folder.cleanup()


COLLECTED = "COLLECTED_STATIC_FILES"
if COLLECTED not in os.environ:  # the first process of a run makes the folder, and those it starts use it too
    _collected = tempfile.TemporaryDirectory(prefix="helix-static-", ignore_cleanup_errors=True)
    atexit.register(_collected.cleanup)
    os.environ[COLLECTED] = _collected.name


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """Return a file or folder of this run, made by the process that asks first; others wait for it."""
    kept = Path(os.environ[COLLECTED], name)
    with (kept.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            made = Path(tempfile.mkdtemp(dir=kept.parent)) / name
            make(made)
            made.rename(kept)
    return kept


def keep_static_files(data_dir: Path) -> None:
    """Remember what the first server has collected."""
    made_once("static", lambda kept: shutil.copytree(data_dir / "static", kept))


def lend_static_files(data_dir: Path) -> None:
    """Let a server find what another has collected; when anything has changed since, it collects again."""
    kept = Path(os.environ[COLLECTED], "static")
    if kept.exists() and not data_dir.exists():
        data_dir.mkdir(parents=True)
        shutil.copytree(kept, data_dir / "static")


def lend_database(data_dir: Path) -> None:
    """Let a server begin with a database that is migrated: to make one takes longer than all else that it does."""
    wanted = data_dir / "helix.sqlite3"
    if not wanted.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(migrated_database(), wanted)


def migrated_database() -> Path:
    """Return SQLite's file of a database that is migrated, to be copied."""

    def make(file: Path) -> None:
        migrate(HELIX_DATA_DIR=str(file.parent))

    return made_once("helix.sqlite3", make)


def migrate(**variables: str) -> None:
    """Migrate a database, as `helix up` does at its start."""
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"]
    subprocess.run(command, env=clean_environment(**variables), check=True)


def clean_environment(**variables: str) -> dict[str, str]:
    """Return our environment without any `HELIX_*` or Django setting, plus `variables` that are not empty."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HELIX_", "DJANGO_"))}
    given = {name: value for name, value in variables.items() if value}
    return {**inherited, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **given}
