"""The second factor of a login: a code of an authenticator app, or one of the recovery codes; passkeys answer alone.

Page and API prove a code here, so that guesses count together and a code is good once, whichever process it is shown
to. Their keys are sealed as all secrets are; those of before have a key of their own until they are sealed anew.
"""

import base64
from hashlib import sha256

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext as _

from accounts import attempts
from accounts.models import User
from web.errors import Problem
from web.sealing import is_current, seal, unseal
from web.write_transaction import write_transaction

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""What makes a login ask for more than the password; recovery codes only stand in for these."""


ABOUT = "second factor"
SEALED = ("secret", "seed")
"""What is sealed of an authenticator app, and of recovery codes."""


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the keys of authenticator apps and recovery codes encrypted."""

    def encrypt(self, text: str) -> str:
        """Encrypt a key."""
        return seal(text, ABOUT)

    def decrypt(self, encrypted_text: str) -> str:
        """Read a key. Raises `InvalidToken` if no key of now opens it."""
        return _opened(encrypted_text)


def reseal() -> tuple[int, int]:
    """Seal all second factors under the newest key; return how many were sealed anew, and how many no key opens."""
    done = lost = 0
    for pk in list(Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).values_list("pk", flat=True)):
        try:
            done += _reseal(pk)
        except InvalidToken:
            lost += 1
    return done, lost


def has_two_factors(user: User) -> bool:
    """Tell whether a login by password asks for a second factor."""
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def prove_code(user: User, code: str) -> Authenticator:
    """Return what a code is from, and take it for used.

    Raises `Problem`: `second_factor_required` for a wrong code, `rate_limited` after too many, then with the right one
    too.
    """
    found = attempts.judged(f"second factor:{user.pk}", lambda: _use(user, code))
    if found is None:
        raise Problem("second_factor_required", _("Wrong code."))
    return found


def _use(user: User, code: str) -> Authenticator | None:
    with write_transaction():
        held = {one.type: one for one in Authenticator.objects.select_for_update().filter(user=user).order_by("pk")}
        app, recovery = held.get(Authenticator.Type.TOTP), held.get(Authenticator.Type.RECOVERY_CODES)
        if app and _is_next(app, code):
            return app
        return recovery if recovery and recovery.wrap().validate_code(code) else None


def _is_next(app: Authenticator, code: str) -> bool:
    """Tell whether this is a code of now, later than the last that was used (RFC 6238, 5.2)."""
    secret, last = decrypt(app.data["secret"]), app.data.get("last", -1)
    for counter in yield_hotp_counters_from_time():
        if counter > last and compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, counter))):
            app.data["last"] = counter
            app.save(update_fields=["data"])
            return True
    return False


def _reseal(pk: int) -> bool:
    with write_transaction():
        one = Authenticator.objects.select_for_update().filter(pk=pk).first()
        if one is None:
            return False
        old = {name: one.data[name] for name in SEALED if not is_current(one.data.get(name, ""))}
        if not old:
            return False
        one.data |= {name: seal(_opened(sealed), ABOUT) for name, sealed in old.items()}
        one.save(update_fields=["data"])
        return True


def _opened(sealed: str) -> str:
    """Return what was sealed, or encrypted before it was. Raises `InvalidToken`."""
    opened = unseal(sealed, ABOUT)
    return _former_box().decrypt(sealed.encode()).decode() if opened is None else opened


def _former_box() -> MultiFernet:
    words = [str(word) for word in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    keys = [sha256(f"second factors:{word}".encode()).digest() for word in words]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
