"""JSONPath as executors use it: what a path finds, and whether it can find one value at most. Pure."""

from dataclasses import dataclass

from flows.expressions import ExpressionError, Json, find
from flows.expressions.jsonpath import is_single


@dataclass(frozen=True, slots=True)
class Found:
    """What a path found; `is_single` where it names one place."""

    values: list[Json]
    is_single: bool

    @property
    def value(self) -> Json:
        """The one value of a path that names one place, or null; a list of all that others find."""
        if not self.is_single:
            return list(self.values)
        return self.values[0] if self.values else None


def found_by(path: str, value: Json) -> Found | ExpressionError:
    """Return what a path finds in a value, or what is wrong."""
    values = find(path, value)
    return values if isinstance(values, ExpressionError) else Found(values, is_single(path))
