"""`python -m bench.one_move`: what one move costs in flows of different age, size and company, on both databases.

A commit of one move as a live session makes it, alternating between a small flow and a large one, so that both see the
same machine: of 100 and of 200,000 versions, of 10 and of 10,000 nodes, of one and of 5,000 remembered clients. Given
are the medians of processor and of wall time in milliseconds, and their ratios; the plans that keep it so are held by
tests/flows/test_plans.py.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from statistics import median
from typing import Any

from bench.helix_server import LIFTED, ROOT, clean_environment
from bench.report import table

TIMES = 200
WARM = 30
CASES = {
    "versions": ({"versions": 100}, {"versions": 200_000}),
    "nodes": ({"nodes": 10}, {"nodes": 10_000}),
    "clients": ({"clients": 1}, {"clients": 5_000}),
}
_AT_ONCE = 20_000


def main() -> None:
    """Run each database in a process of its own and print the table."""
    from tests.postgres import Postgres

    postgres = Postgres()
    rows: list[str] = []
    try:
        for name, url in (("sqlite", ""), ("postgresql", postgres.new_database())):
            with tempfile.TemporaryDirectory(prefix="helix-bench-") as folder:
                environment = clean_environment() | LIFTED | {"HELIX_DATA_DIR": folder, "PYTHONPATH": str(ROOT)}
                environment |= {"HELIX_DATABASE_URL": url} if url else {}
                environment |= {"HELIX_LOG_LEVEL": "ERROR"}
                command = [sys.executable, "-m", "bench.one_move", name]
                with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
                    for line in child.stdout or ():
                        print(line, end="", file=sys.stderr, flush=True)
                        rows.append(line.strip())
    finally:
        postgres.stop()
    head = ("one move", "CPU ms, small", "large", "ratio", "wall ms, small", "large", "ratio")
    print(table(head, [row.split(";") for row in rows]))


def measure(database: str) -> None:
    """Measure one database and print a line for each case."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helix.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from accounts.models import User

    call_command("migrate", verbosity=0, interactive=False)
    user = User.objects.create(email="one@example.com", name="One", password="!")
    for name, sizes in CASES.items():
        moves = [move_in(user, **size) for size in sizes]
        optimize()
        taken: list[list[tuple[float, float]]] = [[], []]
        for turn in range(2 * (WARM + TIMES)):
            cpu, wall = time.process_time(), time.perf_counter()
            moves[turn % 2]()
            spent = time.process_time() - cpu, time.perf_counter() - wall
            if turn >= 2 * WARM:
                taken[turn % 2].append(spent)
        (small, large) = ([1000 * median(column) for column in zip(*one, strict=True)] for one in taken)
        sizes_said = " and ".join(f"{next(iter(size.values())):,}" for size in sizes)
        figures = [f"{value:.2f}" for a, b in zip(small, large, strict=True) for value in (a, b, b / a)]
        print(";".join([f"{database}: {sizes_said} {name}", *figures]), flush=True)


def move_in(user: Any, *, versions: int = 1, nodes: int = 10, clients: int = 1) -> Callable[[], None]:
    """Make a flow, write so much of its past, and return what commits one more move."""
    from accounts.principals import Person
    from bench.seed import graph
    from flows.commands import Submission, Versioned, commit, create_flow
    from flows.document import MoveNode
    from flows.parsing import parse_flow
    from flows.storage.store import load_document

    flow = create_flow(Person(user.pk), parse_flow(title="One", **graph(nodes)), via="api")
    write_past(flow, user, max(versions, clients), clients)
    loaded = load_document(flow.pk)
    document, numbers, at = loaded.document, count(1), [loaded.version]

    def move() -> None:
        seq = next(numbers)
        operation = MoveNode("n0", float(seq), 1.0)
        one = Submission(operation=operation, principal=Person(user.pk), via="socket", client="now-here", seq=seq)
        receipt = commit(flow.pk, [one], graph=Versioned(document, at[0]))
        document.advance(receipt.effect)
        at[0] = receipt.version

    return move


def write_past(flow: Any, user: Any, versions: int, clients: int) -> None:
    """Write versions into the log as if `clients` had moved a node in turn; their digests are none."""
    from flows.models import Change, Flow

    text = '{"id":"n0","kind":"move_node","x":1,"y":0}'
    for first in range(2, versions + 2, _AT_ONCE):
        Change.objects.bulk_create(
            Change(
                flow=flow, version=n, actor=user, client=f"client-{n % clients}", seq=n, via="socket", operation=text,
                inverse=text, digest="0" * 64, created_at=flow.created_at,
            )
            for n in range(first, min(first + _AT_ONCE, versions + 2))
        )  # fmt: skip
    Flow.objects.filter(pk=flow.pk).update(version=versions + 1)


def optimize() -> None:
    """Let the database know what it holds, as it does by itself in time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "postgresql" else "PRAGMA optimize")


if __name__ == "__main__":
    measure(sys.argv[1]) if len(sys.argv) > 1 else main()
