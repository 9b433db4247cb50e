"""What a person types to come in. The rules are `accounts.entrance`'s; these only read the fields."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.addresses import canonical
from accounts.schemas import storable
from web.text import hides_something, shows_something


def _storable(text: str) -> None:
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
    """E-mail address and password of any account."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
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
        validators=[_storable],
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
