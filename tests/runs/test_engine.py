"""The engine's contract, on both databases; each rule about DBOS that the design found is held by a test here."""

import json
import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import sqlalchemy as sa
from dbos import DBOS

from runs.commands.handing import handed_of
from runs.engine.claiming import Claim, Listening, share_out
from runs.engine.database import SCHEMA, open_postgresql, open_sqlite
from runs.engine.dbos_engine import DbosEngine
from runs.engine.engine import LONGEST, Handed, can_serve, queue_of
from runs.models import Run, Task
from tests.postgres import Postgres
from tests.proxy import Proxy
from tests.runs.working import fails_once

PATIENCE = 20.0


class Performed:
    """Remembers what was begun, and lets it end when told to."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.begun: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self._may_end = threading.Event()
        self._changed = threading.Condition()
        if at_once:
            self._may_end.set()

    def __call__(self, id: str) -> None:
        with self._changed:
            self.begun.append(id)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self._changed.notify_all()
        self._may_end.wait(PATIENCE)
        with self._changed:
            self.at_once -= 1
            self._changed.notify_all()

    def let_end(self) -> None:
        self._may_end.set()

    def wait_for(self, so: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        with self._changed:
            return self._changed.wait_for(so, seconds)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    if request.param == "sqlite":
        opened = open_sqlite(tmp_path / "engine.sqlite3")
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        opened = open_postgresql(given(postgres.new_database()))
    yield opened
    opened.dispose()


def given(url: str) -> dict[str, object]:
    """Return Django's entry for an address."""
    parts = urlsplit(url)
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    return {
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": {},
    }


@pytest.fixture
def engine(database: sa.Engine) -> Iterator[DbosEngine]:
    engine = DbosEngine(database)
    yield engine
    engine.stop(patience=0)


def listen(engine: DbosEngine, perform: Performed, worker: str = "first", *labels: str, capacity: int = 4) -> None:
    engine.listen(perform, worker=worker, labels=frozenset(labels), capacity=capacity)


def until(so: Callable[[], bool]) -> bool:
    """Look again and again; there is no event for what another program writes."""
    ticking = threading.Event()
    return any(so() or ticking.wait(0.02) for _ in range(int(PATIENCE / 0.02)))


def test_a_queue_is_named_by_its_labels() -> None:
    run = Run(flow_id=UUID(int=1))
    assert handed_of(Task(labels=""), run).queue == "any"
    assert handed_of(Task(labels="big,gpu"), run).queue == "big,gpu"
    assert can_serve([], "any")
    assert can_serve(["small", "gpu", "big"], "big,gpu")
    assert not can_serve(["gpu"], "big,gpu")


def test_labels_as_long_as_a_name_may_be_are_the_name() -> None:
    longest = ["x" * 1_000, "y" * (LONGEST - 1_001)]

    assert queue_of(longest) == ",".join(longest)
    assert queue_of([*longest, "z"]).startswith("#")


@pytest.mark.parametrize(
    "labels",
    [["any"], ["_dbos_internal_queue"], ["#gpu"], [f"{at:02}{'é' * 62}" for at in range(101)]],
    ids=["any", "internal", "digest", "long"],
)
def test_labels_that_cannot_be_a_name_are_served_by_those_who_have_them_all(labels: list[str]) -> None:
    queue = queue_of(labels)

    assert queue == queue_of(labels[::-1])
    assert len(queue.encode()) <= LONGEST
    assert queue not in {"any", *labels}
    assert can_serve(labels, queue)
    assert can_serve([*labels, "gpu"], queue)
    assert not can_serve(labels[1:], queue)


def test_nobody_serves_more_labels_than_a_name_has_room_for() -> None:
    labels = [f"label{at}{'x' * 50}" for at in range(200)]

    assert len(queue_of(labels)) <= LONGEST
    assert not can_serve(labels, queue_of(labels))


def test_what_nobody_handed_is_unknown(engine: DbosEngine) -> None:
    assert engine.states(["nothing#0"]) == {}
    assert engine.held_by("nobody") == []
    engine.cancel(["nothing#0"])
    engine.reassign(["nothing#0"])
    engine.forget(["nothing#0"])


def test_what_is_handed_is_performed(engine: DbosEngine) -> None:
    performed = Performed()
    engine.hand([Handed("a#0", "any", 0), Handed("b#0", "any", 1)])
    assert engine.states(["a#0", "b#0"]) == {"a#0": "queued", "b#0": "queued"}
    assert engine.waiting() == {"any": 2}

    listen(engine, performed)

    assert performed.wait_for(lambda: len(performed.begun) == 2)
    assert until(lambda: engine.states(["a#0", "b#0"]) == {"a#0": "done", "b#0": "done"})
    assert engine.waiting() == {}


def test_what_is_handed_here_wakes_a_worker_that_was_idle(engine: DbosEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    performed = Performed()
    engine.hand([Handed("a#0", "any", 0)])
    listen(engine, performed)
    assert performed.wait_for(lambda: performed.begun == ["a#0"])

    monkeypatch.setattr("runs.engine.claiming.IDLE_AFTER_SECONDS", 0.0)
    monkeypatch.setattr("runs.engine.claiming.IDLE_POLL_SECONDS", 10 * PATIENCE)
    engine.hand([Handed("b#0", "any", 0)])

    assert performed.wait_for(lambda: performed.begun == ["a#0", "b#0"])


def test_the_same_id_twice_is_the_same_work(engine: DbosEngine) -> None:
    performed = Performed(at_once=False)
    engine.hand([Handed("a#0", "any", 0)])
    engine.hand([Handed("a#0", "any", 0), Handed("b#0", "any", 9)])
    listen(engine, performed)
    assert performed.wait_for(lambda: len(performed.begun) == 2)

    engine.hand([Handed("a#0", "any", 0)])
    performed.let_end()

    assert until(lambda: engine.states(["a#0", "b#0"]) == {"a#0": "done", "b#0": "done"})
    assert performed.begun == ["a#0", "b#0"]


def test_what_cannot_be_queued_stops_no_other(engine: DbosEngine, caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []
    refused = Handed("a#0", "a\x00queue" if is_on_postgresql(engine) else "a\ud800queue", 0)

    engine.hand([refused, Handed("b#0", "any", 0), Handed("c#0", "any", 0, delay=60)], lambda: done.append("all"))

    assert engine.states(["a#0", "b#0", "c#0"]) == {"b#0": "queued", "c#0": "queued"}
    assert done == ["all"]
    assert "a#0" in caplog.text


def test_what_is_over_is_begun_again_when_it_is_handed_again(engine: DbosEngine) -> None:
    performed = Performed()
    listen(engine, performed)
    engine.hand([Handed("a#0", "any", 0)])
    assert until(lambda: engine.states(["a#0"]) == {"a#0": "done"})

    engine.hand([Handed("a#0", "any", 0)])

    assert performed.wait_for(lambda: performed.begun == ["a#0", "a#0"])


def test_what_raises_has_failed_and_stops_nothing(engine: DbosEngine) -> None:
    performed = Performed()

    def perform(id: str) -> None:
        performed(id)
        if id == "a#0":
            raise RuntimeError("a defect")

    engine.listen(perform, worker="first", labels=frozenset(), capacity=1)
    engine.hand([Handed("a#0", "any", 0), Handed("b#0", "any", 1)])

    assert until(lambda: engine.states(["a#0", "b#0"]) == {"a#0": "failed", "b#0": "done"})


def test_less_priority_comes_first(engine: DbosEngine) -> None:
    performed = Performed()
    engine.hand([Handed(f"large.{number}#0", "any", number) for number in range(20)])
    engine.hand([Handed("small.0#0", "any", 0)])

    listen(engine, performed, capacity=1)

    assert performed.wait_for(lambda: len(performed.begun) == 21)
    assert performed.begun.index("small.0#0") <= 1
    assert [id for id in performed.begun if id != "small.0#0"] == [f"large.{number}#0" for number in range(20)]


def test_a_worker_begins_no_more_than_it_has_room_for_over_all_queues(engine: DbosEngine) -> None:
    performed = Performed(at_once=False)
    engine.hand([Handed(f"{queue}.{number}#0", queue, number) for number in range(9) for queue in ("any", "gpu")])

    listen(engine, performed, "first", "gpu", capacity=3)

    assert performed.wait_for(lambda: performed.at_once == 3)
    assert not performed.wait_for(lambda: len(performed.begun) > 3, 0.5)
    performed.let_end()
    assert performed.wait_for(lambda: len(performed.begun) == 18)
    assert performed.most_at_once == 3


def test_one_account_leaves_a_place_for_another_however_much_it_has(engine: DbosEngine) -> None:
    performed = Performed(at_once=False)
    engine.hand([Handed(f"hog.{number}#0", "any", 0, account="hog") for number in range(9)])

    engine.listen(performed, worker="first", labels=frozenset(), capacity=4, most_each=lambda _account: 3)

    assert performed.wait_for(lambda: performed.at_once == 3)
    assert not performed.wait_for(lambda: len(performed.begun) > 3, 0.5)
    engine.hand([Handed("small.0#0", "any", 9, account="small")])
    assert performed.wait_for(lambda: "small.0#0" in performed.begun)
    performed.let_end()
    assert performed.wait_for(lambda: len(performed.begun) == 10)


def test_places_go_round_by_account_whoever_was_first(engine: DbosEngine) -> None:
    performed = Performed()
    for account in ("first", "second", "third"):
        engine.hand([Handed(f"{account}.{number}#0", "any", 0, account=account) for number in range(4)])

    engine.listen(performed, worker="first", labels=frozenset(), capacity=1)

    assert performed.wait_for(lambda: len(performed.begun) == 12)
    accounts = [id.split(".")[0] for id in performed.begun]
    assert [sorted(accounts[turn : turn + 3]) for turn in range(0, 12, 3)] == [["first", "second", "third"]] * 4


class Alone(Listening):
    """A worker with one place and labels for two queues; remembers for whom it took something."""

    def __init__(self) -> None:
        super().__init__(
            lambda id: None,
            worker="first",
            labels=frozenset({"gpu"}),
            capacity=1,
            may_begin=lambda: True,
            most_each=lambda _account: 1,
        )
        self.begun: list[str] = []

    def poll(self, queue: str, *waiting: str) -> None:
        """Look at a queue in which these accounts wait, and perform what is claimed."""
        self.claim(queue, lambda: waiting, lambda account, _places: [Claim(account, queue, account)], self.begin)

    def begin(self, claim: Claim) -> None:
        """Perform it at once."""
        self.perform(claim)
        self.begun.append(claim.account)


def test_turns_are_remembered_while_another_queue_is_looked_at() -> None:
    worker = Alone()
    for _ in range(4):
        worker.poll("any", "first", "second")
        worker.poll("gpu")

    assert worker.begun == ["first", "second"] * 2


def test_places_go_round_over_all_queues() -> None:
    worker = Alone()
    for _ in range(6):
        worker.poll("any", "first")
        worker.poll("gpu", "second")

    assert len(worker.begun) > 6
    assert all(one != other for one, other in pairwise(worker.begun))


def test_what_is_claimed_begins_though_the_next_account_cannot_be_claimed_for() -> None:
    wide = Listening(
        lambda id: None,
        worker="w",
        labels=frozenset(),
        capacity=4,
        may_begin=lambda: True,
        most_each=lambda _account: 3,
    )

    def take(account: str, places: int) -> list[Claim]:
        if account == "second":
            raise ConnectionError
        return [Claim(f"{account}.{number}", "owner", account) for number in range(places)]

    begun: list[Claim] = []
    with pytest.raises(ConnectionError):
        wide.claim("any", lambda: ["first", "second"], take, begun.append)
    assert [claim.id for claim in begun] == ["first.0", "first.1"]


def test_an_end_is_recorded_for_the_claim_that_ended_alone(engine: DbosEngine, database: sa.Engine) -> None:
    performed = Performed(at_once=False)
    listen(engine, performed)
    engine.hand([Handed("a#0", "any", 0), Handed("b#0", "any", 0)])
    assert performed.wait_for(lambda: len(performed.begun) == 2)
    with database.begin() as connection:
        statuses = table(database, "workflow_status")
        connection.execute(sa.text(f"UPDATE {statuses} SET owner_xid = 'later' WHERE workflow_uuid = 'a#0'"))
    performed.let_end()
    assert until(lambda: engine.states(["b#0"]) == {"b#0": "done"})

    assert engine.states(["a#0"]) == {"a#0": "running"}


def test_an_end_that_could_not_be_recorded_is_recorded_later(engine: DbosEngine, database: sa.Engine) -> None:
    performed = Performed(at_once=False)
    listen(engine, performed)
    engine.hand([Handed("a#0", "any", 0)])
    assert performed.wait_for(lambda: performed.begun == ["a#0"])
    with refused_ends(database):
        performed.let_end()
        assert performed.wait_for(lambda: performed.at_once == 0)
        with pytest.raises(sa.exc.DBAPIError):
            engine.held_by("first")

    assert until(lambda: engine.states(["a#0"]) == {"a#0": "done"})


@contextmanager
def refused_ends(database: sa.Engine) -> Iterator[None]:
    """Let the database refuse that anything is over."""
    name = table(database, "workflow_status")
    refuse, allow = {
        "sqlite": (
            "CREATE TRIGGER refuse BEFORE UPDATE ON workflow_status WHEN NEW.status = 'SUCCESS' "
            "BEGIN SELECT RAISE(ABORT, 'no'); END",
            "DROP TRIGGER refuse",
        ),
        "postgresql": (
            f"ALTER TABLE {name} ADD CONSTRAINT refuse CHECK (status <> 'SUCCESS')",
            f"ALTER TABLE {name} DROP CONSTRAINT refuse",
        ),
    }[database.dialect.name]
    with database.begin() as connection:
        connection.execute(sa.text(refuse))
    yield
    with database.begin() as connection:
        connection.execute(sa.text(allow))


def test_what_was_queued_before_there_were_accounts_is_begun(database: sa.Engine, engine: DbosEngine) -> None:
    DbosEngine(database).hand([Handed("a#0", "any", 0)])
    table = "engine.workflow_status" if database.dialect.name == "postgresql" else "workflow_status"
    with database.begin() as connection:
        connection.execute(sa.text(f"UPDATE {table} SET queue_partition_key = NULL"))

    performed = Performed()
    listen(engine, performed)

    assert performed.wait_for(lambda: performed.begun == ["a#0"])


@pytest.mark.parametrize(
    ("waiting", "held", "turns", "expected"),
    [
        (["a"], {}, {}, {"a": 3}),
        (["a", "b"], {}, {}, {"a": 2, "b": 2}),
        (["a", "b"], {"a": 3}, {}, {"b": 3}),
        (["a", "b", "c", "d", "e"], {}, {"a": 2, "b": 1}, {"c": 1, "d": 1, "e": 1, "b": 1}),
        (["a"], {"a": 3}, {}, {}),
        (["a", ""], {"a": 2, "": 9}, {}, {"a": 1, "": 3}),
        ([], {"a": 1}, {}, {}),
    ],
)
def test_each_place_goes_to_who_has_the_fewest(
    waiting: list[str], held: dict[str, int], turns: dict[str, int], expected: dict[str, int]
) -> None:
    assert share_out(4, waiting, held, lambda _account: 3, turns) == expected


def test_labels_that_a_worker_lacks_are_not_its_queues(engine: DbosEngine) -> None:
    performed = Performed()
    listen(engine, performed, "first", "gpu")

    engine.hand([Handed("a#0", "big,gpu", 0), Handed("b#0", "big", 0), Handed("c#0", "gpu", 0)])

    assert until(lambda: engine.states(["c#0"]) == {"c#0": "done"})
    assert performed.begun == ["c#0"]
    assert engine.waiting() == {"big": 1, "big,gpu": 1}


@pytest.mark.parametrize("labels", [["any"], [secrets.token_hex(32) for _ in range(100)]], ids=["any", "long"])
def test_any_labels_make_a_queue_for_workers_that_have_them(engine: DbosEngine, labels: list[str]) -> None:
    with_none, with_all = Performed(), Performed()
    listen(engine, with_none, "first")
    engine.hand([Handed("a#0", queue_of(labels), 0), Handed("b#0", "any", 0)])
    assert until(lambda: engine.states(["b#0"]) == {"b#0": "done"})

    listen(engine, with_all, "second", *labels)

    assert with_all.wait_for(lambda: with_all.begun == ["a#0"])
    assert with_none.begun == ["b#0"]


def test_nothing_begins_while_it_may_not(engine: DbosEngine) -> None:
    performed = Performed()
    may = threading.Event()
    engine.listen(performed, worker="first", labels=frozenset(), capacity=4, may_begin=may.is_set)
    engine.hand([Handed("a#0", "any", 0)])
    assert not performed.wait_for(lambda: bool(performed.begun), 0.5)

    may.set()

    assert performed.wait_for(lambda: performed.begun == ["a#0"])


def test_what_is_delayed_comes_later(engine: DbosEngine) -> None:
    performed = Performed()
    listen(engine, performed)
    engine.hand([Handed("now#0", "any", 0)])
    assert performed.wait_for(lambda: performed.begun == ["now#0"])

    engine.hand([Handed("late#0", "any", 0, delay=0.5), Handed("soon#0", "any", 5)])

    assert performed.wait_for(lambda: performed.begun == ["now#0", "soon#0", "late#0"])


def test_what_is_cancelled_does_not_begin(engine: DbosEngine) -> None:
    performed = Performed()
    engine.hand([Handed("a#0", "any", 0), Handed("b#0", "any", 1)])
    engine.cancel(["a#0"])
    assert engine.states(["a#0"]) == {"a#0": "cancelled"}

    listen(engine, performed)

    assert performed.wait_for(lambda: performed.begun == ["b#0"])


def test_what_a_worker_holds_is_left_alone_until_it_is_reassigned(engine: DbosEngine) -> None:
    first, second = Performed(at_once=False), Performed(at_once=False)
    listen(engine, first, "first")
    engine.hand([Handed("a#0", "any", 0)])
    assert first.wait_for(lambda: first.begun == ["a#0"])
    assert engine.held_by("first") == ["a#0"]

    listen(engine, second, "second")
    assert not second.wait_for(lambda: bool(second.begun), 0.5)
    engine.reassign(["a#0"])

    assert second.wait_for(lambda: second.begun == ["a#0"])
    assert engine.held_by("first") == []
    assert engine.held_by("second") == ["a#0"]
    first.let_end()
    assert first.wait_for(lambda: first.at_once == 0)
    assert engine.states(["a#0"]) == {"a#0": "running"}
    second.let_end()
    assert until(lambda: engine.states(["a#0"]) == {"a#0": "done"})


def test_a_process_that_starts_begins_nothing_of_an_earlier_one(database: sa.Engine) -> None:
    """An executor id is never used again: DBOS would recover what is under it by itself."""
    before, after = Performed(at_once=False), Performed()
    old = DbosEngine(database)
    listen(old, before, "old")
    old.hand([Handed("a#0", "any", 0)])
    assert before.wait_for(lambda: before.begun == ["a#0"])
    old.stop(patience=0)

    new = DbosEngine(database)
    listen(new, after, "new")

    assert not after.wait_for(lambda: bool(after.begun), 0.5)
    assert new.held_by("old") == ["a#0"]
    before.let_end()
    new.stop(patience=0)


@pytest.mark.parametrize("step", ["dbos_migrations", "application_versions"])
def test_a_launch_that_failed_is_done_again(engine: DbosEngine, step: str) -> None:
    performed = Performed()
    engine.hand([Handed("a#0", "any", 0)])
    with fails_once(step) as failed, pytest.raises(sa.exc.OperationalError):
        listen(engine, performed)
    assert failed

    listen(engine, performed)

    assert performed.wait_for(lambda: performed.begun == ["a#0"])


def test_a_database_that_is_away_is_not_waited_for_by_who_claims(postgres: Postgres) -> None:
    """DBOS would sleep for ever longer; a connection over TCP that is cut is what it waits for."""
    at = given(postgres.new_database())
    with Proxy(Path(str(at["HOST"])) / ".s.PGSQL.5432") as line:
        database = open_postgresql({**at, "HOST": "127.0.0.1", "PORT": str(line.port)})
        engine, performed = DbosEngine(database), Performed()
        listen(engine, performed)
        engine.hand([Handed("a#0", "any", 0)])
        assert performed.wait_for(lambda: performed.begun == ["a#0"])
        assert engine._dbos is not None

        line.refuse()
        line.cut()

        with pytest.raises(sa.exc.OperationalError):
            engine._dbos._sys_db.get_queue_partitions("any")
        line.accept()
        assert until(lambda: is_handed(engine, "b#0"))
        assert performed.wait_for(lambda: "b#0" in performed.begun)
        engine.stop(patience=0)


def is_handed(engine: DbosEngine, id: str) -> bool:
    try:
        engine.hand([Handed(id, "any", 0)])
    except sa.exc.DBAPIError:
        return False
    return True


def test_stopping_waits_for_what_runs_and_begins_nothing_more(engine: DbosEngine) -> None:
    performed = Performed(at_once=False)
    listen(engine, performed, capacity=1)
    engine.hand([Handed("a#0", "any", 0), Handed("b#0", "any", 1)])
    assert performed.wait_for(lambda: performed.begun == ["a#0"])
    threading.Timer(0.3, performed.let_end).start()

    engine.stop(patience=PATIENCE)

    assert performed.at_once == 0
    assert performed.begun == ["a#0"]


def test_what_is_forgotten_is_unknown_and_leaves_nothing(engine: DbosEngine, database: sa.Engine) -> None:
    engine.hand([Handed(f"{number}#0", "any", number) for number in range(1_200)])

    engine.forget([f"{number}#0" for number in range(1_200)])

    assert engine.states(["0#0", "1199#0"]) == {}
    assert {table: rows(database, table) for table in ("workflow_status", "workflow_input")} == {
        "workflow_status": 0,
        "workflow_input": 0,
    }


def test_what_has_been_over_for_a_minute_is_tidied_away(
    engine: DbosEngine, database: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.hand([Handed("a#0", "any", 0), Handed("b#0", "any", 0)])
    engine.cancel(["a#0"])
    assert engine.tidy() == 0

    monkeypatch.setattr("runs.engine.dbos_engine.KEPT_SECONDS", -1.0)

    assert engine.tidy() == 1
    assert engine.states(["a#0", "b#0"]) == {"b#0": "queued"}


def test_lost_tables_are_made_again(engine: DbosEngine, database: sa.Engine) -> None:
    performed = Performed()
    engine.hand([Handed("a#0", "any", 0)])
    drop_everything(database)
    with pytest.raises(sa.exc.DBAPIError):
        engine.states(["a#0"])

    engine.hand([Handed("b#0", "any", 0)])
    listen(engine, performed)

    assert performed.wait_for(lambda: performed.begun == ["b#0"])


SPOILT = b"a power cut left no database here" * 500


def test_a_spoilt_file_is_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "engine.sqlite3"
    file.write_bytes(SPOILT)
    engine, performed = DbosEngine(open_sqlite(file)), Performed()

    assert until(lambda: is_handed(engine, "a#0"))
    listen(engine, performed)

    assert performed.wait_for(lambda: performed.begun == ["a#0"])
    engine.stop(patience=0)


def test_a_file_that_is_spoilt_or_deleted_under_a_worker_is_made_anew_for_all(tmp_path: Path) -> None:
    file = tmp_path / "engine.sqlite3"
    engine, beside, performed = DbosEngine(open_sqlite(file)), DbosEngine(open_sqlite(file)), Performed()
    listen(engine, performed)
    beside.hand([Handed("a#0", "any", 0)])
    assert performed.wait_for(lambda: "a#0" in performed.begun)
    for id, leave in (("b#0", lambda: spoil(file)), ("c#0", file.unlink)):
        leave()

        assert until(lambda id=id: is_handed(beside, id) and bool(engine_knows(engine, id)))  # type: ignore[misc]

        assert performed.wait_for(lambda id=id: id in performed.begun)  # type: ignore[misc]
    beside.stop(patience=0)
    engine.stop(patience=0)


def spoil(file: Path) -> None:
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    file.unlink()
    file.write_bytes(SPOILT)


def engine_knows(engine: DbosEngine, id: str) -> dict[str, str]:
    try:
        return engine.states([id])
    except sa.exc.DBAPIError:
        return {}


def test_only_ids_are_kept_and_as_plain_json_under_a_name_and_version_that_never_change(
    engine: DbosEngine, database: sa.Engine
) -> None:
    engine.hand([Handed("a#0", "any", 3)])

    status = row(database, "workflow_status")
    assert (status["name"], status["application_version"], status["application_name"]) == ("perform", "1", "helix")
    assert (status["queue_name"], status["priority"], status["serialization"]) == ("any", 4, "portable_json")
    assert json.loads(row(database, "workflow_input")["inputs"]) == {"positionalArgs": ["a#0"], "namedArgs": {}}


def test_sqlite_is_in_wal_and_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    opened = open_sqlite(tmp_path / "engine.sqlite3")
    with opened.connect() as connection:
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == 1
    opened.dispose()


def test_the_engine_says_nothing_and_sends_nothing(engine: DbosEngine, capfd: pytest.CaptureFixture[str]) -> None:
    performed = Performed()
    listen(engine, performed)
    engine.hand([Handed("a#0", "any", 0)])
    assert performed.wait_for(lambda: performed.begun == ["a#0"])
    engine.stop(patience=5)

    assert capfd.readouterr() == ("", "")
    assert not [handler for handler in logging.getLogger("dbos").handlers if isinstance(handler, logging.StreamHandler)]
    assert DBOS.tracer is not None
    assert not [thread.name for thread in threading.enumerate() if "Otel" in thread.name or "Batch" in thread.name]


def is_on_postgresql(engine: DbosEngine) -> bool:
    return engine._database.dialect.name == "postgresql"


def drop_everything(database: sa.Engine) -> None:
    """Lose the engine's tables, as when the file is deleted or the schema dropped."""
    with database.begin() as connection:
        if database.dialect.name == "postgresql":
            connection.execute(sa.text(f"DROP SCHEMA {SCHEMA} CASCADE"))
            return
        connection.execute(sa.text("PRAGMA foreign_keys = OFF"))
        names = connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars()
        for name in [name for name in names if not name.startswith("sqlite_")]:
            connection.execute(sa.text(f'DROP TABLE "{name}"'))


def table(database: sa.Engine, name: str) -> str:
    return name if database.dialect.name == "sqlite" else f"{SCHEMA}.{name}"


def rows(database: sa.Engine, name: str) -> int:
    with database.connect() as connection:
        return int(connection.execute(sa.text(f"SELECT count(*) FROM {table(database, name)}")).scalar() or 0)


def row(database: sa.Engine, name: str) -> sa.RowMapping:
    with database.connect() as connection:
        return connection.execute(sa.text(f"SELECT * FROM {table(database, name)}")).mappings().one()
