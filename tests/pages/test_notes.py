"""A note shows a little Markdown and never markup of its own."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.rendering.notes import note_html
from tests.pages.marks import elements

ALLOWED = {"p", "br", "ul", "li", "strong", "em", "code", "a"}
LONG = 65_000
HOSTILE = [
    "<",
    ">",
    "&",
    '"',
    "'",
    "`",
    "*",
    "**",
    "[a](",
    ")",
    "javascript:",
    "https://x",
    "<script>",
    "</p>",
    "\n",
    "- ",
]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[go](javascript:alert(1))",
        "[go](data:text/html,<b>)",
        '[go](https://x.y" onmouseover="alert(1))',
        "`<b>`",
        "**<b>x</b>**",
    ],
)
def test_markup_stays_text(text: str) -> None:
    found = elements(note_html(text))
    assert {element.tag for element in found} <= ALLOWED
    assert not any(name.startswith("on") for element in found for name in element.attributes)
    links = [element.attributes["href"] for element in found if element.tag == "a"]
    assert all(link.startswith(("http://", "https://", "mailto:")) for link in links)


@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=4))).map("".join))
def test_whatever_is_typed_makes_only_allowed_elements(text: str) -> None:
    for element in elements(note_html(text)):
        assert element.tag in ALLOWED
        assert element.attributes.keys() <= {"href", "target", "rel"}


def test_marks_lists_and_breaks_are_shown() -> None:
    html = note_html("**Refunds** and *more*\nnext `line`\n- one\n- [two](https://example.com/a?b=1&c)")
    assert html == (
        "<p><strong>Refunds</strong> and <em>more</em><br>next <code>line</code></p><ul><li>one</li>"
        '<li><a href="https://example.com/a?b=1&amp;c" target="_blank" rel="noopener noreferrer nofollow">two</a></li>'
        "</ul>"
    )


def test_no_text_is_no_html() -> None:
    assert note_html("") == ""
    assert note_html("\n\n") == ""


def test_paragraphs_stand_apart() -> None:
    assert note_html("one\n\ntwo\n\n- three") == "<p>one</p><p>two</p><ul><li>three</li></ul>"


def test_a_heading_stands_by_itself_and_an_image_is_a_link() -> None:
    html = note_html("## Step 1: **read**\nthen\n#hash\n# A\n- ![logo](https://example.com/a.png)")
    assert html == (
        '<p class="note-heading">Step 1: <strong>read</strong></p><p>then<br>#hash</p><p class="note-heading">A</p>'
        '<ul><li><a href="https://example.com/a.png" target="_blank" rel="noopener noreferrer nofollow">logo</a></li>'
        "</ul>"
    )


def test_a_mark_has_a_longest_text() -> None:
    assert note_html("`" + "a" * 500 + "`").startswith("<p><code>")
    assert note_html("`" + "a" * 501 + "`").startswith("<p>`")


@pytest.mark.parametrize(
    "shape",
    [
        "[",
        "[a](",
        "[a](https://",
        "[[a]",
        "**",
        "**a",
        "*a",
        "`",
        "`a ",
        "- ",
        "1. ",
        "[ab](http://x[",
        "# ",
        "#\n",
        "![",
    ],
)
def test_hostile_text_costs_no_more_than_its_length(shape: str) -> None:
    """Eight times the text takes about eight times the processor; what was quadratic takes 64 times."""
    hostile = (shape * LONG)[:LONG]

    assert seconds(hostile) < 24 * seconds(hostile[: LONG // 8])


def seconds(text: str) -> float:
    """Return the least processor time of three readings: what else the machine does only adds to it."""
    return min(_seconds(text) for _ in range(3))


def _seconds(text: str) -> float:
    began = time.process_time()
    note_html(text)
    return time.process_time() - began
