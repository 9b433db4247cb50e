"""What a person types to come in, and about themselves. The rules are `accounts.entrance`'s; these read the fields."""

from typing import TYPE_CHECKING, Any

from allauth.account import forms as account_forms
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.socialaccount.forms import SignupForm as SocialSignupForm
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts import attempts, entrance
from accounts.addresses import canonical, comparable
from accounts.colours import PEOPLE_COLOURS
from accounts.models import User
from accounts.schemas import storable
from accounts.second_factors import prove_code
from web.errors import Problem
from web.text import hides_something, shows_something

if TYPE_CHECKING:
    from allauth.mfa.models import Authenticator


def storable_text(text: str) -> None:
    """Refuse what cannot be stored."""
    try:
        storable(text)
    except ValueError:
        raise forms.ValidationError(_("Contains a character that cannot be stored.")) from None


def visible_name(text: str) -> str:
    """Refuse a name that shows nothing, or not all that it is."""
    if not shows_something(text):
        raise forms.ValidationError(_("Enter a name with visible characters."))
    if hides_something(text):
        raise forms.ValidationError(_("Enter a name without characters that cannot be seen."))
    return text


def own_address(text: str) -> str:
    """Return the one spelling of an address; refuse one that only looks like another."""
    try:
        return canonical(text)
    except ValueError:
        raise forms.ValidationError(_("Enter a valid email address.")) from None


class LoginForm(forms.Form):
    """Address or name, and password, of any account."""

    email = forms.CharField(
        label=_("E-mail address or name"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username webauthn", "autofocus": True, "dir": "auto"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class RegisterForm(forms.Form):
    """A new account."""

    name = forms.CharField(
        label=_("Name"),
        max_length=150,
        validators=[storable_text],
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True, "dir": "auto"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1024,
        help_text=_("At least 8 characters, and not a common password."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_name(self) -> str:
        """Names can be seen."""
        return visible_name(self.cleaned_data["name"])

    def clean_email(self) -> str:
        """Of each address one spelling is kept."""
        return own_address(self.cleaned_data["email"])


class ResetPasswordForm(account_forms.ResetPasswordForm):  # type: ignore[misc]
    """Whose password is forgotten. The answer is the same whether the account exists or not."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )

    def clean_email(self) -> str:
        """Find the account of exactly this address."""
        email = own_address(self.cleaned_data["email"])
        try:
            attempts.count("account mail", email)
        except Problem as refused:
            raise forms.ValidationError(refused.message) from None
        self.users = list(User.objects.filter(email=email, is_active=True))
        return email


class ChangePasswordForm(account_forms.ChangePasswordForm):  # type: ignore[misc]
    """The old password and the new one. A wrong old one counts as a failed login."""

    def clean_oldpassword(self) -> str:
        """Ask for the old password."""
        password: str = self.cleaned_data["oldpassword"]
        _expect_password(self.user, password)
        return password


class EmailForm(forms.Form):
    """A new address, which counts once it is confirmed."""

    email = forms.EmailField(
        label=_("New e-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def clean_email(self) -> str:
        """Take an address that nobody has."""
        email = own_address(self.cleaned_data["email"])
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError(_("An account with this e-mail address already exists."))
        return email


class ProfileForm(forms.Form):
    """How a person is shown: name and colour."""

    name = forms.CharField(
        label=_("Name"),
        max_length=150,
        validators=[storable_text],
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    colour = forms.TypedChoiceField(
        label=_("Colour"),
        choices=[(str(index), colour) for index, colour in enumerate(PEOPLE_COLOURS)],
        coerce=int,
        widget=forms.RadioSelect,
    )

    def clean_name(self) -> str:
        """Names can be seen."""
        return visible_name(self.cleaned_data["name"])


class PasswordForm(forms.Form):
    """The password again, before something that cannot be taken back. Accounts without one confirm by their address."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if not user.has_usable_password():
            self.fields["password"] = forms.CharField(
                label=_("Your e-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
            )

    def clean_password(self) -> str:
        """Ask for the password."""
        password: str = self.cleaned_data["password"]
        if self.user.has_usable_password():
            _expect_password(self.user, password)
        elif comparable(password) != self.user.email:
            raise forms.ValidationError(_("This is not your e-mail address."))
        return password


class _CountedCode:
    """Proves a code where guesses are counted and a code is good once."""

    user: User
    cleaned_data: dict[str, Any]
    authenticator: "Authenticator"

    def clean_code(self) -> str:
        """Ask for a code."""
        code: str = self.cleaned_data["code"]
        try:
            self.authenticator = prove_code(self.user, code)
        except Problem as refused:
            raise forms.ValidationError(refused.message) from None
        self.authenticator.user = self.user
        return code


class SecondFactorForm(_CountedCode, AuthenticateForm):  # type: ignore[misc]
    """The second factor of a login."""


class SecondFactorAgainForm(_CountedCode, ReauthenticateForm):  # type: ignore[misc]
    """The second factor, to see that it is still the same person."""


class ProviderSignupForm(SocialSignupForm):  # type: ignore[misc]
    """What a provider did not tell of a new person, or what is taken."""

    name = forms.CharField(
        label=_("Name"),
        max_length=150,
        validators=[storable_text],
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    field_order = ("name", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].initial = self.sociallogin.user.name

    def clean_name(self) -> str:
        """Names can be seen."""
        return visible_name(self.cleaned_data["name"])


def _expect_password(user: User, password: str) -> None:
    try:
        is_right = entrance.is_password(user, password)
    except Problem as refused:
        raise forms.ValidationError(refused.message) from None
    if not is_right:
        raise forms.ValidationError(_("Wrong password."))
