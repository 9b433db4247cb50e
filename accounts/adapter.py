"""Where the login library asks us: who may come in, how a session begins, what a new password or address ends.

Its pages are its own; what they decide is decided here and in `accounts.entrance`, so that no rule of ours depends on
the door.
"""

from functools import partial
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context as current
from django.contrib.auth import logout
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from accounts import logins, mails
from accounts.audit import Action, lock_audit, record
from accounts.entrance import is_password
from accounts.forms import own_address
from accounts.models import User
from accounts.second_factors import has_two_factors
from web.errors import Problem
from web.text import unlinked
from web.write_transaction import after_commit, write_transaction

UNKNOWN = "0.0.0.0"  # noqa: S104  (no address to listen on)


def is_own_page(address: str) -> bool:
    """Tell whether this is a path of this site, and nothing that a browser could take for another one's."""
    return address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Counts a caller whose address is unknown with all others like it, rather than failing."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address: behind trusted proxies the one they forward, else the connection's."""
        try:
            return str(super().get_client_ip(request))
        except (ImproperlyConfigured, PermissionDenied):
            return request.META.get("REMOTE_ADDR") or UNKNOWN

    def is_safe_url(self, url: str | None) -> bool:
        """Lead to our own pages only."""
        return bool(url) and is_own_page(str(url))

    def login(self, request: HttpRequest, user: Any) -> None:
        """Begin a session."""
        logins.begin(request, user)

    def logout(self, request: HttpRequest) -> None:
        """End the session."""
        log_out(request)

    def clean_email(self, email: str) -> str:
        """Of each address one spelling is kept."""
        return own_address(email)

    def clean_password(self, password: str, user: Any = None) -> str:
        """Take what a password is forbidden to be; refuse the longest ones, which cost most."""
        if len(password) > 1024:
            raise ValidationError(gettext("The password is too long."))
        return str(super().clean_password(password, user))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Of who has a second factor the password alone proves nothing."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if not user.is_authenticated or not has_two_factors(user):
            return methods
        return [one for one in methods if one["id"] != "reauthenticate"]

    def reauthenticate(self, user: Any, password: str) -> bool:
        """Tell whether it is still the same person. A wrong password counts as a failed login."""
        try:
            return is_password(user, password)
        except Problem as refused:
            raise ValidationError(refused.message) from None

    def set_password(self, user: Any, password: str) -> None:
        """Set a password; every login from before ends, personal tokens stay."""
        by_themselves = self.request is not None and self.request.user.pk == user.pk
        user.set_password(password)  # hashed before the transaction, which others wait for
        with write_transaction():
            lock_audit()
            logins.end_within(user.pk)
            user.save(update_fields=["password"])
            action = Action.PASSWORD_CHANGED if by_themselves else Action.PASSWORD_RESET
            record(action, actor=user.pk, person=user.pk)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Take an address for confirmed. If it is a new one, every login from before ends."""
        user = User.objects.get(pk=email_address.user_id)
        before, email_address.user = user.email, user
        is_here = request.user.pk == user.pk  # read before its session ends
        if User.objects.exclude(pk=user.pk).filter(email=email_address.email).exists():
            return False
        with write_transaction():
            lock_audit()
            if not super().confirm_email(request, email_address):
                return False
            if is_new := user.email != before:
                logins.end_within(user.pk)
                record(Action.EMAIL_CHANGED, actor=user.pk, person=user.pk)
        if is_new and is_here:
            logins.go_on(request, user)
        return True

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail once what it tells is written; one that cannot be sent is logged."""
        named = {key: unlinked(str(context[key])) for key in ("provider",) if key in context}
        values = {"site": current.request.get_host(), **mails.done_by(), **context, **named}
        message = mails.compose(template_prefix, email, values)
        after_commit(partial(mails.send, message, template=template_prefix))


def log_out(request: HttpRequest) -> None:
    """End a browser's session, and say so in the audit log."""
    user = request.user
    if not user.is_authenticated:
        logout(request)
        return
    with write_transaction():
        lock_audit()
        logout(request)
        record(Action.LOGOUT, actor=user.pk, person=user.pk)
