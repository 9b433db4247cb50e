"""Triggers and deliveries with real servers: events once, due times once, and nothing lost over a restart."""

import json
import secrets
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.postgres import Postgres
from tests.programs import Programs
from tests.receiver import Receiver
from tests.redis import Redis
from tests.servers import Server

ALLOW = {"HELIX_EGRESS_ALLOW": "127.0.0.0/8"}


def sensing(programs: Programs, url: str, **settings: object) -> dict[str, Any]:
    """Give the flow a sensor before an output that posts what it got; return the sensor's trigger."""
    flow = programs.call(programs.owner, "GET", f"/flows/{programs.flow}")
    nodes = [
        {"id": "s", "kind": "sensor", "x": 0, "y": 0, "settings": settings},
        {"id": "o", "kind": "output", "x": 200, "y": 0, "settings": {"webhook_url": url}},
    ]
    graph = {"version": flow["version"], "nodes": nodes, "edges": [{"id": "e", "source": "s", "target": "o"}]}
    programs.call(programs.owner, "PUT", f"/flows/{programs.flow}/graph", graph)
    trigger: dict[str, Any] = programs.call(
        programs.owner, "POST", f"/flows/{programs.flow}/triggers", {"node": "s", "enabled": True}
    )
    return trigger


def runs(programs: Programs) -> list[dict[str, Any]]:
    """Return the runs of the flow."""
    items: list[dict[str, Any]] = programs.call(programs.owner, "GET", f"/flows/{programs.flow}/runs")["items"]
    return items


def bodies(receiver: Receiver, count: int) -> list[Any]:
    """Wait for so many deliveries; return each once, by its key, in the order of arrival."""
    once = {one.headers["idempotency-key"]: json.loads(one.body) for one in receiver.arrived(count)}
    return list(once.values())


def test_an_event_told_five_times_at_once_is_one_run_whose_output_comes_once() -> None:
    with Receiver() as receiver, Server(demo=False, workers=1, environment=ALLOW) as ours:
        programs = Programs(ours)
        trigger = sensing(programs, receiver.url, source="webhook")

        def send(_number: int) -> httpx.Response:
            return httpx.post(trigger["url"], json={"n": 1}, headers={"Idempotency-Key": "k"}, timeout=30)

        with ThreadPoolExecutor(5) as threads:
            answers = list(threads.map(send, range(5)))
        assert {answer.status_code for answer in answers} == {202}
        (run,) = {answer.json()["run"] for answer in answers}
        assert [one["id"] for one in runs(programs)] == [run]
        assert bodies(receiver, 1) == [{"n": 1}]
        long = httpx.post(trigger["url"], content=b"x" * 1_048_577, timeout=30)
        assert long.status_code == 413
        assert trigger["url"].rpartition("/")[2] not in ours.log.read_text()


def test_what_is_to_be_delivered_survives_a_kill(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.answer = lambda _path: (503, {}, b"")
        with Server(demo=False, workers=1, environment=ALLOW) as ours:
            programs = Programs(ours)
            trigger = sensing(programs, receiver.url, source="webhook", format="text")
            assert httpx.post(trigger["url"], content=b"hello", timeout=30).status_code == 202
            receiver.arrived(1)
            ours.kill()
            before = len(receiver.received)
            receiver.answer = lambda _path: (200, {}, b"")
            ours.start()
            got = receiver.arrived(before + 1)

            keys = {one.headers["idempotency-key"] for one in got}
            assert (len(keys), got[-1].body) == (1, b'"hello"')
            call = programs.call
            log = call(programs.owner, "GET", f"/flows/{programs.flow}/notifications/deliveries")["items"]
            assert [one["channel"] for one in log] == ["webhook"]


def test_a_schedule_over_two_servers_and_a_restart_fires_each_due_time_once(postgres: Postgres, redis: Redis) -> None:
    common = {"HELIX_SECRET_KEY": secrets.token_urlsafe(50), **ALLOW}
    database = postgres.new_database()
    with (
        Receiver(patience=200.0) as receiver,
        Server(database_url=database, redis_url=redis.url, environment=common, demo=False, workers=1) as first,
        Server(database_url=database, redis_url=redis.url, environment=common, demo=False, workers=1) as second,
    ):
        programs = Programs(first)
        sensing(programs, receiver.url, source="schedule", cron="* * * * *", time_zone="Europe/Berlin")
        receiver.arrived(1)
        second.restart()
        first.kill()
        receiver.arrived(2)

        times = [one["at"] for one in bodies(receiver, 2)]
        assert len(times) == len(set(times))
        first.start()
        started = [run["input"]["at"] for run in runs(programs)]
        assert len(started) == len(set(started))
        assert set(times) <= set(started)


@pytest.mark.sqlite
def test_files_rows_and_addresses_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    shop = sqlite3.connect(tmp_path / "shop.sqlite3", isolation_level=None)
    shop.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT)")
    environment = {
        **ALLOW,
        "HELIX_FILES_DIR": str(tmp_path / "files"),
        "HELIX_DATABASES": json.dumps({"shop": f"sqlite:///{tmp_path}/shop.sqlite3"}),
    }
    query = "SELECT * FROM orders WHERE id > :cursor ORDER BY id"
    with Receiver() as receiver, Server(demo=False, workers=1, environment=environment) as ours:
        receiver.answer = lambda path: (200, {"ETag": "v"}, b'{"polled": true}' if path == "/feed" else b"ok")
        files, rows, polled = Programs(ours), Programs(ours), Programs(ours)
        sensing(files, f"{receiver.url}/file", source="file", pattern="**/*.txt", format="text", interval_ms=1000)
        sensing(
            rows, f"{receiver.url}/row", source="database", database="shop", query=query, cursor="id", interval_ms=1000
        )
        sensing(polled, f"{receiver.url}/poll", source="polling", endpoint=f"{receiver.url}/feed", interval_ms=60_000)
        (tmp_path / "files" / "a.txt").write_text("hello")
        shop.execute("INSERT INTO orders VALUES (7, 'tea')")

        wanted: dict[str, Callable[[Any], object]] = {
            "/file": lambda value: value["content"] == "hello",
            "/row": lambda value: value == {"id": 7, "what": "tea"},
            "/poll": lambda value: value == {"polled": True},
        }
        seen: dict[str, Any] = {}
        count = 1
        while seen.keys() != wanted.keys():
            for one in receiver.arrived(count):
                if one.path in wanted:
                    seen[one.path] = json.loads(one.body)
            count = len(receiver.received) + 1
        assert all(check(seen[path]) for path, check in wanted.items()), seen
