"""An installation on PostgreSQL as a role made by `helix database grant`, and raw SQL on whose behalf one likes."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from tests.forked import run
from tests.postgres import Postgres
from tests.servers import Server, clean_environment

ROLE = "helix_served"


def helix(*arguments: str, url: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of `helix` on a database."""
    return run("helix.cli", *arguments, environment=clean_environment(HELIX_DATABASE_URL=url, **environment))


def as_role(url: str, role: str = ROLE) -> str:
    """Return a database's address for another role."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{role}@{rest.partition('@')[2]}"


def new_database(postgres: Postgres, like: str = "template1") -> str:
    """Make a database that belongs to the superuser, whoever the other tests are, and return its address."""
    name = f"barrier_{uuid4().hex[:12]}"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like))
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(statement)
    return postgres.url(name)


def migrated(postgres: Postgres) -> str:
    """Make the tables as the superuser, and return the name of that database, for others like it."""
    url = new_database(postgres)
    done = helix("manage", "migrate", "--verbosity", "0", url=url)
    assert done.returncode == 0, done.stderr
    return url.partition("?")[0].rpartition("/")[2]


@dataclass
class Stage:
    """A server with the demo and, made by SQL, a flow for each way to come to one, and one that is nobody's."""

    server: Server
    url: str
    people: dict[str, int] = field(default_factory=dict)
    flows: dict[str, UUID] = field(default_factory=dict)

    @contextmanager
    def asking(self, principal: str) -> Iterator[psycopg.Connection]:
        """Ask as the application's role on somebody's behalf; nothing is kept."""
        with psycopg.connect(self.url) as connection:
            connection.execute("SELECT set_config('helix.principal', %s, false)", [principal])
            yield connection
            connection.rollback()

    def seen_by(self, principal: str) -> set[str]:
        """Return the names of the flows that somebody sees."""
        names = {id: name for name, id in self.flows.items()}
        with self.asking(principal) as connection:
            return {names[id] for (id,) in connection.execute("SELECT id FROM flows_flow")}

    def person(self, name: str) -> str:
        """Return on whose behalf somebody asks."""
        return f"user:{self.people[name]}"

    def prepare(self) -> None:
        """Make the flows and the ways to them."""
        with psycopg.connect(self.url) as connection:
            connection.execute("SELECT set_config('helix.principal', 'system', false)")
            self.people = {
                name.lower(): id for id, name in connection.execute("SELECT id, name FROM accounts_user").fetchall()
            }
            (demo,) = connection.execute("SELECT id FROM flows_flow").fetchone() or (None,)
            assert demo is not None
            self.flows["demo"] = demo
            guest = {"id": 9_000_001, "email": None, "name": "Guest", "is_guest": True}
            _copy(connection, "accounts_user", {"id": self.people["vera"]}, guest)
            self.people["guest"] = 9_000_001
            team = uuid4()
            connection.execute("INSERT INTO accounts_team (id, name, created_at) VALUES (%s, 'Team', now())", [team])
            connection.execute(
                "INSERT INTO accounts_teammember (team_id, user_id, role, created_at) VALUES (%s, %s, 'viewer', now())",
                [team, self.people["bob"]],
            )
            for name in ("of the team", "shared with the team", "by link", "by a link that is off", "nobody's"):
                self.flows[name] = uuid4()
                changes = {"id": str(self.flows[name]), "team_id": str(team) if name == "of the team" else None}
                _copy(connection, "flows_flow", {"id": demo}, changes)
            connection.execute(
                "INSERT INTO flows_teamshare (flow_id, team_id, role, created_at) VALUES (%s, %s, 'viewer', now())",
                [self.flows["shared with the team"], team],
            )
            for name in ("by link", "by a link that is off"):
                link = uuid4()
                connection.execute(
                    "INSERT INTO flows_link"
                    " (id, flow_id, role, name, digest, sealed, password, is_active, uses, created_at)"
                    " VALUES (%s, %s, 'viewer', '', %s, '', '', %s, 0, now())",
                    [link, self.flows[name], uuid4().hex, name == "by link"],
                )
                connection.execute(
                    "INSERT INTO flows_visit (link_id, user_id, network, started_at) VALUES (%s, %s, '', now())",
                    [link, self.people["guest"]],
                )


def _copy(connection: psycopg.Connection, table: str, key: dict[str, Any], changes: dict[str, Any]) -> None:
    """Insert a copy of a row with some columns changed."""
    ((column, value),) = key.items()
    statement = (
        "INSERT INTO {table} SELECT (json_populate_record(one, %s::json)).* FROM {table} AS one WHERE {key} = %s"
    )
    names = {"table": sql.Identifier(table), "key": sql.Identifier(column)}
    connection.execute(sql.SQL(statement).format(**names), [json.dumps(changes), value])
