"""`helix database grant ROLE`: a role that row-level security binds, which serves and migrates.

It owns our tables, and has no right beyond them. The barrier is forced, so it binds the owner too; what it does not
bind are superusers and roles with `BYPASSRLS`, so such a role is refused.
"""

from dataclasses import dataclass
from secrets import token_urlsafe
from urllib.parse import quote

import psycopg
from psycopg import sql

ENGINE_SCHEMA = "engine"
"""Where the queue beneath runs has its tables (`runs.engine.database`)."""
_OBJECTS = """
SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
       oid::regclass::text
FROM pg_class WHERE relnamespace = ANY(%(schemas)s) AND relkind IN ('r', 'p', 'v', 'm', 'S') AND relowner <> %(role)s
AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('e', 'a', 'i')
                AND classid = 'pg_class'::regclass)
UNION ALL
SELECT 'ROUTINE', oid::regprocedure::text FROM pg_proc
WHERE pronamespace = ANY(%(schemas)s) AND proowner <> %(role)s
AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e' AND classid = 'pg_proc'::regclass)
"""


class NotGranted(Exception):  # noqa: N818
    """Why the role was not made or given anything."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What was done; `password` only of a role that was made."""

    role: str
    database: str
    password: str | None
    taken: int
    """So many tables and functions belong to the role that did not before."""


def grant(connection: psycopg.Connection, role: str) -> Granted:
    """Make the role if it is missing, and let it own what is Helix's in this database. Raises `NotGranted`."""
    try:
        with connection.transaction():
            password = _made(connection, role)
            taken = _given(connection, role)
    except psycopg.Error as error:
        raise NotGranted(str(error).strip().partition("\n")[0]) from None
    return Granted(role, connection.info.dbname, password, taken)


def address(granted: Granted, connection: psycopg.Connection) -> str:
    """Return what `HELIX_DATABASE_URL` has to be from now on, as far as it can be known."""
    info, password = connection.info, "…" if granted.password is None else granted.password
    who = f"{quote(granted.role)}:{quote(password, safe='…')}"
    if info.host.startswith("/"):
        return f"postgresql://{who}@/{quote(granted.database)}?host={quote(info.host)}&port={info.port}"
    return f"postgresql://{who}@{info.host}:{info.port}/{quote(granted.database)}"


def _made(connection: psycopg.Connection, role: str) -> str | None:
    """Make the role unless it is there; return its password."""
    found = connection.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if found is not None:
        if found[0]:
            raise NotGranted(f"{role} is a superuser or has BYPASSRLS: the barrier would not hold for it.")
        return None
    password = token_urlsafe(24)
    connection.execute(
        sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD {}").format(
            sql.Identifier(role), sql.Literal(password)
        )
    )
    return password


def _given(connection: psycopg.Connection, role: str) -> int:
    """Let the role connect and own; return of how many tables and functions it became the owner."""
    name, database = sql.Identifier(role), sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {} TO {}").format(database, name))
    ours = connection.execute(
        "SELECT oid, nspname FROM pg_namespace WHERE nspname IN (current_schema(), %s)", [ENGINE_SCHEMA]
    ).fetchall()
    for _oid, schema in ours:
        given = sql.SQL("GRANT USAGE, CREATE ON SCHEMA {} TO {}").format(sql.Identifier(schema), name)
        connection.execute(given)
        if schema == ENGINE_SCHEMA:
            connection.execute(sql.SQL("ALTER SCHEMA {} OWNER TO {}").format(sql.Identifier(schema), name))
    asked = {"schemas": [oid for oid, _schema in ours], "role": _oid_of(connection, role)}
    objects = connection.execute(_OBJECTS, asked).fetchall()
    for kind, object in objects:  # already quoted where that is needed
        connection.execute(sql.SQL("ALTER {} {} OWNER TO {}").format(sql.SQL(kind), sql.SQL(object), name))
    return len(objects)


def _oid_of(connection: psycopg.Connection, role: str) -> int:
    found = connection.execute("SELECT oid FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    assert found is not None  # noqa: S101  (it was made above)
    return int(found[0])
