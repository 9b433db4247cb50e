"""The ids of rows, as they stand in addresses, bodies and forms: numbers and UUIDs."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

LARGEST_ID = 2**63 - 1
RowId = Annotated[int, Field(ge=1, le=LARGEST_ID)]


def read_row_id(text: str) -> int | None:
    """Read an id; None for what no row can have."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    found = int(text)
    return found if 1 <= found <= LARGEST_ID else None


def read_uuid(text: str) -> UUID | None:
    """Read a UUID; None if the text is not one."""
    try:
        return UUID(text)
    except ValueError:
        return None
