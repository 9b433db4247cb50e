"""Pages to come in and to go: log in, the demo's one click, register, log out.

They are the login library's views with our rules (`accounts.entrance`); the addresses from before lead to them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allauth.account import views as library
from allauth.account.internal.flows.login import perform_password_login
from allauth.account.internal.flows.signup import complete_signup
from allauth.account.models import Login
from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import entrance, logins
from accounts.adapter import is_own_page
from accounts.adapter import log_out as end_session
from accounts.forms import LoginForm, RegisterForm
from accounts.models import User
from accounts.signals import signed_up
from web.errors import Problem, as_failure

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


class _Entrance:
    """What the pages to log in and to sign up share: people who are logged in go on, and a refusal has its status.

    `aliases` are the library's names of fields, which forms may use as well as ours.
    """

    aliases: dict[str, str]
    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let those go on who are logged in."""
        if request.user.is_authenticated and request.method != "POST":
            return redirect(destination(request))
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc, no-any-return]

    def get_form_kwargs(self) -> dict[str, Any]:
        """Read the form."""
        read: dict[str, Any] = super().get_form_kwargs()  # type: ignore[misc]
        read.pop("request", None)
        if data := read.get("data"):
            read["data"] = data = data.copy()
            for alias, name in self.aliases.items():
                if name not in data and alias in data:
                    data[name] = data[alias]
        return read

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        """Show the form again."""
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        response.status_code = 422
        return response

    def refuse(self, form: forms.Form, problem: Problem) -> HttpResponse:
        """Show the form again, with what is wrong."""
        form.add_error({"email_taken": "email", "invalid": "password"}.get(problem.code), problem.message)
        return as_failure(self.form_invalid(form), problem, status=422 if problem.code == "not_authenticated" else None)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say where the person was going."""
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {**context, "next": destination(self.request), "demo_people": DEMO_PEOPLE if offers_demo() else ()}


class LogInView(_Entrance, library.LoginView):  # type: ignore[misc]
    form_class = LoginForm
    aliases = {"login": "email"}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Prove the account; what else it asks for comes next."""
        try:
            user = entrance.prove(form.cleaned_data["email"], form.cleaned_data["password"])
        except Problem as problem:
            return self.refuse(form, problem)
        login = Login(user=user, email=user.email, redirect_url=destination(self.request))
        entered: HttpResponse = perform_password_login(self.request, {"email": user.email}, login)
        return entered


class SignUpView(_Entrance, library.SignupView):  # type: ignore[misc]
    form_class = RegisterForm
    aliases = {"password1": "password"}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Create account and enter it, or ask to confirm its address."""
        try:
            user = entrance.register(**form.cleaned_data)
        except Problem as problem:
            return self.refuse(form, problem)
        signed_up.send_robust(sender=User, user=user)
        entered: HttpResponse = complete_signup(self.request, user=user, redirect_url=destination(self.request))
        return entered


log_in_page, sign_up_page = LogInView.as_view(), SignUpView.as_view()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponseBase:
    """Lead to the page, or take its form."""
    return log_in_page(request) if request.method == "POST" else _lead(request, "account_login")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponseBase:
    """Lead to the page, or take its form."""
    return sign_up_page(request) if request.method == "POST" else _lead(request, "account_signup")


@never_cache
@require_POST
def demo_log_in(request: HttpRequest) -> HttpResponse:
    """Log in as one of the demo's people; only where the demo is."""
    name = request.POST.get("user")
    if not offers_demo() or name not in {person.key for person in DEMO_PEOPLE}:
        raise Http404
    logins.begin(request, get_object_or_404(User, email=f"{name}@example.com", is_active=True))
    return redirect(destination(request))


@never_cache
@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    end_session(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def offers_demo() -> bool:
    """Whether one click logs in: never where people come by https, with any settings."""
    return bool(settings.HELIX_DEMO) and not settings.SECURE


def destination(request: HttpRequest) -> str:
    """Return where the person was going: only ever a path of this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if is_own_page(wanted) else settings.LOGIN_REDIRECT_URL


def _lead(request: HttpRequest, name: str) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(destination(request))
    query = request.GET.dict()
    return redirect(f"{reverse(name)}?{urlencode(query)}" if query else reverse(name))
