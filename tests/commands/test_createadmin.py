"""`helix createadmin`: who administers an installation, beside a server that runs."""

import secrets
import subprocess

import httpx
import pytest

from tests.forked import run
from tests.servers import Server, clean_environment

PASSWORD = "long enough 7 to be one"


def create(server: Server, *options: str, entered: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command without a terminal."""
    given = ["createadmin", "--data-dir", str(server.data_dir), *options]
    return run("helix.cli", *given, environment=clean_environment() | environment, entered=entered)


def address() -> str:
    return f"{secrets.token_hex(6)}@example.org"


def may_administer(server: Server, email: str) -> bool:
    given = httpx.post(f"{server.url}/api/v1/auth/token", json={"email": email, "password": PASSWORD}).json()
    headers = {"Authorization": f"Bearer {given['access']}"}
    return httpx.get(f"{server.url}/api/v1/workers", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("email", "name", "password", "why"),
    [
        ("nowhere", "Ann", PASSWORD, "nowhere is no e-mail address"),
        ("ann@example.org", " ", PASSWORD, "a name has"),
        ("ann@example.org", "Ann", "short", "too short"),
        ("ann@example.org", "Ann", "", "too short"),
        ("ann@example.org", "Ann", "password123", "too common"),
    ],
)
def test_what_makes_no_account_is_refused(server: Server, email: str, name: str, password: str, why: str) -> None:
    result = create(server, "--email", email, "--name", name, "--password", password)

    assert (result.returncode, result.stdout) == (1, "")
    assert why in result.stderr


def test_an_administrator_is_made_once(server: Server) -> None:
    email = address()
    options = ("--email", email.upper(), "--name", "Ann", "--password", PASSWORD)

    made = create(server, *options)
    assert (made.returncode, made.stdout) == (0, f"{email} may administer this installation.\n")
    assert may_administer(server, email)
    again = create(server, *options)
    assert (again.returncode, again.stdout) == (1, "")
    assert f"there is an account with the address {email} already" in again.stderr


def test_the_password_is_asked_for_twice(server: Server) -> None:
    email = address()

    made = create(server, "--email", email, "--name", "Ann", entered=f"{PASSWORD}\n{PASSWORD}\n")
    assert made.returncode == 0, made
    assert PASSWORD not in made.stdout + made.stderr
    assert may_administer(server, email)


def test_all_that_is_not_given_is_asked_for(server: Server) -> None:
    email = address()

    made = create(server, entered=f"{email}\nAnn\n{PASSWORD}\n{PASSWORD}\n")
    assert made.returncode == 0, made
    assert may_administer(server, email)


def test_the_environment_gives_it_to_who_has_no_terminal(server: Server) -> None:
    email = address()

    given = {"HELIX_ADMIN_EMAIL": email, "HELIX_ADMIN_NAME": "Ann", "HELIX_ADMIN_PASSWORD": PASSWORD}
    made = create(server, **given)
    assert (made.returncode, made.stdout) == (0, f"{email} may administer this installation.\n")
    assert may_administer(server, email)


def test_what_nobody_says_makes_no_account(server: Server) -> None:
    email = address()
    result = create(server, "--email", email, "--name", "Ann")

    assert result.returncode == 1 and "may administer" not in result.stdout
    assert create(server, "--email", email, "--name", "Ann", "--password", PASSWORD).returncode == 0
