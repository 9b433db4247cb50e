"""The settings of a production installation."""

import json
import subprocess
import sys
from pathlib import Path

from tests.servers import ROOT, clean_environment

PRODUCTION = {
    "HELIX_ORIGINS": "https://flows.example",
    "HELIX_ALLOWED_HOSTS": "flows.example",
    "HELIX_SECRET_KEY": "k" * 20 + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ",
}
WANTED = ("SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "CSRF_COOKIE_SECURE", "DEBUG")


def run(*command: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    variables = clean_environment(HELIX_DATA_DIR=str(folder), **environment)
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )


def test_the_deployment_checks_have_nothing_to_say(tmp_path: Path) -> None:
    result = run("manage.py", "check", "--deploy", "--fail-level", "INFO", folder=tmp_path, **PRODUCTION)

    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout


def test_behind_https_cookies_are_for_this_host_and_https_alone(tmp_path: Path) -> None:
    program = f"import json, helix.settings as s; print(json.dumps({{n: getattr(s, n, None) for n in {WANTED}}}))"

    settings = json.loads(run("-c", program, folder=tmp_path, **PRODUCTION).stdout)

    assert settings["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["CSRF_COOKIE_SECURE"] is True
    assert settings["DEBUG"] is False


def test_no_deprecated_interface_of_the_framework_is_used(tmp_path: Path) -> None:
    result = run(
        "-W",
        "error::DeprecationWarning:helix",
        "-W",
        "error::PendingDeprecationWarning",
        "manage.py",
        "check",
        folder=tmp_path,
    )

    assert result.returncode == 0, result.stderr


def test_every_change_of_a_model_has_its_migration(tmp_path: Path) -> None:
    result = run("manage.py", "makemigrations", "--check", "--dry-run", folder=tmp_path)

    assert result.returncode == 0, result.stdout
