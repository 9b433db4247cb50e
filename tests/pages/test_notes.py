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


def test_a_mark_has_a_longest_text() -> None:
    assert note_html("`" + "a" * 500 + "`").startswith("<p><code>")
    assert note_html("`" + "a" * 501 + "`").startswith("<p>`")


@pytest.mark.parametrize(
    "shape", ["[", "[a](", "[a](https://", "[[a]", "**", "**a", "*a", "`", "`a ", "- ", "1. ", "[ab](http://x["]
)
def test_hostile_text_costs_no_more_than_its_length(shape: str) -> None:
    """Twice the text takes about twice the time; what was quadratic took minutes for this much."""
    hostile, plain = ((text * LONG)[:LONG] for text in (shape, "`a` "))

    assert seconds(hostile) < 10 * seconds(plain) + 0.5


def seconds(text: str) -> float:
    began = time.process_time()
    note_html(text)
    return time.process_time() - began
