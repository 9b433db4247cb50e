"""What every fragment is put together from."""

from collections.abc import Iterable

from django.utils.html import format_html
from django.utils.safestring import SafeString

EMPTY = SafeString("")
SPOKEN_LABEL = 80
"""Characters of a label that are read out."""


def flag(name: str, is_set: bool) -> SafeString:
    return format_html(" {}", name) if is_set else EMPTY


def joined(parts: Iterable[SafeString]) -> SafeString:
    """Join what is escaped already; escaping it again, piece by piece, would cost as much as the cache saves."""
    return SafeString("".join(parts))
