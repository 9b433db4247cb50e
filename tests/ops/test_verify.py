"""`helix verify` finds what was changed behind the log's back, and says in which flow."""

import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs import Programs
from tests.servers import Server

TRIGGERS = ("flows_change_no_update", "flows_change_no_delete")
DAMAGE = (
    "UPDATE flows_flownode SET label = 'forged' WHERE node_id = 'n1' AND flow_id = ?",
    "DELETE FROM flows_flowedge WHERE flow_id = ?",
    "UPDATE flows_flow SET title = 'forged' WHERE id = ?",
    "UPDATE flows_flow SET version = version + 1 WHERE id = ?",
    "UPDATE flows_change SET operation = replace(operation, 'New ticket', 'Old ticket') WHERE flow_id = ?",
    "UPDATE flows_change SET actor_id = NULL WHERE flow_id = ?",
    "DELETE FROM flows_change WHERE flow_id = ?",
)
GRAPH = {
    "nodes": [
        {"id": "n1", "kind": "input", "x": 0, "y": 0, "label": "New ticket"},
        {"id": "n2", "kind": "agent", "x": 200, "y": 0},
    ],
    "edges": [{"id": "e1", "source": "n1", "target": "n2"}],
}


@pytest.fixture(scope="module")
def made() -> Iterator[Server]:
    """A server that has made the demo and a flow for each damage, and has ended."""
    with Server() as server:
        programs = Programs(server)
        for damage in DAMAGE:
            programs.call(programs.owner, "POST", "/flows", {"title": damage, **GRAPH})
        server.terminate()
        yield server


@pytest.fixture
def stopped(made: Server, tmp_path: Path) -> Server:
    """A copy of it, to be damaged."""
    shutil.copytree(made.data_dir, tmp_path / "data", ignore=shutil.ignore_patterns("static"))
    return Server(data_dir=tmp_path / "data")


def change(server: Server, *statements: str) -> str:
    """Change the database as somebody with a shell would; return the id of a flow."""
    with sqlite3.connect(server.data_dir / "helix.sqlite3") as connection:
        (flow_id,) = connection.execute("SELECT id FROM flows_flow").fetchone()
        for statement in statements:
            connection.execute(statement)
    return str(uuid.UUID(flow_id))


def test_a_sound_installation_agrees(stopped: Server) -> None:
    result = stopped.verify()

    assert result.returncode == 0
    assert result.stdout == "Every flow matches its log.\n"


def test_an_unknown_flow_is_said(stopped: Server) -> None:
    result = stopped.verify(str(uuid.uuid4()))

    assert result.returncode == 1
    assert "There is no flow" in result.stderr


def test_what_is_no_database_is_said(stopped: Server) -> None:
    (stopped.data_dir / "helix.sqlite3").write_bytes(b"not a database" * 1000)
    for journal in stopped.data_dir.glob("helix.sqlite3-*"):
        journal.unlink()

    result = stopped.verify()

    assert result.returncode == 1
    assert "Cannot read the database" in result.stderr
    assert "Traceback" not in result.stderr


def test_damage_is_found_and_named(stopped: Server) -> None:
    change(stopped, *(f"DROP TRIGGER {name}" for name in TRIGGERS))
    with sqlite3.connect(stopped.data_dir / "helix.sqlite3") as connection:
        ids = dict(connection.execute("SELECT title, id FROM flows_flow").fetchall())
        for damage in DAMAGE:
            assert connection.execute(damage, [ids[damage]]).rowcount > 0

    result = stopped.verify()

    assert result.returncode == 1
    found = {damage: str(uuid.UUID(ids[damage])) in result.stdout for damage in ids}
    assert found == {title: title in DAMAGE for title in ids}


def test_one_flow_alone_can_be_asked_about(stopped: Server) -> None:
    flow_id = change(stopped, "UPDATE flows_flow SET title = 'forged'")

    result = stopped.verify(flow_id)

    assert result.returncode == 1
    assert flow_id in result.stdout


def test_the_database_itself_refuses_to_change_the_log(stopped: Server) -> None:
    for statement in ("UPDATE flows_change SET via = 'page'", "DELETE FROM flows_change"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            change(stopped, statement)


def test_an_anchor_is_written_compared_and_renewed(stopped: Server, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor"
    assert stopped.verify("--anchor", str(anchor)).returncode == 0
    first = anchor.read_text()
    assert stopped.verify("--anchor", str(anchor)).returncode == 0
    assert anchor.read_text() != first

    anchor.write_text(first.replace('"seal": "', '"seal": "0'))
    result = stopped.verify("--anchor", str(anchor))
    assert result.returncode == 1 and "was changed, or written with another key" in result.stderr


def test_a_flow_that_is_gone_is_found_by_the_anchor_too(stopped: Server, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor"
    stopped.verify("--anchor", str(anchor))
    kept = anchor.read_text()
    flow_id = change(stopped, *(f"DROP TRIGGER {name}" for name in TRIGGERS), "DELETE FROM flows_change")

    result = stopped.verify("--anchor", str(anchor))

    assert result.returncode == 1
    assert f"{flow_id}: version 1 is not the one that the anchor" in result.stdout
    assert "installation: the trigger flows_change_no_update is missing" in result.stdout
    assert anchor.read_text() == kept


def test_an_anchor_that_cannot_be_written_is_said(stopped: Server, tmp_path: Path) -> None:
    result = stopped.verify("--anchor", str(tmp_path / "nowhere" / "anchor"))

    assert result.returncode == 1 and "Cannot keep the heads" in result.stderr and "Traceback" not in result.stderr


def test_the_key_is_for_us_alone_and_another_one_is_said(stopped: Server) -> None:
    key = stopped.data_dir / "log_key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_bytes() not in (stopped.data_dir / "helix.sqlite3").read_bytes()

    stopped.environment["HELIX_LOG_KEY"] = "another"
    result = stopped.verify()
    assert result.returncode == 1
    assert "installation: the log was begun with another key" in result.stdout
    with stopped:
        assert "log_key_is_another" in stopped.log.read_text()
