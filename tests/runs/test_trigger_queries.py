"""Queries: rows beyond a cursor, once each; read-only, bounded in time, rows and length, whatever the query tries."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.utils import timezone

from accounts.models import User
from runs.models import Run, Trigger
from runs.triggers import looking, queries
from runs.triggers.queries import QueryFailed, rows_beyond
from runs.triggers.statements import read_statement
from runs.triggers.ticking import tick
from tests.postgres import Postgres
from tests.runs.listening import due_now, inputs, listen, sensing
from web.errors import Problem

ORDERS = "SELECT * FROM orders WHERE id > :cursor"


@pytest.fixture
def shop(tmp_path: Path, settings: Any) -> sqlite3.Connection:
    path = tmp_path / "my shop.sqlite3"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT, at TEXT)")
    settings.HELIX_DATABASES = {"shop": f"sqlite:///{path}"}
    return connection


def url(settings: Any) -> str:
    return str(settings.HELIX_DATABASES["shop"])


def order(shop: sqlite3.Connection, *whats: str) -> None:
    shop.executemany("INSERT INTO orders (what, at) VALUES (?, '2026-01-01')", [(what,) for what in whats])


def inline(work: Callable[[], object]) -> bool:
    work()
    return True


def look(trigger: Trigger) -> None:
    now = timezone.now()
    due_now(trigger, now)
    assert tick(now, begin=inline) == 1


def refused(text: str, url: str, column: str = "id") -> str:
    with pytest.raises(QueryFailed) as failed:
        rows_beyond(url, text, column, None, 10)
    return failed.value.message


# the text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "DELETE FROM orders",
        "SELECT 1; DELETE FROM orders",
        "PRAGMA user_version",
        "ATTACH 'x' AS y",
        "x" * 20_001,
        "SELECT 1\0",
        "EXPLAIN SELECT 1",
        "SELECT a FROM b WHERE a > :cursor) AS x UNION ALL SELECT * FROM (SELECT a FROM c",
        "SELECT (1",
        "SELECT 1)",
        r"SELECT E'\'(' , 1) AS x UNION ALL SELECT (SELECT e'\'(' ",
        r"SELECT date'\' AS a) AS x UNION ALL SELECT * FROM (SELECT '\'",
        "SELECT 1 AS a$x$ ) AS x UNION ALL SELECT * FROM (SELECT 2 AS b$x$",
        "SELECT $é$ ' $é$) AS x UNION ALL SELECT * FROM (SELECT $é$ ' $é$",
        "SELECT /* /* */ ( */ 1) AS x UNION ALL SELECT * FROM (SELECT /* /* */ ) */ 2",
        "SELECT 1 -- a\r) AS x UNION ALL SELECT * FROM (SELECT 2",
    ],
)
def test_what_is_not_one_select_is_refused(text: str) -> None:
    assert read_statement(text) is None


def test_a_cursor_is_found_outside_quotes_comments_and_casts() -> None:
    quiet = "':cursor;', \"a;:cursor\", 5::int, $x$;:cursor$x$ -- ;:cursor\n/* ;:cursor */"
    text = f"SELECT {quiet} WHERE a > :cursor AND b LIKE '5%';"

    statement = read_statement(text)
    assert statement is not None
    assert statement.has_cursor
    assert statement.for_postgres.count("%(cursor)s") == 1
    assert "LIKE '5%%'" in statement.for_postgres
    assert read_statement(r"SELECT count(*), E'\')', e'it''s )', ')', lower((a)) /* ) */ FROM b -- )") is not None
    without = read_statement("SELECT ':cursor', a::cursor, :cursors")
    assert without is not None
    assert not without.has_cursor


# SQLite


def test_rows_come_in_the_order_of_the_cursor_from_the_beginning(shop: sqlite3.Connection, settings: Any) -> None:
    order(shop, "a", "b", "c")

    rows = rows_beyond(
        url(settings), "SELECT id, what FROM orders WHERE id > :cursor ORDER BY what DESC", "id", None, 10
    )
    assert rows == [{"id": 1, "what": "a"}, {"id": 2, "what": "b"}, {"id": 3, "what": "c"}]
    assert rows_beyond(url(settings), ORDERS, "id", 2, 10) == [{"id": 3, "what": "c", "at": "2026-01-01"}]
    assert rows_beyond(url(settings), ORDERS, "id", 3, 10) == []
    assert len(rows_beyond(url(settings), "SELECT * FROM orders WHERE at > :cursor -- all", "at", None, 10)) == 3


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id, load_extension('x') FROM orders WHERE :cursor = 0",
        "SELECT id, x FROM orders",
        "SELECT 1 AS id FROM pragma_table_info('orders')",
        "SELECT 1 AS other",
        "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id FROM n",
        "SELECT 1 AS id, zeroblob(2000000) AS b",
        "SELECT 1 AS id, hex(zeroblob(900000)) AS b",
        "VALUES (1) UNION SELECT",
        "SELECT id AS [']) UNION ALL SELECT * FROM (SELECT id AS ['] FROM orders",
        r"SELECT id E'\') UNION ALL SELECT * FROM (SELECT id '' FROM orders",
    ],
)
def test_what_a_query_may_not_or_cannot_do_fails_alone(
    text: str, shop: sqlite3.Connection, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SECONDS", 0.3)
    order(shop, "a")

    assert refused(text, url(settings))
    assert shop.execute("SELECT count(*) FROM orders").fetchone() == (1,)


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert refused("SELECT 1 AS id", f"sqlite:///{tmp_path}/none.sqlite3")
    assert list(tmp_path.iterdir()) == []


def test_values_that_json_lacks_are_spelt(shop: sqlite3.Connection, settings: Any) -> None:
    text = "SELECT 1 AS id, x'00ff' AS b, 1e999 AS f, NULL AS n, 9007199254740993 AS big, 2.5 AS d"

    assert rows_beyond(url(settings), text, "id", None, 10) == [
        {"id": 1, "b": "AP8=", "f": None, "n": None, "big": 9007199254740993, "d": 2.5}
    ]


def test_rows_of_one_value_come_together_or_not_at_all(shop: sqlite3.Connection, settings: Any) -> None:
    text = "SELECT at, what FROM orders WHERE at > :cursor"
    order(shop, "a")
    shop.execute("UPDATE orders SET at = '2025-01-01'")
    order(shop, "b", "c", "d")

    assert [row["what"] for row in rows_beyond(url(settings), text, "at", None, 2)] == ["a"]
    assert [row["what"] for row in rows_beyond(url(settings), text, "at", None, 4)] == ["a", "b", "c", "d"]
    with pytest.raises(QueryFailed, match="same value"):
        rows_beyond(url(settings), text, "at", "2025-01-01", 2)


# PostgreSQL


@pytest.fixture
def store(postgres: Postgres, settings: Any) -> "psycopg.Connection[tuple[Any, ...]]":
    address = postgres.new_database()
    connection = psycopg.connect(address, autocommit=True)
    connection.execute(
        "CREATE TABLE orders (id bigint PRIMARY KEY, what text, at timestamptz, sum numeric, tags jsonb)"
    )
    settings.HELIX_DATABASES = {"shop": address}
    return connection


def test_postgresql_is_asked_from_the_beginning_by_number_text_time_and_id(
    store: "psycopg.Connection[Any]", settings: Any
) -> None:
    store.execute("""INSERT INTO orders VALUES (7, '100% fresh', '2026-01-02 03:04:05+00', 12.50, '{"a": [1]}')""")
    store.execute("INSERT INTO orders VALUES (8, 'b', '2026-01-03 00:00:00+00', 1234567890123456789, NULL)")

    rows = rows_beyond(url(settings), f"{ORDERS} AND what LIKE '%'", "id", None, 10)
    assert rows[0] == {"id": 7, "what": "100% fresh", "at": rows[0]["at"], "sum": 12.5, "tags": {"a": [1]}}
    assert rows[1]["sum"] == 1234567890123456789
    assert [row["id"] for row in rows_beyond(url(settings), ORDERS, "id", 7, 10)] == [8]
    by_time = "SELECT id, at FROM orders WHERE at > :cursor"
    first = rows_beyond(url(settings), by_time, "at", None, 10)
    assert [row["id"] for row in first] == [7, 8]
    assert [row["id"] for row in rows_beyond(url(settings), by_time, "at", first[0]["at"], 10)] == [8]
    uuids = "SELECT gen_random_uuid() AS id WHERE gen_random_uuid() > :cursor"
    assert len(rows_beyond(url(settings), uuids, "id", None, 10)) == 1
    assert len(rows_beyond(url(settings), "SELECT what FROM orders WHERE what > :cursor", "what", None, 10)) == 2
    assert rows_beyond(url(settings), "SELECT id FROM orders WHERE id > coalesce(:cursor, 0)", "id", "8", 10) == []


@pytest.mark.parametrize(
    "text",
    [
        "WITH gone AS (DELETE FROM orders RETURNING id) SELECT id FROM gone",
        "SELECT id FROM orders WHERE set_config('transaction_read_only', 'off', false) = 'off'",
        "SELECT 1 AS id, lo_creat(-1) AS x",
        "SELECT 1 AS id, nextval('numbers') AS x",
        "SELECT 1 AS id, pg_sleep(30) AS x",
        "SELECT 1 AS id, pg_sleep(30) AS x, set_config('statement_timeout', '0', false)",
        "SELECT 1 AS id, repeat('x', 100000000) AS x",
        "SELECT id FROM nothing",
        "SELECT 1 AS other",
        "SELECT 1 AS id) AS x; DROP TABLE orders; SELECT 1 FROM (SELECT 1",
        "SELECT 1 AS id) AS x FOR UPDATE; --",
    ],
)
def test_postgresql_does_nothing_but_read(
    text: str, store: "psycopg.Connection[Any]", settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SECONDS", 1.0)
    store.execute("INSERT INTO orders VALUES (7, 'a', now(), 1, NULL)")
    store.execute("CREATE SEQUENCE numbers")

    message = refused(text, url(settings))
    assert "password" not in message.lower()
    assert store.execute("SELECT count(*) FROM orders").fetchone() == (1,)


def test_a_postgresql_that_is_not_there_is_told_without_its_address() -> None:
    message = refused("SELECT 1 AS id", "postgresql://me:swordfish@127.0.0.1:1/none")

    assert "swordfish" not in message
    assert "127.0.0.1" not in message


# the sensor

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "wrong",
    [
        {"database": "other"},
        {"database": ""},
        {"query": "SELECT 1"},
        {"query": "DROP TABLE x"},
        {"cursor": ""},
        {"cursor": "a b"},
    ],
)
def test_a_sensor_that_cannot_ask_is_refused(wrong: dict[str, str], alice: User, shop: sqlite3.Connection) -> None:
    given = {"database": "shop", "query": ORDERS, "cursor": "id", **wrong}

    with pytest.raises(Problem) as refusal:
        listen(alice.pk, sensing(alice.pk, source="database", **given))
    assert refusal.value.code == "invalid"


def sensor(alice: User, **more: Any) -> Trigger:
    return listen(alice.pk, sensing(alice.pk, source="database", database="shop", query=ORDERS, cursor="id", **more))


def test_each_row_is_one_run(alice: User, shop: sqlite3.Connection) -> None:
    trigger = sensor(alice)
    order(shop, "a", "b")
    look(trigger)
    look(trigger)
    order(shop, "c")
    look(trigger)

    assert [row["what"] for row in inputs(trigger.flow)] == ["a", "b", "c"]
    assert inputs(trigger.flow)[0] == {"id": 1, "what": "a", "at": "2026-01-01"}


def test_rows_that_do_not_match_are_passed_by(alice: User, shop: sqlite3.Connection) -> None:
    trigger = sensor(alice, filters={"what": "b"})
    order(shop, "a", "b", "c")
    look(trigger)
    look(trigger)

    assert [row["what"] for row in inputs(trigger.flow)] == ["b"]


def test_a_full_queue_stops_at_a_row_and_goes_on_there(
    alice: User, shop: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "AT_ONCE", 3)
    trigger = sensor(alice, stays_open=True, queue_size=2)
    order(shop, "a", "b", "c", "d", "e")
    for _ in range(4):
        look(trigger)
        shop.execute("UPDATE orders SET at = 'later' WHERE id <= 2")  # what is through is not looked at again
        Run.objects.update(state="done")

    assert [row["what"] for row in inputs(trigger.flow)] == ["a", "b", "c", "d", "e"]


def test_an_error_is_told_and_goes_when_it_is_over(alice: User, shop: sqlite3.Connection) -> None:
    trigger = sensor(alice)
    shop.execute("ALTER TABLE orders RENAME TO gone")
    look(trigger)
    trigger.refresh_from_db()
    assert "orders" in trigger.last_error
    assert trigger.due_at > timezone.now()

    shop.execute("ALTER TABLE gone RENAME TO orders")
    order(shop, "a")
    look(trigger)
    trigger.refresh_from_db()
    assert (trigger.last_error, trigger.failures, Run.objects.count()) == ("", 0, 1)
