"""E-mail addresses as what people are known by: two that are the same, or only look it, are not two people.

One spelling is kept of each: compatibility characters unified (NFKC), lower case, and the domain as the network knows
it (`xn--…`), which looks like nothing else. A part of a domain that mixes scripts, or is written in letters that all
look like Latin ones, is there to be mistaken for another and is refused.
"""

import unicodedata

import idna
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LONGEST = 254

_LOOKS_LATIN = frozenset("асԁеһіјӏорԛѕԝхуѵѡ" + "αινορτυκχω" + "օսոհ" + "ɑɡıɩʟʋ")
"""Cyrillic, Greek, Armenian and phonetic letters that read as Latin ones."""
_ONE_WRITING = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO", "LATIN"})
"""Scripts that belong together in East Asian writing."""


def canonical(text: str) -> str:
    """Return the one spelling of an address. Raises `ValueError` if it is not one, or only looks like another."""
    local, _, domain = unicodedata.normalize("NFKC", text.strip()).rpartition("@")
    try:
        address = f"{local.lower()}@{domain.lower() if domain.startswith('[') else _in_ascii(domain)}"
        validate_email(address)
    except (ValidationError, idna.IDNAError):
        raise ValueError("must be an e-mail address") from None
    if not address.isascii() or len(address) > LONGEST:
        raise ValueError("must be an e-mail address")
    return address


def comparable(text: str) -> str:
    """Return how to look an address up: its one spelling, or if it is none what was typed, in lower case."""
    try:
        return canonical(text)
    except ValueError:
        return text.strip().lower()


def _in_ascii(domain: str) -> str:
    if domain.isascii() and "xn--" not in domain.lower():
        return domain.lower()
    encoded = idna.encode(domain, uts46=True).decode()
    for label in idna.decode(encoded).split("."):
        if not label.isascii() and _misleads(label):
            raise ValueError("the domain looks like another one")
    return encoded


def _misleads(label: str) -> bool:
    scripts = {unicodedata.name(one, "?").partition(" ")[0] for one in label if unicodedata.category(one)[0] == "L"}
    if not scripts <= _ONE_WRITING and len(scripts) > 1:
        return True
    return all(one.isascii() or one in _LOOKS_LATIN for one in label)
