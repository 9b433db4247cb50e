"""A database that stands still, is cut off or restarts, under a server with a worker inside and a worker beside it."""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.postgres import Postgres
from tests.programs import Programs
from tests.runs.crew import Crew, crews, until
from tests.runs.hands import node, wires
from tests.runs.worker_program import EFFECTS
from tests.servers import Server

ITEMS = 30
ENDED = {"done", "done_with_failures", "failed", "cancelled"}


@dataclass
class Stage:
    """A server, a worker beside it, and a run of many tasks."""

    postgres: Postgres
    url: str
    server: Server
    crew: Crew
    programs: Programs
    run: str = ""

    def start(self) -> None:
        """Start a run of thirty tasks and one after them."""
        nodes = [node("all", "loop", type="for_each", iterate_over=f"range({ITEMS})")]
        nodes += [node("step", code="wait 0.4"), node("last", code="pass")]
        edges = wires("all.each>step", "all.out>last")
        flow = self.call("POST", "/flows", {"title": "Long", "nodes": nodes, "edges": edges})["id"]
        self.run = self.call("POST", f"/flows/{flow}/runs", {})["id"]
        assert until(lambda: len(self.crew.begun("step")) >= 6), self.told()

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Make one call."""
        return self.programs.call(self.programs.owner, method, path, body)

    def is_over(self) -> bool:
        """Ask whether the run has ended."""
        return self.call("GET", f"/runs/{self.run}")["state"] in ENDED

    def events(self) -> list[dict[str, Any]]:
        """Return all events of the run."""
        found: list[dict[str, Any]] = []
        while items := self.call("GET", f"/runs/{self.run}/events?since={len(found)}")["items"]:
            found += items
        return found

    def workers(self) -> Counter[str]:
        """Count the workers by state."""
        with psycopg.connect(self.url) as connection:
            return Counter(state for (state,) in connection.execute("SELECT state FROM runs_worker"))

    def told(self) -> str:
        """Say what happened, for a test that waited in vain."""
        return self.server.log.read_text()[-3000:]


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """One that may be broken without anybody else noticing."""
    postgres = Postgres()
    yield postgres
    postgres.stop()


@pytest.fixture
def stage(own_postgres: Postgres, tmp_path: Path) -> Iterator[Stage]:
    url = own_postgres.new_database()
    environment = {"HELIX_SECRET_KEY": secrets.token_urlsafe(50)}
    server = Server(database_url=url, workers=1, environment=environment | {EFFECTS: str(tmp_path / "effects")})
    server.module = "tests.runs.worker_program"
    with server, crews(tmp_path, HELIX_DATABASE_URL=url, **environment) as crew:
        staged = Stage(own_postgres, url, server, crew, Programs(server))
        crew.start("--concurrency", "4")
        assert until(lambda: staged.workers()["ready"] == 2)
        staged.start()
        yield staged


def frozen(postgres: Postgres, seconds: float) -> None:
    postgres.freeze()
    threading.Event().wait(seconds)
    postgres.thaw()


def away(postgres: Postgres, seconds: float) -> None:
    postgres.go_down()
    threading.Event().wait(seconds)
    postgres.come_back()


def restarted(postgres: Postgres, _seconds: float) -> None:
    postgres.restart()


@pytest.mark.parametrize("fault", [frozen, away, restarted])
def test_no_run_is_lost_and_nothing_counts_twice(stage: Stage, fault: Callable[[Postgres, float], None]) -> None:
    fault(stage.postgres, 9.0)
    back = time.monotonic()

    assert until(stage.is_over, 60), stage.told()
    seconds = time.monotonic() - back
    print(f"{fault.__name__}: over {seconds:.1f} s after the database was back; workers {dict(stage.workers())}")  # noqa: T201

    events = stage.events()
    assert [one["seq"] for one in events] == list(range(1, len(events) + 1))
    done = Counter(one["task"] for one in events if one["kind"] == "task_done" and one["node"] == "step")
    assert len(done) == ITEMS
    assert set(done.values()) == {1}
    assert len(stage.crew.begun("last")) == 1
    assert len(stage.crew.begun("step")) <= ITEMS + 12
    assert stage.call("GET", f"/runs/{stage.run}")["state"] == "done"
    if fault is restarted:
        assert stage.workers()["dead"] == 0
