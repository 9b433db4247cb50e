"""A PostgreSQL that stops and starts again, and what counts as such: nothing is acknowledged but what is committed."""

import asyncio
import sqlite3
from collections.abc import Iterator
from itertools import count

import httpx
import psycopg
import pytest
from django.db import InterfaceError, InternalError, OperationalError, connection

from sessions import database
from tests.faults.frail import Author, FrailServer, logged
from tests.postgres import Postgres
from tests.programs import Programs
from web.db_errors import LockTimeout, is_outage


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """One that may be stopped without anybody else noticing."""
    postgres = Postgres()
    yield postgres
    postgres.stop()


def cause(error: Exception, why: Exception) -> Exception:
    error.__cause__ = why
    return error


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("?")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    "defect",
    [
        ZeroDivisionError(),
        OperationalError("somebody says so"),
        cause(OperationalError(), sqlite_error(sqlite3.SQLITE_ERROR)),
        cause(InterfaceError(), sqlite3.InterfaceError("misuse")),
    ],
    ids=repr,
)
def test_what_is_no_outage_stays_loud(defect: Exception) -> None:
    assert not is_outage(defect)


@pytest.mark.parametrize(
    "outage",
    [
        LockTimeout(),
        InterfaceError("connection already closed"),
        cause(OperationalError(), sqlite_error(sqlite3.SQLITE_FULL)),
        cause(OperationalError(), sqlite_error(sqlite3.SQLITE_IOERR_WRITE)),
        cause(OperationalError(), sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT)),
        cause(OperationalError(), psycopg.OperationalError("connection is bad")),
    ],
    ids=lambda error: repr(error.__cause__ or error),
)
def test_what_is_an_outage(outage: Exception) -> None:
    assert is_outage(outage)


@pytest.mark.parametrize(
    ("sqlstate", "is_one"),
    [
        ("40001", True),  # not serialisable
        ("40P01", True),  # deadlock
        ("53000", False),
        ("53200", False),  # out of memory
        ("53400", False),  # a configured limit
        ("57000", False),
        ("57014", False),  # the statement was cancelled, or took too long
        ("25P02", False),  # in a transaction that failed
        ("08006", True),  # connection lost
        ("25006", True),  # read-only, after a failover
        ("53100", True),  # disk full
        ("53300", True),  # too many connections
        ("55P03", True),  # lock not available
        ("57P01", True),  # shutdown
        ("57P02", True),  # crash
        ("57P03", True),  # not yet started
        ("58030", True),  # input or output
    ],
)
def test_what_postgresql_calls_it(sqlstate: str, is_one: bool) -> None:
    why = psycopg.errors.lookup(sqlstate)()
    error = InternalError() if isinstance(why, psycopg.InternalError) else OperationalError()
    assert is_outage(cause(error, why)) is is_one


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("why", [psycopg.errors.OutOfMemory, psycopg.errors.QueryCanceled])
async def test_a_statement_that_fails_whenever_it_is_asked_is_given_up(
    monkeypatch: pytest.MonkeyPatch, why: type[psycopg.Error]
) -> None:
    monkeypatch.setattr(database, "PAUSES", (0.0,))
    tries = count(1)

    def fails() -> None:
        raise cause(OperationalError(f"attempt {next(tries)} came to nothing"), why())

    with pytest.raises(OperationalError, match=f"attempt {database.FAILURES} "):
        async with asyncio.timeout(20):
            await database.with_retries(fails, lambda: None)


@pytest.mark.django_db(transaction=True)
async def test_one_that_fails_a_few_times_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PAUSES", (0.0,))
    left = [psycopg.errors.OutOfMemory(), psycopg.errors.QueryCanceled()]

    def succeeds_at_last() -> str:
        if left:
            raise cause(OperationalError(), left.pop())
        return "done"

    assert await database.with_retries(succeeds_at_last, lambda: None) == "done"


@pytest.mark.django_db(transaction=True)
def test_a_real_full_database_is_an_outage_and_a_real_defect_is_none() -> None:
    with connection.cursor() as cursor:
        with pytest.raises(OperationalError if connection.vendor == "sqlite" else Exception) as raised:
            cursor.execute("SELECT nothing FROM nowhere")
        assert not is_outage(raised.value)
        if connection.vendor == "sqlite":
            pages = cursor.execute("PRAGMA page_count").fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count = {pages}")
            try:
                with pytest.raises(OperationalError, match="full") as raised:
                    cursor.execute("CREATE TABLE too_much AS SELECT randomblob(10000000) AS b")
            finally:
                cursor.execute("PRAGMA max_page_count = 1073741823")
            assert is_outage(raised.value)


async def test_postgresql_goes_and_comes_back(own_postgres: Postgres) -> None:
    with FrailServer(database_url=own_postgres.new_database(), server="uvicorn") as server:
        process = server.process.pid
        programs = Programs(server)
        author, other = Author(programs), Author(programs)
        await author.come(server.socket_url)
        reader = await other.come(server.socket_url)
        await author.send(10)
        await author.client.answer(10)
        await author.client.reach(11)
        await author.client.settle()
        own_postgres.go_down()
        await author.send(20)
        answer = await asyncio.to_thread(server.fetch, "/api/v1/me", Authorization=f"Bearer {programs.owner}")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
        said = await author.client.next("error")
        assert said["code"] == "unavailable"
        answers = {frame["type"] for frame in await author.client.settle()}
        assert not answers & {"acked", "refused", "apply_changes"}
        assert "error" not in {frame["type"] for frame in await reader.settle()}, "who waits for nothing is not told"
        own_postgres.come_back()
        for seq in range(11, 31):
            assert (await author.client.answer(seq))["type"] == "acked"
        author.note()
        await author.send_again()
        await reader.reach(31)
        assert len(logged(programs)) == 31
        assert server.process.pid == process
        assert server.process.poll() is None
        assert server.verify(programs.flow).returncode == 0


async def test_a_postgresql_that_may_only_be_read_is_waited_for(own_postgres: Postgres) -> None:
    """As after a failover, until connections lead to the one that may be written to."""
    url = own_postgres.new_database()
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]

    def only_read(word: str) -> None:
        with psycopg.connect(own_postgres.url(), autocommit=True) as operator:
            operator.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {word}')
            operator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

    with FrailServer(database_url=url, server="uvicorn") as server:
        programs = Programs(server)
        author = Author(programs)
        client = await author.come(server.socket_url)
        only_read("on")
        await author.send(3)
        renamed = {"title": "Else"}
        headers = {"Authorization": f"Bearer {programs.owner}"}
        answers = [
            await asyncio.to_thread(programs.api.patch, f"/flows/{programs.flow}", json=renamed, headers=headers)
            for _ in range(3)
        ]
        assert answers[-1].status_code == 503, "not a defect"
        assert (await client.next("error"))["code"] == "unavailable"
        only_read("off")
        for seq in range(1, 4):
            assert (await client.answer(seq))["type"] == "acked"


async def test_a_page_says_that_it_is_not_now(own_postgres: Postgres) -> None:
    with FrailServer(database_url=own_postgres.new_database()) as server, httpx.Client(base_url=server.url) as browser:
        token = browser.get("/accounts/login/").text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        own_postgres.go_down()
        form = {"csrfmiddlewaretoken": token, "email": "a@example.com", "password": "x"}
        answer = browser.post("/login/", data=form, timeout=20)
        own_postgres.come_back()
        assert answer.status_code == 503
        assert "Everything saved is safe" in answer.text
        assert answer.headers["Content-Type"].startswith("text/html")
        server.wait_until_ready()
        assert browser.post("/login/", data=form, timeout=20).status_code == 422
