"""Pages of rows, the newest first: a cursor says when the last row was made, so rows that come and go move no other."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime


def cursor_of(at: datetime, key: object) -> str:
    """Return the cursor of a row; its key has no spaces."""
    return urlsafe_b64encode(f"{at.isoformat()} {key}".encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Return a row's time and key. Raises `ValueError` for what is no cursor."""
    at, key = urlsafe_b64decode(cursor).decode().split(" ")
    found = datetime.fromisoformat(at)
    if found.tzinfo is None:
        raise ValueError("a time without a zone")
    try:
        return found.astimezone(UTC), key
    except OverflowError:
        raise ValueError("no such time") from None
