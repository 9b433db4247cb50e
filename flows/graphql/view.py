"""`POST /api/graphql`: one request, answered 200 with `data` or `errors`, whatever became of it.

Who calls is found as REST finds it, CSRF proof and all; bodies, rates and concurrency are bounded for all of `/api/`.
GET is for people who try it out, in debug mode alone. The schema and its library are loaded by the first request:
many installations never get one, and it takes 8 MiB.
"""

from contextlib import ExitStack
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie

from accounts.authentication import AUTHENTICATION
from accounts.principals import Caller, Scope
from accounts.scopes import expect_scope, judges_callers
from flows.document import parse_json
from flows.storage.store import consistent_read
from web.errors import Problem

TRYING_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
KEYS = frozenset({"query", "variables", "operationName", "extensions"})
log = structlog.get_logger(__name__)


@csrf_exempt
@judges_callers
def graphql(request: HttpRequest) -> HttpResponse:
    """Carry out one request."""
    if request.method == "GET" and settings.DEBUG:
        return _page(request)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    from flows.graphql.errors import failure

    try:
        answer = _answer(request)
    except RequestDataTooBig:
        raise
    except Exception as error:  # a failure, expected or not, is told as all are
        answer = {"data": None, "errors": [failure(error)]}
    return HttpResponse(
        orjson.dumps(answer, option=orjson.OPT_UTC_Z, default=str), content_type="application/json; charset=utf-8"
    )


def read_request(value: object) -> tuple[str, dict[str, Any], str | None]:
    """Return the text, the variables and the operation's name of a request. Raises `Problem`; batches are none."""
    if not isinstance(value, dict) or not value.keys() <= KEYS:
        raise Problem("invalid", _("A request is one object with query, variables and operationName."))
    query, variables, name = value.get("query"), value.get("variables"), value.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise Problem("invalid", _("query: the text of a GraphQL request"))
    if variables is not None and not isinstance(variables, dict):
        raise Problem("invalid", _("variables: an object"))
    if name is not None and not isinstance(name, str):
        raise Problem("invalid", _("operationName: a string"))
    return query, variables or {}, name


def _answer(request: HttpRequest) -> dict[str, Any]:
    from graphql import OperationType
    from strawberry.types.execution import ExecutionResult

    from flows.graphql import cost
    from flows.graphql.errors import told
    from flows.graphql.schema import Context, schema

    caller = _caller(request)
    query, variables, name = read_request(parse_json(request.body))
    kind = cost.check(query, variables, name)
    if kind is OperationType.SUBSCRIPTION:
        raise Problem("invalid", _("Subscriptions come by WebSocket."))
    expect_scope(caller, Scope.READ if kind is OperationType.QUERY else Scope.WRITE)
    with ExitStack() as reading:
        if kind is OperationType.QUERY:
            reading.enter_context(consistent_read())
        result = schema.execute_sync(query, variables, Context(caller), operation_name=name)
    if not isinstance(result, ExecutionResult):
        raise Problem("invalid", _("Answers in parts are not supported."))
    return {"data": result.data} | ({"errors": told(result.errors)} if result.errors else {})


def _caller(request: HttpRequest) -> Caller:
    for authentication in AUTHENTICATION:
        caller = authentication(request)
        if isinstance(caller, Caller):
            return caller
    raise Problem("not_authenticated", _("Log in, or send an access token."))


@ensure_csrf_cookie
def _page(request: HttpRequest) -> HttpResponse:
    from flows.graphql.schema import schema

    response = render(request, "api/graphql.html", {"schema": schema.as_str()})
    response["Content-Security-Policy"] = TRYING_POLICY
    return response
