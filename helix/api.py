"""The one REST API: routers of every app, strict JSON in, fast JSON out, and one shape for every failure."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from accounts.api import router as accounts
from accounts.authentication import AUTHENTICATION
from accounts.team_api import router as teams
from flows import limits
from flows.api import router as flows
from flows.api.document_schema import components as document_components
from flows.api.document_schema import resolved
from flows.document import Rejected, parse_json
from flows.errors import FlowError
from flows.sentences import sentence
from helix.api_reference import Reference
from runs.api import router as runs
from sessions.api import router as sessions
from web.db_errors import is_outage
from web.errors import MOST_ERRORS, Error, Problem, as_failure, status_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

log = structlog.get_logger(__name__)
NOT_FOUND = _("Not found.")
UNAVAILABLE = _("The database or Redis is not responding, or a disk is full. Try again soon.")
RETRY_SECONDS = 2
LONGEST_NAME = 100
"""A key that somebody sent is told back as far as this."""


class StrictJson(Parser):
    """The document's own reading of JSON: NaN and endless nesting are refused."""

    def parse_body(self, request: HttpRequest) -> Any:
        return parse_json(request.body)


class FastJson(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data, option=orjson.OPT_UTC_Z)


class HelixAPI(NinjaAPI):
    """Adds what stands inside flows to the schema, which no body of ours validates."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the description of the API, which is made once: anybody may ask for it. Not to be changed."""
        root = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        return self._described(root, limits.current())

    @lru_cache(maxsize=4)  # noqa: B019  (there is one API)
    def _described(self, path_prefix: str, allowed: limits.Limits) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix)
        for methods in schema["paths"].values():
            methods.pop("head", None)
        schema["components"]["schemas"].update(document_components(allowed), Error=Error.json_schema())
        for part in ("paths", "components"):
            schema[part] = resolved(schema[part])
        return schema


api = HelixAPI(
    title="Helix",
    version="1",
    description="Flows, their people and their history.",
    openapi_url="/openapi.json",
    docs_url="/docs",
    docs=Reference(),
    auth=AUTHENTICATION,
    parser=StrictJson(),
    renderer=FastJson(),
)
api.add_router("", accounts)
api.add_router("", teams)
api.add_router("", flows)
api.add_router("", runs)
api.add_router("", sessions)


def failure(code: str, message: "StrOrPromise", detail: object = None, *, status: int | None = None) -> HttpResponse:
    """Make the answer of a failed call."""
    body = orjson.dumps({"code": code, "message": str(message), "detail": detail}, default=str)
    return HttpResponse(body, status=status or status_of(code), content_type="application/json; charset=utf-8")


@api.exception_handler(Problem)
def on_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Answer what a call itself calls a failure."""
    return as_failure(failure(problem.code, problem.message, problem.detail), problem)


@api.exception_handler(FlowError)
def on_flow_error(request: HttpRequest, error: FlowError) -> HttpResponse:
    """Answer for a flow that is not there, or not for this person to change."""
    return failure(error.code, error.message)


@api.exception_handler(Rejected)
def on_rejected(request: HttpRequest, rejected: Rejected) -> HttpResponse:
    """Answer a refused operation: 422, except for codes that calls share; too many bytes in a setting is no 413."""
    status = 422 if rejected.code == "too_large" else status_of(rejected.code)
    return failure(rejected.code, sentence(rejected), status=status)


@api.exception_handler(AuthenticationError)
def on_anonymous(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """Answer a call that does not say who it is from."""
    return failure("not_authenticated", _("Log in, or send an access token."))


@api.exception_handler(ValidationError)
def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer a call that does not have the declared form. What cannot be an id is the id of nothing."""
    if any(problem["loc"][0] == "path" for problem in error.errors):
        return failure("not_found", NOT_FOUND)
    detail = [
        {"field": _field(problem["loc"]), "message": problem["msg"].removeprefix("Value error, ")}
        for problem in error.errors[:MOST_ERRORS]
    ]
    return failure("invalid", "; ".join(f"{item['field']}: {item['message']}" for item in detail[:3]), detail)


@api.exception_handler(Http404)
def on_not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    """Answer for what is not there, or not for this person."""
    return failure("not_found", NOT_FOUND)


@api.exception_handler(Throttled)
def on_throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
    """Answer one call too many; ninja adds when to come back."""
    return failure("rate_limited", _("Too many attempts. Try again later."))


@api.exception_handler(RequestDataTooBig)
def on_too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """Answer a body beyond `BODY_BYTES`."""
    return failure("too_large", _("The body is too large."))


@api.exception_handler(HttpError)
@api.exception_handler(BadRequest)
@api.exception_handler(SuspiciousOperation)
@api.exception_handler(MultiPartParserError)
def on_malformed(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer a body that is no JSON."""
    cause = error.__cause__
    return failure("invalid", sentence(cause) if isinstance(cause, Rejected) else _("Malformed request."))


@api.exception_handler(Exception)
def on_failure(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer that database or Redis cannot do what they are asked; log anything else as a defect of ours."""
    if is_outage(error):
        log.warning("api_unavailable", path=request.path, method=request.method, reason=repr(error))
        response = failure("unavailable", UNAVAILABLE)
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
    log.exception("api_defect", path=request.path, method=request.method)
    return failure("internal", _("Something went wrong on the server."))


def _field(location: Sequence[str | int]) -> str:
    """Name what a validation error is about as its author wrote it: `title`, `operations.3`."""
    inside = ".".join(str(part)[:LONGEST_NAME] for part in location[2:])
    return inside or ("body" if location[0] == "body" else str(location[-1]))
