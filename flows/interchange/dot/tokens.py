"""The words of a DOT file.

Keywords are known in any case, and only where they are not quoted. A line that begins with `#` is a comment, but not
inside an HTML string, which ends where its angle brackets do.
"""

import re
from typing import Literal, NamedTuple, TypeAlias

from django.utils.translation import gettext as _

from flows.interchange.budget import Budget
from flows.interchange.text import unreadable

TokenKind: TypeAlias = Literal["id", "keyword", "mark", "end"]
_KEYWORDS = frozenset(("node", "edge", "graph", "digraph", "subgraph", "strict"))
_WORD = re.compile(
    r"""(?:\s+|\ufeff|//[^\n]*|/\*.*?\*/|(?:(?<=\n)|\A)\#[^\n]*)*+
    (?:(?P<name>[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*)
    |(?P<numeral>-?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?))
    |"(?P<quoted>(?:[^"\\]|\\.)*+)"
    |(?P<mark>->|--|[{}\[\];,=:+])
    |(?P<html><))?""",
    re.DOTALL | re.VERBOSE,
)
_ATTRIBUTE = re.compile(
    r"""\s*+(?P<key>[A-Za-z_][A-Za-z0-9_]*+)\s*+=\s*+(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*+)
    |(?P<numeral>-?(?:\.[0-9]++|[0-9]++(?:\.[0-9]*+)?+))
    |"(?P<quoted>(?:[^"\\]|\\.)*+)"(?!\s*+\+))\s*+[,;]?""",
    re.DOTALL | re.VERBOSE,
)
_CLOSING = re.compile(r"\s*+\]")
_QUOTED_ESCAPE = re.compile(r'\\(\\|"|\n)')
_QUOTED_MEANING = {"\\": "\\\\", '"': '"', "\n": ""}
_ANGLE = re.compile(r"[<>]")
_COUNTED = 32


class Token(NamedTuple):
    """One word: `text` is what it says. A string in angle brackets `is_html`; only a quoted one `is_quoted`."""

    kind: TokenKind
    text: str
    position: int
    is_quoted: bool = False
    is_html: bool = False


class Tokens:
    """A file's words, one after the other, then an `end`. Raises `UnreadableError` and `TooMuchError`."""

    def __init__(self, text: str, budget: Budget) -> None:
        self._text, self._budget = text, budget
        self._position, self._number = 0, 0

    def next(self) -> Token:
        """Take a word."""
        text, number = self._text, self._number + 1
        self._number = number
        if number % _COUNTED == 0:
            self._budget.step(_COUNTED)
        found = _WORD.match(text, self._position)
        group = found.lastgroup if found else None
        if found is None or group is None:
            return _no_word(text, found.end() if found else self._position)
        self._position = position = found.end()
        word = found[group]
        start = position - len(word)
        match group:
            case "mark":
                return Token("mark", word, start)
            case "quoted":
                return Token("id", _unescaped(word), start - 2, is_quoted=True)
            case "html":
                self._position = end = _html_end(text, start, self._budget)
                return Token("id", text[start + 1 : end - 1], start, is_html=True)
            case "name" if word.lower() in _KEYWORDS:
                return Token("keyword", word, start)
            case _:
                return Token("id", word, start)

    def attributes(self) -> dict[str, tuple[str, bool]] | None:
        """Take usual attributes to the closing bracket at one go; None, and nothing taken, for any others."""
        text, position = self._text, self._position
        found: dict[str, tuple[str, bool]] = {}
        while pair := _ATTRIBUTE.match(text, position):
            key, name, numeral, quoted = pair.groups()
            if key.lower() in _KEYWORDS or (name and name.lower() in _KEYWORDS):
                return None
            found[key] = (name or numeral or _unescaped(quoted), False)
            position = pair.end()
            self._budget.step(4)
        closing = _CLOSING.match(text, position)
        if closing is None:
            return None
        self._position = closing.end()
        return found


def _no_word(text: str, position: int) -> Token:
    """Return the end, or raise for what is no word."""
    if position >= len(text):
        return Token("end", "", len(text))
    if text[position] == '"':
        raise unreadable(_("The quoted text does not end."), text, position)
    if text.startswith("/*", position):
        raise unreadable(_("The comment does not end."), text, position)
    raise unreadable(_("“%(text)s” is not expected here.") % {"text": text[position]}, text, position)


def _unescaped(quoted: str) -> str:
    """Return a quoted string without `\\"` and ends of lines after `\\`: the rest means something in labels alone."""
    if "\\" not in quoted:
        return quoted
    return _QUOTED_ESCAPE.sub(lambda escape: _QUOTED_MEANING[escape[1]], quoted)


def _html_end(text: str, start: int, budget: Budget) -> int:
    depth = 0
    for angle in _ANGLE.finditer(text, start):
        budget.step()
        depth += 1 if angle[0] == "<" else -1
        if depth == 0:
            return angle.end()
    raise unreadable(_("The text in angle brackets does not end."), text, start)
