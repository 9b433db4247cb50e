"""A measurement on SQLite, on PostgreSQL as a superuser, and there as a role that row-level security binds.

A module that measures has `fill` and `requests`; each database is filled once, in a process of its own, and then asked.
Given are medians of wall time and of processor time in milliseconds, ours and PostgreSQL's together, and the bytes of
the answer. Requests go through all of Django in the process that measures: no server and no network is in the figures.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from statistics import median
from typing import Any

import psutil
import psycopg

from bench.helix_server import ROOT, clean_environment
from bench.process import Usage
from bench.report import table
from bench.seed import session
from tests.postgres import Postgres
from web.call_stack import in_one_piece

TIMES = 9
ROLE = "helix_bench"
Requests = Mapping[str, tuple[str, str]]
"""The e-mail address of who asks, and the path, by what a reader calls it."""


def on_each(module: str, *sizes: int) -> None:
    """Fill and ask each database, and print the table."""
    postgres = Postgres()
    try:
        name = postgres.new_database().partition("?")[0].rpartition("/")[2]
        found = {"SQLite": _run(module, sizes, "", asks=True)}
        _run(module, sizes, postgres.url(name), asks=False)
        found["PostgreSQL"] = _run(module, (), postgres.url(name), asks=True)
        with psycopg.connect(postgres.url(name)) as connection:
            from helix.commands.database import grant

            grant(connection, ROLE)
        found["as a role"] = _run(module, (), postgres.url_of(ROLE, name), asks=True)
    finally:
        postgres.stop()
    head = ("wall · CPU ms", *found, "KB")
    first = next(iter(found.values()))
    print(table(head, [(what, *(rows[what][0] for rows in found.values()), first[what][1]) for what in first]))


def child(module: str) -> None:
    """Do in a process of its own what `on_each` asks for."""
    sizes, asks = [int(size) for size in sys.argv[2:-1]], sys.argv[-1] == "ask"
    os.environ["DJANGO_SETTINGS_MODULE"] = "helix.settings"
    import django

    django.setup()
    from django.core.management import call_command

    from accounts.acting import act_as_system

    act_as_system()
    measured = import_module(module)
    if sizes:
        call_command("migrate", verbosity=0, interactive=False)
        measured.fill(*sizes)
        _optimize()
    if asks:
        call_command("collectstatic", verbosity=0, interactive=False)
        requests: Requests = measured.requests()
        for what, (email, path) in requests.items():
            wall, cpu, size = in_one_piece(partial(_ask, email, path))  # as in the threads of a server
            print(f"{what};{wall:.1f} · {cpu:.1f};{size / 1024:,.0f}", flush=True)


def _run(module: str, sizes: tuple[int, ...], url: str, *, asks: bool) -> dict[str, tuple[str, str]]:
    with tempfile.TemporaryDirectory(prefix="helix-bench-") as folder:
        given = {"HELIX_DATA_DIR": folder, "PYTHONPATH": str(ROOT), "HELIX_LOG_LEVEL": "ERROR"}
        given |= {"HELIX_DATABASE_URL": url} if url else {}
        given |= {"HELIX_SECRET_KEY": "bench" * 10}
        command = [sys.executable, "-m", module, "child", *map(str, sizes), "ask" if asks else "fill"]
        rows = {}
        environment = clean_environment() | given
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                print(line, end="", file=sys.stderr, flush=True)
                what, figures, size = line.strip().split(";")
                rows[what] = figures, size
        if process.returncode:
            raise RuntimeError(f"{module} failed on {url or 'SQLite'}")
        return rows


def _ask(email: str, path: str) -> tuple[float, float, int]:
    """Ask again and again as a person who is logged in; raise `RuntimeError` unless it is answered."""
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.cookies[settings.SESSION_COOKIE_NAME] = session(get_user_model().objects.get(email=email))

    def once() -> Any:
        response = client.get(path)
        if response.status_code != 200:
            raise RuntimeError(f"{path}: {response.status_code} {response.content[:300]!r}")
        return response

    size, database = len(once().content), _database()
    taken = [_timed(once) for _ in range(TIMES)] if database is None else []
    if database is not None:
        before = database.cpu_seconds()
        taken = [_timed(once) for _ in range(TIMES)]
        beside = (database.cpu_seconds() - before) / TIMES
        taken = [(wall, cpu + beside) for wall, cpu in taken]
    return 1000 * median(wall for wall, _ in taken), 1000 * median(cpu for _, cpu in taken), size


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def _database() -> Usage | None:
    """Return what PostgreSQL uses, with all its processes; SQLite is in our own."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return Usage(psutil.Process(cursor.fetchone()[0]).ppid())


def _optimize() -> None:
    """Let PostgreSQL know what it holds, as it does by itself in time; of SQLite the product never asks that."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
