"""`helix up` with its worker inside: killed, ended, and without one."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.programs import Programs
from tests.runs.crew import Crew, crews, until
from tests.runs.hands import node, wires
from tests.runs.worker_program import EFFECTS
from tests.servers import Server

ENDED = {"done", "done_with_failures", "failed", "cancelled"}
SECRET = {"HELIX_SECRET_KEY": "a secret of this test, long enough to be one"}


class Served:
    """A server whose skills are counted, and what a test asks of it."""

    def __init__(self, folder: Path, crew: Crew, **environment: str) -> None:
        self.crew = crew
        self.server = Server(
            data_dir=folder, workers=1, environment=SECRET | {EFFECTS: str(crew.effects_file)} | environment
        )
        self.server.module = "tests.runs.worker_program"

    def __enter__(self) -> "Served":
        self.server.start()
        self.programs = Programs(self.server)
        return self

    def __exit__(self, *_error: object) -> None:
        self.server.kill()

    def call(self, method: str, path: str, body: object = None) -> Any:
        return self.programs.call(self.programs.owner, method, path, body)

    def start(self, nodes: list[dict[str, object]], *ends: str) -> str:
        """Start a run."""
        flow = self.call("POST", "/flows", {"title": "Long", "nodes": nodes, "edges": wires(*ends)})["id"]
        run: str = self.call("POST", f"/flows/{flow}/runs", {})["id"]
        return run

    def ended(self, run: str) -> str:
        """Wait for a run's end, and return how it ended."""
        assert until(lambda: self.call("GET", f"/runs/{run}")["state"] in ENDED), self.server.log.read_text()[-3000:]
        state: str = self.call("GET", f"/runs/{run}")["state"]
        return state


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    """Workers on the server's data folder."""
    folder = tmp_path / "data"
    with crews(folder, **SECRET) as crew:
        crew.effects_file = tmp_path / "effects"
        crew.environment[EFFECTS] = str(crew.effects_file)
        yield crew


def test_a_server_that_is_killed_goes_on_where_it_was(tmp_path: Path, crew: Crew) -> None:
    with Served(tmp_path / "data", crew) as served:
        steps = [node("all", "loop", type="for_each", iterate_over="range(12)"), node("step", code="wait 0.5")]
        run = served.start([*steps, node("last", code="pass")], "all.each>step", "all.out>last")
        assert until(lambda: len(crew.begun("step")) >= 9)
        before = {one.task for one in crew.effects() if one.word == "ended"}
        served.server.kill()

        served.server.start()
        back = time.monotonic()
        assert served.ended(run) == "done"
        print(f"over {time.monotonic() - back:.1f} s after the server was back")  # noqa: T201

        begun = Counter(one.task for one in crew.begun("step"))
        assert len(begun) == 12
        assert max(begun.values()) <= 2
        assert sum(begun.values()) <= 12 + 8
        assert len(before) >= 1
        assert len(crew.begun("last")) == 1


def test_a_server_that_is_told_to_end_does_not_wait_for_long_tasks(tmp_path: Path, crew: Crew) -> None:
    with Served(tmp_path / "data", crew) as served:
        run = served.start([node("long", code="wait 12")])
        assert until(lambda: len(crew.begun("long")) == 1)
        began = time.monotonic()

        served.server.terminate()

        assert time.monotonic() - began < 15
        served.server.start()
        assert served.ended(run) == "done"
        assert len(crew.begun("long")) == 2


def test_a_server_without_a_worker_hands_to_those_beside_it(tmp_path: Path, crew: Crew) -> None:
    with Served(tmp_path / "data", crew, HELIX_WORKERS="0") as served:
        stuck = served.start([node("gpu", code="pass", runs_on=["gpu"], criticality="critical")])
        assert until(lambda: served.call("GET", f"/runs/{stuck}")["state"] == "paused")
        assert served.call("GET", f"/runs/{stuck}/tasks")["items"][0]["reason"] == "no worker with gpu"
        run = served.start([node("one", code="pass"), node("two", code="pass")], "one>two")
        crew.start()

        assert served.ended(run) == "done"
        assert len({one.process for one in crew.begun()}) == 1
        assert str(served.server.process.pid) not in {str(one.process) for one in crew.begun()}
