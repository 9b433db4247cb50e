"""Two people in one flow: what one does both hear, durable before it is acknowledged; a refusal changes nothing."""

import pytest
from asgiref.sync import sync_to_async

from flows.log import changes_since
from flows.models import Flow
from tests.sessions.conftest import Join

MOVE = {"kind": "move_node", "id": "a", "x": 12.5, "y": 40}
RENAME = {"kind": "edit_node", "id": "a", "set": {"label": "Plan"}}


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (None, "invalid"),
        ([], "invalid"),
        ({}, "invalid"),
        ({"kind": "explode"}, "invalid"),
        ({**MOVE, "z": 1}, "invalid"),
        ({**MOVE, "x": 10**9}, "invalid"),
        ({**MOVE, "id": "nobody"}, "unknown_node"),
        ({"kind": "remove_edge", "id": "nothing"}, "unknown_edge"),
        ({"kind": "add_node", "node": {"id": "a", "kind": "agent", "x": 0, "y": 0}}, "duplicate_id"),
        ({"kind": "add_edge", "edge": {"id": "aa", "source": "a", "target": "a"}}, "self_loop"),
        ({"kind": "replace_graph", "nodes": [], "edges": []}, "invalid"),
        ({"kind": "create_flow", "title": "x", "description": "", "nodes": [], "edges": []}, "invalid"),
    ],
)
async def test_a_refusal_is_told_to_its_author_alone_and_changes_nothing(
    join: Join, operation: object, code: str
) -> None:
    alice, bob = await join("alice"), await join("bob")
    refused = await alice.do(operation)
    assert (refused["type"], refused["code"]) == ("refused", code)
    assert refused["message"]
    assert refused["state"].keys() == {"nodes", "edges"}
    assert (await alice.do(MOVE))["version"] == 2
    await bob.reach(2)
    assert not [frame for frame in await bob.settle() if frame["type"] == "refused"]


async def test_a_refusal_shows_what_it_touched_as_it_is_now(join: Join) -> None:
    alice = await join("alice")
    refused = await alice.do({"kind": "add_edge", "edge": {"id": "x", "source": "a", "target": "gone"}})
    assert [node["id"] for node in refused["state"]["nodes"]] == ["a"]
    assert refused["state"]["edges"] == []
    html = await join("bob", format="html")
    refused = await html.do({"kind": "edit_node", "id": "gone", "set": {"label": "x"}})
    assert refused["html"] == '<helix-gone data-node-id="gone"></helix-gone>'


async def test_a_viewer_sees_everything_and_changes_nothing(join: Join) -> None:
    alice, vera = await join("alice"), await join("vera")
    refused = await vera.do(MOVE)
    assert (refused["code"], refused["state"]["nodes"][0]["x"]) == ("forbidden", 0)
    await alice.do(MOVE)
    await vera.reach(2)
    assert vera.replica.graph() == alice.replica.graph()


async def test_a_move_is_acknowledged_and_heard_by_everybody(join: Join) -> None:
    alice, bob = await join("alice"), await join("bob")
    assert await alice.do(MOVE, seq=7) == {"type": "acked", "seq": 7, "version": 2}
    for client in (alice, bob):
        frame = await client.next("apply_changes")
        assert frame["move"] == [["a", 12.5, 40, 144, 80]]
        assert "update" not in frame
        head = {"version": 2, "actor": alice.me["id"], "client": alice.name, "seq": 7, "via": "socket"}
        assert frame["changes"] == [head]
    assert alice.replica.graph() == bob.replica.graph()


async def test_every_kind_of_change_keeps_copies_equal_and_digests_right(join: Join, flow: Flow) -> None:
    alice, bob = await join("alice"), await join("bob")
    operations = [
        {"kind": "add_node", "node": {"id": "g", "kind": "group", "x": 0, "y": 0}},
        {"kind": "edit_node", "id": "a", "set": {"parent": "g"}},
        {"kind": "move_node", "id": "g", "x": 50, "y": 50},
        {"kind": "resize_node", "id": "b", "width": 200, "height": 100},
        RENAME,
        {"kind": "add_edge", "edge": {"id": "bc", "source": "b", "target": "c"}},
        {"kind": "edit_edge", "id": "bc", "set": {"label": "then"}},
        {"kind": "edit_edge", "id": "bc", "set": {"source": "c", "target": "a"}},
        {"kind": "edit_flow", "set": {"title": "Better"}},
        {"kind": "batch", "operations": [{"kind": "remove_node", "id": "g"}, {"kind": "remove_edge", "id": "bc"}]},
        {"kind": "remove_node", "id": "b"},
    ]
    for version, operation in enumerate(operations, 2):
        assert (await alice.do(operation))["version"] == version
        await bob.reach(version)
        await alice.reach(version)
        assert alice.replica.graph() == bob.replica.graph()
    assert bob.replica.title == "Better"
    assert bob.replica.nodes.keys() == {"a", "c"}
    assert bob.replica.digest == (await sync_to_async(changes_since)(flow.pk, 0))[-1].digest


async def test_answers_come_in_the_order_of_arrival_and_many_share_a_commit(join: Join) -> None:
    alice, bob = await join("alice"), await join("bob")
    seqs = [await alice.operate({**MOVE, "x": x}) for x in range(100)]
    answers = [await alice.next("acked") for _ in seqs]
    assert [answer["seq"] for answer in answers] == seqs
    assert [answer["version"] for answer in answers] == list(range(2, 102))
    await bob.reach(101)
    frames = [frame for frame in await bob.settle() if frame["type"] == "apply_changes"]
    assert len(frames) < 100
    assert bob.replica.nodes["a"]["x"] == 99


async def test_a_change_of_nothing_makes_no_version(join: Join) -> None:
    alice, bob = await join("alice"), await join("bob")
    assert (await alice.do({**MOVE, "x": 0, "y": 0}))["version"] == 1
    assert "apply_changes" not in {frame["type"] for frame in await bob.settle()}


async def test_a_resend_gets_the_answer_that_was_given(join: Join) -> None:
    alice = await join("alice")
    assert (await alice.do(MOVE, seq=1))["version"] == 2
    refused = await alice.do({**MOVE, "id": "later"}, seq=2)
    assert refused["code"] == "unknown_node"
    await alice.do({"kind": "add_node", "node": {"id": "later", "kind": "agent", "x": 0, "y": 0}}, seq=3)
    assert (await alice.do(MOVE, seq=1))["version"] == 2
    again = await alice.do({**MOVE, "id": "later"}, seq=2)
    assert (again["code"], again["state"]["nodes"][0]["id"]) == ("unknown_node", "later")
    assert (await alice.do(RENAME, seq=1))["version"] == 2, "the name is used up, whatever is sent under it"
    await alice.reach(3)
    assert (await alice.do(RENAME, seq=4))["version"] == 4


async def test_a_role_too_small_is_not_held_against_the_seq(join: Join, flow: Flow) -> None:
    vera = await join("vera")
    assert (await vera.do(MOVE, seq=1))["code"] == "forbidden"
    await flow.memberships.filter(user_id=vera.me["id"]).aupdate(role="editor")
    assert (await vera.do(MOVE, seq=1))["type"] == "acked"


async def test_html_gets_fragments_for_content_and_numbers_for_places(join: Join) -> None:
    alice, bob = await join("alice"), await join("bob", format="html")
    await alice.do(MOVE)
    moved = await bob.next("apply_changes")
    assert (moved["html"], moved["move"]) == ("", [["a", 12.5, 40, 144, 80]])
    await alice.do(RENAME)
    renamed = await bob.next("apply_changes")
    assert renamed["html"].startswith('<helix-node id="n-a"')
    assert "move" not in renamed
    assert not {"add", "update", "remove"} & renamed.keys()


async def test_a_whole_graph_is_replaced_if_it_was_made_for_this_version(join: Join) -> None:
    alice, bob = await join("alice"), await join("bob")
    graph = {"nodes": [{"id": "only", "kind": "note", "x": 1, "y": 2}], "edges": []}
    await alice.send("sync_graph", seq=1, version=1, graph=graph)
    assert await alice.answer(1) == {"type": "acked", "seq": 1, "version": 2}
    await bob.reach(2)
    assert bob.replica.nodes.keys() == {"only"}
    await bob.send("sync_graph", seq=1, version=1, graph={"nodes": [], "edges": []})
    stale = await bob.answer(1)
    assert (stale["type"], stale["error"], stale["version"]) == ("sync_graph", "version_mismatch", 2)
    assert [node["id"] for node in stale["graph"]["nodes"]] == ["only"]
    await bob.send("sync_graph", seq=1, version=2, graph=graph)
    assert await bob.answer(1) == {"type": "acked", "seq": 1, "version": 2}, "the same graph makes no version"
    assert "sync_graph" not in {frame["type"] for frame in await alice.settle()}


@pytest.mark.parametrize(
    "graph", [None, {}, {"nodes": []}, {"nodes": [], "edges": [], "x": 1}, {"nodes": 1, "edges": []}]
)
async def test_a_graph_that_is_none_is_refused(join: Join, graph: object) -> None:
    alice = await join("alice")
    await alice.send("sync_graph", seq=1, version=1, graph=graph)
    assert (await alice.answer(1))["code"] == "invalid"


async def test_an_action_that_is_not_there_is_refused_by_its_own_code(join: Join) -> None:
    alice = await join("alice")
    await alice.send("execute_action", seq=3, action="tidy", node="a")
    assert (await alice.next("refused"))["code"] == "unknown_action"
