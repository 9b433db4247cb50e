"""The connection: before a statement on behalf of another than the one before, it says so.

What a connection was told stays with it, in the pool too, so most statements need nothing. A rollback takes the telling
back with all else, so after one it is told anew. In a pipeline it goes along with the statement, without a round trip.

Transactions are `READ COMMITTED` even if the server has another default: rights are read anew after waiting for a lock.

A machine that falls silent inside a transaction, without power or stopped, holds its locks: the server ends its session
after a while. No transaction of ours asks nothing for nearly as long (measured: 1 s, at most). What only reads, at one
instant, may think for longer. Who sets the server to something else keeps it.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.pq import PipelineStatus, TransactionStatus

from web.acting import NOBODY, acting

SETTING = "helix.principal"
SILENT_SECONDS = 30
"""So long a client may ask nothing in the middle of a transaction, or take in nothing of what it asked."""
_FIRST = "SET TRANSACTION"
"""What has to come before every other statement of a transaction, and shows no row."""
_SILENT = "; ".join(
    f"SELECT set_config('{name}', '{SILENT_SECONDS}s', false) WHERE current_setting('{name}') = '0'"
    for name in ("idle_in_transaction_session_timeout", "tcp_user_timeout")
)
_TELL = f"SELECT set_config('{SETTING}', %s, false)"


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that says on whose behalf it asks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.settings_dict["OPTIONS"]["isolation_level"] = psycopg.IsolationLevel.READ_COMMITTED
        self.execute_wrappers.append(self._tell)

    def _tell(self, execute: Callable[..., Any], sql: Any, parameters: Any, many: bool, context: Any) -> Any:
        wanted, raw = acting.get(), self.connection
        if getattr(raw, "acting", NOBODY) != wanted and not str(sql).startswith(_FIRST):
            with self.wrap_database_errors:
                raw.acting = None  # not known, if this fails
                raw.execute(_TELL, [wanted])
                raw.acting = wanted
        return execute(sql, parameters, many, context)

    def _configure_connection(self, connection: Any) -> bool:
        super()._configure_connection(connection)  # type: ignore[misc]
        with connection.cursor() as cursor:
            cursor.execute(_SILENT)
        return True

    def _rollback(self) -> Any:
        self._forget()
        self._finish_pipeline()
        return super()._rollback()  # type: ignore[misc]

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self._forget()

    def _close(self) -> Any:
        if self.connection is not None and self.connection.info.transaction_status != TransactionStatus.IDLE:
            self._forget()  # the pool will roll back
        return super()._close()  # type: ignore[misc]

    def _finish_pipeline(self) -> None:
        """Take in what a pipeline still has to say; else it fails the rollback, and the pool gets it as it is."""
        raw = self.connection
        if raw is not None and raw.info.pipeline_status != PipelineStatus.OFF:
            with suppress(psycopg.Error), raw.pipeline():  # to enter it again synchronises it
                pass

    def _forget(self) -> None:
        if self.connection is not None:
            self.connection.acting = None
