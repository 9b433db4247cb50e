"""What is wrong with the flow, told to everybody in it, without being in the way of their edits.

A version costs the session one append. A moment after the first of several, they are judged together in the one thread
of the process that does this, so a large flow never holds up the loop; after a long judgement comes a rest of `RESTS`
times as long. Nothing runs while nobody is here or nothing changes. The list is sent when it changed: as what came and
went to those who have the last one, as a whole to others; a socket that reads too slowly gets it later. A defect in
here costs the list, not the session.
"""

import asyncio
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import orjson
import structlog

from flows.document import Document, Effect
from flows.installation import installation_of
from flows.limits import Limits
from flows.problem_sentences import encoded_report
from flows.validation import SEVERITIES, UNKNOWN, Installation, Problem, Report, Validator
from sessions.database import Database, DatabaseDown
from sessions.live.broadcaster import Broadcaster
from sessions.live.replica import Delta, DocumentCopy, Replica, copy_of
from sessions.protocol.codec import Encoded, encode, fitting
from sessions.protocol.fields import Json
from sessions.protocol.frames import Problems
from sessions.sockets.socket import Socket

PAUSE = 0.15
RESTS = 20
INSTALLATION_SECONDS = 5.0
"""So long is believed what was last found of the installation."""
MOST_PENDING = 1_000
"""After so many versions the whole flow is judged anew."""
log = structlog.get_logger(__name__)
_thread = ThreadPoolExecutor(1, thread_name_prefix="validation")


@dataclass(frozen=True, slots=True)
class Told:
    """A list that was told: its number, the version it is of, and its problems by id."""

    number: int
    version: int
    report: Report
    by_id: dict[str, Problem]


NOTHING = Told(0, 0, Report((), dict.fromkeys(SEVERITIES, 0)), {})


class ProblemWatch:
    """The problems of one flow, in one process. `judged` counts judgements, for tests."""

    def __init__(self, replica: Replica, broadcaster: Broadcaster, limits: Limits, database: Database) -> None:
        self._replica, self._broadcaster, self._limits, self._database = replica, broadcaster, limits, database
        self._installation, self._installation_at = UNKNOWN, float("-inf")
        self._validator: Validator | None = None
        self._pending: list[Effect] = []
        self._told, self._before = NOTHING, NOTHING
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_known = self._is_closed = False
        self.judged = 0

    def note(self, delta: Delta) -> None:
        """Note what changed; it is judged soon."""
        if self._is_known or self._task is not None:
            self._pending.append(delta.effect)
            if len(self._pending) > MOST_PENDING:
                self.forget()
        self._judge_soon(PAUSE)

    def forget(self) -> None:
        """Judge the whole flow anew: it was read again, or too much has changed."""
        self._validator, self._is_known = None, False
        self._pending.clear()
        self._judge_soon(PAUSE)

    def greet(self, socket: Socket) -> None:
        """Send a newcomer the list as far as it is known, or find it out."""
        if self._told.number:
            self._send(socket, {})
        if not self._is_known or self._pending:
            self._judge_soon(PAUSE)

    def catch_up(self) -> None:
        """Send the list to sockets that were too slow for it and can take it now."""
        frames: dict[tuple[str, int], Encoded] = {}
        for socket in self._broadcaster:
            if socket.problems != self._told.number:
                self._send(socket, frames)

    def close(self) -> None:
        """Stop."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _judge_soon(self, pause: float) -> None:
        if self._timer is None and self._task is None and not self._is_closed and len(self._broadcaster):
            self._timer = asyncio.get_running_loop().call_later(pause, self._begin)

    def _begin(self) -> None:
        self._timer = None
        if not len(self._broadcaster):
            return
        self._task = asyncio.get_running_loop().create_task(self._judge())

    async def _judge(self) -> None:
        started = time.monotonic()
        if (installation := await self._find_installation()) != self._installation:
            self._installation, self._validator = installation, None
        version, effects = self._replica.version, self._pending
        validator, copy = self._validator, None if self._validator else copy_of(self._replica.document)
        self._validator, self._pending, self._is_known = None, [], True
        try:
            most = self._limits.problems
            call = partial(_judged, validator, copy, effects if validator else [], most, installation)
            kept, report, by_id = await asyncio.get_running_loop().run_in_executor(_thread, call)
        except Exception:
            log.exception("validation_failed", flow=str(self._replica.flow_id), version=version)
            self._is_known = False
            self._pending.clear()
            self._task = None
            return
        self._task = None
        self.judged += 1
        if self._is_known:  # not forgotten meanwhile
            self._validator = kept
            self._tell(report, by_id, version)
        if self._pending or not self._is_known:
            self._judge_soon(max(PAUSE, RESTS * (time.monotonic() - started)))

    async def _find_installation(self) -> Installation:
        """Return what flows can use here; what was known before, while it is fresh or the database is away."""
        now = time.monotonic()
        if now - self._installation_at < INSTALLATION_SECONDS:
            return self._installation
        try:
            found = await self._database(installation_of, self._replica.flow_id)
        except DatabaseDown:
            return self._installation
        self._installation_at = now
        return found

    def _tell(self, report: Report, by_id: dict[str, Problem], version: int) -> None:
        if by_id == self._told.by_id and dict(report.counts) == dict(self._told.report.counts):
            return
        self._before, self._told = self._told, Told(self._told.number + 1, version, report, by_id)
        self.catch_up()

    def _send(self, socket: Socket, frames: dict[tuple[str, int], Encoded]) -> None:
        """Send a socket the list, from what it has; nothing as long as it does not read."""
        if socket.is_backed_up:
            return
        audience = socket.language, socket.problems
        if audience not in frames:
            frames[audience] = self._frame_for(*audience)
        socket.send_presence(frames[audience])
        socket.problems = self._told.number

    def _frame_for(self, language: str, known: int) -> Encoded:
        """Encode the difference to the last list, or the whole where that is shorter or the last one is not known."""
        told, before, limit = self._told, self._before, self._limits.outbound_frame_bytes
        if known == before.number != told.number:
            gone = [id for id in before.by_id if id not in told.by_id]
            new = [id for id in told.by_id if id not in before.by_id]
            if len(gone) + len(new) < len(told.by_id) and (frame := fitting(_frame(told, new, gone, language), limit)):
                return frame
        return _whole(told, language, limit)


def id_of(problem: Problem) -> str:
    """Return a short name for a problem: the same as long as it says the same."""
    said = (str(problem.code), problem.path, sorted((name, str(value)) for name, value in problem.values.items()))
    fix = problem.fix.encode() if problem.fix is not None else None
    return hashlib.blake2b(orjson.dumps((said, fix)), digest_size=8).hexdigest()


def _judged(
    validator: Validator | None,
    copy: DocumentCopy | None,
    effects: list[Effect],
    most: int,
    installation: Installation,
) -> tuple[Validator, Report, dict[str, Problem]]:
    """Judge in a thread: what changed, or all of it."""
    if validator is None:
        assert copy is not None  # noqa: S101  (one of the two is there)
        validator = Validator(Document(copy.properties, copy.nodes, copy.edges), installation)
    for effect in effects:
        validator.advance(effect)
    report = validator.report(most)
    return validator, report, {id_of(problem): problem for problem in report.items}


def _whole(told: Told, language: str, limit: int) -> Encoded:
    """Encode the whole list, or as much of its beginning as fits into a frame."""
    ids = list(told.by_id)
    while (frame := _frame(told, ids, None, language)).size > limit and ids:
        ids = ids[: len(ids) // 2]
    return frame


def _frame(told: Told, ids: list[str], gone: list[str] | None, language: str) -> Encoded:
    report = Report(tuple(told.by_id[id] for id in ids), told.report.counts)
    said = encoded_report(report, language)["items"]
    assert isinstance(said, list)  # noqa: S101  (for the type alone)
    items = [Json(orjson.dumps({"id": id} | item)) for id, item in zip(ids, said, strict=True)]
    counts: dict[str, int] = {str(name): count for name, count in told.report.counts.items()}
    if gone is None:
        return encode(Problems(version=told.version, counts=counts, items=items))
    return encode(Problems(version=told.version, counts=counts, add=items, remove=gone))
