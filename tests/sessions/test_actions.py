"""Actions by socket: answered like edits, in order, told to everybody while they run."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.principals import Person
from flows.actions import jobs
from flows.actions.execute import Cancelled
from flows.models import Job
from tests.sessions.conftest import Join

pytestmark = pytest.mark.asyncio


async def test_an_action_is_acked_and_everybody_gets_its_version(join: Join) -> None:
    alice, bob = await join("alice"), await join("bob")
    await alice.send("execute_action", seq=1, action="generate-children", node="b", parameters={"count": 2})
    acked = await alice.answer(1)

    assert (acked["type"], acked["version"]) == ("acked", 2)
    await bob.reach(2)
    await alice.reach(2)
    assert len(bob.replica.nodes) == 5
    assert bob.frames[-1]["changes"][-1]["via"] == "action"


async def test_it_comes_after_what_was_sent_before(join: Join) -> None:
    alice = await join("alice")
    await alice.send(
        "operate", seq=1, operation={"kind": "add_node", "node": {"id": "z", "kind": "skill", "x": 0, "y": 900}}
    )
    await alice.send("execute_action", seq=2, action="explain", node="z")

    assert (await alice.answer(2))["type"] == "acked"


async def test_a_resend_gets_the_same_answer(join: Join) -> None:
    alice = await join("alice")
    for _ in range(2):
        await alice.send("execute_action", seq=1, action="generate-children", node="b")
        assert (await alice.answer(1))["version"] == 2


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"action": "none"}, "unknown_action"),
        ({"action": "explain", "node": "nobody"}, "unknown_node"),
        ({"action": "explain"}, "invalid"),
        ({"action": "generate-children", "node": "a", "parameters": {"count": 99}}, "invalid"),
    ],
)
async def test_it_is_refused_like_an_edit(join: Join, fields: dict[str, Any], code: str) -> None:
    alice = await join("alice")
    await alice.send("execute_action", seq=1, **fields)
    refused = await alice.answer(1)

    assert (refused["type"], refused["code"]) == ("refused", code)
    assert refused["message"]


async def test_a_viewer_may_not(join: Join) -> None:
    vera = await join("vera")
    await vera.send("execute_action", seq=1, action="tidy-names")

    assert (await vera.answer(1))["code"] == "forbidden"


async def test_a_viewer_learns_how_far_a_long_one_is(join: Join, every_flow_is_large: None) -> None:
    alice, vera = await join("alice"), await join("vera")
    await alice.send("execute_action", seq=1, action="auto-layout")
    told = await vera.next("job", where=lambda frame: frame["state"] == "done")

    assert set(told) == {"type", "id", "action", "state", "progress", "message"}
    assert (told["action"], told["progress"]) == ("auto-layout", 1)
    assert (await alice.answer(1))["type"] == "acked"


async def test_a_cancelled_one_leaves_the_flow_as_it_is(
    join: Join, every_flow_is_large: None, cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.actions import arranging

    def cancelled_meanwhile(*given: Any, **more: Any) -> Any:
        (job,) = Job.objects.all()
        jobs.cancel(Person(cast["alice"].pk), job.pk)
        return arrange(*given, **more)

    arrange = arranging.arrange
    monkeypatch.setattr(arranging, "arrange", cancelled_meanwhile)
    alice = await join("alice")
    await alice.send("execute_action", seq=1, action="auto-layout")

    assert (await alice.answer(1))["code"] == "cancelled"
    assert alice.replica.version == 1
    monkeypatch.setattr(arranging, "arrange", arrange)
    await alice.send("execute_action", seq=1, action="auto-layout")
    assert (await alice.answer(1))["type"] == "acked"


async def test_a_job_that_was_cancelled_is_not_submitted(cast: dict[str, Any], flow: Any) -> None:
    def check() -> None:
        from flows.actions.execute import ActionCall

        call = ActionCall(flow_id=flow.pk, principal=Person(cast["alice"].pk), action="auto-layout")
        job = jobs.begin(call)
        jobs.cancel(call.principal, job.id)
        with pytest.raises(Cancelled):
            jobs._Progress(job.id).advance(0.9)

    await sync_to_async(check)()


@pytest.fixture
def every_flow_is_large(settings: Any) -> Iterator[None]:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, action_nodes=2)
    yield
