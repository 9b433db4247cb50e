"""The cheapest server there can be: what one socket sends, every socket gets. It finds the generator's own ceiling.

`python -m bench.broadcast PORT` is a program; `Echoing` people send it frames shaped like ours, with as many changes
in each as a busy server would put there.
"""

import asyncio
import base64
import hashlib
import sys
from time import perf_counter
from typing import cast

import orjson

from bench.helix_person import HelixPerson
from bench.measure import Journal

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Broadcast(asyncio.Protocol):
    """One accepted socket; its frames come masked with zeros, so their bytes can be passed on as they are."""

    everyone: set[asyncio.Transport] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._rest = b""
        self._open = False

    def data_received(self, data: bytes) -> None:
        if not self._open:
            key = data.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
            accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest())
            answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            self._transport.write(answer + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            self._open = True
            self.everyone.add(self._transport)
            return
        data = self._rest + data
        start = 0
        while len(data) - start >= 6:
            length, head = data[start + 1] & 127, 2
            if length == 126:
                length, head = int.from_bytes(data[start + 2 : start + 4], "big"), 4
            after = start + head + 4 + length
            if after > len(data):
                break
            frame = bytes((data[start], data[start + 1] & 127)) + data[start + 2 : start + head]
            frame += data[start + head + 4 : after]
            for transport in self.everyone:
                transport.write(frame)
            start = after
        self._rest = data[start:]

    def connection_lost(self, error: Exception | None) -> None:
        self.everyone.discard(self._transport)


class Echoing(HelixPerson):
    """A person whose every write is a whole broadcast of `changes` edits."""

    def __init__(self, number: int, journal: Journal, *, url: str, changes: int) -> None:
        super().__init__(number, journal, url=url, flow="", token="")
        self.changes = changes

    def greet(self) -> None:
        self.joined.set_result(None)

    def write(self) -> None:
        first = self._edits + 1
        self._edits += self.changes
        edits = range(first, first + self.changes)
        heads = [
            {"version": seq, "actor": 1, "client": f"bench-{self.number:04}", "seq": seq, "via": "socket"}
            for seq in edits
        ]
        moves = [[f"n{seq % 200}", 100.25, 100.5, 144, 80] for seq in edits]
        frame = {"type": "apply_changes", "previous": first - 1, "version": self._edits, "digest": "0" * 64}
        payload = orjson.dumps({**frame, "changes": heads, "move": moves})
        now = perf_counter()
        self.journal.edits.update({(self.number, seq): now for seq in edits})
        self.socket.send(payload)

    def tick(self) -> None:
        pass

    def _tell_seen(self, now: float) -> None:
        pass


async def main(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Broadcast, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(int(sys.argv[1])))
