"""A note's text as HTML: a small part of Markdown, through an allow-list.

Every piece of text is escaped, so nothing a person types can become markup of its own: no HTML, no
images, no styles. Known are # headings, **bold**, *italic*, `code`, [links](https://…) to http, https and mailto,
lists, and line breaks. An image is the link to it. What is not understood stays as it was typed.

Every person here reads a note, so parsing it must cost no more than its length: every mark has a longest text, and no
mark looks past another beginning of its own kind.
"""

import re
from collections.abc import Iterator
from html import escape

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

MARKS = re.compile(
    r"`(?P<code>[^`\n]{1,500}+)`"
    r"|\*\*(?P<bold>[^*\n]{1,500}+)\*\*"
    r"|\*(?P<italic>[^*\n]{1,500}+)\*"
    r"|!?\[(?P<text>[^\[\]\n]{1,500}+)\]\((?P<url>(?:https?://|mailto:)[^\s()<>\"']{1,2000}+)\)"
)
HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(?P<text>\S.*)$")
BREAK = SafeString("<br>")
ITEM = re.compile(r"^\s{0,3}(?:[-*•]|\d{1,3}[.)])\s+(.*)$")


def note_html(text: str) -> SafeString:
    """Render a note's text; paragraphs keep their line breaks, runs of list lines become one list."""
    return format_html_join("", "{}", ((block,) for block in _blocks(text.splitlines())))


def _blocks(lines: list[str]) -> Iterator[SafeString]:
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        if heading := HEADING.match(lines[at]):
            yield format_html('<p class="note-heading">{}</p>', _line(heading["text"]))
            at += 1
            continue
        is_item = ITEM.match(lines[at]) is not None
        end = at + 1
        while end < len(lines) and _goes_on(lines[end], is_item=is_item):
            end += 1
        if is_item:
            yield _list(lines[at:end])
        else:
            yield format_html("<p>{}</p>", format_html_join(BREAK, "{}", ((_line(line),) for line in lines[at:end])))
        at = end


def _goes_on(line: str, *, is_item: bool) -> bool:
    """Tell whether a line belongs to the list or the paragraph before it."""
    return bool(line.strip()) and (ITEM.match(line) is not None) == is_item and HEADING.match(line) is None


def _list(lines: list[str]) -> SafeString:
    items = (match[1] for match in map(ITEM.match, lines) if match)
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((_line(item),) for item in items)))


def _line(text: str) -> SafeString:
    """Escape each piece by itself: a note may hold thousands, and `format_html` takes ten times as long."""
    return SafeString("".join(_pieces(text)))


def _pieces(text: str) -> Iterator[str]:
    at = 0
    for match in MARKS.finditer(text):
        yield escape(text[at : match.start()])
        yield _marked(match)
        at = match.end()
    yield escape(text[at:])


def _marked(match: re.Match[str]) -> str:
    if match["code"]:
        return f"<code>{escape(match['code'])}</code>"
    if match["bold"]:
        return f"<strong>{escape(match['bold'])}</strong>"
    if match["italic"]:
        return f"<em>{escape(match['italic'])}</em>"
    link = f'<a href="{escape(match["url"])}" target="_blank" rel="noopener noreferrer nofollow">'
    return f"{link}{escape(match['text'])}</a>"
