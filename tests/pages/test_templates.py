"""What a strict content policy and an honest template may not hold."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PYTHON = sorted(path for app in ("flows", "accounts", "helix", "sessions") for path in (ROOT / app).rglob("*.py"))
SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))
OF_COLOURS = {"tokens.css", "kinds.css", "people.css"}
LONGEST_MS = 150
"""For what moves once; what runs until something has ended takes as long as it does."""


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_nothing_inline(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"<style|\son[a-z]+\s*=|hx-on|javascript:|\bjs:", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\|\s*safe\b|autoescape\s+off", text)


def test_no_module_marks_text_as_safe() -> None:
    assert [path.name for path in PYTHON if re.search(r"\bmark_safe\b", path.read_text())] == []


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_a_sheet_uses_only_colours_and_measures_that_there_are(path: Path) -> None:
    tokens = set(re.findall(r"(--[a-z0-9-]+)\s*:", "".join(sheet.read_text() for sheet in SHEETS)))
    used = set(re.findall(r"var\((--[a-z0-9-]+)", path.read_text()))
    set_by_scripts = {"--person", "--person-line", "--colour", "--followed", "--way", "--out", "--at", "--room"}
    assert used - tokens - set_by_scripts == set()


@pytest.mark.parametrize("path", [path for path in SHEETS if path.name not in OF_COLOURS], ids=lambda path: path.name)
def test_a_sheet_names_its_colours(path: Path) -> None:
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl)a?\(", path.read_text()) == []


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_what_moves_once_is_still_again_after_150_ms(path: Path) -> None:
    common = (ROOT / "static" / "css" / "tokens.css").read_text().partition("@media")[0]
    tokens = dict(re.findall(r"(--[a-z0-9-]+): (\d+ms);", common))
    text = re.sub(r"var\((--[a-z0-9-]+)\)", lambda found: tokens.get(found[1], ""), path.read_text())
    said = re.findall(r"\b(?:animation|transition)(?:-duration)?:([^;}]+)", text)
    moves = [move for motions in said for move in re.split(r",(?![^(]*\))", motions) if "infinite" not in move]
    assert [move for move in moves if lasts(move) > LONGEST_MS] == []


def lasts(move: str) -> float:
    """Return for how many milliseconds something moves: the first of its times, where the second is a delay."""
    found = re.search(r"(?<![\w.-])(\d*\.?\d+)(ms|s)\b", move)
    return float(found[1]) * (1_000 if found[2] == "s" else 1) if found else 0


def test_each_colour_stands_once_with_its_light_and_its_dark_value() -> None:
    text = (ROOT / "static" / "css" / "tokens.css").read_text()
    common = text[: text.index("@media")]
    names = re.findall(r"(--[a-z0-9-]+):", common)
    colours = re.findall(r"(--[a-z0-9-]+): (?:#|rgba)", common)
    assert len(names) == len(set(names))
    assert colours == []
    assert common.count("light-dark(") > 60
