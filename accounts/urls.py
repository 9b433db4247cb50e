"""Pages about the person: our own, then the login library's, of which some have ours in their place."""

from allauth import urls as library
from allauth.mfa.totp.views import activate_totp, deactivate_totp
from allauth.mfa.webauthn.views import add_webauthn, remove_webauthn
from django.urls import include, path

from accounts import settings_pages, views
from accounts.settings_pages import changes_factors

urlpatterns = [
    path("login/", views.log_in, name="login"),
    path("login/demo/", views.demo_log_in, name="demo-login"),
    path("register/", views.register, name="register"),
    path("logout/", views.log_out, name="logout"),
    path("accounts/", settings_pages.profile, name="account_profile"),
    path("accounts/login/", views.log_in_page, name="account_login"),
    path("accounts/signup/", views.sign_up_page, name="account_signup"),
    path("accounts/email/", settings_pages.email, name="account_email"),
    path("accounts/sessions/", settings_pages.devices, name="usersessions_list"),
    path("accounts/tokens/revoke/", settings_pages.revoke_tokens, name="account_revoke_tokens"),
    path("accounts/export/", settings_pages.export, name="account_export"),
    path("accounts/password/change/", settings_pages.change_password, name="account_change_password"),
    path("accounts/password/set/", settings_pages.set_password, name="account_set_password"),
    path("accounts/2fa/totp/activate/", changes_factors(activate_totp), name="mfa_activate_totp"),
    path("accounts/2fa/totp/deactivate/", changes_factors(deactivate_totp), name="mfa_deactivate_totp"),
    path("accounts/2fa/webauthn/add/", changes_factors(add_webauthn), name="mfa_add_webauthn"),
    path("accounts/2fa/webauthn/keys/<int:pk>/remove/", changes_factors(remove_webauthn), name="mfa_remove_webauthn"),
    path("accounts/", include(library)),
]
