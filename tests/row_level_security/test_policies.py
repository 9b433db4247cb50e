"""Row-level security: what PostgreSQL itself shows to whom, whatever a query forgot to ask."""

import time
from asyncio import to_thread
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tests.ops.test_start import log_in
from tests.postgres import Postgres
from tests.programs import Programs
from tests.row_level_security.stage import ROLE, Stage, as_role, helix, migrated, new_database
from tests.runs.hands import node, wires
from tests.servers import Server
from tests.sessions.client import connect_to, part

NOT_OF_A_FLOW = {
    "accounts_personaltoken": "a person's; it is read before anybody is known, and only names a flow",
}
"""Tables that name a flow and are not behind the barrier, and why."""
ADD = {"kind": "add_node", "node": {"id": "a", "kind": "note", "label": "A", "x": 0, "y": 0}}
ENDED = ("done", "done_with_failures", "failed", "cancelled")
TABLES = """
WITH RECURSIVE held (oid) AS (
    SELECT 'flows_flow'::regclass::oid
    UNION SELECT conrelid FROM pg_constraint JOIN held ON confrelid = held.oid WHERE contype = 'f'
), named (oid) AS (
    SELECT attrelid FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE attname = 'flow_id' AND relkind = 'r' AND relnamespace = 'public'::regnamespace
)
SELECT relname, relrowsecurity AND relforcerowsecurity
       AND EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = pg_class.oid)
FROM pg_class WHERE oid IN (SELECT oid FROM held UNION SELECT oid FROM named)
"""


@pytest.fixture(scope="module")
def made_by_superuser(postgres: Postgres) -> str:
    return migrated(postgres)


@pytest.fixture(scope="module")
def stage(postgres: Postgres, made_by_superuser: str) -> Iterator[Stage]:
    owner = new_database(postgres, made_by_superuser)
    granted = helix("database", "grant", ROLE, url=owner)
    assert granted.returncode == 0, granted.stderr
    url = as_role(owner)
    with Server(database_url=url, workers=1, environment={"HELIX_REQUIRE_BARRIER": "1"}) as server:
        stage = Stage(server, url)
        stage.prepare()
        yield stage


def tables(stage: Stage) -> list[tuple[str, bool]]:
    with psycopg.connect(stage.url) as connection:
        return connection.execute(TABLES).fetchall()


def test_every_table_that_holds_what_belongs_to_a_flow_is_behind_it(stage: Stage) -> None:
    assert {name for name, is_forced in tables(stage) if not is_forced} == set(NOT_OF_A_FLOW)


@pytest.mark.parametrize("principal", ["", "user:0", "user:9999999", "flow:00000000-0000-0000-0000-000000000000", "x"])
def test_a_raw_query_for_nobody_finds_nothing(stage: Stage, principal: str) -> None:
    with stage.asking(principal) as connection:
        for name, is_forced in tables(stage):
            found = connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(name))).fetchone()
            assert found is None or not is_forced, name


def test_a_connection_that_says_nothing_asks_for_nobody(stage: Stage) -> None:
    with psycopg.connect(stage.url) as connection:
        assert connection.execute("SELECT count(*) FROM flows_flow").fetchone() == (0,)


@pytest.mark.parametrize(
    ("name", "flows"),
    [
        ("alice", {"demo"}),
        ("bob", {"demo", "of the team", "shared with the team"}),
        ("vera", {"demo"}),
        ("charlie", set()),
        ("guest", {"by link"}),
    ],
)
def test_each_sees_the_flows_they_have_a_way_to(stage: Stage, name: str, flows: set[str]) -> None:
    assert stage.seen_by(stage.person(name)) == flows


def test_one_flow_s_own_work_sees_that_flow(stage: Stage) -> None:
    assert stage.seen_by(f"flow:{stage.flows['by link']}") == {"by link"}
    assert stage.seen_by("system") == set(stage.flows)


def test_who_was_let_into_a_flow_sees_it_beside_their_own(stage: Stage) -> None:
    inside = f"{stage.person('charlie')} flow:{stage.flows['by link']}"
    assert stage.seen_by(inside) == {"by link"}
    with stage.asking("system") as connection:
        star = "INSERT INTO flows_star (flow_id, user_id) VALUES (%s, %s)"
        connection.execute(star, [stage.flows["by link"], stage.people["guest"]])
        connection.execute("SELECT set_config('helix.principal', %s, false)", [inside])
        assert connection.execute("SELECT count(*) FROM flows_star").fetchone() == (0,), "a star is one person's"


def test_what_belongs_to_a_flow_goes_with_it(stage: Stage) -> None:
    ways = ("flows_flownode", "flows_change", "flows_membership")
    for name, is_there in (("vera", True), ("charlie", False), ("guest", False)):
        with stage.asking(stage.person(name)) as connection:
            for table in ways:
                found = connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table))).fetchone()
                assert (found is not None) == is_there, (name, table)


def test_a_deactivated_person_sees_nothing(stage: Stage) -> None:
    with stage.asking("system") as connection:
        connection.execute("UPDATE accounts_user SET is_active = false WHERE id = %s", [stage.people["bob"]])
        connection.execute("SELECT set_config('helix.principal', %s, false)", [stage.person("bob")])
        assert connection.execute("SELECT count(*) FROM flows_flow").fetchone() == (0,)


def test_a_link_that_expired_and_a_visit_that_ended_lead_nowhere(stage: Stage) -> None:
    for ends in ("UPDATE flows_link SET expires_at = now()", "UPDATE flows_visit SET ended_at = now()"):
        with stage.asking("system") as connection:
            connection.execute(ends)
            connection.execute("SELECT set_config('helix.principal', %s, false)", [stage.person("guest")])
            assert connection.execute("SELECT count(*) FROM flows_flow").fetchone() == (0,)


def test_rows_of_others_are_neither_changed_nor_deleted_nor_added(stage: Stage) -> None:
    nobodys = stage.flows["nobody's"]
    with stage.asking(stage.person("charlie")) as connection:
        assert connection.execute("UPDATE flows_flow SET title = 'Mine'").rowcount == 0
        assert connection.execute("DELETE FROM flows_membership").rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "INSERT INTO flows_membership (flow_id, user_id, role, colour, by_name, created_at)"
                " VALUES (%s, %s, 'owner', 1, false, now())",
                [nobodys, stage.people["charlie"]],
            )


def test_a_row_cannot_be_moved_into_another_s_flow(stage: Stage) -> None:
    with stage.asking(stage.person("alice")) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE flows_flownode SET flow_id = %s", [stage.flows["nobody's"]])


def test_finding_the_flows_of_a_person_leaves_them_who_they_are(stage: Stage) -> None:
    with stage.asking(stage.person("bob")) as connection:
        connection.execute("SELECT count(*) FROM flows_flow")
        who = connection.execute("SELECT current_setting('helix.principal')").fetchone()
        assert who == (stage.person("bob"),)


# The product behind it.


def test_pages_and_lists_show_each_what_is_theirs(stage: Stage) -> None:
    for name, count in (("alice", 1), ("bob", 3), ("vera", 1), ("charlie", 0)):
        client = log_in(stage.server, name)
        assert len(client.get("/api/v1/flows").json()["items"]) == count, name
        opened = client.get(f"/flows/{stage.flows['demo']}/")
        assert opened.status_code == (404 if name == "charlie" else 200), name


def test_programs_make_edit_share_and_delete(stage: Stage) -> None:
    made = Programs(stage.server)
    editor, stranger = made.editor(), made.account()
    path = f"/flows/{made.flow}"
    added = made.call(editor, "POST", f"{path}/operations", {"operations": [ADD]})
    assert added["version"] == 2
    assert [one["id"] for one in made.call(made.owner, "GET", path)["nodes"]] == ["a"]
    assert made.api.get(path, headers={"Authorization": f"Bearer {stranger}"}).status_code == 404
    made.call(made.owner, "DELETE", path)
    assert made.api.get(path, headers={"Authorization": f"Bearer {editor}"}).status_code == 404


def test_an_editor_offers_a_flow_and_has_it_once_chosen(stage: Stage) -> None:
    programs = Programs(stage.server)
    editor = programs.editor()
    programs.call(editor, "PATCH", f"/flows/{programs.flow}", {"offer_as_tool": True})
    for starred, tools in ((False, []), (True, [programs.flow])):
        programs.call(editor, "PATCH", f"/flows/{programs.flow}", {"starred": starred})
        assert [one["flow"] for one in programs.call(editor, "GET", "/flow-tools")["items"]] == tools
    assert [one["flow"] for one in programs.call(programs.owner, "GET", "/flow-tools")["items"]] == [programs.flow]


async def test_two_edit_together(stage: Stage) -> None:
    made = await to_thread(Programs, stage.server)
    tokens = [made.owner, await to_thread(made.editor)]
    first, second = [await connect_to(stage.server.socket_url, token, made.flow) for token in tokens]
    for one in (first, second):
        await one.send("hello", protocol=1, client=one.name, since=None, format="json")
        await one.next("welcome")
    await second.do(ADD)
    assert (await first.next("apply_changes"))["version"] == 2
    await part()


def test_a_run_goes_to_its_end_and_is_shown_to_its_own(stage: Stage) -> None:
    made = Programs(stage.server)
    stranger, path = made.account(), f"/flows/{made.flow}"
    fields = [{"name": "city", "type": "text", "required": True}]
    nodes = [node("ask", "input", type="form", fields=fields), node("end", "output")]
    operations = [{"kind": "add_node", "node": one} for one in nodes]
    operations += [{"kind": "add_edge", "edge": one} for one in wires("ask>end")]
    made.call(made.owner, "POST", f"{path}/operations", {"operations": operations})
    run = made.call(made.owner, "POST", f"{path}/runs", {"input": {"city": "Rome"}})["id"]
    end = time.monotonic() + 60
    while (state := made.call(made.owner, "GET", f"/runs/{run}")["state"]) not in ENDED:
        assert time.monotonic() < end, state
    assert state == "done"
    assert made.call(made.owner, "GET", f"/runs/{run}/events")["items"]
    assert made.api.get(f"/runs/{run}", headers={"Authorization": f"Bearer {stranger}"}).status_code == 404


def test_the_log_is_verified(stage: Stage) -> None:
    by_hand = [str(flow) for name, flow in stage.flows.items() if name != "demo"]
    found = stage.server.verify().stdout.splitlines()
    assert found
    assert [line for line in found if not line.startswith(tuple(by_hand))] == []


# Starting, and the role.


def test_a_superuser_is_told_that_it_does_not_hold(postgres: Postgres, made_by_superuser: str) -> None:
    with Server(database_url=new_database(postgres, made_by_superuser), demo=False) as server:
        lines = [line for line in server.log.read_text().splitlines() if "barrier_does_not_hold" in line]
    assert len(lines) == 1


def test_where_it_must_hold_a_superuser_does_not_start(postgres: Postgres) -> None:
    url = new_database(postgres)
    for command in (["up", "--port", "0"], ["worker"]):
        refused = helix(*command, url=url, HELIX_REQUIRE_BARRIER="1")
        assert refused.returncode == 2
        assert "row-level security does not bind postgres" in refused.stderr


def test_it_cannot_be_required_of_sqlite(tmp_path: object) -> None:
    refused = helix("up", "--port", "0", "--data-dir", str(tmp_path), url="", HELIX_REQUIRE_BARRIER="1")
    assert refused.returncode == 2
    assert "only PostgreSQL" in refused.stderr


def test_a_role_that_it_would_not_bind_is_refused(postgres: Postgres) -> None:
    url = new_database(postgres)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE too_much LOGIN BYPASSRLS")
    refused = helix("database", "grant", "too_much", url=url)
    assert refused.returncode == 1
    assert "BYPASSRLS" in refused.stderr


def test_a_role_takes_over_what_a_superuser_had_made(postgres: Postgres, made_by_superuser: str) -> None:
    owner = new_database(postgres, made_by_superuser)
    made = helix("database", "grant", 'so "named"', url=owner)
    assert made.returncode == 0, made.stderr
    assert "its password is shown only now" in made.stdout
    again = helix("database", "grant", 'so "named"', url=owner)
    assert "password" not in again.stdout
    url = as_role(owner, "so%20%22named%22")
    for target in (["flows", "0015"], []):
        migrates = helix("manage", "migrate", "--verbosity", "0", *target, url=url)
        assert migrates.returncode == 0, migrates.stderr
    assert helix("verify", url=url, HELIX_REQUIRE_BARRIER="1").stdout == "Every flow matches its log.\n"


def test_a_database_without_tables_is_granted_too(postgres: Postgres) -> None:
    granted = helix("database", "grant", "helix_early", url=new_database(postgres))
    assert granted.returncode == 0, granted.stderr
    assert "HELIX_DATABASE_URL=postgresql://helix_early:" in granted.stdout
