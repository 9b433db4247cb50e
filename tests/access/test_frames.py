"""Every frame of the socket by everybody, in the letters of `calls`; 1 and 4 are the close codes 4401 and 4404."""

from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from flows.models import Flow
from sessions.protocol.frames import SessionFrame
from tests.access.calls import EDITORS, MEMBERS
from tests.access.cast import assemble, differences
from tests.sessions.client import Client, Closed, connect
from tests.sessions.conftest import cast, everybody_parts, live, restart

__all__ = ["cast", "everybody_parts", "live"]
pytestmark = pytest.mark.asyncio

GRAPH = {"nodes": [], "edges": []}
MOVE = {"kind": "move_node", "id": "n1", "x": 5, "y": 5}
NO_RUN = "00000000-0000-0000-0000-000000000000"

FRAMES: dict[str, tuple[dict[str, Any], str, str]] = {
    # frame: (what is sent besides type and seq, row, the code of those who may where the flow has nothing for it)
    "operate": ({"operation": MOVE}, EDITORS, ""),
    "undo": ({}, EDITORS, "nothing_to_undo"),
    "redo": ({}, EDITORS, "nothing_to_undo"),
    "sync_graph": ({"version": 1, "graph": GRAPH}, EDITORS, "version_conflict"),
    "execute_action": ({"action": "generate-children", "node": "n2"}, EDITORS, ""),
    "presence": ({"cursor": [1, 2]}, MEMBERS, ""),
    "seen": ({"version": 1}, MEMBERS, ""),
    "run_follow": ({"run": NO_RUN}, MEMBERS, "not_found"),
    "run_unfollow": ({"run": NO_RUN}, MEMBERS, ""),
    "ping": ({}, MEMBERS, ""),
}
CLOSED = {4401: "1", 4404: "4"}


@pytest.fixture
async def people(live: None, flow: Flow, cast: dict[str, User]) -> AsyncIterator[dict[str, str | None]]:
    """Everybody's token."""
    found = await sync_to_async(assemble)(flow, *cast.values())
    yield {who: await sync_to_async(one.program.bearer)() for who, one in found.items()}
    await restart()


@pytest.mark.parametrize("frame", FRAMES)
async def test_every_frame_by_everybody(frame: str, people: dict[str, str | None], flow: Flow) -> None:
    cells = FRAMES[frame][1]
    answers = {who: await _ask(token, flow, frame) for who, token in people.items()}

    assert differences(cells, answers.__getitem__) == {}


async def _ask(token: str | None, flow: Flow, frame: str) -> str:
    fields, _cells, may = FRAMES[frame]
    client = await connect(token, flow.pk, None if token else {"Origin": "http://localhost:8000"})
    try:
        await client.hello()
        await client.send(frame, **({"seq": 1} if frame in SUBMITTED else {}), **fields)
        return await _answer(client, frame, may)
    except Closed as end:
        return CLOSED.get(end.code, str(end.code))
    finally:
        await client.leave()


async def _answer(client: Client, frame: str, may: str) -> str:
    """Return the letter of the answer: where there is none, the next ping is answered and no error came before it."""
    if frame not in SUBMITTED:
        if frame == "ping":
            return "y" if await client.next("pong") else ""
        errors = [one for one in await client.settle() if one["type"] == "error"]
        return "y" if not errors or errors[0]["code"] == may else str(errors[0]["code"])
    answer = await client.answer(1)
    if answer["type"] == "refused" and answer["code"] != may:
        return "3" if answer["code"] == "forbidden" else str(answer["code"])
    return "y"


SUBMITTED = {"operate", "undo", "redo", "sync_graph", "execute_action"}


async def test_no_frame_is_missing_here() -> None:
    assert {one.type for one in get_args(SessionFrame)} == FRAMES.keys()
