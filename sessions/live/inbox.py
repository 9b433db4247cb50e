"""Submissions that wait for their commit.

While one commit is under way the next batch collects here: that is all there is to group commit. An entry stays
unanswered until the answer is sent, so a session that restarts submits it again; `commit` knows it by its name and
returns the answer it gave before. An entry that was in a batch when a defect struck goes alone the next time, so that
one poisonous submission cannot take others with it.

People take turns: a person who sends a lot makes the others wait no longer than one batch. What one person sends, on
any of their sockets, stays in order.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from django.utils.translation import gettext_noop as _

from flows.submission import Submission
from sessions import metrics
from sessions.sockets.socket import Socket

LARGEST_BATCH = 200
BATCH_BYTES = 256 * 1024
"""What a batch holds when it is full; the entry that fills it may be longer."""
DELAYED = _("Changes cannot be saved right now. They will be saved as soon as possible.")


@dataclass(slots=True)
class Entry:
    """One submission and the socket that waits for its answer; `size` is what came over the wire.

    The answer goes under `seq`, and under `client` if the frame named one: two clients may use the same seq.
    """

    submission: Submission
    socket: Socket
    seq: int
    size: int = 0
    client: str | None = None
    attempts: int = 0


class Inbox:
    """Entries by their authors, the next one first; each author's in the order of arrival."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[int | None, deque[Entry]] = OrderedDict()
        self._taken: list[Entry] = []
        self._answered = asyncio.Event()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values())) + len(self._taken)

    def __iter__(self) -> Iterator[Entry]:
        yield from self._taken
        yield from chain.from_iterable(self._waiting.values())

    def put(self, entry: Entry) -> None:
        """Add a new entry."""
        self._waiting.setdefault(entry.submission.actor, deque()).append(entry)
        entry.socket.unanswered += 1
        entry.socket.unanswered_bytes += entry.size
        metrics.queue_length.value += 1

    def take(self) -> list[Entry]:
        """Return the next batch; it counts as unanswered until `done`."""
        room = BATCH_BYTES
        while self._waiting and len(self._taken) < LARGEST_BATCH and room > 0:
            person, own = next(iter(self._waiting.items()))
            if self._taken and (own[0].attempts or self._taken[0].attempts):
                break
            self._taken.append(own.popleft())
            room -= self._taken[-1].size
            if own:
                self._waiting.move_to_end(person)
            else:
                del self._waiting[person]
        return self._taken

    def done(self) -> None:
        """Remove the batch, which was answered."""
        for entry in self._taken:
            entry.socket.unanswered -= 1
            entry.socket.unanswered_bytes -= entry.size
        metrics.queue_length.value -= len(self._taken)
        self._taken = []
        self._answered.set()
        self._answered = asyncio.Event()

    async def passed(self, person: int | None) -> None:
        """Return when all that a person has put in so far is answered."""
        mine = [entry for entry in self if entry.submission.actor == person]
        while mine:
            await self._answered.wait()
            waiting = {id(entry) for entry in self}
            mine = [entry for entry in mine if id(entry) in waiting]

    def requeue(self) -> None:
        """Put the batch back to where it was."""
        for entry in reversed(self._taken):
            person = entry.submission.actor
            self._waiting.setdefault(person, deque()).appendleft(entry)
            self._waiting.move_to_end(person, last=False)
        self._taken = []

    def report_delay(self) -> None:
        """Tell the authors that their changes wait longer than usual."""
        for socket in {entry.socket for entry in self}:
            socket.send_error("unavailable", DELAYED)

    def clear(self) -> None:
        """Remove everything: the session ends, and clients send unanswered changes again after they reconnect."""
        self._taken = list(self)
        self._waiting.clear()
        self.done()
