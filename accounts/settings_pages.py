"""Pages about one's own account: profile, address, devices, tokens, a copy of one's data.

What could let another person take the account over asks again who it is (`accounts.proofs`, and
`allauth.account.decorators.reauthentication_required`).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as library
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import logins, personal_tokens
from accounts.audit import Action, lock_audit, record
from accounts.authentication import person
from accounts.export import archive
from accounts.forms import EmailForm, ProfileForm
from accounts.models import PersonalToken, User
from accounts.people import change_profile
from accounts.principals import Person
from accounts.proofs import second_factor_again
from accounts.second_factors import FACTORS, has_two_factors
from web.write_transaction import write_transaction

View = Callable[..., HttpResponseBase]


def _logged_in(page: str) -> Callable[[View], View]:
    """Ask a person to log in first, and lead back to the page whose button was pressed: its address takes only POST."""

    def decorate(view: View) -> View:
        @wraps(view)
        def decorated(request: HttpRequest) -> HttpResponseBase:
            if request.user.is_authenticated:
                return view(request)
            return redirect_to_login(reverse(page))

        return decorated

    return decorate


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change name and colour; lead to everything else."""
    user = person(request)
    form = ProfileForm(request.POST or None, initial={"name": user.name, "colour": str(user.colour_index)})
    if request.method == "POST" and form.is_valid():
        change_profile(user, name=form.cleaned_data["name"], colour=form.cleaned_data["colour"])
        messages.success(request, _("Profile saved."))
        return redirect("account_profile")
    context = {"form": form, "has_two_factors": has_two_factors(user)}
    return render(request, "accounts/profile.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
@reauthentication_required(allow_get=True, app="allauth.account")  # type: ignore[untyped-decorator]
def email(request: HttpRequest) -> HttpResponse:
    """Ask for another address; it counts once its mail was answered."""
    user = person(request)
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        send_verification_email_to_address(request, _awaited(user, form.cleaned_data["email"]))
        messages.success(request, _("We sent a link to the new address. Open it to confirm."))
        return redirect("account_email")
    awaited = EmailAddress.objects.filter(user=user, verified=False).exclude(email=user.email).first()
    context = {"form": form, "awaited": awaited}
    return render(request, "account/email_change.html", context, status=422 if form.errors else 200)


def _awaited(user: User, address: str) -> EmailAddress:
    with write_transaction():
        rows = EmailAddress.objects.filter(user=user)
        rows.exclude(email=user.email).delete()
        if not rows.exists():
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        return EmailAddress.objects.create(user=user, email=address)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def devices(request: HttpRequest) -> HttpResponse:
    """List logins; end one, the others, or all."""
    user, here = person(request), request.session.session_key
    listed = logins.of(user, here)
    if request.method == "POST":
        wanted = request.POST.get("end", "")
        if wanted == "everywhere":
            logins.log_out(user)
            return redirect(settings.LOGOUT_REDIRECT_URL)
        if wanted == "others":
            logins.end_others(user, here)
        for one in listed:
            if not one.current and wanted == str(one.id):
                logins.end(user, one.id)
        messages.success(request, _("Logged out there."))
        return redirect("usersessions_list")
    return render(request, "usersessions/usersession_list.html", {"logins": listed})


@require_POST
@never_cache
@_logged_in("account_change_password")
def revoke_tokens(request: HttpRequest) -> HttpResponse:
    """Revoke all personal tokens."""
    personal_tokens.revoke_tokens(Person(person(request).pk, request.session.session_key))
    messages.success(request, _("All personal tokens are revoked."))
    return redirect("account_change_password")


@require_POST
@never_cache
@_logged_in("account_profile")
def export(request: HttpRequest) -> FileResponse:
    """Give a person a copy of their data."""
    name = f"helix-{timezone.now():%Y-%m-%d}.zip"
    return FileResponse(archive(person(request)), as_attachment=True, filename=name, content_type="application/zip")


class _WithTokens:
    """Says how many personal tokens a new password leaves."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Count them."""
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        held = PersonalToken.objects.filter(user=person(self.request), revoked_at=None)
        return {**context, "standing_tokens": held.count()}


class ChangePasswordView(_WithTokens, library.PasswordChangeView):  # type: ignore[misc]
    """Change the password."""


class SetPasswordView(_WithTokens, library.PasswordSetView):  # type: ignore[misc]
    """Give an account its first password, on the same page."""

    template_name = "account/password_change.html"


change_password = second_factor_again(ChangePasswordView.as_view())
set_password = second_factor_again(SetPasswordView.as_view())


def changes_factors(view: View) -> View:
    """Let one of the library's pages change second factors: told in the audit log, and a lost one ends all logins."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **values: Any) -> HttpResponseBase:
        user = request.user
        if request.method != "POST" or not isinstance(user, User):
            return view(request, *args, **values)
        with write_transaction():
            lock_audit()
            before = _factors(user)
            response = view(request, *args, **values)
            is_less = _tell_factors(user, before, _factors(user))
            if is_less:
                logins.end_within(user.pk)
        if is_less:
            logins.go_on(request, user)
        return response

    return answer


def _factors(user: User) -> dict[int, str]:
    return dict(Authenticator.objects.filter(user=user, type__in=FACTORS).values_list("pk", "type"))


def _tell_factors(user: User, before: dict[int, str], after: dict[int, str]) -> bool:
    """Tell what is new or gone; return whether something is gone."""
    gone, new = before.keys() - after.keys(), after.keys() - before.keys()
    for factor in sorted(gone | new):
        is_app = (before | after)[factor] == Authenticator.Type.TOTP
        added = Action.SECOND_FACTOR_ON if is_app else Action.PASSKEY_ADDED
        removed = Action.SECOND_FACTOR_OFF if is_app else Action.PASSKEY_REMOVED
        record(added if factor in new else removed, actor=user.pk, person=user.pk)
    return bool(gone)
