"""Two machines with PostgreSQL between them: one's line is cut, the other is killed, a third comes.

Here the lines go through proxies; at night, as root, each machine has a network of its own.
"""

import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.nightly import IS_NIGHTLY, amount
from tests.postgres import Postgres
from tests.programs import Programs
from tests.runs.crew import Crew, Member, crews, until
from tests.runs.hands import node, wires
from tests.runs.machines import Machine, has_namespaces, namespaces, proxies
from tests.servers import Server

ITEMS = amount(40, nightly=120)
SILENT = amount(5.0, nightly=9.0)
PLACES = 3
ENDED = {"done", "done_with_failures", "failed", "cancelled"}


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    postgres = Postgres()
    yield postgres.new_database()
    postgres.stop()


@pytest.fixture
def machines(database_url: str) -> Iterator[list[Machine]]:
    lent = namespaces if IS_NIGHTLY and has_namespaces() else proxies
    with lent(database_url, 3) as machines:
        yield machines


def began_on(crew: Crew, member: Member) -> bool:
    children = member.children()
    return any(effect.process in children for effect in crew.begun("step"))


def test_a_cut_line_and_a_killed_machine_lose_nothing_and_repeat_nothing_settled(
    database_url: str, machines: list[Machine], tmp_path: Path
) -> None:
    one, two, three = machines
    environment = {"HELIX_SECRET_KEY": secrets.token_urlsafe(50)}
    with (
        Server(database_url=database_url, environment=environment) as server,
        crews(tmp_path, HELIX_DATABASE_URL=database_url, **environment) as crew,
    ):
        programs = Programs(server)

        def call(method: str, path: str, body: object = None) -> dict[str, object]:
            return dict(programs.call(programs.owner, method, path, body))

        def start(machine: Machine) -> Member:
            return crew.start(
                "--concurrency", str(PLACES), inside=machine.inside, HELIX_DATABASE_URL=machine.database_url
            )

        first, second = start(one), start(two)
        nodes = [node("all", "loop", type="for_each", iterate_over=f"range({ITEMS})")]
        nodes += [node("step", code="wait 0.5"), node("last", code="pass")]
        edges = wires("all.each>step", "all.out>last")
        flow = call("POST", "/flows", {"title": "Long", "nodes": nodes, "edges": edges})["id"]
        run = call("POST", f"/flows/{flow}/runs", {})["id"]
        assert until(lambda: began_on(crew, first) and began_on(crew, second))
        one.cut()
        threading.Event().wait(SILENT)
        one.mend()
        second.kill()
        start(three)
        assert until(lambda: call("GET", f"/runs/{run}")["state"] in ENDED), crew.folder
        assert call("GET", f"/runs/{run}")["state"] == "done"
        events = []
        while items := programs.call(programs.owner, "GET", f"/runs/{run}/events?since={len(events)}")["items"]:
            events += items

    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    done = Counter(event["task"] for event in events if event["kind"] == "task_done" and event["node"] == "step")
    assert (len(done), set(done.values())) == (ITEMS, {1})
    settled = {event["task"]: datetime.fromisoformat(event["at"]) for event in events if event["kind"] == "task_done"}
    begun = [(effect.task, datetime.fromtimestamp(effect.at, UTC)) for effect in crew.begun("step")]
    assert not [task for task, at in begun if at > settled[task]]
    assert len(begun) <= ITEMS + 2 * PLACES
    assert len(crew.begun("last")) == 1
