"""What a strict content policy and an honest template may not hold."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PYTHON = sorted(path for app in ("flows", "accounts", "helix", "sessions") for path in (ROOT / app).rglob("*.py"))
SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))


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
    set_by_scripts = {"--person", "--person-line", "--colour", "--followed", "--way", "--out", "--at"}
    assert used - tokens - set_by_scripts == set()


def test_each_colour_stands_once_with_its_light_and_its_dark_value() -> None:
    text = (ROOT / "static" / "css" / "tokens.css").read_text()
    common = text[: text.index("@media")]
    names = re.findall(r"(--[a-z0-9-]+):", common)
    colours = re.findall(r"(--[a-z0-9-]+): (?:#|rgba)", common)
    assert len(names) == len(set(names))
    assert colours == []
    assert common.count("light-dark(") > 60
