"""A disk without any room: nothing is acknowledged, nobody is sent away, and all goes on when there is room again.

Room is taken away by the size that the server's files may have (`RLIMIT_FSIZE`), which needs no special rights.
PostgreSQL says itself that its disk is full, because a trigger lets it.
"""

import asyncio
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.faults.frail import Author, FrailServer, logged
from tests.postgres import Postgres
from tests.programs import Programs

FULL = """
CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER disk_is_full BEFORE INSERT ON flows_change EXECUTE FUNCTION disk_is_full();
"""
ROOM = "DROP TRIGGER disk_is_full ON flows_change; DROP FUNCTION disk_is_full;"


@contextmanager
def full_disk(server: FrailServer) -> Iterator[None]:
    """Leave the server's database no room."""
    if url := server.environment.get("HELIX_DATABASE_URL"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(FULL)
            yield
            connection.execute(ROOM)
        return
    soft, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1, hard))
    yield
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FrailServer]:
    """A server on either database."""
    postgres: Postgres | None = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    url = postgres.new_database() if postgres else ""
    server = FrailServer(data_dir=tmp_path / "data", database_url=url, server="daphne" if postgres else "uvicorn")
    # Soon told, and sent away at the first failure if it were taken for a defect.
    server.wanted = ("set=sessions.database.DELAYED_SECONDS:0.2", "set=sessions.database.FAILURES:1")
    with server:
        yield server


async def test_edits_wait_for_room_and_nobody_is_sent_away(server: FrailServer) -> None:
    programs = Programs(server)
    author, reader = Author(programs), Author(programs, programs.editor())
    for one in (author, reader):
        await one.come(server.socket_url)
    await author.send(3)
    await author.client.answer(3)
    await author.client.reach(4)
    await author.client.settle()
    with full_disk(server):
        await author.send(40)
        assert (await author.client.next("error"))["code"] == "unavailable"
        body = {"client": "program", "seq": 1, "operations": [{"kind": "edit_flow", "set": {"title": "Full"}}]}
        answer = await asyncio.to_thread(
            programs.api.post,
            f"/flows/{programs.flow}/operations",
            json=body,
            headers={"Authorization": f"Bearer {programs.owner}"},
        )
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert not {frame["type"] for frame in await author.client.settle()} & {"acked", "refused", "apply_changes"}
        assert (await asyncio.to_thread(programs.call, programs.owner, "GET", f"/flows/{programs.flow}"))[
            "version"
        ] == 4
        assert await asyncio.to_thread(restarts, server) == 0
    for seq in range(4, 44):
        assert (await author.client.answer(seq))["type"] == "acked"
    author.note()
    await author.send_again()
    again = await asyncio.to_thread(programs.call, programs.owner, "POST", f"/flows/{programs.flow}/operations", body)
    assert again["version"] == 45
    await reader.client.reach(45)
    assert len(logged(programs)) == 45
    assert server.verify(programs.flow).returncode == 0


def restarts(server: FrailServer) -> float:
    """Return how often sessions had to start again."""
    found = re.search(r"^helix_session_restarts_total (\S+)$", server.fetch("/metrics").text, re.MULTILINE)
    assert found
    return float(found[1])
