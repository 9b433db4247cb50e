"""Servers that can be told when to die, and clients that send again whatever was not answered."""

from typing import Any

from tests.programs import Programs
from tests.servers import Server
from tests.sessions.client import Client, connect_to
from tests.sessions.replica import Replica


class FrailServer(Server):
    """`helix up` through `tests.faults.failing`; what is `wanted` of it holds from the next start on."""

    wanted: tuple[str, ...] = ()

    def start(self) -> "FrailServer":
        plain = self.module, self.arguments
        self.module, self.arguments = "tests.faults.failing", [*self.wanted, "--", *self.arguments]
        try:
            super().start()
        finally:
            self.module, self.arguments = plain
        return self

    def wait_for_death(self) -> None:
        """Return when the process has died by SIGKILL."""
        assert self.process.wait(timeout=30) == -9

    def __enter__(self) -> "FrailServer":
        return self.start()


class Author:
    """Somebody who adds nodes, one to each name, keeps what was acknowledged, and comes back after anything."""

    def __init__(self, programs: Programs, token: str | None = None) -> None:
        self.programs, self.token = programs, token or programs.owner
        self.replica = Replica()
        self.sent = 0
        self.acked: dict[int, int] = {}
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        """The connection that there was last."""
        assert self._client is not None
        return self._client

    async def come(self, socket_url: str) -> Client:
        """Connect under the same name, with what is held."""
        # Without a bound the library hears of the end whatever it has not handed over yet.
        client = await connect_to(socket_url, self.token, self.programs.flow, max_queue=None)
        client.name = self._client.name if self._client else client.name
        client.replica = self.replica
        self._client = client
        await client.hello()
        return client

    async def send(self, number: int) -> None:
        """Send so many new ones, without waiting for an answer."""
        for _ in range(number):
            self.sent += 1
            await self._send(self.sent)

    async def send_again(self) -> None:
        """Send everything again, answered or not, and expect one answer to each: the same as before."""
        for seq in range(1, self.sent + 1):
            await self._send(seq)
        for seq in range(1, self.sent + 1):
            answer = await self.client.answer(seq)
            assert answer["type"] == "acked"
            assert self.acked.setdefault(seq, answer["version"]) == answer["version"]

    def note(self) -> None:
        """Keep the acknowledgements that arrived, if there was ever a connection."""
        for frame in self._client.frames if self._client else ():
            if frame["type"] == "acked":
                assert self.acked.setdefault(frame["seq"], frame["version"]) == frame["version"]

    def node(self, seq: int) -> str:
        """Name the node that a submission adds."""
        return f"{self.client.name}-{seq}"

    async def _send(self, seq: int) -> None:
        node = {"id": self.node(seq), "kind": "note", "x": seq, "y": 0}
        await self.client.operate({"kind": "add_node", "node": node}, seq)


def logged(programs: Programs) -> dict[int, Any]:
    """Return the log's operations by version, which are dense."""
    items: list[Any] = []
    while True:
        since = items[-1]["version"] if items else 0
        page = programs.call(programs.owner, "GET", f"/flows/{programs.flow}/changes?since={since}&limit=1000")
        items += page["items"]
        if not page["items"] or items[-1]["version"] == page["version"]:
            break
    assert [item["version"] for item in items] == list(range(1, len(items) + 1))
    return {item["version"]: item["operation"] for item in items}
