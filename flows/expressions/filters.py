"""Filters and tests that a text asks for and the engine does not have.

The engine says so only when it comes to them; a text is to be told wrong while it is written. What there is, the engine
itself is asked, once for each name.
"""

from collections.abc import Callable, Iterator

from flows.expressions.errors import ExpressionError, ExpressionReason, error_at
from flows.expressions.language import Prepared
from flows.expressions.tokens import Token

Knows = Callable[[str], bool]


def unknown_filter(reading: Prepared, *, has_filter: Knows, has_test: Knows) -> ExpressionError | None:
    """Return the first filter or test that is not there, as what is wrong; or None."""
    for part in reading.parts:
        for sign, word in _asked(part.tokens):
            is_filter = sign == "|"
            if not (has_filter if is_filter else has_test)(word.text):
                reason = ExpressionReason.UNKNOWN_FILTER if is_filter else ExpressionReason.UNKNOWN_TEST
                return error_at(reason, word.text[:40], reading.text, word.start)
    return None


def _asked(tokens: tuple[Token, ...]) -> Iterator[tuple[str, Token]]:
    for index, token in enumerate(tokens[:-1]):
        after = tokens[index + 1]
        is_test = token.kind == "name" and token.text == "is" and (not index or tokens[index - 1].text != ".")
        if is_test and after.text == "not" and index + 2 < len(tokens):
            after = tokens[index + 2]
        if after.kind == "name" and (is_test or (token.kind == "sign" and token.text == "|")):
            yield token.text, after
