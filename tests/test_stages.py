"""What decides which tests run where, and when, names files that are there."""

import re
import subprocess

import pytest

from tests.conftest import LONG, TESTS, WITH_BROWSER, turn
from tests.servers import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()


def test_the_long_files_are_there() -> None:
    assert [file for file in LONG if not (TESTS / file).is_file()] == []


def test_the_long_files_start_first(request: pytest.FixtureRequest) -> None:
    turns = [turn(item) for item in request.session.items]

    assert turns == sorted(turns)


def test_what_stays_off_postgresql_is_there() -> None:
    said = subprocess.run(["make", "--dry-run", "postgres"], cwd=ROOT, capture_output=True, text=True, check=True)
    left_out = re.findall(r"--ignore=(\S+)", said.stdout)

    assert left_out
    assert [path for path in left_out if not (ROOT / path).exists()] == []


def test_the_browsers_stage_looks_where_the_browser_is_used() -> None:
    (named,) = re.findall(r"^IN_BROWSER := (.+)$", MAKEFILE, re.MULTILINE)

    assert tuple(named.split()) == WITH_BROWSER
    assert [path for path in WITH_BROWSER if not (ROOT / path).exists()] == []


def test_every_stage_is_run() -> None:
    (stages,) = re.findall(r"for stage in ([a-z ]+);", MAKEFILE)
    (static,) = re.findall(r"--output-sync ([a-z ]+)$", MAKEFILE, re.MULTILINE)

    assert {*stages.split(), *static.split()} >= {
        "lint", "types", "checks", "javascript", "unit", "postgres", "browser"
    }  # fmt: skip
