"""What keeps the events of runs as they were written: the database itself refuses to change one.

An event goes only while its run is named in `Forgetting`, which `runs.commands.forgetting` and `purging` do for the
length of their transaction. (The triggers do not ask for the run itself: SQLite rebuilds no table
that another's trigger names.)
"""

from typing import Any

TABLE, FORGETTING = "runs_runevent", "runs_forgetting"
_MESSAGE = "the events of a run are append-only"
_FUNCTION = "runs_events_are_append_only"
_NAMES = {
    "sqlite": (f"{TABLE}_no_update", f"{TABLE}_no_delete", f"{TABLE}_no_replace"),
    "postgresql": (f"{TABLE}_append_only", f"{TABLE}_no_truncate"),
}


def install(connection: Any) -> None:
    """Create the triggers, in place of what there is of them."""
    remove(connection)
    with connection.cursor() as cursor:
        for statement in _ON_POSTGRESQL if connection.vendor == "postgresql" else _ON_SQLITE:
            cursor.execute(statement)


def remove(connection: Any) -> None:
    """Drop the triggers, to take the migration back."""
    suffix = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in _NAMES[connection.vendor]:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{suffix}")


_REFUSAL = f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
_SAME = "id = NEW.id OR (run_id = NEW.run_id AND seq = NEW.seq)"
_IS_FORGOTTEN = f"EXISTS (SELECT 1 FROM {FORGETTING} WHERE run = OLD.run_id)"  # noqa: S608  (our names)
_IS_THERE = f"EXISTS (SELECT 1 FROM {TABLE} WHERE {_SAME})"  # noqa: S608
_ON_SQLITE = (
    f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} {_REFUSAL}",
    f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} WHEN NOT {_IS_FORGOTTEN} {_REFUSAL}",
    f"CREATE TRIGGER {TABLE}_no_replace BEFORE INSERT ON {TABLE} WHEN {_IS_THERE} {_REFUSAL}",
)
_BODY = f"""BEGIN
IF TG_OP = 'DELETE' THEN IF {_IS_FORGOTTEN} THEN RETURN OLD; END IF; END IF;
RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation';
END"""
_CALL = f"EXECUTE FUNCTION {_FUNCTION}()"
_ON_POSTGRESQL = (
    f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${_BODY}$$",
    f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW {_CALL}",
    f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT {_CALL}",
)
