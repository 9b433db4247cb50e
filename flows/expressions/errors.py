"""What can be wrong with an expression, as a value.

A text that a person wrote is expected to be wrong now and then, so nothing is raised: every question about a text is
answered with what was asked or with one `ExpressionError`. The sentence is made where people read it, from `reason`;
`said` is what the engine said, in English.
"""

from dataclasses import dataclass
from enum import StrEnum, auto


class ExpressionReason(StrEnum):
    """Why a text cannot be read or evaluated."""

    SYNTAX = auto()
    TOO_LONG = auto()
    STATEMENT = auto()
    RESERVED = auto()
    UNDEFINED = auto()
    UNKNOWN_FILTER = auto()
    UNKNOWN_TEST = auto()
    FAILED = auto()
    TOO_MUCH_WORK = auto()
    NOT_JSON = auto()


@dataclass(frozen=True, slots=True)
class ExpressionError:
    """What is wrong, and where: `line` and `column` count from 1."""

    reason: ExpressionReason
    said: str = ""
    line: int = 1
    column: int = 1


def error_at(reason: ExpressionReason, said: str, text: str, at: int) -> ExpressionError:
    """Return an error at a place in a text, in characters."""
    before = text[:at]
    line = before.count("\n") + 1
    return ExpressionError(reason, said, line, at - (before.rfind("\n") + 1) + 1)
