"""Says of every page whose it is, for browsers that keep pages: one person's copies must be gone before another's page
is shown, and when somebody has logged out.

Only what we answer says so: an error of a proxy in front of us, or a page from somewhere else on a bad network, says
nothing about who is logged in. Neither does a failure of ours.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_only_middleware

HEADER = "X-Helix-Person"
NOBODY = "nobody"


@sync_only_middleware
def whose(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Name the person in the header of every HTML answer."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code < 500 and response.get("Content-Type", "").startswith("text/html"):
            response[HEADER] = str(request.user.pk or NOBODY)
        return response

    return answer
