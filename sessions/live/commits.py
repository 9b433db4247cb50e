"""One commit after the other: the batch that waits is saved, followed, and answered.

A batch that meets a defect is raised, so that the session starts again and its entries go one by one; whose entry then
meets it alone is sent away.
"""

import time
from functools import partial
from typing import Protocol

import structlog

from flows.commands import Versioned, submit
from flows.errors import NotFound
from flows.publish import hint_changed
from flows.submission import Receipt
from sessions import metrics
from sessions.database import patiently
from sessions.live.answers import answer
from sessions.live.broadcaster import Audience
from sessions.live.inbox import Entry, Inbox
from sessions.live.replica import Current
from sessions.processes.group_channel import GroupChannel
from sessions.protocol.codes import Close, Closing

log = structlog.get_logger(__name__)


class Committing(Protocol):
    """What a batch is taken from, and who is to know of its receipt."""

    flow: Current
    inbox: Inbox
    audience: Audience
    channel: GroupChannel

    async def follow(self, receipt: Receipt) -> None:
        """Bring the flow in memory to where the receipt says it stands."""

    def expect_open(self) -> None:
        """Raise `Closing` if the session ends."""


class Commits:
    """The commits of one session."""

    def __init__(self, session: Committing) -> None:
        self._session = session

    async def next(self) -> None:
        """Commit what is waiting, in one transaction; then tell everybody and answer the authors. Raises `Closing`."""
        batch = self._session.inbox.take()
        begun = time.monotonic()
        try:
            receipt = await self._save(batch)
        except NotFound:
            self._session.expect_open()
            raise Closing(Close.NOT_FOUND) from None
        except Closing:
            raise
        except Exception as defect:
            self._blame(batch, defect)
            return
        metrics.commit_seconds.observe(time.monotonic() - begun)
        metrics.commit_size.observe(len(batch))
        if receipt.version > self._session.flow.version:  # whatever goes wrong from here on, others are told
            self._session.channel.send(hint_changed(receipt).message)
        await self._session.follow(receipt)
        for entry, given in zip(batch, receipt.answers, strict=True):
            answer(entry, given, self._session.audience, self._session.flow)
        self._session.inbox.done()

    async def _save(self, batch: list[Entry]) -> Receipt:
        submissions = [entry.submission for entry in batch]
        graph = Versioned(self._session.flow.document, self._session.flow.version)
        save = partial(submit, self._session.flow.flow_id, submissions, graph=graph)
        return await patiently(save, self._session.expect_open, self._session.inbox.say_delayed)

    def _blame(self, batch: list[Entry], defect: Exception) -> None:
        """Raise a batch's defect, so that its entries go one by one; send away the author of the one that does it."""
        if len(batch) > 1 or not batch[0].attempts:
            for entry in batch:
                entry.attempts += 1
            raise defect
        log.error("submission_failed", flow=str(self._session.flow.flow_id), seq=batch[0].seq, exc_info=defect)
        batch[0].socket.close(Close.RESTARTING)
        self._session.inbox.done()
