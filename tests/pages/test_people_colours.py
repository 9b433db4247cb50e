"""Whatever colour a person has, their name can be read on it, and their lines are seen on all they are drawn over."""

import re
from pathlib import Path

import pytest

from accounts.colours import PEOPLE_COLOURS

SHEETS = Path(__file__).resolve().parents[2] / "static" / "css"
TOKENS = dict(
    re.findall(r"(--[a-z0-9-]+): light-dark\(([^()]*)\)", (SHEETS / "tokens.css").read_text().split("@media")[0])
)
LINES = dict(
    re.findall(
        r'="(#\w+)"\] \{ --person: \1; --person-line: var\((--[a-z0-9-]+)\)', (SHEETS / "people.css").read_text()
    )
)
GROUNDS = ("--canvas", "--node", "--surface")
TEXT, LINE = 4.5, 3.0
SCHEMES = ("light", "dark")


def named(token: str, scheme: str) -> str:
    return str(TOKENS[token].split(", ")[SCHEMES.index(scheme)])


def luminance(colour: str) -> float:
    """Return how light a colour is, as WCAG 2.2 defines it."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted(luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def test_each_colour_has_a_line_of_its_own() -> None:
    assert list(LINES) == list(PEOPLE_COLOURS)
    assert len(set(LINES.values())) == len(PEOPLE_COLOURS)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("colour", PEOPLE_COLOURS)
def test_a_name_is_read_on_its_colour(colour: str, scheme: str) -> None:
    assert contrast(named("--on-person", scheme), colour) >= TEXT


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("colour", PEOPLE_COLOURS)
def test_a_line_is_seen_on_what_it_is_drawn_over(colour: str, scheme: str) -> None:
    line = named(LINES[colour], scheme)
    assert [ground for ground in GROUNDS if contrast(line, named(ground, scheme)) < LINE] == []
