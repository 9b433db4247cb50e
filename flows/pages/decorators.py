"""Who gets to see a page: logged in, a member, with the role it takes.

Somebody who is logged out is led to the login page, by htmx too, where a redirect would otherwise swap the login form
into a panel. Unknown, deleted and inaccessible flows are the same 404.
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

from accounts.models import User
from accounts.principals import Person
from flows.access import Access, Role, get_flow_for
from flows.document import Rejected
from flows.errors import Forbidden, NotFound
from flows.sentences import sentence
from web.errors import Problem, status_of

View: TypeAlias = Callable[..., HttpResponse]


class PageRequest(HttpRequest):
    """A request by a person who is logged in; `htmx` tells whether a fragment is wanted."""

    user: User
    htmx: object


def principal(request: PageRequest) -> Person:
    """Return who acts."""
    return Person(request.user.pk)


def wants_fragment(request: HttpRequest) -> bool:
    """Tell whether htmx asks for a part of the page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def logged_in(view: View) -> View:
    """Let only people in; answers are theirs and not cached."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_login(request)
        try:
            response = view(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(error.message) from error
        except Forbidden as error:
            raise PermissionDenied(error.message) from error
        except Rejected as refusal:
            response = HttpResponse(sentence(refusal), status=422, content_type="text/plain; charset=utf-8")
        except Problem as problem:
            response = HttpResponse(
                problem.message,
                status=problem.status or status_of(problem.code),
                content_type="text/plain; charset=utf-8",
            )
            if problem.retry_after is not None:
                response["Retry-After"] = str(problem.retry_after)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        patch_vary_headers(response, ["HX-Request", "Cookie"])
        return response

    return guarded


def flow_view(role: Role = Role.VIEWER) -> Callable[[View], View]:
    """Give a view the `Access` of a flow instead of its id, to people with at least `role`."""

    def decorate(view: View) -> View:
        @logged_in
        @wraps(view)
        def guarded(request: PageRequest, flow_id: UUID, **kwargs: object) -> HttpResponse:
            access: Access = get_flow_for(principal(request), flow_id, role)
            return view(request, access, **kwargs)

        return guarded

    return decorate


def _to_login(request: HttpRequest) -> HttpResponse:
    if wants_fragment(request):
        return HttpResponseClientRedirect(resolve_url("login"))
    return redirect_to_login(request.get_full_path() if request.method in {"GET", "HEAD"} else "/")
