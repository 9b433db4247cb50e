"""JSONPath: checked and evaluated with the same bounds as expressions.

`match`, `search` and `=~` are not there, because a pattern can take for ever; one `..` and a few filters a path,
because each may read everything again. What is read is counted by the value's own `Meter`.
"""

from itertools import islice

from jsonpath import JSONPath, JSONPathEnvironment
from jsonpath.exceptions import JSONPathError, JSONPathSyntaxError
from jsonpath.filter import BaseExpression
from jsonpath.parse import Parser
from jsonpath.stream import TokenStream

from flows.expressions.errors import ExpressionError, ExpressionReason
from flows.expressions.values import ENGINE_ERRORS, Exhausted, Json, Meter, NotJson, guarded, plain

LENGTH = 1_000
FILTERS = 3
RESULTS = 10_000


def check_path(path: str) -> ExpressionError | None:
    """Tell what is wrong with the form of a path, or None."""
    if len(path) > LENGTH or path.count("..") > 1 or path.count("?") > FILTERS:
        return ExpressionError(ExpressionReason.TOO_LONG, f"at most {LENGTH} characters, one .. and {FILTERS} filters")
    try:
        _ENVIRONMENT.compile(path)
    except (JSONPathError, *ENGINE_ERRORS) as error:
        return ExpressionError(ExpressionReason.SYNTAX, str(error).partition("\n")[0][:200])
    return None


def is_single(path: str) -> bool:
    """Tell whether a path names one place, so that it finds one value at most."""
    if check_path(path) is not None:
        return False
    compiled = _ENVIRONMENT.compile(path)
    return isinstance(compiled, JSONPath) and compiled.singular_query()


def find(path: str, value: Json) -> list[Json] | ExpressionError:
    """Return all that a path finds in a value, in order, or what is wrong."""
    if wrong := check_path(path):
        return wrong
    meter = Meter()
    try:
        found = list(islice(_ENVIRONMENT.finditer(path, guarded(value, meter)), RESULTS))  # type: ignore[arg-type]
        results = [plain(match.obj, meter) for match in found]
    except NotJson:
        return ExpressionError(ExpressionReason.NOT_JSON)
    except (Exhausted, RecursionError):
        return ExpressionError(ExpressionReason.TOO_MUCH_WORK)
    except (JSONPathError, *ENGINE_ERRORS) as error:
        reason = ExpressionReason.TOO_MUCH_WORK if meter.is_spent else ExpressionReason.FAILED
        return ExpressionError(reason, str(error)[:200])
    return ExpressionError(ExpressionReason.TOO_MUCH_WORK) if meter.is_spent else results


class _WithoutPatterns(Parser):
    """Refuses a pattern before it is compiled: that alone can take for ever."""

    def parse_regex(self, stream: TokenStream) -> BaseExpression:
        """Raise `JSONPathSyntaxError`."""
        raise JSONPathSyntaxError("there are no patterns", token=stream.current())


class _Environment(JSONPathEnvironment):
    parser_class = _WithoutPatterns


_ENVIRONMENT = _Environment()
for _name in ("match", "search"):
    _ENVIRONMENT.function_extensions.pop(_name, None)
