"""A server with its workers for the measurements of runs: `helix up` as people start it, on a durable database.

Nothing is pinned to a core: server, workers and database share the machine, as they do where people host it. What
asks beside them hardly works.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.helix_server import durable_postgres
from bench.process import Usage, free_port
from tests.programs import Programs
from tests.servers import Server

ENDED = frozenset({"done", "done_with_failures", "failed", "cancelled"})
LOOK_SECONDS = 0.25
PATIENCE = 1800.0
WARM_UP_TASKS = 20
"""So many run unmeasured before a fan-out, ours and the peer's."""
PASS = "def run(input=None, **given):\n    return input"
"""A skill that does nothing, in the sandbox like every skill."""

Node = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Setup:
    """A database, and how many workers: the first is in the server, further ones are processes beside it."""

    database: str
    workers: int

    def __str__(self) -> str:
        return f"Helix, {self.database}, {self.workers} worker{'s' if self.workers > 1 else ''}"


class Stage:
    """A running server, its REST, and what all its processes use."""

    def __init__(self, server: Server, database: Usage | None) -> None:
        self.server = server
        self.usage = Usage(server.process.pid)
        self._database = database
        self.programs = Programs(server)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Make one call."""
        return self.programs.call(self.programs.owner, method, path, body)

    def flow(self, nodes: Sequence[Node], edges: Sequence[Node] = ()) -> str:
        """Make a flow."""
        return str(self.call("POST", "/flows", {"title": "Bench", "nodes": list(nodes), "edges": list(edges)})["id"])

    def start(self, flow: str) -> str:
        """Start a run and return its id."""
        return str(self.call("POST", f"/flows/{flow}/runs", {})["id"])

    def ended(self, run: str) -> dict[str, Any]:
        """Wait for a run's end. Raises `RuntimeError` unless it is done."""
        end = time.monotonic() + PATIENCE
        while (found := self.call("GET", f"/runs/{run}"))["state"] not in ENDED:
            if time.monotonic() > end:
                raise TimeoutError(f"{found['state']}: {found['counts']}\n{self.server.log.read_text()[-3000:]}")
            time.sleep(LOOK_SECONDS)
        if found["state"] != "done":
            raise RuntimeError(f"{found['state']}: {found['reason']} {found['counts']}")
        return dict(found)

    def events(self, run: str) -> list[dict[str, Any]]:
        """Return all events of a run. Raises `RuntimeError` if one is missing."""
        found: list[dict[str, Any]] = []
        while items := self.call("GET", f"/runs/{run}/events?since={len(found)}&limit=1000")["items"]:
            found += items
        if [one["seq"] for one in found] != list(range(1, len(found) + 1)):
            raise RuntimeError("events are missing")
        return found

    def cpu_seconds(self) -> tuple[float, float]:
        """Return processor seconds so far: of server and workers, and of PostgreSQL."""
        return self.usage.cpu_seconds(), self._database.cpu_seconds() if self._database else 0.0


@contextmanager
def staged(setup: Setup, folder: Path, *, workers: int | None = None, **environment: str) -> Iterator[Stage]:
    """Lend a server on a fresh database; `workers` other than the setup's, if given."""
    place = folder / f"runs-{free_port()}"
    place.mkdir()
    with ExitStack() as stack:
        database, usage = durable_postgres(place, stack) if setup.database == "postgresql" else ("", None)
        count = setup.workers if workers is None else workers
        server = Server(
            data_dir=place / "data",
            database_url=database,
            server="uvicorn",
            workers=count,
            demo=False,
            own_python=True,
            environment={"HELIX_SECRET_KEY": "bench" * 10} | environment,
        )
        stack.enter_context(server)
        stage = Stage(server, usage)
        stack.callback(stage.programs.api.close)
        yield stage


def skill(id: str, code: str = PASS) -> Node:
    """Return a step that a worker executes."""
    return {"id": id, "kind": "skill", "x": 0, "y": 0, "label": id, "settings": {"code": code}}


def chain(count: int) -> tuple[list[Node], list[Node]]:
    """Return steps one after the other, and their edges."""
    return [skill(f"s{at}") for at in range(count)], [_edge(f"s{at - 1}", f"s{at}") for at in range(1, count)]


def fan_out(count: int) -> tuple[list[Node], list[Node]]:
    """Return a loop over so many items with one step for each, and an output."""
    loop = {"type": "for_each", "iterate_over": f"range({count})"}
    nodes: list[Node] = [{"id": "all", "kind": "loop", "x": 0, "y": 0, "label": "All", "settings": loop}, skill("step")]
    nodes.append({"id": "end", "kind": "output", "x": 0, "y": 0, "label": "End", "settings": {}})
    return nodes, [_edge("all", "step", "each"), _edge("all", "end", "out")]


def _edge(source: str, target: str, port: str = "out") -> Node:
    return {"id": f"{source}-{target}", "source": source, "target": target, "source_port": port}


def seconds_between(earlier: str, later: str) -> float:
    """Return the seconds between two times as REST gives them."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
