"""Client frames: what is none is refused, what is one is read exactly."""

import json

import pytest
from websockets.client import ClientProtocol
from websockets.protocol import State
from websockets.uri import parse_uri

from sessions.protocol import fields, frames
from sessions.protocol.codec import (
    BadFrame,
    Encoded,
    UnsupportedProtocol,
    decode_frame,
    encode,
    encode_acked,
    valid_state,
)
from sessions.protocol.frames import ExecuteAction, Hello, Operate, Ping, Presence, Redo, Seen, SyncGraph, Undo

HELLO = '{"type":"hello","protocol":1,"client":"client-1","since":null,"format":"json"}'
BAD = [
    "",
    "hello",
    "null",
    "[]",
    "1",
    '"hello"',
    "{}",
    '{"type":null}',
    '{"type":["ping"]}',
    '{"type":"nonsense"}',
    '{"type":"welcome"}',
    '{"type":"ping"',
    '{"type":"ping","extra":1}',
    '{"type":"seen","version":NaN}',
    '{"type":"seen","version":Infinity}',
    '{"type":"operate","seq":1,"operation":{"kind":"move_node","id":"a","x":NaN,"y":0}}',
    '{"type":"operate","seq":1,"operation":' + "[" * 5000 + "]" * 5000 + "}",
    # hello
    HELLO.replace("1,", '"1",', 1),
    HELLO.replace("1,", "true,", 1),
    HELLO.replace('"protocol":1,', ""),
    HELLO.replace("client-1", "short"),
    HELLO.replace("client-1", "c" * 65),
    HELLO.replace("client-1", "client 1"),
    HELLO.replace('"client-1"', "12345678"),
    HELLO.replace("null", "-1"),
    HELLO.replace("null", '"7"'),
    HELLO.replace("null", "7.5"),
    HELLO.replace("null", "true"),
    HELLO.replace('"json"', '"xml"'),
    HELLO.replace(',"format":"json"', ""),
    HELLO.replace("}", ',"epoch":7}'),
    HELLO.replace("}", ',"token":"x"}'),
    # seq
    '{"type":"operate","operation":{}}',
    '{"type":"operate","seq":0,"operation":{}}',
    '{"type":"operate","seq":-1,"operation":{}}',
    '{"type":"operate","seq":1.5,"operation":{}}',
    '{"type":"operate","seq":"1","operation":{}}',
    '{"type":"operate","seq":true,"operation":{}}',
    '{"type":"operate","seq":9007199254740992,"operation":{}}',
    '{"type":"operate","seq":1}',
    '{"type":"operate","seq":1,"operation":{},"client":null}',
    '{"type":"operate","seq":1,"operation":{},"client":"short"}',
    '{"type":"operate","seq":1,"operation":{},"client":12345678}',
    '{"type":"operate","seq":1,"operation":{},"client":"client 1"}',
    '{"type":"operate","seq":1,"operation":{},"step":null}',
    '{"type":"operate","seq":1,"operation":{},"step":""}',
    '{"type":"operate","seq":1,"operation":{},"step":"a b"}',
    json.dumps({"type": "operate", "seq": 1, "operation": {}, "step": "s" * 65}),
    '{"type":"operate","seq":1,"operation":{},"person":7}',
    '{"type":"undo","seq":1,"client":"short"}',
    '{"type":"undo","seq":1,"step":"s"}',
    '{"type":"undo","seq":1,"at":-1}',
    '{"type":"redo","seq":1,"at":"2"}',
    '{"type":"redo","seq":1,"client":""}',
    '{"type":"sync_graph","seq":1,"version":1,"graph":{},"client":"client-1"}',
    '{"type":"undo"}',
    '{"type":"redo","seq":null}',
    '{"type":"sync_graph","seq":1,"graph":{}}',
    '{"type":"sync_graph","seq":1,"version":-1,"graph":{}}',
    '{"type":"execute_action","seq":1,"action":7,"node":"a"}',
    '{"type":"execute_action","seq":1,"action":"x","node":"not an id"}',
    '{"type":"seen"}',
    '{"type":"seen","version":-1}',
    # runs
    '{"type":"run_follow"}',
    '{"type":"run_follow","run":7}',
    '{"type":"run_follow","run":"not a run"}',
    '{"type":"run_follow","run":"0AB0D3A0-0000-4000-8000-000000000000"}',
    '{"type":"run_follow","run":"0ab0d3a0-0000-4000-8000-000000000000","since":-1}',
    '{"type":"run_unfollow","run":null}',
    '{"type":"run_unfollow","run":"0ab0d3a0-0000-4000-8000-000000000000","since":1}',
    # presence
    '{"type":"presence","cursor":[1]}',
    '{"type":"presence","cursor":[1,"2"]}',
    '{"type":"presence","cursor":[1,true]}',
    '{"type":"presence","cursor":[1,1e999]}',
    '{"type":"presence","cursor":{"x":1,"y":2}}',
    '{"type":"presence","selection":null}',
    '{"type":"presence","selection":["not an id"]}',
    '{"type":"presence","selection":"a"}',
    '{"type":"presence","drag":{"ids":["a"],"dx":1}}',
    '{"type":"presence","drag":{"ids":["a"],"dx":1,"dy":2,"html":"<b>"}}',
    '{"type":"presence","drag":{"ids":["a"],"dx":1,"dy":2,"x":3}}',
    '{"type":"presence","drag":{"ids":["a"],"dx":1,"dy":2,"x":3,"y":null}}',
    json.dumps({"type": "presence", "selection": ["a"], "selected": 1}),
    json.dumps({"type": "presence", "drag": {"ids": ["a"], "dx": 1, "dy": 2, "count": 1}}),
    '{"type":"presence","field":7}',
    '{"type":"presence","field":"<b>"}',
    '{"type":"presence","field":"\\ud800"}',
    json.dumps({"type": "presence", "field": "f" * 65}),
    '{"type":"presence","viewport":null}',
    '{"type":"presence","viewport":[1,2]}',
    '{"type":"presence","status":"asleep"}',
    '{"type":"presence","status":["active"]}',
    '{"type":"presence","__proto__":{}}',
]


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_frame_is_refused(text: str) -> None:
    with pytest.raises(BadFrame):
        decode_frame(text)


@pytest.mark.parametrize("protocol", [0, 2, 99])
def test_another_protocol_is_told_apart(protocol: int) -> None:
    with pytest.raises(UnsupportedProtocol):
        decode_frame(f'{{"type":"hello","protocol":{protocol},"whatever":"it says"}}')


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        (HELLO, Hello(1, "client-1", "json")),
        (
            '{"type":"hello","protocol":1,"client":"client_2","since":7,"epoch":"e","format":"html"}',
            Hello(1, "client_2", "html", 7, "e"),
        ),
        ('{"type":"operate","seq":1,"operation":{"kind":"?"}}', Operate(1, {"kind": "?"})),
        ('{"type":"operate","seq":9007199254740991,"operation":null}', Operate(2**53 - 1, None)),
        (
            '{"type":"operate","seq":1,"operation":null,"client":"client-1","step":"s"}',
            Operate(1, None, "client-1", "s"),
        ),
        ('{"type":"undo","seq":2,"client":"client-1"}', Undo(2, "client-1")),
        ('{"type":"redo","seq":2,"client":"client-1"}', Redo(2, "client-1")),
        ('{"type":"undo","seq":2}', Undo(2)),
        ('{"type":"undo","seq":2,"at":7}', Undo(2, at=7)),
        ('{"type":"redo","seq":3}', Redo(3)),
        ('{"type":"seen","version":0}', Seen(0)),
        ('{"type":"sync_graph","seq":4,"version":9,"graph":7}', SyncGraph(4, 9, 7)),
        ('{"type":"execute_action","seq":5,"action":"tidy","node":"a"}', ExecuteAction(5, "tidy", "a")),
        ('{"type":"execute_action","seq":5,"action":"tidy"}', ExecuteAction(5, "tidy", None)),
        ('{"type":"ping"}', Ping()),
        ('{"type":"presence"}', Presence({})),
    ],
)
def test_frames_are_read(text: str, frame: object) -> None:
    assert decode_frame(text) == frame


def test_a_number_too_great_for_floats_is_the_operations_affair() -> None:
    frame = decode_frame('{"type":"operate","seq":1,"operation":{"kind":"move_node","id":"a","x":1e999,"y":0}}')
    assert isinstance(frame, Operate)


def test_presence_is_kept_as_it_was_sent() -> None:
    state = {
        "cursor": [1.5, -2],
        "selection": ["a", "b"],
        "drag": {"ids": ["a"], "dx": 0.001, "dy": 0},
        "field": "settings.temperature",
        "viewport": [0, 0, 1.25],
        "status": "idle",
    }
    text = (
        '{"type":"presence","cursor":[1.5,-2],"selection":["a","b"],"drag":{"ids":["a"],"dx":0.001,"dy":0},'
        '"field":"settings.temperature","viewport":[0,0,1.25],"status":"idle"}'
    )
    assert decode_frame(text) == Presence(state)
    assert valid_state(state)
    assert not valid_state({**state, "html": "<b>"})


@pytest.mark.parametrize("version", [0, 1, 7, 10**17, 10**18 - 1, 10**18, fields.LARGEST])
def test_seen_is_read_without_the_parser_as_with_it(version: int) -> None:
    assert decode_frame(f'{{"type":"seen","version":{version}}}') == frames.Seen(version)
    assert decode_frame(f'{{"type": "seen", "version": {version}}}') == frames.Seen(version)


@pytest.mark.parametrize("text", ["01", "-1", "1.0", "1e3", "", "٣", "1}", "1,2", "1 ", "+1", "1_0", "9" * 30])
def test_what_is_no_version_is_no_seen(text: str) -> None:
    told = f'{{"type":"seen","version":{text}}}'
    try:
        parsed = json.loads(told)["version"]
    except ValueError:
        parsed = None
    if text == "1 ":
        assert decode_frame(told) == frames.Seen(1)
        return
    assert parsed is None or type(parsed) is not int or not 0 <= parsed < 2**63
    with pytest.raises(BadFrame):
        decode_frame(told)


def test_the_short_acked_is_the_long_one() -> None:
    long, short = encode(frames.Acked(seq=7, version=9)), encode_acked(7, 9)
    assert (long.raw, long.size, long.message) == (short.raw, short.size, short.message)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 70_000])
def test_a_frame_has_the_header_that_any_client_reads(size: int) -> None:
    frame = Encoded(b"x" * size)
    protocol = ClientProtocol(parse_uri("ws://x/"), state=State.OPEN, max_size=None)
    protocol.receive_data(frame.raw)
    (received,) = protocol.events_received()
    assert (bytes(received.data), frame.message["text"]) == (b"x" * size, "x" * size)  # type: ignore[union-attr]
