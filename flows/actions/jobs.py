"""Long actions, each a row while it runs and for an hour after: how far it is, and what became of it.

A job runs in the process that was asked, on one of two threads of its own, and tells the people in the flow how far it
is. A row instead of memory, so that every process can answer for it and cancel it. Cancelling sets the row's state;
the action notices between its steps, until it is submitted. A process that ends takes its jobs along: their rows fall
silent, and are told as failed.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from asgiref.sync import SyncToAsync, sync_to_async
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext, override

from accounts.acting import as_system
from accounts.models import User
from accounts.principals import Principal, TokenBearer, user_id_of
from flows import limits as helix_limits
from flows.actions.execute import ActionCall, Cancelled, Executed, execute
from flows.commands import Refused
from flows.document import Rejected
from flows.errors import FlowReason, NotFound
from flows.models import Job
from flows.publish import hint_job, publish_after_commit
from flows.sentences import sentence
from web.write_transaction import write_transaction

THREADS = 2
KEPT = timedelta(hours=1)
SILENT = timedelta(minutes=2)
MOST_KEPT = 100
"""Rows of a person; the oldest go first."""
TELL_SECONDS = 0.25

State = Job.State
T = TypeVar("T")
log = structlog.get_logger(__name__)
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="actions")


@dataclass(frozen=True, slots=True)
class JobState:
    """A job as it is told."""

    id: UUID
    flow_id: UUID
    action: str
    state: str
    progress: float
    message: str
    version: int | None
    is_fresh: bool = False

    def encoded(self) -> dict[str, object]:
        """Return it as `GET /jobs/{id}` does."""
        told = {"state": self.state, "progress": round(self.progress, 2), "message": self.message}
        return told | ({} if self.version is None else {"version": self.version})


def begin(call: ActionCall) -> JobState:
    """Make the row of a call; one of the same name is returned as it is. Raises `Rejected` beyond `JOBS_PER_PERSON`."""
    actor, now = user_id_of(call.principal), timezone.now()
    if actor is None:
        raise NotFound
    with write_transaction():
        list(User.everyone.select_for_update().filter(pk=actor).values_list("pk"))  # one call at a time
        mine = Job.objects.filter(actor_id=actor)
        if (known := _known(call, actor)) is not None:
            return _told(known)
        mine.filter(created_at__lt=now - KEPT).exclude(state=State.RUNNING, beat__gt=now - SILENT).delete()
        kept = list(mine.order_by("-created_at").values_list("pk", flat=True)[MOST_KEPT - 1 :])
        mine.filter(pk__in=kept).exclude(state=State.RUNNING).delete()
        most = helix_limits.current().jobs_per_person
        if _running_of(actor, now) >= most:
            raise Rejected("rate_limited", FlowReason.TOO_MANY_JOBS, most=most)
        job = Job.objects.create(
            flow_id=call.flow_id,
            actor_id=actor,
            action=call.action,
            client=call.client,
            seq=call.seq,
            created_at=now,
            beat=now,
        )
    return replace(_told(job), is_fresh=True)


def find(principal: Principal, job_id: UUID) -> JobState:
    """Return a job of one's own. Raises `NotFound`."""
    job = Job.objects.filter(pk=job_id, actor_id=user_id_of(principal)).first()
    if job is None:
        raise NotFound
    if isinstance(principal, TokenBearer) and principal.flow_id not in {None, job.flow_id}:
        raise NotFound
    return _told(job)


def cancel(principal: Principal, job_id: UUID) -> JobState:
    """Cancel a job of one's own; one that has ended stays as it is. Raises `NotFound`."""
    found = find(principal, job_id)
    message = sentence(Rejected("cancelled", FlowReason.CANCELLED))
    changed = Job.objects.filter(pk=job_id, state=State.RUNNING).update(
        state=State.CANCELLED, message=message, beat=timezone.now()
    )
    return _tell(job_id) if changed else found


def run(job: JobState, call: ActionCall, language: str) -> Executed:
    """Carry out a job; its row tells how far it is and how it ended. Raises nothing that is expected."""
    progress = _Progress(job.id)
    with override(language):
        try:
            progress.advance(0, force=True)
            executed = execute(call, progress.advance)
        except Cancelled:
            return Executed(Refused("cancelled", FlowReason.CANCELLED))
        except NotFound as gone:
            _end(job.id, State.FAILED, gone.message)
            raise
        except BaseException:
            _end(job.id, State.FAILED, gettext("Something went wrong on the server."))
            raise
        if isinstance(executed.answer, Refused):
            _end(job.id, State.FAILED, sentence(executed.answer))
        else:
            _end(job.id, State.DONE, "", executed.answer.version)
        return executed


def in_background(work: Callable[[], object]) -> None:
    """Do something on a thread of the jobs; at once where there is no server's event loop, and so no background."""
    loop = getattr(SyncToAsync.threadlocal, "main_event_loop", None)
    if loop is None or not loop.is_running():
        _logged(work)
    else:
        asyncio.run_coroutine_threadsafe(on_thread(lambda: _logged(work)), loop)


async def on_thread(work: Callable[[], T]) -> T:
    """Run synchronous code on a thread of the jobs; what it publishes goes out by the running event loop."""
    return await sync_to_async(lambda: _released(work), thread_sensitive=False, executor=_threads)()


class _Progress:
    """Writes how far a job is, a few times a second at most, and notices that it was cancelled."""

    def __init__(self, job_id: UUID) -> None:
        self._job, self._told_at = job_id, 0.0

    def advance(self, done: float, *, force: bool = False) -> None:
        """Note how much is done, from 0 to 1. Raises `Cancelled`."""
        now = time.monotonic()
        is_last = done >= 0.9
        if not (force or is_last) and now - self._told_at < TELL_SECONDS:
            return
        self._told_at = now
        amount = min(max(float(done), 0.0), 1.0)
        running = Job.objects.filter(pk=self._job, state=State.RUNNING)
        if not running.update(progress=amount, beat=timezone.now()):
            raise Cancelled
        _tell(self._job)


@as_system
def _running_of(actor: int, now: datetime) -> int:
    """Count a person's running jobs, also those in flows that they may not see any more."""
    return Job.objects.filter(actor_id=actor, state=State.RUNNING, beat__gt=now - SILENT).count()


def _known(call: ActionCall, actor: int) -> Job | None:
    """Return the job that a call of this name began, unless it came to nothing: then it may be tried again."""
    if call.client is None or call.seq is None:
        return None
    mine = Job.objects.filter(actor_id=actor, flow_id=call.flow_id, client=call.client, seq=call.seq)
    silent = timezone.now() - SILENT
    return mine.filter(state__in=(State.RUNNING, State.DONE)).exclude(state=State.RUNNING, beat__lte=silent).first()


def _end(job_id: UUID, state: Job.State, message: str, version: int | None = None) -> None:
    progress = {"progress": 1.0} if state is State.DONE else {}
    rows = Job.objects.filter(pk=job_id)
    rows.update(state=state, message=message, version=version, beat=timezone.now(), **progress)
    _tell(job_id)


def _tell(job_id: UUID) -> JobState:
    """Tell everybody in the flow how a job is."""
    job = _told(Job.objects.get(pk=job_id))
    fields = {"id": str(job.id), "action": job.action, "state": job.state}
    publish_after_commit(hint_job(job.flow_id, fields | {"progress": round(job.progress, 2), "message": job.message}))
    return job


def _told(job: Job) -> JobState:
    state, message = job.state, job.message
    if state == State.RUNNING and job.beat < timezone.now() - SILENT:
        state, message = State.FAILED, gettext("The server was restarted. Run the action again.")
    return JobState(job.pk, job.flow_id, job.action, str(state), job.progress, message, job.version)


def _logged(work: Callable[[], object]) -> None:
    try:
        work()
    except NotFound:
        log.info("job_without_flow")
    except Exception:
        log.exception("job_failed")


def _released(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        if connection.vendor != "sqlite" or connection.errors_occurred:
            connection.close()
