"""Transactions that stand in each other's way in a real database: ours is begun again, then the answer is 503."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import httpx
import psycopg
import pytest
from django.db import connection
from django.test import Client

from accounts import tokens
from accounts.models import User
from accounts.principals import Person
from flows.commands import create_flow
from flows.parsing import parse_flow
from sessions.database import FAILURES
from tests.faults.frail import Author
from tests.faults.rival import DEADLOCK, Rival
from tests.postgres import Postgres
from tests.programs import Programs
from tests.servers import Server
from web.write_transaction import ATTEMPTS

NODE = {"id": "a", "kind": "agent", "x": 0, "y": 0}


def database(postgres: Postgres, setting: str, value: str) -> str:
    """Make a database whose connections begin with a setting."""
    url = postgres.new_database()
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(postgres.url(), autocommit=True) as operator:
        operator.execute(f"ALTER DATABASE \"{name}\" SET {setting} = '{value}'")  # type: ignore[call-overload]
    return url


@pytest.fixture(scope="module")
def server(postgres: Postgres) -> Iterator[Server]:
    with Server(database_url=database(postgres, "deadlock_timeout", DEADLOCK), server="uvicorn") as server:
        yield server


@pytest.fixture
def programs(server: Server) -> Programs:
    programs = Programs(server)
    programs.call(programs.owner, "PUT", f"/flows/{programs.flow}/graph", {"version": 1, "nodes": [NODE], "edges": []})
    return programs


@pytest.fixture
def rival(server: Server, programs: Programs) -> Iterator[Rival]:
    rival = Rival(server.environment["HELIX_DATABASE_URL"], programs.flow)
    yield rival
    rival.leave()


def move(programs: Programs, x: int) -> httpx.Response:
    """Move the node, under one name."""
    body = {"client": "program", "seq": 1, "operations": [{"kind": "move_node", "id": "a", "x": x, "y": 0}]}
    headers = {"Authorization": f"Bearer {programs.owner}"}
    return programs.api.post(f"/flows/{programs.flow}/operations", json=body, headers=headers)


def version(programs: Programs) -> int:
    found: int = programs.call(programs.owner, "GET", f"/flows/{programs.flow}")["version"]
    return found


async def test_a_deadlock_at_every_attempt_is_unavailable_and_nothing_is_done(programs: Programs, rival: Rival) -> None:
    rival.hold_nodes()
    asked = asyncio.create_task(asyncio.to_thread(move, programs, 5))
    await rival.collide(ATTEMPTS)
    answer = await asked
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert version(programs) == 2
    rival.commit()
    assert move(programs, 5).json() == {"version": 3, "results": [{"version": 3}]}


async def test_a_deadlock_less_is_nobodys_concern(programs: Programs, rival: Rival) -> None:
    rival.hold_nodes()
    asked = asyncio.create_task(asyncio.to_thread(move, programs, 5))
    await rival.collide(ATTEMPTS - 1)
    await rival.waited_for()
    rival.commit()
    answer = await asked
    assert (answer.status_code, answer.json()) == (200, {"version": 3, "results": [{"version": 3}]})
    assert move(programs, 7).json() == {"version": 3, "results": [{"version": 3}]}, "done once, under its name"


async def test_who_waited_reads_what_was_committed_meanwhile(postgres: Postgres) -> None:
    """Also where an operator asks for more isolation than PostgreSQL begins with: rights are read after locks."""
    url = database(postgres, "default_transaction_isolation", "repeatable read")
    with Server(database_url=url, server="uvicorn") as server:
        programs = Programs(server)
        programs.call(
            programs.owner, "PUT", f"/flows/{programs.flow}/graph", {"version": 1, "nodes": [NODE], "edges": []}
        )
        rival = Rival(url, programs.flow)
        rival.hold_flow()
        asked = asyncio.create_task(asyncio.to_thread(move, programs, 5))
        await rival.waited_for()
        rival.commit()
        answer = await asked
        rival.leave()
        said = server.log.read_text()
        assert (answer.status_code, answer.json()) == (200, {"version": 3, "results": [{"version": 3}]}), said
        assert "transaction_collided" not in said


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_an_sqlite_that_stays_locked_is_unavailable(alice: User) -> None:
    """Its own waiting was the second attempt: nobody is made to wait three times as long."""
    flow = create_flow(Person(alice.pk), parse_flow(title="Draft"), via="api")
    client = Client(headers={"Authorization": f"Bearer {tokens.issue(alice).access}"})
    own = connection.cursor()
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        own.execute("PRAGMA busy_timeout = 20")
        try:
            answer = client.patch(f"/api/v1/flows/{flow.pk}", {"title": "Else"}, content_type="application/json")
        finally:
            own.execute("PRAGMA busy_timeout = 20000")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "unavailable", "2")
    again = client.patch(f"/api/v1/flows/{flow.pk}", {"title": "Else"}, content_type="application/json")
    assert (again.status_code, again.json()["version"]) == (200, 2)


async def test_a_live_session_waits_and_says_so(server: Server, programs: Programs, rival: Rival) -> None:
    author = Author(programs)
    client = await author.come(server.socket_url)
    rival.hold_nodes()
    await client.send("operate", seq=1, operation={"kind": "move_node", "id": "a", "x": 5, "y": 0})
    await rival.collide(2 * max(ATTEMPTS, FAILURES))
    assert (await client.next("error"))["code"] == "unavailable"
    rival.commit()
    assert (await client.answer(1))["version"] == 3
    assert "session_restarted" not in server.log.read_text(), "nobody else in the flow noticed"
    await client.leave()
