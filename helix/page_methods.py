"""Which methods a page takes: GET with HEAD, POST, or both. Every other is refused before anything is done.

Our own pages say so themselves. Those of libraries take more: to the login library a PUT is a POST that passes by what
we ask of one, and a DELETE removes a security key; the admin takes any word for a GET.
"""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.views.generic import View

READ: Final = ("GET", "HEAD")
WRITE: Final = ("POST",)
LIBRARIES: Final = ("allauth", "django")
ONLY: Final = {
    "account_email_verification_sent": READ,
    "admin:logout": WRITE,
    "admin:password_change_done": READ,
    "admin:autocomplete": READ,
    "admin:jsi18n": READ,
    "admin:view_on_site": READ,
    "api-1:openapi-json": READ,
    "api-1:openapi-view": READ,
    "api-1:api-root": READ,
}
"""Pages of libraries that take less than their functions tell."""


class PageMethods:
    """Middleware that refuses a method which a page of a library does not have: 405, with those that it has."""

    sync_capable, async_capable = True, False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], values: dict[str, Any]
    ) -> HttpResponse | None:
        """Refuse, or let the view answer."""
        place = request.resolver_match
        is_admin = place is not None and "admin" in place.namespaces
        methods = (place and ONLY.get(place.view_name)) or _methods_of(view, is_admin=is_admin)
        return None if methods is None or request.method in methods else HttpResponseNotAllowed(methods)


def _methods_of(view: Callable[..., Any], *, is_admin: bool) -> tuple[str, ...] | None:
    """Return what a library's page takes; None for what answers by itself: our own pages, and calls of REST."""
    if found := getattr(view, "view_class", None):
        return _methods_of_class(found)
    library, _, _ = str(getattr(view, "__module__", "")).partition(".")
    return (*READ, *WRITE) if is_admin or library in LIBRARIES else None


def _methods_of_class(view: type[View]) -> tuple[str, ...]:
    return (*(READ if hasattr(view, "get") else ()), *(WRITE if hasattr(view, "post") else ()))
