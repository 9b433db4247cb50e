"""`docs/editor.md` names tests that are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import ROOT

TESTS = ROOT / "tests"
ROWS = re.findall(r"^\| (.+) \| (.+) \|$", (ROOT / "docs/editor.md").read_text(), re.MULTILINE)
PROMISES = [(promise, shown) for promise, shown in ROWS if (promise, shown) != ("promise", "shown by")]


def named(shown: str) -> Iterator[tuple[str, str]]:
    """Yield the file and the beginning of the name of each test that a cell names, without what is in brackets."""
    file = ""
    for one in re.sub(r" \([^()]*\)", "", shown).split(", "):
        before, _, name = one.partition("::")
        file = before or file
        yield file, name.removesuffix("…")


def place_of(file: str) -> Path:
    """Return where a file of tests is by its short name."""
    folder, _, name = file.rpartition("/")
    return TESTS / (f"js/{name}.test.js" if folder == "js" else f"{folder or 'browser'}/test_{name}.py")


def is_there(file: str, name: str) -> bool:
    """Tell whether a test that begins so is in a file."""
    begins = (f'"{name}', f"`{name}") if file.startswith("js/") else (f"def test_{name}",)
    place = place_of(file)
    return place.is_file() and any(begin in place.read_text() for begin in begins)


def test_every_promise_is_shown_by_tests_that_are_there() -> None:
    missing = [(promise, *one) for promise, shown in PROMISES for one in named(shown) if not is_there(*one)]

    assert missing == []


def test_it_has_all_of_them() -> None:
    assert len(PROMISES) > 170
    assert len({promise for promise, _ in PROMISES}) == len(PROMISES)


@pytest.mark.parametrize("name", ["bar::no_such_test…", "nowhere::a…", "js/status_pill::nothing"])
def test_what_is_not_there_is_seen(name: str) -> None:
    assert not all(is_there(*one) for one in named(name))
