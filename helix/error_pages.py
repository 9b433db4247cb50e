"""The pages for what went wrong: with the request (400, 403, 404, 413), by a defect of ours (500), or because a
database or Redis is away for now (503).

Whatever is raised in a view or a middleware ends here. Under `/api/` the same is put into the API's shape. Django's own
views for the first three look for a CSRF token in the form, and fail again if it was the form that is ill-formed.
"""

import sys

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.defaults import server_error
from structlog.contextvars import bind_contextvars

from helix.api import RETRY_SECONDS
from web.db_errors import is_outage

log = structlog.get_logger(__name__)


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for a request that is no request; why stands in its one line of the log."""
    bind_contextvars(reason=f"{type(exception).__name__}: {str(exception)[:200]}")
    is_large = isinstance(exception, RequestDataTooBig)
    return HttpResponse(render_to_string("400.html"), status=413 if is_large else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for what the person may not do."""
    return render(request, "403.html", {"exception": str(exception)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for what is not there, or not for this person."""
    return render(request, "404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer for the exception that is being handled."""
    error = sys.exc_info()[1]
    if error is None or not is_outage(error):
        return server_error(request)
    log.warning("page_unavailable", path=request.path, method=request.method, reason=repr(error))
    response = HttpResponse(render_to_string("503.html"), status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response
