"""What keeps the log as it was written: the database itself refuses to change or remove a row of it.

Triggers, not privileges, so that it holds for every user, on both databases. There is no switch that turns them off; a
migration that rebuilds the table (SQLite does for most alterations) has to install them again.
"""

from typing import Any

_MESSAGE = "the log of a flow is append-only"

_SQLITE_INSTALL = [
    f"CREATE TRIGGER flows_change_no_update BEFORE UPDATE ON flows_change BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END",
    f"CREATE TRIGGER flows_change_no_delete BEFORE DELETE ON flows_change BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END",
]
_SQLITE_REMOVE = [
    "DROP TRIGGER IF EXISTS flows_change_no_update",
    "DROP TRIGGER IF EXISTS flows_change_no_delete",
]
_POSTGRESQL_INSTALL = [
    f"""CREATE OR REPLACE FUNCTION flows_change_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
    """CREATE TRIGGER flows_change_append_only BEFORE UPDATE OR DELETE ON flows_change
    FOR EACH ROW EXECUTE FUNCTION flows_change_is_append_only()""",
    """CREATE TRIGGER flows_change_no_truncate BEFORE TRUNCATE ON flows_change
    FOR EACH STATEMENT EXECUTE FUNCTION flows_change_is_append_only()""",
]
_POSTGRESQL_REMOVE = [
    "DROP TRIGGER IF EXISTS flows_change_append_only ON flows_change",
    "DROP TRIGGER IF EXISTS flows_change_no_truncate ON flows_change",
]


def install(connection: Any) -> None:
    """Create the triggers."""
    _run(connection, _POSTGRESQL_INSTALL if connection.vendor == "postgresql" else _SQLITE_INSTALL)


def remove(connection: Any) -> None:
    """Drop the triggers, to take the migration back."""
    _run(connection, _POSTGRESQL_REMOVE if connection.vendor == "postgresql" else _SQLITE_REMOVE)


def _run(connection: Any, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
