"""What goes wrong with one frame, one submission or one reading of the log stays there, and costs nobody their turn."""

from copy import deepcopy
from typing import Any

import pytest
from django.db import OperationalError

from flows.document import RemoveNode
from flows.models import Flow
from flows.submission import Receipt
from sessions import database
from sessions.live import broadcaster, commits, replica
from tests.sessions.conftest import Join, restart
from tests.sessions.test_healing import agree, move, the_session


async def test_what_cannot_be_rendered_comes_as_a_snapshot_and_nothing_starts_again(
    join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, html = await join("alice"), await join("bob", format="html")
    await html.settle()

    def unrenderable(*_: object) -> str:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(broadcaster, "fragments", unrenderable)
    for x in (1, 2):
        assert (await alice.do(move(x)))["version"] == x + 1
        assert (await html.next("snapshot", "apply_changes"))["type"] == "snapshot"
    await agree(flow, 3, alice)
    assert not the_session()._restarts


async def test_edits_have_their_turn_while_others_write_without_end(
    join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await join("alice")
    session = the_session()
    read = session._catch_up.run

    async def read_and_hear_of_more(limit: int) -> None:
        await read(limit)
        session._catch_up.schedule()

    monkeypatch.setattr(session._catch_up, "run", read_and_hear_of_more)
    session.read_log_soon()
    assert (await alice.do(move(1)))["version"] == 2


async def test_an_error_of_one_submission_alone_is_no_outage(
    join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PAUSES", (0.0,))
    alice, bob = await join("alice"), await join("bob")
    real = commits.commit

    def too_much(flow_id: Any, submissions: Any, **options: Any) -> Receipt:
        if any(one.operation == RemoveNode("poison") for one in submissions):
            raise OperationalError("too many SQL variables")
        return real(flow_id, submissions, **options)

    monkeypatch.setattr(commits, "commit", too_much)
    await alice.operate({"kind": "remove_node", "id": "poison"})
    assert await alice.closed() == 4412
    assert (await bob.do(move(1)))["type"] == "acked"


async def test_a_way_back_that_is_too_long_is_a_snapshot(
    join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await join("alice")
    held = deepcopy(alice.replica)
    for x in range(1, 6):
        await alice.do(move(x))
    for longest, told in ((10_000, "apply_changes"), (10, "snapshot")):
        await restart()
        monkeypatch.setattr(replica, "LONGEST_WAY_BACK", longest)
        bob = await join("bob", held=deepcopy(held))
        assert (await bob.next("snapshot", "apply_changes"))["type"] == told
        await bob.reach(6)
