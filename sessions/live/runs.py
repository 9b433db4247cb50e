"""The runs of a flow, told to everybody in it: how far each node is, at most ten times a second.

A hint says that something happened; what, is read from the run's log after the event that was told last, folded, and
sent as one frame for all of a language. So hints may be lost, doubled or late: every few seconds the rows are looked at
anyway. A socket that reads too slowly, or that asks, gets the nodes as they are now. Nothing here waits in front of an
edit, and a defect costs the runs' picture, not the session. Agents' words pass through, joined and never kept.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from uuid import UUID

import structlog
from django.utils.translation import gettext_noop as _
from django.utils.translation import override

from flows.limits import Limits
from runs.models import Run
from sessions.database import Database
from sessions.live.broadcaster import Broadcaster
from sessions.live.run_fold import RunFold
from sessions.processes.group_channel import Message
from sessions.protocol.codec import Encoded, encode
from sessions.protocol.codes import Closing
from sessions.protocol.fields import RunEntry
from sessions.protocol.frames import Run as RunFrame
from sessions.protocol.frames import RunText
from sessions.run_reading import LAST_RUNS, RunHead, RunNews, last_runs, read_news
from sessions.sockets.socket import Socket

PAUSE = 0.1
LOOK_SECONDS, LOOK_SECONDS_IDLE = 5.0, 15.0
MOST_TASKS = 200_000
"""So many tasks are kept folded, at most; others are read again when they are needed."""
MOST_FOLDS = 20
"""So many runs that have ended."""
MOST_ASKING, MOST_MUTED, MOST_TEXTS = 1_000, 100, 100
LONGEST_TEXT = 8_192
UNKNOWN = _("Not found.")
log = structlog.get_logger(__name__)


class RunFeed:
    """The runs of one flow, in one process."""

    def __init__(self, flow_id: UUID, broadcaster: Broadcaster, limits: Limits, in_database: Database) -> None:
        self._flow_id, self._broadcaster, self._limits, self._database = flow_id, broadcaster, limits, in_database
        self._heads: dict[str, RunHead] = {}
        self._folds: OrderedDict[str, RunFold] = OrderedDict()
        self._dirty: set[str] = set()
        self._asking: list[tuple[Socket, str, int]] = []
        self._texts: dict[tuple[str, str], str] = {}
        self._is_known = self._is_looking = False
        self._looked_at = 0.0
        self._task: asyncio.Task[None] | None = None

    # What the session asks of it.

    async def known(self) -> None:
        """Return when the last runs are known."""
        if not self._is_known:
            self._learn(await self._database(last_runs, self._flow_id))

    def entries(self) -> list[RunEntry]:
        """Tell of the last runs, the newest first, up to what everybody was told."""
        heads = sorted(self._heads.values(), key=lambda head: (head.created_at, head.id), reverse=True)
        return [
            RunEntry(id=one.id, version=one.version, state=one.state, progress=one.progress, seq=one.seq)
            for one in heads[:LAST_RUNS]
        ]

    def receive(self, message: Message) -> None:
        """Take a hint that something happened in a run, or an agent's words."""
        if message["type"] == "flow.run":
            self.note(str(message["run"]), message["seq"])
        else:
            self.say(str(message["run"]), message["node"], message["text"])

    def note(self, run: str, seq: int) -> None:
        """Note that something happened in a run."""
        if not len(self._broadcaster):
            self._forget()
        elif run not in self._heads or self._heads[run].seq < seq:
            self._dirty.add(run)
            self._start()

    def say(self, run: str, node: str, text: str) -> None:
        """Pass on words of an agent."""
        if len(self._broadcaster) and len(self._texts) < MOST_TEXTS:
            said = self._texts.get((run, node), "") + text
            self._texts[run, node] = said[-LONGEST_TEXT:]
            self._start()

    def look(self) -> None:
        """Look soon whether something happened that no hint told of."""
        if len(self._broadcaster):
            self._is_looking = True
            self._start()

    def tick(self, now: float) -> None:
        """Do what is due."""
        self._send_owed()
        is_open = any(head.state not in Run.ENDED for head in self._heads.values())
        if not self._is_known or now - self._looked_at >= (LOOK_SECONDS if is_open else LOOK_SECONDS_IDLE):
            self._looked_at = now
            self.look()

    def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()

    # What a connection asks of it.

    def follow(self, socket: Socket, run: str, since: int) -> None:
        """Tell a socket what happened in a run after an event, and from then on what happens."""
        socket.muted_runs.discard(run)
        if len(self._asking) < MOST_ASKING:
            self._asking.append((socket, run, since))
            self._start()

    def unfollow(self, socket: Socket, run: str) -> None:
        """Tell a socket nothing more of a run."""
        socket.owed_runs.discard(run)
        if len(socket.muted_runs) < MOST_MUTED:
            socket.muted_runs.add(run)

    # Its task: as long as there is something to tell, and never more often than allowed.

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._dirty or self._asking or self._texts or self._is_looking:
            try:
                await self._tell()
            except Closing:
                return
            except Exception:
                log.exception("runs_not_told", flow=str(self._flow_id))
                self._forget()
            await asyncio.sleep(PAUSE)

    async def _tell(self) -> None:
        self._send_texts()
        if self._is_looking:
            self._is_looking = False
            await self._look()
        dirty, self._dirty = self._dirty, set()
        asking, self._asking = self._asking, []
        wanted = dirty | {run for _socket, run, _since in asking if run not in self._folds}
        since = {run: self._since(run) for run in wanted}
        for run, news in (await self._database(read_news, self._flow_id, since) if since else {}).items():
            self._take(news)
            if run in dirty or run in self._heads:
                self._broadcast(run, news.head)
            else:
                self._heads[run] = news.head
        for socket, run, since_then in asking:
            self._answer(socket, run, since_then)
        self._trim()

    async def _look(self) -> None:
        """Compare the rows with what was told."""
        heads = await self._database(last_runs, self._flow_id)
        known, self._is_known = self._heads, True
        self._dirty |= {one.id for one in heads if one.id not in known or known[one.id].seq < one.seq}

    def _learn(self, heads: Iterable[RunHead]) -> None:
        self._heads = {head.id: head for head in heads}
        self._is_known = True

    def _since(self, run: str) -> int:
        """Return after which event to read a run's log."""
        fold = self._folds.get(run)
        return fold.seq if fold else 0

    def _take(self, news: RunNews) -> None:
        """Fold what was read."""
        run, fold = news.head.id, self._folds.get(news.head.id)
        if fold is None or news.is_whole:
            fold = self._folds[run] = RunFold()
        fold.take(news.changes, news.head.seq, is_over=news.head.state in Run.ENDED)
        self._folds.move_to_end(run)

    def _broadcast(self, run: str, head: RunHead) -> None:
        """Tell everybody what happened after what they were told last."""
        before = self._heads.get(run)
        self._heads[run] = head
        if before == head:
            return
        since = before.seq if before else 0
        frames: dict[str, list[Encoded]] = {}
        for socket in self._broadcaster:
            if run not in socket.muted_runs:
                if socket.language not in frames:
                    frames[socket.language] = self._frames(head, since, socket.language)
                self._send(socket, run, frames[socket.language])

    def _answer(self, socket: Socket, run: str, since: int) -> None:
        head = self._heads.get(run)
        if socket.closed is not None:
            return
        if head is None:
            socket.send_error("not_found", UNKNOWN)
        else:
            self._send(socket, run, self._frames(head, since, socket.language))

    def _send(self, socket: Socket, run: str, frames: Iterable[Encoded]) -> None:
        """Send a socket frames of a run; who does not read for the moment gets the whole run later."""
        if socket.is_backed_up or run in socket.owed_runs:
            socket.owed_runs.add(run)
            return
        for frame in frames:
            socket.send_presence(frame)

    def _send_owed(self) -> None:
        """Let sockets that were too slow ask again, now that they take something."""
        for socket in self._broadcaster:
            if socket.owed_runs and not socket.is_backed_up:
                owed, socket.owed_runs = socket.owed_runs, set()
                for run in owed:
                    self.follow(socket, run, 0)

    def _send_texts(self) -> None:
        texts, self._texts = self._texts, {}
        for (run, node), text in texts.items():
            frame = encode(RunText(run=run, node=node, text=text))
            for socket in self._broadcaster:
                if run not in socket.muted_runs and not socket.is_backed_up:
                    socket.send_presence(frame)

    def _frames(self, head: RunHead, since: int, language: str) -> list[Encoded]:
        """Encode what happened in a run after an event, in as many frames as it takes; why, in a language."""
        fold = self._folds.get(head.id)
        with override(language):
            entries = fold.entries(since) if fold else []
        return list(
            _parts(
                RunFrame(
                    run=head.id, previous=since, seq=head.seq, state=head.state, progress=head.progress, tasks=entries
                ),
                self._limits.outbound_frame_bytes,
            )
        )

    def _trim(self) -> None:
        """Forget what is needed least."""
        while len(self._folds) > 1 and sum(map(len, self._folds.values())) > MOST_TASKS:
            self._folds.popitem(last=False)
        for run in list(self._folds)[:-MOST_FOLDS]:
            if self._heads[run].state in Run.ENDED:
                del self._folds[run]
        newest = {one["id"] for one in self.entries()}
        self._heads = {run: head for run, head in self._heads.items() if run in newest or run in self._folds}

    def _forget(self) -> None:
        self._heads, self._is_known = {}, False
        self._folds.clear()
        self._dirty.clear()


def _parts(frame: RunFrame, limit: int) -> Iterator[Encoded]:
    """Encode a frame, or halves of it that say the same of fewer nodes."""
    whole = encode(frame)
    if whole.size <= limit or len(frame.tasks) < 2:
        yield whole
        return
    half = len(frame.tasks) // 2
    for tasks in (frame.tasks[:half], frame.tasks[half:]):
        yield from _parts(replace(frame, tasks=tasks), limit)
