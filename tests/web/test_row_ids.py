"""What may be the id of a row, and what cannot."""

from uuid import UUID

import pytest

from web.row_ids import LARGEST_ID, read_row_id, read_uuid


@pytest.mark.parametrize(("text", "id"), [("1", 1), ("007", 7), (str(LARGEST_ID), LARGEST_ID)])
def test_a_number(text: str, id: int) -> None:
    assert read_row_id(text) == id


@pytest.mark.parametrize("text", ["", "0", "00", "-1", "+1", "1.0", "x", "²", "٣", str(LARGEST_ID + 1), "1" * 20])
def test_no_row_has_such_a_number(text: str) -> None:
    assert read_row_id(text) is None


def test_a_uuid() -> None:
    assert read_uuid("00000000-0000-0000-0000-00000000000a") == UUID(int=10)
    assert [read_uuid(text) for text in ("", "x", "0" * 31, "\0")] == [None] * 4
