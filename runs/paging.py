"""What comes from outside as the cursor of a page of rows, refused in words."""

from datetime import datetime

from django.utils.translation import gettext as _

from web import paging
from web.errors import Problem

LONGEST = 400


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Read a cursor. Raises `Problem` (`invalid`) for one that is none of ours."""
    try:
        at, key = paging.read_cursor(cursor[:LONGEST])
    except ValueError:
        raise Problem("invalid", _("cursor: none of ours")) from None
    if not key.isprintable() or not key.isascii():
        raise Problem("invalid", _("cursor: none of ours"))
    return at, key
