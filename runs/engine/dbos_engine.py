"""`RunEngine` on DBOS 3.4, embedded: its queue alone is used, none of its executing and replaying.

Everything is queued for `perform`, a name and version that are fixed, so that a new release never strands what an old
one queued; ids as portable JSON; no telemetry. What we add to its way of claiming stands in `runs.engine.claiming`.
Handing over and asking need no listening worker, so a server without one can do both. There is one DBOS in a process.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, WorkflowSerializationFormat
from dbos._enqueue_options import build_enqueue_status
from dbos._serialization import DBOSPortableJSON

from runs.engine.claiming import POLL_SECONDS, Listening, attach, record
from runs.engine.database import SCHEMA, is_outage, replace_if_spoilt
from runs.engine.engine import ANY, Handed

NAME: Final = "helix"
VERSION: Final = "1"
"""Never raised: what an id means is `runs.work`'s to keep."""
MOST_AT_ONCE = 500
BOUND = 1_000
"""What DBOS itself bounds a queue to; the real bound is the worker's, in `Listening`."""
KEPT_SECONDS = 60.0
MOST_TIDIED = 2_000
STATES: Final = {
    "ENQUEUED": "queued",
    "DELAYED": "queued",
    "PENDING": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "cancelled",
}
OVER: Final = [name for name, state in STATES.items() if state not in {"queued", "running"}]

log = structlog.get_logger(__name__)
_listening: Listening | None = None


class DbosEngine:
    """The engine of this process; `database` is its own."""

    def __init__(self, database: sa.Engine) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._client: DBOSClient | None = None
        self._queues: set[str] = set()
        self._dbos: DBOS | None = None

    def hand(self, work: Sequence[Handed], then: Callable[[], None] | None = None) -> None:
        """Queue work, unless it is queued or under way; what is over under the same id is begun again.

        What the database refuses keeps nothing else from being queued.
        """
        for some in _chunks(work):
            try:
                self._queue(some)
            except Exception as failure:
                if is_outage(failure):
                    raise
                self._queue_apart(some)
        if work and _listening is not None:
            _listening.wake()
        if then is not None:
            then()

    def cancel(self, ids: Sequence[str]) -> None:
        """Let nobody begin these."""
        for some in _chunks(ids):
            with self._ours() as client:
                client._sys_db.cancel_workflows(list(some))

    def held_by(self, worker: str) -> list[str]:
        """Return the ids that a worker began and did not end."""
        with self._recorded() as client:
            found = client._sys_db.get_pending_workflows(worker, VERSION)
        return [one.workflow_id for one in found]

    def holders(self) -> set[str]:
        """Return all workers that began something and did not end it."""
        with self._recorded() as client, client._sys_db.engine.begin() as connection:
            rows = client._sys_db.tables.workflow_status
            asked = sa.select(rows.c.executor_id).distinct().where(rows.c.status == "PENDING")
            return {worker for worker in connection.execute(asked).scalars() if worker}

    def reassign(self, ids: Sequence[str]) -> None:
        """Put those that were begun back into their own queues; the worker at one can no longer end it."""
        for some in _chunks(ids):
            with self._recorded() as client, client._sys_db.engine.begin() as connection:
                rows = client._sys_db.tables.workflow_status
                connection.execute(
                    sa.update(rows)
                    .where(rows.c.workflow_uuid.in_(some), rows.c.status == "PENDING")
                    .values(status="ENQUEUED", owner_xid=None, executor_id=None, started_at_epoch_ms=None)
                )

    def states(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the state by id; unknown ids are left out."""
        found: dict[str, str] = {}
        for some in _chunks(ids):
            with self._recorded() as client, client._sys_db.engine.begin() as connection:
                rows = client._sys_db.tables.workflow_status
                asked = sa.select(rows.c.workflow_uuid, rows.c.status).where(rows.c.workflow_uuid.in_(some))
                found.update({id: STATES[state] for id, state in connection.execute(asked)})
        return found

    def forget(self, ids: Sequence[str]) -> None:
        """Drop these, whatever their state."""
        for some in _chunks(ids):
            with self._ours() as client:
                client._sys_db.delete_workflows(list(some))

    def tidy(self) -> int:
        """Drop what has been over for a minute, a part of it at a time; return how much."""
        before = int((time.time() - KEPT_SECONDS) * 1000)
        with self._ours() as client, client._sys_db.engine.begin() as connection:
            rows = client._sys_db.tables.workflow_status
            asked = sa.select(rows.c.workflow_uuid).where(rows.c.status.in_(OVER), rows.c.completed_at < before)
            ids = list(connection.execute(asked.limit(MOST_TIDIED)).scalars())
        self.forget(ids)
        return len(ids)

    def waiting(self) -> dict[str, int]:
        """Return how much waits in each queue."""
        with self._ours() as client, client._sys_db.engine.begin() as connection:
            rows = client._sys_db.tables.workflow_status
            asked = (
                sa.select(rows.c.queue_name, sa.func.count())
                .where(rows.c.status.in_(["ENQUEUED", "DELAYED"]))
                .group_by(rows.c.queue_name)
            )
            return {queue: count for queue, count in connection.execute(asked) if queue}

    def listen(
        self,
        perform: Callable[[str], None],
        *,
        worker: str,
        labels: frozenset[str],
        capacity: int,
        may_begin: Callable[[], bool] = lambda: True,
        most_each: Callable[[str], int] | None = None,
    ) -> None:
        """Begin to call `perform`; called again, go on under another name."""
        global _listening  # noqa: PLW0603
        with self._ours() as client:
            self._declare(client, {ANY})
        if _listening is not None:
            _listening.stop()
        _listening = Listening(
            perform,
            worker=worker,
            labels=labels,
            capacity=capacity,
            may_begin=may_begin,
            most_each=most_each or (lambda _account: capacity),
        )
        if self._dbos is None:
            self._dbos = _launch(self._database, worker, capacity)

    def stop(self, *, patience: float) -> None:
        """Begin nothing more, wait for what runs for at most `patience` seconds, and let go."""
        global _listening  # noqa: PLW0603
        if _listening is not None:
            _listening.stop()
            _listening.wait(patience)
            with suppress(sa.exc.SQLAlchemyError), self._recorded():
                pass  # what is not recorded is taken over
        if self._dbos is not None:
            DBOS.destroy()
            self._dbos = None
        _listening = None
        self._database.dispose()

    @contextmanager
    def _ours(self) -> Iterator[DBOSClient]:
        """Lend the tables, made before; if they are found to be lost, they are made again next time."""
        try:
            with self._lock:
                if self._client is None:
                    self._client = _migrated(self._database)
                    self._queues.clear()
                client = self._client
            yield client
        except sa.exc.DBAPIError as failure:
            with self._lock:
                self._client = None
                replace_if_spoilt(self._database, failure)
            raise

    @contextmanager
    def _recorded(self) -> Iterator[DBOSClient]:
        """Lend the tables once they tell what ended here."""
        with self._ours() as client:
            if _listening is not None:
                record(client._sys_db, _listening)
            yield client

    def _queue(self, work: Sequence[Handed]) -> None:
        is_ended_here = _listening is not None and _listening.has_ended(one.id for one in work)
        with self._recorded() if is_ended_here else self._ours() as client:
            self._declare(client, {one.queue for one in work})
            self._drop(client, [one.id for one in work], OVER)
            client._sys_db.init_workflows([_row(one) for one in work if one.delay <= 0])
            for one in work:
                if one.delay > 0:
                    client._sys_db.init_workflow(_row(one), creator_xid=None)

    def _queue_apart(self, work: Sequence[Handed]) -> None:
        for one in work:
            try:
                self._queue([one])
            except Exception as failure:
                if is_outage(failure):
                    raise
                log.exception("not_queued", id=one.id, queue=one.queue[:200])

    def _declare(self, client: DBOSClient, queues: set[str]) -> None:
        for name in queues - self._queues:
            client._sys_db.upsert_queue(
                name=name,
                concurrency=None,
                worker_concurrency=BOUND,
                rate_limit_max=None,
                rate_limit_period_sec=None,
                polling_interval_sec=POLL_SECONDS,
                update_existing=True,
            )
            self._queues.add(name)

    def _drop(self, client: DBOSClient, ids: Sequence[str], states: Sequence[str]) -> None:
        with client._sys_db.engine.begin() as connection:
            rows = client._sys_db.tables.workflow_status
            asked = sa.select(rows.c.workflow_uuid).where(rows.c.workflow_uuid.in_(ids), rows.c.status.in_(states))
            over = list(connection.execute(asked).scalars())
        if over:
            client._sys_db.delete_workflows(over)


def _migrated(database: sa.Engine) -> DBOSClient:
    _be_quiet()
    client = DBOSClient(
        system_database_engine=database,
        dbos_system_schema=SCHEMA,
        application_name=NAME,
        serializer=DBOSPortableJSON,
        lazy=True,
        retry_connection_errors=False,
    )
    client._sys_db.run_migrations()
    with client._sys_db.engine.begin() as connection:
        rows = client._sys_db.tables.workflow_status
        before_accounts = sa.update(rows).where(rows.c.queue_partition_key.is_(None), rows.c.status.not_in(OVER))
        connection.execute(before_accounts.values(queue_partition_key=""))
    return client


def _launch(database: sa.Engine, worker: str, capacity: int) -> DBOS:
    is_sqlite = database.dialect.name == "sqlite"
    config: DBOSConfig = {
        "name": NAME,
        "system_database_engine": database,
        "system_database_url": "sqlite:///engine.sqlite3" if is_sqlite else "postgresql://engine/engine",
        "dbos_system_schema": SCHEMA,
        "application_version": VERSION,
        "executor_id": worker,
        "serializer": DBOSPortableJSON,
        "use_listen_notify": False,
        "enable_otlp": False,
        "log_level": "WARNING",
        "max_executor_threads": 4 * capacity + 8,
    }
    try:
        dbos = DBOS(config=config)
        DBOS.listen_queues([])
        DBOS.launch()
        attach(dbos, lambda: _listening)
    except Exception:
        DBOS.destroy()  # it counts as launched from its beginning, so another could not be
        raise
    return dbos


def _be_quiet() -> None:
    """Let DBOS's words go through our own log, and not before they are warnings."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logger.propagate = True
    logger.setLevel(logging.WARNING)


def _row(one: Handed) -> Any:
    options: Any = {
        "workflow_name": "perform",
        "queue_name": one.queue,
        "workflow_id": one.id,
        "app_version": VERSION,
        "priority": one.priority + 1,
        "serialization_type": WorkflowSerializationFormat.PORTABLE,
        "application_name": NAME,
        "queue_partition_key": one.account,
    }
    if one.delay > 0:
        options["delay_seconds"] = one.delay
    return build_enqueue_status(options, DBOSPortableJSON, (one.id,), {})[1]


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), MOST_AT_ONCE):
        yield items[start : start + MOST_AT_ONCE]
