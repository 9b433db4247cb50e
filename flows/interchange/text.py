"""Text of other tools' files: bytes to characters, places in them, and HTML reduced to what it says.

The standard library's HTML parser takes seconds for 16 KB that were made to hurt and fails on `<![`, so tags are found
here, each character looked at once. What comes out is plain text, never markup: whatever shows it escapes it.
"""

import codecs
import re
from collections.abc import Iterator
from html import unescape

from django.utils.translation import gettext as _

from flows.interchange.budget import UnreadableError

_BOMS = (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")
_TAG = re.compile(
    r"""<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9:_-]*+)(?:(?:"[^"<]*"|'[^'<]*'|[^"'<>])*+>|[^<>]*+>)|<[!?/][^<>]*+>"""
)
_BREAKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "center", "dd", "div", "dl", "dt", "fieldset", "figure"),
        *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"),
        *("section", "table", "tr", "ul"),
    )
)
_CLOSINGS = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style")}
_HUGE = re.compile(r"&#(?:[0-9]{8}[0-9]*|[xX][0-9a-fA-F]{7}[0-9a-fA-F]*);?")
_SPACES = re.compile(r"[ \t\r\f\v\xa0]+")
_AROUND_BREAK = re.compile(r"[ \t]*\n[ \t]*")


def decode(data: bytes, otherwise: str | None = None) -> str:
    """Return a file's characters, with `\\n` for every end of a line.

    UTF-8, or UTF-16 with its mark; `otherwise` is the encoding of a file that is neither. Raises `UnreadableError`.
    """
    encoding, start = next(((name, len(mark)) for mark, name in _BOMS if data.startswith(mark)), ("utf-8", 0))
    try:
        text = data[start:].decode(encoding)
    except UnicodeDecodeError as error:
        if otherwise is None or start:
            line = data.count(b"\n", 0, error.start) + 1 if encoding == "utf-8" else None
            raise UnreadableError(_("The file is not UTF-8 text."), line=line) from None
        text = data.decode(otherwise, errors="replace")
    if "\0" in text:
        raise UnreadableError(_("The file is not text."))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def unreadable(message: str, text: str, position: int) -> UnreadableError:
    """Return the error for a place in a text, with its line and column."""
    line_start = text.rfind("\n", 0, position) + 1
    return UnreadableError(message, line=text.count("\n", 0, position) + 1, column=position - line_start + 1)


def plain_text(html: str, *, keep_spaces: bool = False) -> str:
    """Return what HTML says: no tags, scripts or styles; ends of blocks and `<br>` are ends of lines.

    White space is one space, as in a browser; `keep_spaces` leaves it, and ends of lines, as they stand.
    """
    said = html if keep_spaces else html.replace("\n", " ")
    said = unescape_entities("".join(_outside_tags(said)) if "<" in said else said)
    if keep_spaces:
        return said
    lines = _AROUND_BREAK.sub("\n", _SPACES.sub(" ", said))
    return re.sub("\n{2,}", "\n", lines).strip()


def unescape_entities(text: str) -> str:
    """Return text with HTML's entities replaced, however many digits one has."""
    return unescape(_HUGE.sub("\N{REPLACEMENT CHARACTER}", text)) if "&" in text else text


def _outside_tags(html: str) -> Iterator[str]:
    """Yield the text between the tags, and an end of a line where a block begins or ends."""
    position = 0
    while (start := html.find("<", position)) >= 0:
        yield html[position:start]
        if html.startswith("<!--", start):
            end = html.find("-->", start + 4)
            position = len(html) if end < 0 else end + 3
            continue
        tag = _TAG.match(html, start)
        if tag is None:
            yield "<"
            position = start + 1
            continue
        position = tag.end()
        name = (tag["name"] or "").lower()
        if name in _BREAKS:
            yield "\n"
        elif name in ("td", "th") and tag["end"]:
            yield " "
        elif name in _CLOSINGS and not tag["end"]:
            closing = _CLOSINGS[name].search(html, position)
            position = closing.start() if closing else len(html)
    yield html[position:]
