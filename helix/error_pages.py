"""The page for what went wrong on our side: a defect (500), or a database or Redis that is away for now (503).

Whatever is raised in a view or a middleware ends here. Under `/api/` the same is put into the API's shape.
"""

import sys

import structlog
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

from helix.api import RETRY_SECONDS
from web.db_errors import is_outage

log = structlog.get_logger(__name__)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer for the exception that is being handled."""
    error = sys.exc_info()[1]
    if error is None or not is_outage(error):
        return server_error(request)
    log.warning("page_unavailable", path=request.path, method=request.method, reason=repr(error))
    response = HttpResponse(render_to_string("503.html"), status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response
