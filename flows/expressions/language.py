"""Which texts are accepted: minijinja without what could make much out of little.

Expressions are whole. Of the statements only `if`, `for` and `raw` are there: a text that can name a value can double
it thirty times, and the engine's budget counts steps, not the size of what they share. For the same reason a `for`
goes over what is there, not over a list that is written down in it, and `*` takes numbers and texts alone: each
operand is passed through the filter `OPERAND`, which we write into the text that the engine gets.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from flows.expressions.errors import ExpressionError, ExpressionReason, error_at
from flows.expressions.tokens import Part, Token, TooLong, Unreadable, closing, parts_of, tokens_of

TEXT = 65_536
ALL_TOKENS = 10_000
STATEMENTS = frozenset({"if", "elif", "else", "endif", "for", "endfor", "raw", "endraw"})
CONTEXT = ("input", "nodes", "prev", "item", "index", "run")
"""The names that a text may use."""
OPERAND = "operand_"
_KEYWORDS = frozenset({"if", "else", "and", "or", "not", "in", "is", "for", "elif", "recursive"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text that was read: its parts, what the engine gets, and where we wrote something into that."""

    text: str
    parts: tuple[Part, ...]
    engine_text: str
    inserted: tuple[int, ...]

    def place(self, offset: int) -> int:
        """Return where an offset of the engine, in bytes of its text, is in the text as written, in characters."""
        at = len(self.engine_text.encode()[:offset].decode(errors="ignore"))
        shift = 0
        for place in self.inserted:
            if place + shift >= at:
                break
            shift += len(OPERAND) + 1
        return max(0, min(at - shift, len(self.text)))


Reading: TypeAlias = Prepared | ExpressionError
KEPT = 1_000
"""Texts up to this length are kept as they were read: the rest would fill the memory."""


def prepared(text: str, *, is_template: bool) -> Reading:
    """Read a condition, or a template, up to what only the engine knows."""
    return (_kept if len(text) <= KEPT else _prepared)(text, is_template=is_template)


def _prepared(text: str, *, is_template: bool) -> Reading:
    if len(text) > TEXT:
        return ExpressionError(ExpressionReason.TOO_LONG, f"at most {TEXT} characters")
    try:
        parts = tuple(parts_of(text)) if is_template else (Part(False, tokens_of(text), 0),)
    except Unreadable as unreadable:
        reason = ExpressionReason.TOO_LONG if isinstance(unreadable, TooLong) else ExpressionReason.SYNTAX
        return error_at(reason, unreadable.what, text, unreadable.start)
    if (wrong := _too_long(text, parts)) or (wrong := _not_ours(text, parts)):
        return wrong
    places = sorted(place for part in parts for place in operand_ends(part.tokens))
    return Prepared(text, parts, _with_operands(text, places), tuple(places))


def operand_ends(tokens: tuple[Token, ...]) -> Iterator[int]:
    """Yield the places, in characters, where an operand of a `*` ends."""
    for index, token in enumerate(tokens):
        if token.kind == "sign" and token.text == "*" and _is_binary(tokens, index):
            if not _is_plain_number(tokens, index - 1):
                yield tokens[index - 1].end
            last = _end_of_operand(tokens, index + 1)
            if last > index and not (last == index + 1 and tokens[last].kind == "number"):
                yield tokens[last].end


def _too_long(text: str, parts: Iterable[Part]) -> ExpressionError | None:
    count = 0
    for part in parts:
        count += len(part.tokens)
        if count > ALL_TOKENS:
            return error_at(ExpressionReason.TOO_LONG, f"at most {ALL_TOKENS} words", text, part.start)
    return None


def _not_ours(text: str, parts: Iterable[Part]) -> ExpressionError | None:
    for part in parts:
        if not part.is_statement or not part.tokens:
            continue
        word = part.tokens[0]
        if word.text not in STATEMENTS:
            return error_at(ExpressionReason.STATEMENT, word.text[:40], text, word.start)
        if word.text == "for" and (wrong := _for_of_ours(text, part.tokens)):
            return wrong
    return None


def _for_of_ours(text: str, tokens: tuple[Token, ...]) -> ExpressionError | None:
    start = next((index for index, token in enumerate(tokens) if token.text == "in"), len(tokens))
    for token in tokens[1:start]:
        if token.text in CONTEXT:
            return error_at(ExpressionReason.RESERVED, token.text, text, token.start)
    for index in range(start + 1, len(tokens)):
        token = tokens[index]
        is_literal = token.text == "{" or (token.text == "[" and not _ends_value(tokens[index - 1]))
        if token.kind == "sign" and (is_literal or token.text == "+"):
            return error_at(ExpressionReason.STATEMENT, f"for … in {token.text}", text, token.start)
        if token.kind == "name" and token.text == "recursive" and index == len(tokens) - 1:
            return error_at(ExpressionReason.STATEMENT, token.text, text, token.start)
    return None


def _is_binary(tokens: tuple[Token, ...], index: int) -> bool:
    return index > 0 and _ends_value(tokens[index - 1])


def _ends_value(token: Token) -> bool:
    if token.kind == "sign":
        return token.text in (")", "]", "}")
    return token.kind != "name" or token.text not in _KEYWORDS


def _is_plain_number(tokens: tuple[Token, ...], index: int) -> bool:
    return tokens[index].kind == "number" and (index == 0 or tokens[index - 1].text not in (".", "**"))


def _end_of_operand(tokens: tuple[Token, ...], at: int) -> int:
    """Return the index of the last word of the operand that begins at `at`: signs, a value, what is hung on it."""
    while at < len(tokens) and tokens[at].kind == "sign" and tokens[at].text in ("-", "+"):
        at += 1
    if at >= len(tokens):
        return len(tokens) - 1
    last = closing(tokens, at) if tokens[at].text in ("(", "[", "{") and tokens[at].kind == "sign" else at
    while last + 1 < len(tokens) and tokens[last + 1].kind == "sign":
        sign = tokens[last + 1].text
        if sign in ("(", "["):
            last = closing(tokens, last + 1)
        elif sign in (".", "|") and last + 2 < len(tokens):
            last += 2
        elif sign == "**":
            last = _end_of_operand(tokens, last + 2)
        else:
            break
    return last


def _with_operands(text: str, places: list[int]) -> str:
    pieces, at = list[str](), 0
    for place in places:
        pieces += [text[at:place], "|", OPERAND]
        at = place
    return "".join([*pieces, text[at:]])


_kept = lru_cache(maxsize=2048)(_prepared)
