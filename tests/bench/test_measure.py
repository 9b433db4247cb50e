"""What the figures are made of: latencies of others, read once per frame; and edits a Yjs server takes for its own."""

import pytest

from bench.gates import judged
from bench.helix_person import read
from bench.measure import Frame, Journal, Latency
from bench.websocket import Socket, frame
from bench.yjs_person import item, update

BROADCAST = (
    b'{"type":"apply_changes","previous":4,"version":6,"digest":"d","changes":['
    b'{"version":5,"actor":1,"client":"bench-0000","seq":1,"via":"socket"},'
    b'{"version":6,"actor":2,"client":"somebody","seq":9,"via":"page"}],"move":[["n1",1,2,144,80]]}'
)


def test_a_broadcast_tells_which_of_the_generators_edits_it_holds() -> None:
    assert read(BROADCAST) == Frame(edits=[(0, 1)], cursors=[], previous=4, version=6)


def test_presence_tells_whose_cursor_moved_how_often() -> None:
    assert read(b'{"type":"presence","states":{"s1":{"cursor":[7,3]},"s2":{"cursor":null}}}').cursors == [(3, 7)]


def test_latency_is_that_of_the_others_and_of_the_window_alone() -> None:
    journal = Journal(read)
    journal.edits[0, 1] = 10.0
    for receiver, arrived in ((0, 10.001), (1, 10.010), (2, 10.030)):
        journal.saw(BROADCAST, receiver, arrived)
    edits, cursors = journal.latencies(9.0, 11.0)
    assert (edits.count, cursors.count) == (2, 0)
    assert edits.percentile(50) == pytest.approx(10, abs=0.1)
    assert edits.percentile(99) == pytest.approx(30, abs=0.1)
    assert journal.latencies(10.5, 11.0)[0].count == 0


def test_nothing_measured_has_no_percentile() -> None:
    assert Latency().percentile(50) is None


@pytest.mark.parametrize("cut", [1, 3, 5, 70_000])
def test_frames_are_read_however_the_network_cuts_them(cut: int) -> None:
    came: list[bytes] = []
    socket = Socket("ws://127.0.0.1/", {}, lambda payload, arrived: came.append(payload))
    messages = [b"", b"short", b"m" * 300, b"l" * 70_000]
    stream = b"".join(unmasked(message) for message in messages)
    for start in range(0, len(stream), cut):
        socket.data_received(stream[start : start + cut])
    assert came == messages


def test_yjs_updates_are_byte_for_byte_those_of_yjs() -> None:
    client = 1_000_003
    first = update(client, 0, [item("n61", 1.25, 610.5, "@3:1@", None)], None)
    second = update(client, 1, [item("n61", 2.25, 610.5, "@3:2@", (client, 0))], (client, 0))
    assert first.hex() == (
        "0101c3843d002801056e6f646573036e363101760301787c3fa0000001797c4418a000046d61726b770540333a314000"
    )
    assert second.hex() == (
        "0101c3843d01a8c3843d0001760301787c4010000001797c4418a000046d61726b770540333a324001c3843d010001"
    )


def test_a_missed_gate_is_said_with_its_factor() -> None:
    assert judged(5.0, 6.0) == "5.0 ✓"
    assert judged(12.0, 6.0) == "**12.0** ✗ 2.0×"
    assert judged(250.0, 500.0, at_least=True, digits=0) == "**250** ✗ 2.0×"


def unmasked(payload: bytes) -> bytes:
    """Turn a client's frame into a server's: without the mask."""
    masked = frame(1, payload)
    mask = masked.index(b"\0\0\0\0", len(masked) - len(payload) - 4)
    return bytes((masked[0], masked[1] & 0x7F)) + masked[2:mask] + payload
