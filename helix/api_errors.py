"""What every answer under `/api/` has in common: headers, and one shape also for failures that never reach a router.

An address that leads nowhere, a method that a call does not have, a host that is not ours: Django and ninja answer
these in HTML or plain text of their own. Programs shall not have to read those.
"""

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from django.utils.translation import get_language_from_request, override
from django.utils.translation import gettext_lazy as _

from helix.api import NOT_FOUND, UNAVAILABLE, failure
from helix.body_limit import API_HEADERS

WORDS = {
    400: ("invalid", _("Malformed request.")),
    403: ("forbidden", _("This is not allowed.")),
    404: ("not_found", NOT_FOUND),
    405: ("method_not_allowed", _("Method not allowed.")),
    413: ("too_large", _("The body is too large.")),
    500: ("internal", _("Something went wrong on the server.")),
    503: ("unavailable", UNAVAILABLE),
}

Sync = Callable[[HttpRequest], HttpResponseBase]
Async = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def api_errors(get_response: Sync | Async) -> Sync | Async:
    """Put what fails under `/api/` into our own shape."""
    if iscoroutinefunction(get_response):
        answer_later = cast(Async, get_response)

        async def later(request: HttpRequest) -> HttpResponseBase:
            return shaped(request, await answer_later(request))

        return later
    answer = cast(Sync, get_response)

    def now(request: HttpRequest) -> HttpResponseBase:
        return shaped(request, answer(request))

    return now


def shaped(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return the answer, or ours in place of a foreign failure."""
    if not request.path_info.startswith("/api/"):
        return response
    foreign = response.status_code in WORDS and not response.get("Content-Type", "").startswith("application/json")
    if not foreign:
        return with_api_headers(response)
    code, message = WORDS[response.status_code]
    with override(get_language_from_request(request)):
        ours: HttpResponse = failure(code, message)
    for name in ("Allow", "Retry-After"):
        if value := response.get(name):
            ours[name] = value
    return with_api_headers(ours)


def with_api_headers(response: HttpResponseBase) -> HttpResponseBase:
    """Add what every answer of the API says to browsers and caches, however it came about."""
    for name, value in API_HEADERS:
        response.headers.setdefault(name.decode(), value.decode())
    return response
