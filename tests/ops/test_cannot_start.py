"""A server that cannot start says why, in one sentence; and what it keeps is for its own user alone."""

import errno
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from helix.startup import make_private, reason
from tests.postgres import Postgres
from tests.servers import Server, clean_environment, lend_static_files


def start(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "helix.cli", "up", "--port", "0", "--data-dir", str(folder)]
    environment = clean_environment(**variables)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def said(result: "subprocess.CompletedProcess[str]") -> str:
    """Return the one sentence of a start that failed; lines of the log are not counted."""
    (sentence,) = [line for line in result.stderr.splitlines() if '"level": "warning"' not in line]
    assert result.returncode == 2
    assert result.stdout == ""
    return sentence


def wide(folder: Path) -> list[Path]:
    """Return what others may open; SQLite takes its side files away while the server runs."""

    def is_wide(path: Path) -> bool:
        try:
            return bool(path.stat().st_mode & 0o077)
        except FileNotFoundError:
            return False

    return [path for path in [folder, *folder.rglob("*")] if is_wide(path)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lend_static_files(tmp_path / "data")
    return tmp_path / "data"


def garbage(folder: Path) -> None:
    (folder / "helix.sqlite3").write_bytes(b"This is no database. " * 1000)


def cut(folder: Path) -> None:
    with sqlite3.connect(folder / "helix.sqlite3") as database:
        database.execute("CREATE TABLE django_migrations (id, app, name, applied)")
        database.executemany("INSERT INTO django_migrations VALUES (?, ?, ?, ?)", [(1, "x" * 500, "y", "z")] * 100)
    with (folder / "helix.sqlite3").open("r+b") as file:
        file.truncate(5000)


def a_folder(folder: Path) -> None:
    (folder / "helix.sqlite3").mkdir()


def newer(folder: Path) -> None:
    with sqlite3.connect(folder / "helix.sqlite3") as database:
        database.execute("CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app, name, applied)")
        database.execute("INSERT INTO django_migrations VALUES (1, 'flows', '0999_future', '2030-01-01')")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (garbage, "{0}/helix.sqlite3 is damaged or no database of Helix. Put a backup in its place."),
        (cut, "{0}/helix.sqlite3 is damaged or no database of Helix. Put a backup in its place."),
        (a_folder, "{0}/helix.sqlite3 cannot be opened for writing."),
        (newer, "the database was written by a newer release of Helix (flows.0999_future). Install that one."),
    ],
    ids=["garbage", "cut off", "a folder", "newer release"],
)
def test_a_database_that_cannot_be_used(folder: Path, spoil: Callable[[Path], None], sentence: str) -> None:
    folder.mkdir(exist_ok=True)
    spoil(folder)

    assert said(start(folder)) == f"Helix cannot start: {sentence.format(folder)}"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert said(start(tmp_path / "file" / "data")) == f"Helix cannot start: {tmp_path}/file/data: Not a directory."


def test_a_folder_that_cannot_be_written() -> None:
    assert said(start(Path("/proc/helix"))).startswith("Helix cannot start: /proc/helix: ")


@pytest.mark.parametrize(
    ("variables", "part"),
    [
        ({"HELIX_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}, "the database does not answer: "),
        ({"HELIX_DATABASE_URL": "mysql://x"}, "HELIX_DATABASE_URL must start with postgresql://"),
        ({"HELIX_DATABASE_URL": "postgresql://x:y"}, "Port could not be cast"),
        ({"HELIX_LOG_LEVEL": "loud"}, "LOUD"),
        ({"HELIX_TRUSTED_PROXIES": "-1"}, "HELIX_TRUSTED_PROXIES"),
    ],
    ids=["no database", "another kind", "no port", "level", "proxies"],
)
def test_a_setting_that_leads_nowhere(folder: Path, variables: dict[str, str], part: str) -> None:
    assert part in said(start(folder, **variables))


def test_a_database_that_is_not_there(postgres: Postgres, folder: Path) -> None:
    url = postgres.new_database()
    elsewhere = url.replace(urlsplit(url).path, "/nowhere", 1)

    assert 'database "nowhere" does not exist' in said(start(folder, HELIX_DATABASE_URL=elsewhere))


def test_only_the_owner_may_read(folder: Path) -> None:
    with Server(data_dir=folder) as server:
        server.fetch("/accounts/login/")

        assert (folder / "helix.sqlite3").exists()
        assert wide(folder) == []


def test_an_old_folder_is_made_private_and_that_is_said_once(folder: Path) -> None:
    with Server(data_dir=folder) as server:
        server.terminate()
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        server.log.write_text("")
        server.start()
        server.restart()

        assert wide(folder) == []
        assert server.log.read_text().count("data_folder_made_private") == 1


def test_what_is_not_ours_is_left_alone(folder: Path) -> None:
    (folder / "projects").mkdir(parents=True)
    for name in ("secret_key", "helix.sqlite3", "helix.sqlite3-wal", "letter"):
        (folder / name).write_text("")
        (folder / name).chmod(0o644)
    folder.chmod(0o755)

    make_private(folder)

    modes = {path.name: path.stat().st_mode & 0o777 for path in [folder, *folder.iterdir()]}
    assert modes["secret_key"] == modes["helix.sqlite3"] == modes["helix.sqlite3-wal"] == 0o600
    assert (modes["letter"], modes["data"]) == (0o644, 0o755)


def test_a_full_disk_is_named() -> None:
    error = Exception()
    error.__cause__ = sqlite3.OperationalError()
    error.__cause__.sqlite_errorcode = sqlite3.SQLITE_FULL

    assert reason(error).endswith(" is full.")
    assert reason(OSError(errno.ENOSPC, "No space left on device", "/data/x")) == "the disk that holds /data/x is full."
