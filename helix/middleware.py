"""Our own middleware, but for the shape of API errors (`helix.api_errors`).

`person_header` says of every page whose it is, for browsers that keep pages: one person's copies must be gone before
a page of another is shown, and after a logout. Only our own answers carry it: an error of a proxy, a page of a captive
portal or a failure of ours says nothing about who is logged in.

`well_formed` looks at the path and reads the query and a form before anybody else does. Django fails on one that is
ill-formed wherever it is first looked at, and again in the page that says so; here it is one answer and one line in the
log. Bodies of the API and of hooks are no forms, whatever they call themselves.

`acting` says for whom the database is asked; see `accounts.acting`.

`one_thread` keeps a request in one thread. Under ASGI Django would run every middleware on the event loop and hop to a
thread and back for each synchronous part, two dozen times a request. A last middleware that is synchronous only makes
the whole chain so: one hop in, one out (measured: a third of the time). Asynchronous views still run on the event loop.

`TextCompression` compresses pages, fragments and sheets. Against BREACH, Django adds bytes of chance to each answer and
masks the CSRF token anew. JSON stays as it is: the API's `ETag` is a version, which a compressed answer would have to
weaken.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.urls import reverse_lazy
from django.utils.decorators import sync_only_middleware

from accounts.acting import act_as, acting_for_nobody
from accounts.models import User
from accounts.principals import Administrator, Person

PERSON_HEADER = "X-Helix-Person"
NOBODY = "nobody"

GetResponse = Callable[[HttpRequest], HttpResponseBase]


@sync_only_middleware
def person_header(get_response: GetResponse) -> GetResponse:
    """Name the person in a header of every HTML answer."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code < 500 and response.get("Content-Type", "").startswith("text/html"):
            reader = getattr(request, "reader", request.user)  # a guest of a link is a reader, too
            response[PERSON_HEADER] = str(reader.pk or NOBODY)
        return response

    return answer


@sync_only_middleware
def acting(get_response: GetResponse) -> GetResponse:
    """Have the database asked for whom a request comes from, who is known by a session; tokens say so later."""
    admin = reverse_lazy("admin:index")

    def answer(request: HttpRequest) -> HttpResponseBase:
        with acting_for_nobody():
            if settings.SESSION_COOKIE_NAME in request.COOKIES and isinstance(request.user, User):
                is_admin = request.user.is_staff and request.path_info.startswith(str(admin))
                act_as(Administrator(request.user.pk) if is_admin else Person(request.user.pk))
            return get_response(request)

    return answer


@sync_only_middleware
def well_formed(get_response: GetResponse) -> GetResponse:
    """Raise what is wrong with path, query or form, for `helix.error_pages`.

    Nothing has NUL in its address, and PostgreSQL fails on one; the admin also takes `_00` for it.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if "\0" in path or (path.startswith("/admin/") and "_00" in path):
            raise Http404
        _ = request.GET
        if not request.path_info.startswith(("/api/", "/hooks/")):
            _ = request.POST
        return get_response(request)

    return answer


@sync_only_middleware
def one_thread(get_response: GetResponse) -> GetResponse:
    """Pass everything on, synchronously."""
    return get_response


class TextCompression(GZipMiddleware):
    """Compress text for clients that accept it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress an answer that is text. A file to keep goes as it is, so that `HEAD` can tell its length."""
        if not response.get("Content-Type", "").startswith("text/") or response.has_header("Content-Disposition"):
            return response
        return super().process_response(request, response)
