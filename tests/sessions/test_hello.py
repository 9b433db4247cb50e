"""The first frame: what is refused, who is greeted how, and what brings them up to date."""

import json
from copy import deepcopy

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from flows.actions import registry
from flows.limits import Limits
from flows.log import changes_since
from flows.models import Flow
from tests.sessions.client import Client, connect
from tests.sessions.conftest import Join, restart, token_of


def move(id: str, x: float) -> dict[str, object]:
    return {"kind": "move_node", "id": id, "x": x, "y": 0}


@pytest.fixture
async def stranger(live: None, flow: Flow, cast: dict[str, object]) -> Client:
    """Alice, connected, who has not said hello."""
    return await connect(await sync_to_async(token_of)(cast["alice"]), flow.pk)  # type: ignore[arg-type]


async def test_nothing_is_heard_before_hello(stranger: Client) -> None:
    for frame in ({"type": "ping"}, {"type": "operate", "seq": 1, "operation": {}}):
        await stranger.wire.send(json.dumps(frame))
        assert (await stranger.next("error"))["code"] == "invalid"
    assert (await stranger.hello())["version"] == 1


async def test_a_hello_that_does_not_fit_is_an_error_and_the_fifth_ends_it(stranger: Client) -> None:
    for _ in range(5):
        await stranger.send("hello", protocol=1, client="no", since=None, format="json")
        assert (await stranger.next("error"))["code"] == "invalid"
    assert await stranger.closed() == 4400


async def test_another_protocol_ends_it_at_once(stranger: Client) -> None:
    await stranger.send("hello", protocol=2, client="client-x", since=None, format="json")
    assert await stranger.closed() == 4400


async def test_hello_is_said_once(join: Join) -> None:
    alice = await join("alice")
    await alice.send("hello", **alice.said)
    assert (await alice.next("error"))["code"] == "invalid"
    assert (await alice.do(move("a", 1)))["type"] == "acked"


async def test_the_welcome_says_all_there_is_to_know(join: Join, flow: Flow) -> None:
    bob = await join("bob")
    alice = await connect(*await sync_to_async(lambda: (token_of(flow.members.get(name="Alice")), flow.pk))())
    welcome = await alice.hello()
    stored = await Flow.objects.aget(pk=flow.pk)
    assert (welcome["protocol"], welcome["version"]) == (1, 1)
    assert [action["id"] for action in welcome["actions"]] == [one["id"] for one in registry.catalogue()]
    assert (welcome["epoch"], welcome["digest"]) == (stored.epoch, stored.digest)
    assert welcome["you"].keys() == {"session", "id", "name", "colour", "role"}
    assert (welcome["you"]["name"], welcome["you"]["role"]) == ("Alice", "owner")
    assert welcome["you"]["colour"] != bob.me["colour"]
    assert {one["session"]: one["role"] for one in welcome["people"]} == {alice.session: "owner", bob.session: "editor"}
    assert welcome["limits"]["frame_bytes"] == 65536
    assert welcome["limits"]["unseen_versions"] == 500
    assert "login_failures" not in welcome["limits"]


async def test_a_newcomer_gets_a_snapshot(join: Join, flow: Flow) -> None:
    alice = await join("alice")
    snapshot = await alice.next("snapshot")
    stored = await Flow.objects.aget(pk=flow.pk)
    assert (snapshot["version"], snapshot["digest"], snapshot["part"], snapshot["parts"]) == (1, stored.digest, 1, 1)
    assert (snapshot["title"], snapshot["description"]) == ("Draft", "")
    assert {node["id"] for node in snapshot["nodes"]} == {"a", "b", "c"}
    assert snapshot["nodes"][0].keys() >= {"id", "kind", "x", "y", "width", "height", "label", "settings", "parent"}
    assert [edge["id"] for edge in snapshot["edges"]] == ["ab"]


async def test_who_is_up_to_date_gets_nothing_more(join: Join) -> None:
    alice = await join("alice")
    again = await join("alice", held=deepcopy(alice.replica))
    assert [frame["type"] for frame in await again.settle()] == []


async def test_what_was_missed_comes_as_one_net_change(join: Join) -> None:
    bob, alice = await join("bob"), await join("alice")
    await bob.leave()
    node = {"id": "g", "kind": "group", "x": 0, "y": 0}
    await alice.do({"kind": "add_node", "node": node})
    await alice.do({"kind": "edit_node", "id": "c", "set": {"parent": "g"}})
    await alice.do(move("a", 77))
    await alice.do({"kind": "add_node", "node": {"id": "fleeting", "kind": "agent", "x": 0, "y": 0}})
    await alice.do({"kind": "remove_node", "id": "fleeting"})
    await alice.do({"kind": "remove_node", "id": "b"})
    back = await join("bob", held=bob.replica)
    await alice.do({"kind": "remove_node", "id": "g"})
    await back.reach(8)
    missed = await back.next("apply_changes")
    assert (missed["previous"], missed["version"], len(missed["changes"])) == (1, 7, 6)
    assert missed["remove"] == {"nodes": ["b"], "edges": ["ab"]}
    assert [one["id"] for one in missed["add"]["nodes"]] == ["g"]
    assert [(one["id"], one["parent"]) for one in missed["update"]["nodes"]] == [("c", "g")]
    assert missed["move"] == [["a", 77, 0, 144, 80]]
    freed = await back.next("apply_changes")
    assert [(one["id"], one["parent"]) for one in freed["update"]["nodes"]] == [("c", None)]
    await alice.reach(8)
    assert back.replica.graph() == alice.replica.graph()


async def test_what_was_missed_while_nobody_was_here_is_told_from_the_log(join: Join, flow: Flow) -> None:
    alice = await join("alice")
    held = deepcopy(alice.replica)
    for x in range(1, 31):
        await alice.do(move("a", x))
    await alice.do({"kind": "remove_node", "id": "b"})
    digest = (await sync_to_async(changes_since)(flow.pk, 0))[-1].digest
    await restart()
    back = await join("alice", held=held)
    assert back.replica.digest == digest
    await alice.reach(32)
    assert back.replica.graph() == alice.replica.graph()
    assert [change["version"] for change in back.replica.changes] == list(range(2, 33))


@pytest.mark.parametrize("lost", [{"since": 99}, {"epoch": "another"}, {"epoch": None}, {"since": 0}])
async def test_who_holds_what_is_not_in_the_log_gets_a_snapshot(join: Join, lost: dict[str, object]) -> None:
    alice = await join("alice")
    other = await connect_as(join, alice)
    await other.send("hello", **{**other.said, "since": 1, "epoch": alice.replica.epoch, **lost})
    await other.next("welcome")
    assert (await other.next("snapshot", "apply_changes"))["type"] == "snapshot"


async def test_who_is_too_far_behind_gets_a_snapshot(join: Join, settings: Settings) -> None:
    settings.HELIX_LIMITS = Limits(catch_up=3)
    alice = await join("alice")
    await alice.do(move("a", 1))
    await alice.reach(2)
    held = deepcopy(alice.replica)
    for x in range(2, 5):
        await alice.do(move("a", x))
    near = await join("bob", held=deepcopy(held))
    assert (await near.next("snapshot", "apply_changes"))["type"] == "apply_changes"
    await alice.do(move("a", 5))
    far = await join("vera", held=held)
    assert (await far.next("snapshot", "apply_changes"))["type"] == "snapshot"


async def test_a_long_snapshot_comes_in_parts(join: Join, settings: Settings) -> None:
    settings.HELIX_LIMITS = Limits(outbound_frame_bytes=4096)
    alice = await join("alice")
    operations = [{"kind": "add_node", "node": {"id": f"n{n}", "kind": "note", "x": n, "y": 0}} for n in range(60)]
    answer = await alice.do({"kind": "batch", "operations": operations})
    assert answer["version"] == 2
    await alice.reach(2)
    parts = [frame for frame in await alice.settle() if frame["type"] == "snapshot" and frame["version"] == 2]
    assert len(parts) == parts[0]["parts"] >= 3
    assert len(alice.replica.nodes) == 63
    assert all(len(json.dumps(part, separators=(",", ":"))) <= 4096 for part in parts)


async def test_html_is_told_where_to_fetch_the_canvas(join: Join, flow: Flow) -> None:
    alice = await join("alice", format="html")
    snapshot = await alice.next("snapshot")
    assert snapshot["url"] == f"/flows/{flow.pk}/canvas"
    assert (snapshot["part"], snapshot["parts"], snapshot["version"]) == (1, 1, 1)
    assert "nodes" not in snapshot


async def connect_as(join: Join, other: Client) -> Client:
    """Connect the same person once more, without a hello."""
    from flows.models import Membership

    membership = await Membership.objects.select_related("user").aget(user_id=other.me["id"])
    client = await connect(await sync_to_async(token_of)(membership.user), membership.flow_id)
    client.said = {"protocol": 1, "client": client.name, "format": "json"}
    return client
