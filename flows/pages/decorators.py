"""Who gets to see a page: logged in, or a guest of the flow in its address, with the role it takes.

Visitors who are logged out are led to the login page, by htmx too, where a redirect would otherwise swap the login form
into a panel. Unknown, deleted and inaccessible flows are the same 404. Pages without a flow are for accounts alone.
"""

from collections.abc import Callable
from functools import wraps
from typing import TypeAlias
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from accounts.authentication import caller_of_session
from accounts.guests import row_of
from accounts.models import User
from accounts.principals import Guest, Person
from flows.access import Access, Role, get_flow_for
from flows.document import Rejected
from flows.errors import Forbidden, NotFound
from flows.sentences import sentence
from web.errors import Problem, as_failure

View: TypeAlias = Callable[..., HttpResponse]


class PageRequest(HttpRequest):
    """A request by a `reader` who acts as `caller`; `htmx` tells whether a fragment is wanted.

    `user` is the account, if it is not a guest's request.
    """

    user: User
    reader: User
    caller: Person | Guest
    htmx: object


def principal(request: PageRequest) -> Person | Guest:
    """Return who acts."""
    return request.caller


def person(request: PageRequest) -> Person:
    """Return who acts, on a page for accounts alone."""
    assert isinstance(request.caller, Person)  # noqa: S101  (the types' sake: `logged_in` saw to it)
    return request.caller


def is_guest(request: PageRequest) -> bool:
    """Tell whether a guest of a link asks."""
    return isinstance(request.caller, Guest)


def wants_fragment(request: HttpRequest) -> bool:
    """Tell whether htmx asks for a part of the page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def logged_in(view: View) -> View:
    """Let only people with an account in; answers are theirs and not cached."""

    @wraps(view)
    def guarded(request: PageRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not _read_caller(request) or is_guest(request):
            return _to_login(request)
        return _answer(request, lambda: view(request, *args, **kwargs))

    return guarded


def secret_address(view: View) -> View:
    """Tell nobody the address that a page was asked for by: it holds a secret."""

    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        add_never_cache_headers(response)
        response["Referrer-Policy"] = "strict-origin"  # forms must still say their origin
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return answer


def flow_view(role: Role = Role.VIEWER) -> Callable[[View], View]:
    """Give a view the `Access` of a flow instead of its id, to people and guests with at least `role`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: PageRequest, flow_id: UUID, **kwargs: object) -> HttpResponse:
            def show() -> HttpResponse:
                access: Access = get_flow_for(principal(request), flow_id, role)
                return view(request, access, **kwargs)

            return _answer(request, show) if _read_caller(request) else _to_login(request)

        return guarded

    return decorate


def _read_caller(request: PageRequest) -> bool:
    """Find out who asks, and tell whether anybody is known."""
    caller = caller_of_session(request)
    reader = row_of(caller) if isinstance(caller, Guest) else request.user
    if caller is None or reader is None:
        return False
    request.caller, request.reader = caller, reader
    return True


def _answer(request: PageRequest, show: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        response = show()
    except NotFound as error:
        raise Http404(error.message) from error
    except Forbidden as error:
        raise PermissionDenied(error.message) from error
    except Rejected as refusal:
        response = HttpResponse(sentence(refusal), status=422, content_type="text/plain; charset=utf-8")
    except Problem as problem:
        if problem.code == "not_found":
            raise Http404(problem.message) from problem
        if problem.code == "forbidden":
            raise PermissionDenied(problem.message) from problem
        response = as_failure(HttpResponse(problem.message, content_type="text/plain; charset=utf-8"), problem)
    if not response.has_header("Cache-Control"):
        add_never_cache_headers(response)
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response


def _to_login(request: HttpRequest) -> HttpResponse:
    if wants_fragment(request):
        return HttpResponseClientRedirect(resolve_url("login"))
    return redirect_to_login(request.get_full_path() if request.method in {"GET", "HEAD"} else "/")
