"""How what must be used or shown again is encrypted: AES-256-GCM under the installation's key, or one of a key file.

A sealed text names its key, and is bound to what it is about: copied into another row it opens nowhere. The first line
of `HELIX_SECRETS_KEY_FILE` seals, the others only open, as does the installation's secret key: so a key is changed by
putting a new line first, `helix manage reseal_secrets`, and then removing the old one.
"""

import base64
import binascii
import os
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

FORM = "s1"
NONCE = 12
SHORTEST_KEY = 32
"""Characters of a line of the key file."""


def seal(secret: str, about: str) -> str:
    """Encrypt a secret; `about` must be given again to open it. None stays none."""
    if not secret:
        return ""
    name, key = next(iter(_keys().items()))
    nonce = os.urandom(NONCE)
    held = nonce + AESGCM(key).encrypt(nonce, secret.encode(), about.encode())
    return f"{FORM}.{name}.{base64.urlsafe_b64encode(held).decode()}"


def unseal(sealed: str, about: str) -> str | None:
    """Return a secret, "" for none; None if no key of now opens it, or if it is about something else."""
    if not sealed:
        return ""
    form, _dot, rest = sealed.partition(".")
    name, _dot, text = rest.partition(".")
    key = _keys().get(name)
    if form != FORM or key is None:
        return None
    try:
        held = base64.urlsafe_b64decode(text)
        return AESGCM(key).decrypt(held[:NONCE], held[NONCE:], about.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError):
        return None


def is_current(sealed: str) -> bool:
    """Tell whether a sealed text is under the key that seals now."""
    return not sealed or sealed.startswith(f"{FORM}.{next(iter(_keys()))}.")


def _keys() -> dict[str, bytes]:
    """Return all keys by their names, the one that seals first."""
    words = [*_file_words(settings.HELIX_SECRETS_KEY_FILE), settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = (_key(word) for word in words)
    return {sha256(b"name" + key).hexdigest()[:8]: key for key in keys}


def _file_words(path: str) -> list[str]:
    if not path:
        return []
    try:
        text = Path(path).read_text()
    except OSError as error:
        raise ImproperlyConfigured(f"HELIX_SECRETS_KEY_FILE cannot be read: {error.strerror}") from None
    words = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not words or any(len(word) < SHORTEST_KEY for word in words):
        raise ImproperlyConfigured(f"HELIX_SECRETS_KEY_FILE: one key a line, of at least {SHORTEST_KEY} characters")
    return words


@lru_cache(maxsize=16)
def _key(word: str) -> bytes:
    return HKDF(SHA256(), 32, salt=b"helix", info=b"secrets").derive(word.encode())
