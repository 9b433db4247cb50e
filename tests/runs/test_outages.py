"""A database that goes away while a task executes: it is waited for and the task executed again; none fails of it.

The outage is real: on PostgreSQL the server ends the connection of who executes; on SQLite another process's lock is
not waited for.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.principals import Person
from runs.commands import lose, work_id
from runs.kinds import EXECUTORS, Done, Executor, Registered, Work
from runs.models import Attempt, MemoryEntry, Run, Task, ToolServer
from runs.secrets import put_secret
from runs.work.held_tasks import HeldTasks
from runs.work.perform import Performer
from tests.receiver import Receiver
from tests.runs.hands import go, make_flow, node, task_of
from web.egress import networks

pytestmark = pytest.mark.django_db(transaction=True)
PUT: dict[str, Any] = {"operation": "put", "key": "k", "value": "'v'"}


class Outage:
    """Begins for the thread that says so; on PostgreSQL it is over with the connection."""

    def __init__(self) -> None:
        self._other: sqlite3.Connection | None = None

    def begin(self) -> None:
        """Let the next thing that is asked fail."""
        connection.ensure_connection()
        if connection.vendor == "sqlite":
            connection.connection.execute("PRAGMA busy_timeout=0")
            self._other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
            self._other.execute("BEGIN IMMEDIATE")
            return
        pid = connection.connection.info.backend_pid
        ending = threading.Thread(target=_end_backend, args=(pid,))
        ending.start()
        ending.join()

    def end(self) -> None:
        """Let all be well again."""
        if self._other is not None:
            self._other.close()
            self._other = None


def _end_backend(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
    connection.close()


@pytest.fixture
def outage() -> Iterator[Outage]:
    made = Outage()
    yield made
    made.end()


@pytest.fixture
def executing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Executor], None]:
    """Have a kind executed another way."""

    def execute(kind: str, how: Executor) -> None:
        executors = MappingProxyType({**EXECUTORS, kind: Registered(how)})
        monkeypatch.setattr("runs.work.perform.EXECUTORS", executors)

    return execute


class Tries:
    """Executes a kind as it is; at the first try the database goes away before, or `at_first` is done."""

    def __init__(self, kind: str, outage: Outage, at_first: Callable[[Work], object] = lambda _work: None) -> None:
        self._execute, self._outage, self._at_first = EXECUTORS[kind].execute, outage, at_first
        self.works: list[Work] = []

    def __call__(self, work: Work) -> Done:
        self.works.append(work)
        if len(self.works) == 1:
            self._at_first(work)
            self._outage.begin()
        try:
            return self._execute(work)
        finally:
            self._outage.end()


def perform(
    run: Run, name: str, *, holding: HeldTasks | None = None, is_given_up: Callable[[], bool] | None = None
) -> Task:
    """Perform one task as a worker does, in this thread; return its row."""
    performer = Performer(
        "w1",
        holding or HeldTasks(),
        may_begin=lambda: True,
        is_given_up=is_given_up or (lambda: False),
        put_back=lambda _id: None,
    )
    task = task_of(run, name)
    performer(work_id(task.key, task.claim))
    return task_of(run, name)


def started(person: User, *nodes: dict[str, object]) -> Run:
    return go(person, make_flow(person, nodes), now=timezone.now())


def test_what_writes_is_executed_again_under_the_same_claim(
    alice: User, outage: Outage, executing: Callable[[str, Executor], None]
) -> None:
    tries = Tries("memory", outage)
    executing("memory", tries)
    run = started(alice, node("keep", "memory", **PUT))

    task = perform(run, "keep")

    assert (task.state, task.error_code, len(tries.works)) == ("done", "", 2)
    assert (task.claim, task.attempt, task.losses) == (1, 1, 0)
    assert list(Attempt.objects.values_list("state", flat=True)) == ["done"]
    assert MemoryEntry.objects.count() == 1


@pytest.mark.postgresql  # a read of SQLite waits for nobody
@pytest.mark.parametrize(
    ("kind", "settings", "code"),
    [
        ("agent", {"prompt": "Hello"}, ""),
        ("memory", {"operation": "get", "key": "k"}, ""),
        ("memory", {"operation": "search", "value": "'word'"}, ""),
        ("skill", {"code": "def run(**prev):\n    return call_tool('add')", "tools": ["gone"]}, "tool"),
    ],
)
def test_what_reads_is_executed_again(
    kind: str,
    settings: dict[str, Any],
    code: str,
    alice: User,
    outage: Outage,
    executing: Callable[[str, Executor], None],
) -> None:
    tries = Tries(kind, outage)
    executing(kind, tries)
    server = ToolServer.objects.create(id="gone", title="Gone", updated_at=timezone.now())
    run = started(alice, node("one", kind, **settings))
    server.delete()

    task = perform(run, "one")

    assert (task.error_code, task.attempt, len(tries.works)) == (code, 1, 2)


@pytest.mark.postgresql  # a read of SQLite waits for nobody
def test_a_call_with_a_secret_is_made_once_the_secret_is_read(
    alice: User, outage: Outage, executing: Callable[[str, Executor], None], settings: Any
) -> None:
    settings.HELIX_EGRESS_ALLOW = networks(["127.0.0.1/32"])
    executing("api", Tries("api", outage))
    with Receiver() as receiver:
        flow = make_flow(alice, [node("call", "api", url=receiver.url, auth="bearer", secret="KEY")])
        put_secret(Person(alice.pk), flow.pk, "KEY", "swordfish")
        task = perform(go(alice, flow, now=timezone.now()), "call")

    assert (task.state, task.error_code) == ("done", "")
    assert [one.headers.get("authorization") for one in receiver.received] == ["Bearer swordfish"]


def test_what_stands_behind_a_checkpoint_is_not_done_twice(
    alice: User, outage: Outage, executing: Callable[[str, Executor], None]
) -> None:
    calls: list[str] = []

    def call_once(work: Work) -> None:
        calls.append(work.task)
        work.checkpoints.save("called", {"n": 1})

    tries = Tries("memory", outage, call_once)
    executing("memory", tries)

    run = started(alice, node("keep", "memory", **PUT))
    task = perform(run, "keep")

    assert (task.state, calls) == ("done", [task.key])
    assert tries.works[1].checkpoints.get("called") == (True, {"n": 1})


def test_what_was_taken_over_meanwhile_is_not_executed_again(
    alice: User, outage: Outage, executing: Callable[[str, Executor], None]
) -> None:
    run = started(alice, node("keep", "memory", **PUT))
    before = task_of(run, "keep")
    tries = Tries("memory", outage, lambda _work: lose(work_id(before.key, before.claim), now=timezone.now()))
    executing("memory", tries)

    task = perform(run, "keep")

    assert task.claim > before.claim
    assert (task.state, task.losses, len(tries.works)) == ("queued", 1, 1)


def test_a_worker_that_is_given_up_meanwhile_leaves_the_task_to_others(
    alice: User, outage: Outage, executing: Callable[[str, Executor], None]
) -> None:
    tries = Tries("memory", outage)
    executing("memory", tries)
    run = started(alice, node("keep", "memory", **PUT))

    task = perform(run, "keep", is_given_up=lambda: bool(tries.works))

    assert (task.state, task.error_code, len(tries.works)) == ("running", "", 1)
    assert lose(work_id(task.key, task.claim), now=timezone.now())


def test_time_goes_on_while_the_database_is_away(
    alice: User, outage: Outage, executing: Callable[[str, Executor], None]
) -> None:
    holding = HeldTasks()
    tries = Tries("memory", outage, lambda work: holding.end(holding.ids(), "timeout"))
    executing("memory", tries)

    task = perform(started(alice, node("keep", "memory", **PUT)), "keep", holding=holding)

    assert (task.state, task.error_code, len(tries.works)) == ("failed", "timeout", 1)
