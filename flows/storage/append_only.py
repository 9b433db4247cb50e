"""What keeps the logs as they were written: the database itself refuses to change or remove a row of them.

Triggers, not privileges, so that it holds for every user, on both databases. There is no switch that turns them off; a
migration that rebuilds a table (SQLite does for most alterations) has to install them again. SQLite fires no trigger
for the rows that `INSERT OR REPLACE` removes, so there an insertion that would meet a row is refused as well.
A flow's log goes as a whole, while `Purging` names the flow: `flows.commands.purging` writes that, together with an
entry in the audit log, of which nothing ever goes. `missing` says which triggers are not as we installed them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "flows_change": (("id",), ("flow_id", "version"), ("flow_id", "actor_id", "client", "seq")),
    "flows_answer": (("id",), ("flow_id", "actor_id", "client", "seq")),
    "flows_auditentry": (("number",),),
}
"""The tables that only grow, and what is unique in each."""

PURGING = "flows_purging"
_PURGED = ("flows_change", "flows_answer")
_MESSAGE = "the log of a flow is append-only"
_FUNCTION = "flows_change_is_append_only"
_BODY = f" BEGIN RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END "
_UNLESS_PURGED = "flows_log_goes_with_its_flow"
_IS_PURGED = f"EXISTS (SELECT 1 FROM {PURGING} WHERE flow = OLD.flow_id)"  # noqa: S608  (our names)
_BODY_UNLESS_PURGED = f" BEGIN IF TG_OP = 'DELETE' THEN IF {_IS_PURGED} THEN RETURN OLD; END IF; END IF;{_BODY[6:]}"
_BODIES = {_FUNCTION: _BODY, _UNLESS_PURGED: _BODY_UNLESS_PURGED}
_AS_INSTALLED = """
SELECT tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid JOIN pg_class ON pg_class.oid = tgrelid
WHERE tgenabled IN ('O', 'A') AND proname = %s AND prosrc = %s AND tgtype = %s AND tgqual IS NULL AND relname = %s
AND pg_table_is_visible(pg_class.oid)
"""


def install(connection: Any, tables: Iterable[str] = KEYS, *, purging: bool = True) -> None:
    """Create the triggers, in place of what there is of them; in migrations from before `Purging`, without it."""
    remove(connection, tables := tuple(tables))
    may_purge = purging and PURGING in connection.introspection.table_names()
    if connection.vendor == "postgresql":
        create = "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
        _run(connection, [create.format(name=name, body=body) for name, body in _BODIES.items()])
    _run(connection, [sql for table in tables for sql in _triggers(connection, table, may_purge).values()])


def remove(connection: Any, tables: Iterable[str] = KEYS) -> None:
    """Drop the triggers, to take the migration back."""
    suffix = {table: f" ON {table}" if connection.vendor == "postgresql" else "" for table in tables}
    _run(
        connection,
        [f"DROP TRIGGER IF EXISTS {name}{suffix[table]}" for table in suffix for name in _triggers(connection, table)],
    )


def missing(connection: Any) -> list[str]:
    """Name the triggers that are not there, are switched off, or do something else."""
    wanted = {name: (table, sql) for table in KEYS for name, sql in _triggers(connection, table).items()}
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            found = dict(cursor.fetchall())
            return [name for name, (_table, sql) in wanted.items() if found.get(name) != sql]
        return [name for name, (table, _sql) in wanted.items() if not _is_as_installed(cursor, name, table)]


def _is_as_installed(cursor: Any, name: str, table: str) -> bool:
    # Bits of tgtype: 1 for each row, 2 before, 8 delete, 16 update, 32 truncate.
    is_emptying = name.endswith("no_truncate")
    kind = 2 | 32 if is_emptying else 1 | 2 | 8 | 16
    function = _FUNCTION if is_emptying else _function_of(table, True)
    cursor.execute(_AS_INSTALLED, [function, _BODIES[function], kind, table])
    return (name,) in cursor.fetchall()


def _function_of(table: str, may_purge: bool) -> str:
    return _UNLESS_PURGED if may_purge and table in _PURGED else _FUNCTION


def _triggers(connection: Any, table: str, may_purge: bool = True) -> dict[str, str]:
    """Return the statements that create a table's triggers, by their names."""
    if connection.vendor == "postgresql":
        changes, emptying = f"{table}_append_only", f"{table}_no_truncate"
        row, whole = f"EXECUTE FUNCTION {_function_of(table, may_purge)}()", f"EXECUTE FUNCTION {_FUNCTION}()"
        return {
            changes: f"CREATE TRIGGER {changes} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {row}",
            emptying: f"CREATE TRIGGER {emptying} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {whole}",
        }
    unless = f"WHEN NOT {_IS_PURGED} " if may_purge and table in _PURGED else ""
    refusal = f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    replaced = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {_same(key)})" for key in KEYS[table])  # noqa: S608  (our names)
    return {
        f"{table}_no_update": f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refusal}",
        f"{table}_no_delete": f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {unless}{refusal}",
        f"{table}_no_replace": f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {replaced} {refusal}",
    }


def _same(key: tuple[str, ...]) -> str:
    return " AND ".join(f"{column} = NEW.{column}" for column in key)


def _run(connection: Any, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
