"""Two people in one flow: what one does, both hear, durable before it is acknowledged."""

from tests.sessions.conftest import Join

MOVE = {"kind": "move_node", "id": "a", "x": 12.5, "y": 40}


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
