"""Real workers in the test's own process, on the test's own database, with executors that a test can hold up."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

import pytest
import sqlalchemy as sa
from django.db import connection

from flows.expressions import Json
from runs.commands import install_engine
from runs.engine.database import open_database
from runs.engine.dbos_engine import DbosEngine
from runs.engine.handing import HandsLater
from runs.kinds import EXECUTORS, Done, Registered, Work
from runs.models import Run, Task
from runs.work.embedded import EmbeddedWorker
from runs.work.incarnation import Offer

PATIENCE = 20.0


class Bench:
    """Skills as a test wants them: what each node does, what was begun, and a gate for those that wait."""

    def __init__(self) -> None:
        self.acts: Mapping[str, Callable[[Work], Json]] = {}
        self.begun: list[str] = []
        self.gate = threading.Event()
        self._changed = threading.Condition()

    def __call__(self, work: Work) -> Done:
        with self._changed:
            self.begun.append(work.step.id + (f":{work.path}" if work.path else ""))
            self._changed.notify_all()
        act = self.acts.get(work.step.id)
        value = act(work) if act else work.prev
        return value if isinstance(value, Done) else Done(value)

    def held_up(self, work: Work) -> Json:
        """An act: wait for the gate, or for the end."""
        while not self.gate.wait(0.02) and not work.cancelled.is_set():
            pass
        return "through"

    def wait_for(self, so: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        with self._changed:
            return self._changed.wait_for(so, seconds)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench()
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 0.0, 0.0))  # of tests that run beside these nothing follows
    executors = MappingProxyType({**EXECUTORS, "skill": Registered(bench)})
    monkeypatch.setattr("runs.work.perform.EXECUTORS", executors)
    return bench


@pytest.fixture
def data_dir(settings: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A data folder of the test's own."""
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    return tmp_path


@contextmanager
def worker(*labels: str, capacity: int = 4, release: str = "test") -> Iterator[EmbeddedWorker]:
    """A worker in this process."""
    engine = HandsLater(DbosEngine(open_database()))
    made = EmbeddedWorker(engine, Offer(frozenset(labels), capacity, release))
    install_engine(engine)
    made.start()
    try:
        yield made
    finally:
        made.stop(patience=5)
        install_engine(None)


@contextmanager
def fails_once(words: str) -> Iterator[list[str]]:
    """Let the first statement of the engine that holds these words fail, as when its connection is cut."""
    failed: list[str] = []

    def fail(*event: object) -> None:
        statement = str(event[2])
        if words in statement and not failed:
            failed.append(statement)
            raise sa.exc.OperationalError(statement, {}, ConnectionError("cut off"))

    sa.event.listen(sa.Engine, "before_cursor_execute", fail)
    try:
        yield failed
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", fail)


def until(so: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Look again and again: there is no event for what other threads and programs write."""
    ticking = threading.Event()
    return any(so() or ticking.wait(0.02) for _ in range(int(seconds / 0.02)))


def ended(run: Run | UUID, seconds: float = PATIENCE) -> Run:
    """Wait for a run's end."""
    pk = run if isinstance(run, UUID) else run.pk
    assert until(lambda: Run.objects.get(pk=pk).state in Run.ENDED, seconds), describe(pk)
    return Run.objects.get(pk=pk)


def describe(run: UUID) -> str:
    """Say how far a run is, for a test that waited in vain."""
    connection.close()
    found = Run.objects.get(pk=run)
    rows = Task.objects.filter(run=run).values_list("key", "state", "reason", "worker", "claim", "handed_at")
    return f"{found.state} {found.reason} {list(rows)}"
