"""People of the generator: how one of them joins, writes, points and reads, in each product's own protocol.

The schedule and the measure know only `Person`. All speak raw frames: no client library is in the
figures, neither ours nor the others', and none applies what it reads to a document of its own.
"""

import asyncio
from abc import ABC, abstractmethod
from time import perf_counter

from bench.measure import Journal
from bench.websocket import Socket

NODES_PER_WRITER = 20


class Person(ABC):
    """One person with one socket. `number` is its place among the people; the first ones write."""

    socket: Socket

    def __init__(self, number: int, journal: Journal) -> None:
        self.number = number
        self.journal = journal
        self.joined = asyncio.get_running_loop().create_future()
        self._edits = 0
        self._moves = 0

    async def join(self) -> None:
        """Connect, say hello and wait until the document is here."""
        await self.socket.open()
        self.greet()
        await asyncio.wait_for(self.joined, 60)

    def write(self) -> None:
        """Move one node: an operation of about 100 bytes."""
        self._edits += 1
        payload = self.edit(self._edits, self.number * NODES_PER_WRITER + self._edits % NODES_PER_WRITER)
        self.journal.edits[self.number, self._edits] = perf_counter()
        self.socket.send(payload)

    def point(self) -> None:
        """Move the cursor; where it is says which move it was and whose."""
        self._moves += 1
        payload = self.cursor(self._moves)
        self.journal.cursors[self.number, self._moves] = perf_counter()
        self.socket.send(payload)

    @abstractmethod
    def greet(self) -> None:
        """Send what opens a session."""

    @abstractmethod
    def edit(self, seq: int, node: int) -> bytes:
        """Return the message that moves node number `node`, marked with `seq`."""

    @abstractmethod
    def cursor(self, seq: int) -> bytes:
        """Return the message of a cursor at `[seq, number]`."""

    def tick(self) -> None:  # noqa: B027  (most have nothing to do)
        """Do what the protocol asks of a client now and then."""
