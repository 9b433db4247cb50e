"""Values against JSON Schemas that people wrote: nothing is fetched, and nothing takes for ever.

Schemas that refer to themselves can ask the same of a value more often than there are atoms, and saying what is wrong
costs far more than finding out. So how often a value is looked at is counted before (`runs.schema_cost`), and
where that is much, only the fact is told.
"""

from typing import Final

import jsonschema_rs

from flows.expressions import Json
from flows.validation.rules.schema import why_no_schema
from runs.errors import TaskFailure
from runs.schema_cost import Cost, cost_of
from web.deferred_translation import kept as _

MOST_VISITS: Final = 50_000_000
MOST_TOLD: Final = 2_000
"""Visits up to which it is said what does not fit."""
MOST_MATCHED: Final = 1_000_000
"""Characters of a value that patterns are tried on."""
LONGEST: Final = 300
_PATTERNS: Final = jsonschema_rs.RegexOptions(size_limit=1 << 18, dfa_size_limit=1 << 20)


def misfit(value: Json, schema: object) -> str:
    """Say where a value does not fit its schema, in English as the library says it; nothing if it does, or if there is
    no schema. Raises `TaskFailure` ("invalid_input") if the schema is none, or too much for the value.
    """
    if schema is None or schema is True or schema == {}:
        return ""
    if why := why_no_schema(schema):
        raise TaskFailure("invalid_input", why)
    cost = cost_of(schema, value)
    if cost.visits > MOST_VISITS or (cost.has_patterns and cost.characters > MOST_MATCHED):
        raise TaskFailure("invalid_input", _("The schema is too much work for this value."))
    try:
        return _misfit(value, schema, cost)
    except (jsonschema_rs.ReferencingError, ValueError, RecursionError) as error:
        raise TaskFailure("invalid_input", str(error).partition("\n")[0][:LONGEST]) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the library's own fault, which no class of it names
            raise
        raise TaskFailure("invalid_input", _("The schema cannot be used.")) from None


def _misfit(value: Json, schema: object, cost: Cost) -> str:
    try:
        validator = jsonschema_rs.validator_for(schema, offline=True, pattern_options=_PATTERNS)  # type: ignore[arg-type]
    except jsonschema_rs.ValidationError as error:
        raise TaskFailure("invalid_input", error.message[:LONGEST]) from None
    if validator.is_valid(value):
        return ""
    if cost.visits > MOST_TOLD:
        return _("The value does not fit its schema.")
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        return f"/{'/'.join(map(str, error.instance_path))}: {error.message}"[:LONGEST]
    return ""
