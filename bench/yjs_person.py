"""A person at a server of the Yjs family (y-websocket, Hocuspocus): the same schedule in their protocol.

Edits are real Yjs updates, encoded here byte by byte (update format 1, `Y.Map.set` on the root map "nodes"), so one
generator drives every server and no client library is in anybody's figures. `bench/peers/state.mjs` reads the
document back with Yjs itself, which proves after each run that the server took every one of them.
"""

import re
import struct

from bench.measure import Frame, Journal
from bench.people import Person
from bench.websocket import BINARY, Socket

edit_pattern = re.compile(rb"@(\d+):(\d+)@")
cursor_pattern = re.compile(rb'"cursor":\[(\d+),(\d+)\]')
FIRST_CLIENT = 1_000_000
Position = tuple[int, int]  # client, clock


def read(payload: bytes) -> Frame:
    """Find the marks of edits and cursors; merged updates carry several."""
    edits = [(int(number), int(seq)) for number, seq in edit_pattern.findall(payload)]
    return Frame(edits, [(int(number), int(seq)) for seq, number in cursor_pattern.findall(payload)])


def number(value: int) -> bytes:
    """Encode lib0's variable-length unsigned integer."""
    out = bytearray()
    while value > 127:
        out.append(128 | (value & 127))
        value >>= 7
    out.append(value)
    return bytes(out)


def text(value: str) -> bytes:
    """Encode a string with its length in front."""
    raw = value.encode()
    return number(len(raw)) + raw


def fraction(value: float) -> bytes:
    """Encode a number that is not whole, as short as it goes without loss."""
    short = struct.pack(">f", value)
    return b"\x7c" + short if struct.unpack(">f", short)[0] == value else b"\x7b" + struct.pack(">d", value)


def item(key: str, x: float, y: float, mark: str, replaced: Position | None) -> bytes:
    """Encode one `nodes.set(key, {x, y, mark})` as an Item struct holding a ContentAny."""
    if replaced:
        place = bytes((0x80 | 0x20 | 8,)) + number(replaced[0]) + number(replaced[1])
    else:
        place = bytes((0x20 | 8,)) + number(1) + text("nodes") + text(key)
    fields = text("x") + fraction(x) + text("y") + fraction(y)
    return place + number(1) + b"\x76" + number(3) + fields + text("mark") + b"\x77" + text(mark)


def update(client: int, clock: int, items: list[bytes], deleted: Position | None) -> bytes:
    """Encode an update of consecutive items by one client, and what the last of them replaced."""
    structs = number(1) + number(len(items)) + number(client) + number(clock) + b"".join(items)
    if deleted is None:
        return structs + number(0)
    return structs + number(1) + number(deleted[0]) + number(1) + number(deleted[1]) + number(1)


class YjsPerson(Person):
    """Speaks y-protocols; with `document`, every message carries its name in front, as Hocuspocus wants it."""

    def __init__(self, number_: int, journal: Journal, *, url: str, document: str = "") -> None:
        super().__init__(number_, journal)
        self.client = FIRST_CLIENT + number_
        self.last: dict[str, tuple[float, float, str]] = {}
        self._clock = 0
        self._where: dict[str, Position] = {}
        self._prefix = text(document) if document else b""
        path = f"{url}/" if document else f"{url}/flow"
        self.socket = Socket(path, {}, self.received, BINARY)

    def greet(self) -> None:
        if self._prefix:
            self.socket.send(self._prefix + b"\x02\x00" + text("token") + text("4.7.0"))
        self.socket.send(self._prefix + b"\x00\x00\x01\x00")

    def edit(self, seq: int, node: int) -> bytes:
        key, x, y, mark = f"n{node}", seq % 5000 + 0.25, node * 10 + 0.5, f"@{self.number}:{seq}@"
        replaced = self._where.get(key)
        self._where[key] = (self.client, self._clock)
        self.last[key] = (x, y, mark)
        change = update(self.client, self._clock, [item(key, x, y, mark, replaced)], replaced)
        self._clock += 1
        return self._prefix + b"\x00\x02" + number(len(change)) + change

    def fill(self, count: int) -> None:
        """Put `count` nodes into the document in one update."""
        items = [
            item(f"s{index}", index % 100 * 200 + 0.5, index // 100 * 100 + 0.5, "start", None)
            for index in range(count)
        ]
        change = update(self.client, self._clock, items, None)
        self._clock += count
        self.socket.send(self._prefix + b"\x00\x02" + number(len(change)) + change)

    def cursor(self, seq: int) -> bytes:
        state = text(f'{{"cursor":[{seq},{self.number}]}}')
        change = number(1) + number(self.client) + number(seq) + state
        return self._prefix + b"\x01" + number(len(change)) + change

    def received(self, payload: bytes, arrived: float) -> None:
        """Sort a message by its type: sync step 2 ends the joining, updates and awareness are measured."""
        kind = payload[len(self._prefix) : len(self._prefix) + 2]
        if kind[0] == 1 or kind == b"\x00\x02":
            self.journal.saw(payload, self.number, arrived)
        elif kind == b"\x00\x01" and not self.joined.done():
            self.joined.set_result(None)
        elif kind == b"\x08\x01":
            self.journal.acked += 1
