"""What is waiting to be committed.

While one commit is under way the next batch collects here: that is all there is to group commit. An entry stays
unanswered until its author was told, so a session that starts again submits it again; the writing door knows it by
its name and answers what it answered before. An entry that was in a batch when a defect struck goes alone the next
time, so that one poisonous submission cannot take others with it.
"""

from collections import deque
from dataclasses import dataclass
from itertools import chain

from django.utils.translation import gettext as _

from flows.submission import Submission
from sessions import metrics
from sessions.encoding import encode
from sessions.socket import Socket

LARGEST_BATCH = 200


@dataclass(slots=True)
class Entry:
    """One submission and whoever waits for its answer; `size` is what came over the wire.

    The answer goes under `seq`, and under `client` if the frame named one: two clients may use the same seq.
    """

    submission: Submission
    socket: Socket
    seq: int
    size: int = 0
    client: str | None = None
    attempts: int = 0


class Inbox:
    """Entries in the order of their arrival."""

    def __init__(self) -> None:
        self._waiting: deque[Entry] = deque()
        self._taken: list[Entry] = []

    def __len__(self) -> int:
        return len(self._waiting) + len(self._taken)

    def put(self, entry: Entry) -> None:
        """Take a new entry."""
        self._waiting.append(entry)
        entry.socket.unanswered += 1
        entry.socket.unanswered_bytes += entry.size
        metrics.queue_length.inc()

    def take(self) -> list[Entry]:
        """Return the next batch; it counts as unanswered until `done`."""
        size = 1 if self._waiting and self._waiting[0].attempts else LARGEST_BATCH
        while self._waiting and len(self._taken) < size and not (self._taken and self._waiting[0].attempts):
            self._taken.append(self._waiting.popleft())
        return self._taken

    def done(self) -> None:
        """Note that the batch was answered."""
        for entry in self._taken:
            entry.socket.unanswered -= 1
            entry.socket.unanswered_bytes -= entry.size
        metrics.queue_length.dec(len(self._taken))
        self._taken = []

    def put_back(self) -> None:
        """Let the batch that was taken wait again, in its place."""
        self._waiting.extendleft(reversed(self._taken))
        self._taken = []

    def say_delayed(self) -> None:
        """Tell the authors that what they sent waits longer than usual."""
        frame = encode(
            "error", code="unavailable", message=_("Changes cannot be saved right now. They wait until they can.")
        )
        for socket in {entry.socket for entry in chain(self._taken, self._waiting)}:
            socket.send(frame)

    def clear(self) -> None:
        """Forget everything: the session ends, and those who wait are told to come back and send again."""
        self.put_back()
        self._taken = list(self._waiting)
        self._waiting.clear()
        self.done()
