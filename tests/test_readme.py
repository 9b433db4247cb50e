"""README and its neighbours say what is so."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from flows.limits import Limits
from tests.servers import ROOT, clean_environment

README = (ROOT / "README.md").read_text()
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
FOLDERS = ("accounts", "bench", "flows", "helix", "locale", "runs", "sessions", "static", "templates", "tests", "web")
SOURCES = [path for room in ("helix", "flows", "runs", "sessions", "accounts") for path in (ROOT / room).rglob("*.py")]
READ = {name for path in SOURCES for name in re.findall(r"\"(HELIX_[A-Z_]+)\"", path.read_text())} - {"HELIX_LIMIT_"}
"""The variables that the product reads, but for limits."""


def prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)


def test_every_make_command_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z]+)\b", README)) - {"it"}

    assert {"install", "run", "test"} <= named
    assert named <= targets


def test_continuous_integration_runs_the_test_command() -> None:
    script = ROOT / ".ci/run"

    assert script.stat().st_mode & 0o111
    assert script.read_text().splitlines()[-1] == "exec make test"


def test_every_helix_command_and_option_is_there() -> None:
    def help_of(*command: str) -> str:
        line = [sys.executable, "-m", "helix.cli", *command, "--help"]
        environment = clean_environment(COLUMNS="200", NO_COLOR="1", TERM="dumb")
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=True).stdout

    overview = help_of()
    for command in set(re.findall(r"`helix ([a-z]+)", README)):
        assert re.search(rf"\b{command}\b", overview), command
    options = help_of("up")
    for option in ("--host", "--port", "--data-dir", "--demo", "--no-demo", "--server"):
        assert option in README or option == "--no-demo"
        assert option in options


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", prose(page)):
        assert re.match(r"https?://", target) or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_table_has_a_row_twice(page: Path) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", page.read_text(), re.MULTILINE):
        firsts = [line.split("|")[1].strip() for line in table.splitlines()[2:]]
        named = [first for first in firsts if first]
        assert sorted(set(named)) == sorted(named)


def test_every_page_is_reached_from_the_readme() -> None:
    assert {page.name for page in (ROOT / "docs").glob("*.md")} == set(re.findall(r"\]\(docs/([a-z-]+\.md)", README))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_variable_that_a_page_names_is_read(page: Path) -> None:
    limits = {f"HELIX_LIMIT_{field.name.upper()}" for field in fields(Limits)}
    named = set(re.findall(r"HELIX_[A-Z_]*[A-Z]", page.read_text())) - {"HELIX_LIMIT"}

    assert named <= READ | limits


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    named = set(
        re.findall(rf"`((?:{'|'.join(FOLDERS)})/(?:[a-z_]+/)*[a-z_]*(?:\.[a-z]+){{0,2}})[`:]", page.read_text())
    )

    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_readme_names_files() -> None:
    assert len(re.findall(rf"`(?:{'|'.join(FOLDERS)})/", README)) > 10


def test_the_picture_is_a_picture() -> None:
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)

    assert (ROOT / picture).read_bytes().startswith(b"\x89PNG")


def test_every_variable_that_is_read_is_listed_and_every_listed_one_is_read() -> None:
    listed = set(re.findall(r"`(HELIX_[A-Z_]+)`", README.partition("## Settings")[2]))

    assert listed == READ


def test_the_changelog_names_the_version_that_is_shipped() -> None:
    version = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)

    assert version
    assert f"## {version[1]}" in (ROOT / "CHANGELOG.md").read_text()


def test_locks_are_hashed_portable_and_hold_what_is_asked_for() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-build.lock"):
        text = (ROOT / name).read_text()
        pins = re.findall(r"^([A-Za-z0-9._-]+(?:\[[^\]]*\])?)==", text, re.MULTILINE)
        assert pins
        assert len(re.findall(r"--hash=sha256:", text)) >= len(pins)
        assert "://" not in text
        assert "--index-url" not in text.replace("--no-emit-index-url", "")
