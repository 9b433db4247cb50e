"""One commit after the other: the batch that waits is saved, followed, and answered.

A defect in a batch is raised, so that the session restarts and its entries go one by one; an entry that meets it alone
has its socket closed.
"""

import time
from functools import partial
from typing import Protocol

import structlog

from flows.commands import Versioned, commit
from flows.errors import NotFound
from flows.publish import hint_changed
from flows.submission import Receipt
from sessions import metrics
from sessions.database import with_retries
from sessions.live.answers import answer
from sessions.live.broadcaster import Broadcaster
from sessions.live.inbox import Entry, Inbox
from sessions.live.replica import Replica
from sessions.processes.group_channel import GroupChannel
from sessions.protocol.codes import Close, Closing

log = structlog.get_logger(__name__)


class Committing(Protocol):
    """The session whose submissions are committed."""

    replica: Replica
    inbox: Inbox
    broadcaster: Broadcaster
    channel: GroupChannel

    async def follow(self, receipt: Receipt) -> None:
        """Bring the replica to where a commit left the flow."""

    def expect_open(self) -> None:
        """Raise `Closing` if the session ends."""


class Commits:
    """The commits of one session."""

    def __init__(self, session: Committing) -> None:
        self._session = session

    async def commit_next(self) -> None:
        """Commit what is waiting in one transaction, broadcast it and answer the authors. Raises `Closing`."""
        session = self._session
        batch = session.inbox.take()
        started = time.monotonic()
        try:
            receipt = await self._save(batch)
        except NotFound:
            session.expect_open()
            raise Closing(Close.NOT_FOUND) from None
        except Closing:
            raise
        except Exception as defect:
            self._isolate(batch, defect)
            return
        metrics.commit_seconds.observe(time.monotonic() - started)
        metrics.commit_size.observe(len(batch))
        if receipt.version > session.replica.version:  # first of all: whatever fails from here on, others know
            session.channel.send(hint_changed(receipt).message)
        await session.follow(receipt)
        for entry, given in zip(batch, receipt.answers, strict=True):
            answer(entry, given, session.broadcaster)
        session.inbox.done()

    async def _save(self, batch: list[Entry]) -> Receipt:
        submissions = [entry.submission for entry in batch]
        replica = self._session.replica
        graph = Versioned(replica.document, replica.version)
        save = partial(commit, replica.flow_id, submissions, graph=graph)
        return await with_retries(save, self._session.expect_open, self._session.inbox.report_delay)

    def _isolate(self, batch: list[Entry], defect: Exception) -> None:
        """Raise a batch's defect, so that its entries go one by one; close the socket of the one that causes it."""
        if len(batch) > 1 or not batch[0].attempts:
            for entry in batch:
                entry.attempts += 1
            raise defect
        log.error("submission_failed", flow=str(self._session.replica.flow_id), seq=batch[0].seq, exc_info=defect)
        batch[0].socket.close(Close.RESTARTING)
        self._session.inbox.done()
