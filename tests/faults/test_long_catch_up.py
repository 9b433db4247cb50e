"""A session that was left far behind by others: it reads the log in bounded memory, or the flow anew."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from flows.log import LoggedChange, changes_since
from flows.models import Flow
from sessions.live import replica
from tests.sessions.conftest import Join
from tests.sessions.test_healing import agree, the_session, write

Reading = list[list[LoggedChange]]


def label(size: int, letter: str) -> dict[str, object]:
    return {"kind": "edit_node", "id": "a", "set": {"label": letter * size}}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Reading:
    """What a session reads from the log, reading by reading; three thousand characters are much."""
    reading: Reading = []
    real: Callable[..., list[LoggedChange]] = replica.changes_since

    def noted(flow_id: UUID, *arguments: Any, **options: Any) -> list[LoggedChange]:
        reading.append(real(flow_id, *arguments, **options))
        return reading[-1]

    monkeypatch.setattr(replica, "changes_since", noted)
    monkeypatch.setattr(replica, "READ_BYTES", 3000)
    monkeypatch.setattr(replica, "LONGEST_WAY_BACK", 3000)
    return reading


async def test_entries_that_are_too_long_together_are_not_all_read(join: Join, flow: Flow, read: Reading) -> None:
    alice, bob = await join("alice"), await join("bob")
    await write(flow, *(label(1500, letter) for letter in "abcdefghij"))
    await agree(flow, 11, alice, bob)
    assert [len(changes) for changes in read] == [2], "so much was read, then the flow itself"
    assert alice.replica.nodes["a"]["label"] == "j" * 1500
    assert "snapshot" in {frame["type"] for frame in await bob.settle()}
    assert not the_session()._restarts
    assert (await alice.do(label(3, "x")))["version"] == 12
    await agree(flow, 12, alice, bob)


async def test_one_that_is_too_long_by_itself_is_read(join: Join, flow: Flow, read: Reading) -> None:
    alice = await join("alice")
    await alice.settle()
    await write(flow, label(2000, "a"), tell=False)
    await write(flow, label(2000, "b"))
    the_session().read_log_soon()
    await agree(flow, 3, alice)
    assert max(len(changes) for changes in read) <= 2


async def test_short_ones_are_read_at_once(join: Join, flow: Flow, read: Reading) -> None:
    alice = await join("alice")
    await alice.settle()
    await write(flow, *(label(3, letter) for letter in "abc"))
    await agree(flow, 4, alice)
    assert [len(changes) for changes in read] == [3]
    assert "snapshot" not in {frame["type"] for frame in await alice.settle()}


@pytest.mark.parametrize(("limit", "expected"), [(1, 1), (8, 2), (9, 2), (None, 2)])
async def test_the_log_stops_where_it_is_too_long(flow: Flow, limit: int | None, expected: int) -> None:
    from asgiref.sync import sync_to_async

    await write(flow, *(label(1500, letter) for letter in "abcdefghij"), tell=False)
    changes = await sync_to_async(changes_since)(flow.pk, 1, limit, size=3000)
    assert [change.version for change in changes] == list(range(2, 2 + expected))
