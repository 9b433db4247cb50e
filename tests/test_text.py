"""What a person can see of a text."""

import pytest

from web.text import hides_something, shows_something


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


@pytest.mark.parametrize(
    "text",
    [
        "a\u200bb",
        "a\ufeff",
        "\u2060a",
        "a\u202egpj.exe",
        "a\u2066b\u2069",
        "a\u200fb",
        "a\nb",
        "a\tb",
        "a\x7f",
        "a\x85",
        "a\u2028b",
        "a\u00adb",
        "a\u200db",
        "\u200da",
        "a\u200d",
        "a\ufe0f",
        "\ufe0f",
        "🙂\u200d",
        "🙂\u200da",
        "1\ufe0f",
        "\u3164",
        "\U000e0061",
    ],
)
def test_a_line_hides_something(text: str) -> None:
    assert hides_something(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ada Lovelace",
        "a\u00a0b",
        "❤\ufe0f",
        "1\ufe0f\u20e3",
        "👩🏽\u200d🚀",
        "🏳\ufe0f\u200d🌈",
        "می\u200cخواهم",
        "क\u094d\u200dष",
        "e\u0301",
        "\ue000",
    ],
)
def test_a_line_shows_all_that_it_is(text: str) -> None:
    assert not hides_something(text)
