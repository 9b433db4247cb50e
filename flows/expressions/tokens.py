"""The words of minijinja, as far as we must know them: where an expression begins and ends, and what it is made of.

The engine gives no tree, and three things need one look at the text before the engine sees it: bounds on what its
parser takes (it recurses, so ten thousand signs in a row end the process), the names that a text mentions, and the
operands of `*`. A word that the engine reads otherwise than we do is a fault; the tests compare both.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["name", "number", "string", "sign"]

_WORD = re.compile(
    r"""(?P<space>\s+)
      | (?P<name>[^\W\d]\w*)
      | (?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?|0[xXoObB][0-9a-fA-F_]+)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<sign>\*\*|//|==|!=|<=|>=|[-+*/%~|.,:()\[\]{}<>=])
      | (?P<strange>.)""",
    re.VERBOSE | re.DOTALL,
)
_OPEN = re.compile(r"\{\{|\{%|\{\#")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}")
_END_RAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
MOST = 500
"""How many words one expression may have: the engine's parser recurses."""
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word: its kind, its text, and where it begins in the whole text, in characters."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the word ends."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Part:
    """What stands between two delimiters: an expression `{{ … }}` or a statement `{% … %}`."""

    is_statement: bool
    tokens: tuple[Token, ...]
    start: int


class Unreadable(Exception):  # noqa: N818  (a normal answer)
    """The text breaks off or holds a strange sign, at a place in characters."""

    def __init__(self, what: str, start: int) -> None:
        super().__init__(what)
        self.what, self.start = what, start


class TooLong(Unreadable):
    """An expression has more words than it may."""


def tokens_of(text: str) -> tuple[Token, ...]:
    """Read an expression that stands alone. Raises `Unreadable`."""
    found, end = _read(text, 0, None)
    if end != len(text):
        raise Unreadable("unexpected end", end)
    return tuple(found)


def parts_of(text: str) -> Iterator[Part]:
    """Read the expressions and statements of a template; comments and raw text are left out. Raises `Unreadable`."""
    at = 0
    while opening := _OPEN.search(text, at):
        start = opening.start()
        if opening.group() == "{#":
            at = _after(text, "#}", opening.end(), "the comment has no end")
        elif raw := _RAW.match(text, start):
            ending = _END_RAW.search(text, raw.end())
            if ending is None:
                raise Unreadable("raw text has no end", start)
            at = ending.end()
        else:
            close = "}}" if opening.group() == "{{" else "%}"
            inside = opening.end() + (text[opening.end() : opening.end() + 1] in ("-", "+"))
            tokens, at = _read(text, inside, close)
            yield Part(close == "%}", tuple(tokens), start)


def string_value(token: Token) -> str:
    """Return what a string literal says; escapes that we do not know stay as they are written."""
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), token.text[1:-1], flags=re.DOTALL)


def closing(tokens: tuple[Token, ...], at: int) -> int:
    """Return the index of the bracket that closes the one at `at`; the last index if there is none."""
    depth = 0
    for index in range(at, len(tokens)):
        if tokens[index].kind == "sign":
            depth += (tokens[index].text in "([{") - (tokens[index].text in ")]}")
            if depth == 0:
                return index
    return len(tokens) - 1


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def _after(text: str, end: str, at: int, what: str) -> int:
    found = text.find(end, at)
    if found < 0:
        raise Unreadable(what, at)
    return found + len(end)


def _read(text: str, at: int, close: str | None) -> tuple[list[Token], int]:
    """Read words up to `close`, or to the end; return them and where the text goes on."""
    found, open_brackets = list[Token](), list[str]()
    while at < len(text):
        if close is not None and not open_brackets:
            for end in (close, f"-{close}", f"+{close}"):
                if text.startswith(end, at):
                    return found, at + len(end)
        word = _WORD.match(text, at)
        if word is None or word.lastgroup is None:
            raise Unreadable("strange sign", at)
        kind = word.lastgroup
        if kind == "strange":
            raise Unreadable("the text has no end" if word.group() in "\"'" else "strange sign", at)
        if kind != "space":
            if len(found) == MOST:
                raise TooLong(f"at most {MOST} words", found[0].start)
            found.append(Token(kind, word.group(), at))  # type: ignore[arg-type]
            _bracket(word.group() if kind == "sign" else "", open_brackets, at)
        at = word.end()
    if close is not None or open_brackets:
        raise Unreadable("unexpected end", at)
    return found, at


def _bracket(sign: str, open_brackets: list[str], at: int) -> None:
    if sign in _BRACKETS:
        open_brackets.append(_BRACKETS[sign])
    elif sign and sign in ")]}" and (not open_brackets or open_brackets.pop() != sign):
        raise Unreadable("a bracket too many", at)
