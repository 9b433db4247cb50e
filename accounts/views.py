"""Pages to come in and to go: log in, the demo's one click, register, log out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import entrance
from accounts.forms import LoginForm, RegisterForm
from accounts.models import User
from web.errors import Problem, status_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """One of the demo's people, and the part they play in its example flow."""

    key: str
    name: str
    part: "StrOrPromise"


DEMO_PEOPLE = (
    DemoPerson("alice", "Alice", _("owns the example flow")),
    DemoPerson("bob", "Bob", _("can edit it")),
    DemoPerson("vera", "Vera", _("can view it")),
    DemoPerson("charlie", "Charlie", _("has no access")),
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Show the form, or take it."""
    if request.user.is_authenticated and request.method != "POST":
        return redirect(destination(request))
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            entrance.attempt(request, "login")
            user = entrance.prove(request, form.cleaned_data["email"], form.cleaned_data["password"])
        except Problem as problem:
            return _refused(request, "accounts/login.html", form, problem)
        return _enter(request, user)
    return _page(request, "accounts/login.html", form)


@never_cache
@require_POST
def demo_log_in(request: HttpRequest) -> HttpResponse:
    """Log in as one of the demo's people; only where the demo is."""
    name = request.POST.get("user")
    if not offers_demo() or name not in {person.key for person in DEMO_PEOPLE}:
        raise Http404
    return _enter(request, get_object_or_404(User, email=f"{name}@example.com", is_active=True))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Create account and enter it."""
    form = RegisterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            entrance.attempt(request, "signup")
            user = entrance.register(**form.cleaned_data)
        except Problem as problem:
            return _refused(request, "accounts/register.html", form, problem)
        return _enter(request, user)
    return _page(request, "accounts/register.html", form)


@never_cache
@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def offers_demo() -> bool:
    """Whether one click logs in: never where people come by https, with any settings."""
    return bool(settings.HELIX_DEMO) and not settings.SECURE


def destination(request: HttpRequest) -> str:
    """Return where the person was going: only ever a path of this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return settings.LOGIN_REDIRECT_URL


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    entrance.enter(request, user)
    return redirect(destination(request))


def _refused(request: HttpRequest, template: str, form: forms.Form, problem: Problem) -> HttpResponse:
    field = {"email_taken": "email", "invalid": "password"}.get(problem.code)
    form.add_error(field, problem.message)
    status = 422 if problem.code == "not_authenticated" else status_of(problem.code)
    response = _page(request, template, form, status)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response


def _page(request: HttpRequest, template: str, form: forms.Form, status: int | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "next": destination(request),
        "demo_people": DEMO_PEOPLE if offers_demo() else (),
    }
    return render(request, template, context, status=status or (422 if form.errors else 200))
