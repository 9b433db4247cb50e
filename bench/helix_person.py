"""A person at our own server, in the `json` or the `html` format of docs/protocol.md."""

import re
from time import perf_counter

import orjson

from bench.measure import Frame, Journal
from bench.people import Person
from bench.websocket import Socket

cursor_pattern = re.compile(rb'"cursor":\s*\[(\d+)(?:\.0+)?,\s*(\d+)')
writer_pattern = re.compile(r"bench-(\d+)")
SEEN_VERSIONS, SEEN_BYTES, SEEN_PAUSE = 100, 262_144, 0.1


def read(payload: bytes) -> Frame:
    """Read what a broadcast carries: whose edits, whose cursors, from which version to which."""
    if b'"presence"' in payload[:64]:
        return Frame([], [(int(number), int(seq)) for seq, number in cursor_pattern.findall(payload)])
    frame = orjson.loads(payload)
    edits = [
        (int(name[1]), change["seq"])
        for change in frame["changes"]
        if (name := writer_pattern.fullmatch(change["client"] or ""))
    ]
    return Frame(edits, [], frame["previous"], frame["version"])


class HelixPerson(Person):
    """Follows the protocol's flow control, and notices gaps and refusals."""

    def __init__(self, number: int, journal: Journal, *, url: str, flow: str, token: str, form: str = "json") -> None:
        super().__init__(number, journal)
        self.form = form
        self.version = 0
        self.welcomed = 0.0
        self._seen_version = self._seen_bytes = 0
        self._seen_at = 0.0
        headers = {"Authorization": f"Bearer {token}"}
        self.socket = Socket(f"{url}/ws/flows/{flow}/", headers, self.received)

    def greet(self) -> None:
        hello = {
            "type": "hello",
            "protocol": 1,
            "client": f"bench-{self.number:04}",
            "since": None,
            "format": self.form,
        }
        self.socket.send(orjson.dumps(hello))

    def edit(self, seq: int, node: int) -> bytes:
        move = {"kind": "move_node", "id": f"n{node}", "x": seq % 5000 + 0.25, "y": node * 10 + 0.5}
        return orjson.dumps({"type": "operate", "seq": seq, "operation": move})

    def cursor(self, seq: int) -> bytes:
        return orjson.dumps({"type": "presence", "cursor": [seq, self.number]})

    def received(self, payload: bytes, arrived: float) -> None:
        """Sort a frame by its type, without parsing it when the type stands in front."""
        head = payload[:32]
        if head.startswith((b'{"type":"apply_changes"', b'{"type":"presence"')):
            self._broadcast(payload, arrived)
        elif head.startswith(b'{"type":"acked"'):
            self.journal.acked += 1
        else:
            self._rare(payload, arrived)

    def tick(self) -> None:
        if self._seen_version < self.version or self._seen_bytes < self.socket.bytes_received:
            self._tell_seen(perf_counter())

    def _broadcast(self, payload: bytes, arrived: float) -> None:
        frame = self.journal.saw(payload, self.number, arrived)
        if frame.version:
            self.journal.gaps += frame.previous != self.version
            self.version = frame.version
        behind = self.version - self._seen_version
        if behind >= SEEN_VERSIONS or self.socket.bytes_received - self._seen_bytes >= SEEN_BYTES:
            self._tell_seen(arrived)

    def _tell_seen(self, now: float) -> None:
        if now - self._seen_at >= SEEN_PAUSE:
            self._seen_at, self._seen_version = now, self.version
            self._seen_bytes = self.socket.bytes_received
            self.socket.send(b'{"type":"seen","version":%d}' % self.version)

    def _rare(self, payload: bytes, arrived: float) -> None:
        frame = orjson.loads(payload)
        match frame["type"]:
            case "apply_changes" | "presence":
                self._broadcast(payload, arrived)
            case "acked":
                self.journal.acked += 1
            case "refused" | "error":
                self.journal.refused[frame["code"]] = self.journal.refused.get(frame["code"], 0) + 1
            case "welcome":
                self.welcomed = arrived
            case "snapshot":
                self.version = frame["version"]
                if frame["part"] == frame["parts"] and not self.joined.done():
                    self.joined.set_result(None)
