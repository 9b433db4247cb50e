"""The queue beneath runs: it hands task ids to workers and knows nothing else of them.

`perform(id)` is called at least once for each id that was handed, by one owner at a time. Ids are handed over after the
commit that made them; a sweep hands over again what was not. So the engine may lose everything and nothing is lost.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

ANY: Final = "any"
"""The queue of steps without labels."""
LONGEST = 1_500
"""Bytes of a queue's name: PostgreSQL keeps it in indexes, whose entries have at most 2,704."""
DIGESTS: Final = "#"
"""With this begins the name of a queue that holds digests of labels; no label begins so."""


@dataclass(frozen=True, slots=True)
class Handed:
    """One piece of work: `id` is `"<task key>#<claim>"`, `queue` as `queue_of` says; less `priority` comes first;
    `delay` is in seconds. `account` is on whose account it takes a place of a worker; work on nobody's has no share."""

    id: str
    queue: str
    priority: int
    delay: float = 0.0
    account: str = ""


def queue_of(labels: Collection[str]) -> str:
    """Return the queue of steps with these labels: sorted, joined by a comma, or "any" without.

    Where that is too long or means something else, digests stand for the labels; more of them than have room, no worker
    has.
    """
    name = ",".join(sorted(labels))
    if not labels:
        return ANY
    if len(name.encode()) <= LONGEST and name != ANY and name[0].isalnum():
        return name
    digests = DIGESTS + ",".join(sorted(map(_digest, labels)))
    return digests if len(digests) <= LONGEST else DIGESTS + _digest(name)


def can_serve(labels: Collection[str], queue: str) -> bool:
    """Tell whether a worker with these labels has all that the steps of a queue need."""
    if queue == ANY:
        return True
    if queue.startswith(DIGESTS):
        return set(queue.removeprefix(DIGESTS).split(",")) <= {_digest(label) for label in labels}
    return set(queue.split(",")) <= set(labels)


def _digest(label: str) -> str:
    return urlsafe_b64encode(sha256(label.encode()).digest()[:9]).decode()


class RunEngine(Protocol):
    """What an engine can do."""

    def hand(self, work: Sequence[Handed], then: Callable[[], None] | None = None) -> None:
        """Queue work, unless it is queued or under way; what is over under the same id is begun again.

        What cannot be queued keeps nothing else from it, and may be handed again. `then` is called when that is done,
        maybe later and in another thread.
        """

    def cancel(self, ids: Sequence[str]) -> None:
        """Let nobody begin these; who is at one hears of it by its row."""

    def held_by(self, worker: str) -> list[str]:
        """Return the ids that a worker began and did not end."""

    def holders(self) -> set[str]:
        """Return all workers that began something and did not end it."""

    def reassign(self, ids: Sequence[str]) -> None:
        """Put those that were begun back into their own queues."""

    def states(self, ids: Sequence[str]) -> dict[str, str]:
        """Return "queued", "running", "done", "failed" or "cancelled" by id; unknown ids are left out."""

    def forget(self, ids: Sequence[str]) -> None:
        """Drop these, whatever their state."""

    def tidy(self) -> int:
        """Drop what has been over for a while; return how much."""

    def waiting(self) -> dict[str, int]:
        """Return how much waits in each queue."""

    def listen(
        self,
        perform: Callable[[str], None],
        *,
        worker: str,
        labels: frozenset[str],
        capacity: int,
        may_begin: Callable[[], bool] = lambda: True,
        most_each: Callable[[str], int] | None = None,
    ) -> None:
        """Begin to call `perform`, at most `capacity` at once, for every queue whose labels are all among `labels`.

        Each account has at most `most_each(account)` of these places, and a place goes to the account that has the
        fewest. Nothing begins while `may_begin` says no. Called again under another name, what the earlier one holds
        is left to the worker that takes it over.
        """

    def stop(self, *, patience: float) -> None:
        """Begin nothing more, wait for what runs for at most `patience` seconds, and let go."""
