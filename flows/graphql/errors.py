"""Failures as GraphQL says them: `errors[].extensions.code`, with the codes and sentences that REST has.

What is not expected is logged and told as `internal`, without its story.
"""

from collections.abc import Sequence
from typing import Any

import structlog
from django.utils.translation import gettext as _
from graphql import GraphQLError

from flows.document import Rejected
from flows.errors import FlowError
from flows.sentences import sentence
from web.db_errors import is_outage
from web.errors import MOST_ERRORS, Problem

LONGEST_MESSAGE = 500
log = structlog.get_logger(__name__)


def told(errors: Sequence[GraphQLError]) -> list[dict[str, Any]]:
    """Return errors as they are answered, at most `MOST_ERRORS`, and so many places of each."""
    return [_told(error) for error in errors[:MOST_ERRORS]]


def failure(error: Exception) -> dict[str, Any]:
    """Return the one error of a request that was not carried out."""
    return _told(error if isinstance(error, GraphQLError) else GraphQLError("", original_error=error))


def _told(error: GraphQLError) -> dict[str, Any]:
    message, extensions = _said(error)
    answer: dict[str, Any] = {"message": message[:LONGEST_MESSAGE], "extensions": extensions}
    if error.locations:
        places = error.locations[:MOST_ERRORS]
        answer["locations"] = [{"line": place.line, "column": place.column} for place in places]
    if error.path:
        answer["path"] = list(error.path)
    return answer


def _said(error: GraphQLError) -> tuple[str, dict[str, Any]]:
    match error.original_error:
        case Problem() as problem:
            more = {} if problem.detail is None else {"detail": problem.detail}
            wait = {} if problem.retry_after is None else {"retry_after": problem.retry_after}
            return str(problem.message), {"code": problem.code, **more, **wait}
        case FlowError() as flow_error:
            return flow_error.message, {"code": flow_error.code}
        case Rejected() as rejected:
            return sentence(rejected), {"code": rejected.code}
        case None | GraphQLError():
            return error.message, {"code": "invalid"}
        case outage if is_outage(outage):
            log.warning("graphql_unavailable", reason=repr(outage))
            return _("The database or Redis is not responding, or a disk is full. Try again soon."), {
                "code": "unavailable"
            }
        case defect:
            log.error("graphql_defect", exc_info=defect)
            return _("Something went wrong on the server."), {"code": "internal"}
