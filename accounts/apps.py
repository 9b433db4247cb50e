"""People and how they prove who they are."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        """Write down every login that begins, in the place of the login library."""
        from allauth.account.signals import user_logged_in as entered
        from allauth.usersessions.signals import on_user_logged_in
        from django.contrib.auth.signals import user_logged_in

        from accounts.logins import remember

        entered.disconnect(on_user_logged_in)
        user_logged_in.connect(remember, dispatch_uid="accounts.logins")
