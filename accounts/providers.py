"""Accounts of people who log in with a provider: OAuth2 or OpenID Connect, as the settings name them.

A provider's word makes a new account, never the way into one that exists: its person logs in and connects it.
"""

from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.forms import ValidationError
from django.http import HttpRequest

from accounts.audit import Action, lock_audit, record
from accounts.forms import own_address, visible_name
from accounts.models import User
from accounts.signals import signed_up
from web.write_transaction import write_transaction


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Reads a name that can be seen and an address in its one spelling out of what a provider says."""

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        """Suggest name and address; what is not valid stays empty, and the person is asked."""
        user: User = sociallogin.user
        full = " ".join(part for part in (data.get("first_name"), data.get("last_name")) if part)
        user.email = _address(data.get("email"))
        user.name = _name(data.get("name") or full or data.get("username") or (user.email or "").partition("@")[0])
        return user

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Ask for what is missing."""
        user: User = sociallogin.user
        return bool(user.email and user.name) and bool(super().is_auto_signup_allowed(request, sociallogin))

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """Create the account."""
        user: User = sociallogin.user
        if form is not None:
            user.name = form.cleaned_data["name"]
        with write_transaction():
            lock_audit()
            super().save_user(request, sociallogin, form)
            record(Action.ACCOUNT_CREATED, actor=user.pk, person=user.pk)
        signed_up.send_robust(sender=User, user=user)
        return user


def _address(text: str | None) -> str | None:
    try:
        return own_address(text or "")
    except ValidationError:
        return None


def _name(text: str) -> str:
    try:
        return visible_name(text.strip()[:150])
    except ValidationError:
        return ""
