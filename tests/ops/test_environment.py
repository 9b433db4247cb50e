"""What an operator may set, and what the command line makes of what it is not told."""

from pathlib import Path

import pytest

from helix import cli, environment


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    names = "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", "ORIGINS", "DEMO"
    for name in (f"HELIX_{name}" for name in names):
        monkeypatch.delenv(name, raising=False)


def test_another_kind_of_database_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HELIX_DATABASE_URL", "mysql://root@localhost/helix")

    with pytest.raises(ValueError, match="must start with postgresql://"):
        environment.database(tmp_path)


def test_a_number_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIX_DATABASE_POOL", "many")

    with pytest.raises(ValueError, match="HELIX_DATABASE_POOL"):
        environment.count("HELIX_DATABASE_POOL", 16)


def test_a_postgresql_address_is_taken_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HELIX_DATABASE_URL", "postgresql://us%40er:p%2Fw@db.example:6432/flows?sslmode=require")

    database = environment.database(tmp_path)

    assert (database["USER"], database["PASSWORD"], database["NAME"]) == ("us@er", "p/w", "flows")
    assert (database["HOST"], database["PORT"]) == ("db.example", "6432")
    assert database["OPTIONS"]["sslmode"] == "require"


def test_a_socket_folder_is_a_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HELIX_DATABASE_URL", "postgresql://postgres@/flows?host=/run/postgresql")

    assert environment.database(tmp_path)["HOST"] == "/run/postgresql"


def test_with_nothing_set_it_is_sqlite_that_survives_a_power_cut(tmp_path: Path) -> None:
    database = environment.database(tmp_path)

    assert database["NAME"] == tmp_path / "helix.sqlite3"
    assert "synchronous=FULL" in database["OPTIONS"]["init_command"]
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_the_secret_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    first = environment.secret_key(tmp_path)

    assert len(first) >= 50
    assert environment.secret_key(tmp_path) == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


@pytest.mark.parametrize(
    ("host", "is_default"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("10.0.0.7", False)],
)
def test_the_demo_is_for_this_machine_alone(host: str, is_default: bool) -> None:
    assert cli.demo_default(host) is is_default


def test_the_environment_may_say_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIX_DEMO", "no")

    assert cli.demo_default("127.0.0.1") is False


def test_origins_are_exact_and_name_the_port() -> None:
    assert cli.origins("127.0.0.1", 8123) == ["http://localhost:8123", "http://127.0.0.1:8123", "http://[::1]:8123"]


def test_an_address_of_ones_own_is_an_origin_and_a_host() -> None:
    assert cli.allowed_hosts("10.0.0.7")[-1] == "10.0.0.7"
    assert cli.origins("10.0.0.7", 80)[-1] == "http://10.0.0.7"


def test_listening_everywhere_serves_the_names_that_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIX_ALLOWED_HOSTS", "flows.example, *.example, .example")

    assert cli.origins("0.0.0.0", 8000)[-1] == "http://flows.example:8000"


@pytest.mark.parametrize(
    ("name", "value", "is_default"),
    [
        ("HELIX_ORIGINS", "https://flows.example", False),
        ("HELIX_ORIGINS", "http://localhost:8000,https://flows.example", False),
        ("HELIX_ORIGINS", "nonsense", False),
        ("HELIX_ALLOWED_HOSTS", "flows.example", False),
        ("HELIX_ALLOWED_HOSTS", "localhost,*", False),
        ("HELIX_ORIGINS", "http://localhost:8000,http://127.0.0.1:8000,http://[::1]:8000", True),
        ("HELIX_ALLOWED_HOSTS", "localhost,[::1]", True),
    ],
)
def test_the_demo_is_off_when_others_come_by_a_proxy(
    name: str, value: str, is_default: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    assert cli.demo_default("127.0.0.1") is is_default
