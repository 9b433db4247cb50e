"""What a person can see of a text."""

import pytest

from web.text import shows_something


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\t\n",
        "\u00a0\u2003",
        "\x00\x7f",
        "\u200b",
        "\u2060\ufeff",
        "\u115f\u1160",
        "\u3164",
        "\u2800",
        "\u00ad",
        "\ufe0f",
        "\U000e0100\u180b",
        "\u2065\ufff0",
    ],
)
def test_white_space_and_invisible_characters_show_nothing(text: str) -> None:
    assert not shows_something(text)


@pytest.mark.parametrize("text", ["x", " x ", "\u200bx", "判定", "🙂\u200d↔️", ".", "é", "\u2801", "\U0001fadf"])
def test_anything_else_shows_something(text: str) -> None:
    assert shows_something(text)
