"""`POST /hooks/{token}`: what sensors listen for. No account is asked: address and signature say who may.

Not under `/api/v1`: the address is entered elsewhere, and stays whatever becomes of the API.
"""

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from accounts.acting import as_system
from flows import limits
from flows.errors import FlowError
from runs.triggers.hooks import call_hook
from web.db_errors import DatabaseErrors, is_outage
from web.errors import Problem, as_failure, status_of

RETRY_SECONDS = 2


@csrf_exempt
@as_system
def hook(request: HttpRequest, token: str) -> HttpResponse:
    """Start a run with what is sent: 202 `{run}`; `run` is null if the event is not wanted."""
    if request.method != "POST":
        refused = _failure("method_not_allowed", _("Method not allowed."))
        refused["Allow"] = "POST"
        return refused
    try:
        called = call_hook(token, _body(request), request.headers)
    except Problem as problem:
        return as_failure(_failure(problem.code, problem.message), problem)
    except FlowError as error:
        return (
            _failure("not_found", _("Not found.")) if error.code == "not_found" else _failure(error.code, error.message)
        )
    except DatabaseErrors as error:
        if not is_outage(error):
            raise
        answer = _failure("unavailable", _("The database is not responding. Try again soon."))
        answer["Retry-After"] = str(RETRY_SECONDS)
        return answer
    return _json({"run": None if called.run is None else str(called.run)}, 202)


def _body(request: HttpRequest) -> bytes:
    most = limits.current().hook_bytes
    try:
        body = request.body
    except RequestDataTooBig:
        body = None
    if body is None or len(body) > most:
        raise Problem("too_large", _("An event has at most %(most)d bytes.") % {"most": most})
    return body


def _failure(code: str, message: str) -> HttpResponse:
    return _json({"code": code, "message": message, "detail": None}, status_of(code))


def _json(answer: dict[str, object], status: int) -> HttpResponse:
    response = HttpResponse(orjson.dumps(answer), status=status, content_type="application/json; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response
