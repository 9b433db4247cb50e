"""Row-level security of PostgreSQL: whatever a query forgets to ask, it finds only rows of flows it may see.

The connection says on whose behalf it asks (`web.postgresql`): "system" sees all, "flow:<id>" that flow, "user:<id>"
those that the four ways of `flows.access` lead to, nobody nothing; "user:<id> flow:<id>" is a person who was let into
that flow a moment ago, and finds its rows without a look at all of theirs. Forced, so that it binds the owner of the
tables, too: one role migrates and serves. It stops forgetfulness, not somebody who may run any SQL: who can do that can
also say that they are the system.

The flows of a person are found once for each statement, lazily, and hashed. The function that finds them has to look
past the policies; a function's own `SET` would need a superuser, so it sets and resets.
"""

from collections.abc import Iterable, Mapping
from typing import Any

POLICY, AUDIT_POLICY, OWN_POLICY = "helix_barrier", "helix_barrier_append", "helix_barrier_own"
_SETTING = "current_setting('helix.principal', true)"
_FLOWS = f"""
DECLARE
    whose text := {_SETTING};
    person bigint := helix_person();
BEGIN
    IF person IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('helix.principal', 'system', true);
    IF EXISTS (SELECT 1 FROM accounts_user AS one WHERE one.id = person AND one.is_active) THEN
        RETURN QUERY SELECT way.flow_id FROM flows_membership AS way WHERE way.user_id = person;
        RETURN QUERY SELECT way.id FROM flows_flow AS way
            JOIN accounts_teammember AS member ON member.team_id = way.team_id WHERE member.user_id = person;
        RETURN QUERY SELECT way.flow_id FROM flows_teamshare AS way
            JOIN accounts_teammember AS member ON member.team_id = way.team_id WHERE member.user_id = person;
        RETURN QUERY SELECT way.flow_id FROM flows_link AS way JOIN flows_visit AS visit ON visit.link_id = way.id
            WHERE visit.user_id = person AND visit.ended_at IS NULL AND way.is_active
            AND (way.expires_at IS NULL OR way.expires_at > CURRENT_TIMESTAMP);
    END IF;
    PERFORM set_config('helix.principal', whose, true);
END
"""  # noqa: S608  (our names)
_FUNCTIONS = (
    f"""CREATE OR REPLACE FUNCTION helix_is_system() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce({_SETTING} = 'system', false) $$""",
    f"""CREATE OR REPLACE FUNCTION helix_flow() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT substring({_SETTING} from 'flow:(.*)$')::uuid $$""",  # noqa: S608  (our names)
    f"""CREATE OR REPLACE FUNCTION helix_person() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT substring({_SETTING} from '^user:([0-9]+)')::bigint $$""",  # noqa: S608  (our names)
    f"CREATE OR REPLACE FUNCTION helix_flows() RETURNS SETOF uuid LANGUAGE plpgsql STABLE ROWS 100 AS $${_FLOWS}$$",
)
_NAMES = ("helix_flows", "helix_person", "helix_flow", "helix_is_system")
_SYSTEM = "(SELECT helix_is_system())"


def of_flow(column: str = "flow_id") -> str:
    """Return the policy of rows that name their flow."""
    return f"{_SYSTEM} OR {column} = (SELECT helix_flow()) OR {column} IN (SELECT helix_flows())"


def of_person(column: str) -> str:
    """Return the policy of rows that are one person's, in a flow."""
    flow = "(SELECT helix_flow() WHERE helix_person() IS NULL)"
    return f"{_SYSTEM} OR {column} = (SELECT helix_person()) OR flow_id = {flow}"


def of_parent(table: str, column: str, key: str = "id") -> str:
    """Return the policy of rows that belong to a row of another table, which has its own.

    A subquery for one value: planners make a hash of all parents out of anything else.
    """
    return f"{_SYSTEM} OR (SELECT parent.{key} FROM {table} AS parent WHERE parent.{key} = {column}) IS NOT NULL"  # noqa: S608  (our names)


POLICIES: Mapping[str, str] = {
    "flows_flow": of_flow("id"),
    "flows_membership": of_flow(),
    "flows_teamshare": of_flow(),
    "flows_flowinvitation": of_flow(),
    "flows_link": of_flow(),
    "flows_visit": of_parent("flows_link", "link_id"),
    "flows_star": of_person("user_id"),
    "flows_opening": of_person("user_id"),
    "flows_viewport": of_person("user_id"),
    "flows_flownode": of_flow(),
    "flows_flowedge": of_flow(),
    "flows_change": of_flow(),
    "flows_answer": of_flow(),
    "flows_snapshot": of_flow(),
    "flows_usage": of_flow(),
    "flows_job": of_flow(),
    "flows_templateuse": of_flow(),
    "flows_webhook": of_flow(),
    "flows_delivery": of_flow(),
    "flows_flowtext": of_flow(),
    "flows_purging": of_flow("flow"),
    "flows_owntemplate": f"""{_SYSTEM} OR owner_id = (SELECT helix_person()) OR team_id IN
(SELECT member.team_id FROM accounts_teammember AS member WHERE member.user_id = (SELECT helix_person()))""",  # noqa: S608
}
"""The tables of this package, and who sees and writes which of their rows."""
OWN: Mapping[str, str] = {"flows_membership": "user_id", "flows_visit": "user_id"}
"""Whose rows one may read oneself, by a column: then their own rights are found without all their flows."""
AUDIT = "flows_auditentry"
"""Anybody adds to it; only those of a flow, those who did it and those whom it concerns read it."""
_AUDIT = f"{of_flow()} OR actor_id = (SELECT helix_person()) OR person_id = (SELECT helix_person())"


def install(connection: Any, policies: Mapping[str, str]) -> None:
    """Bring the policies of some tables up, in place of what there is of them."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for function in _FUNCTIONS:
            cursor.execute(function)
        for table, rule in policies.items():
            _force(cursor, table)
            cursor.execute(f"CREATE POLICY {POLICY} ON {table} USING ({rule})")
            if column := OWN.get(table):
                own = f"{column} = (SELECT helix_person())"
                cursor.execute(f"CREATE POLICY {OWN_POLICY} ON {table} FOR SELECT USING ({own})")


def install_audit(connection: Any) -> None:
    """Bring the policies of the audit log up."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        _force(cursor, AUDIT)
        cursor.execute(f"CREATE POLICY {POLICY} ON {AUDIT} USING ({_AUDIT})")
        cursor.execute(f"CREATE POLICY {AUDIT_POLICY} ON {AUDIT} FOR INSERT WITH CHECK (true)")


def remove(connection: Any, tables: Iterable[str], *, functions: bool = False) -> None:
    """Take the policies away, to take a migration back."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for table in tables:
            for policy in (POLICY, AUDIT_POLICY, OWN_POLICY):
                cursor.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
            cursor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
        for name in _NAMES if functions else ():
            cursor.execute(f"DROP FUNCTION {name}()")


def _force(cursor: Any, table: str) -> None:
    for policy in (POLICY, AUDIT_POLICY, OWN_POLICY):
        cursor.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
    cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")


def does_hold(connection: Any) -> bool:
    """Tell whether the barrier holds for the role of this connection to PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT (rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])
