"""Performing one task: claim it, execute it, settle it. What the engine calls, in a thread of its own for each.

Whatever an executor raises becomes a failure of the task, never of the worker. A database that is away is waited for,
until the worker is given up; then others do what is left. What an executor was at when it went away is executed again
under the same claim, from its last checkpoint: what it did outside since then happens once more, as after a worker's
death, and nobody has to wait until the task is queued anew. A result that comes after the task was taken away is
offered all the same: its claim is refused, and the log tells of it.
"""

import threading
from collections.abc import Callable

import structlog

from accounts.acting import acting_as_system, acting_in
from flows.expressions import Json
from flows.publish import hint_run_text, publish_now
from runs.commands import (
    Claimed,
    claim_all,
    expect_held,
    not_wanted,
    read_work_id,
    report_progress,
    save_checkpoint,
    settle_all,
)
from runs.errors import Fenced, TaskFailure
from runs.keys import run_of
from runs.kinds import EXECUTORS, Done, Executor, Work
from runs.secrets.resolving import Secrets
from runs.work import metrics
from runs.work.batching import Batching
from runs.work.clock import elapsed
from runs.work.connections import give_back, outlast
from runs.work.health import SandboxFailures
from runs.work.held_tasks import HeldTasks, Hold
from web.database_time import database_time
from web.deferred_translation import changed
from web.deferred_translation import kept as _

PROGRESS_SECONDS = 0.5

log = structlog.get_logger(__name__)


class Performer:
    """Performs tasks for one worker id."""

    def __init__(
        self,
        worker: str,
        holding: HeldTasks,
        *,
        may_begin: Callable[[], bool],
        is_given_up: Callable[[], bool],
        put_back: Callable[[str], None],
    ) -> None:
        self.sandbox = SandboxFailures()
        self._worker = worker
        self._holding = holding
        self._may_begin = may_begin
        self._is_given_up = is_given_up
        self._put_back = put_back
        self._claim = Batching[str, Claimed | None](
            lambda ids: claim_all(ids, worker, now=database_time()), of=lambda id: run_of(read_work_id(id)[0])
        )
        self._settle = Batching[tuple[Claimed, Done | TaskFailure], bool](
            lambda ended: settle_all(ended, now=database_time()), of=lambda one: one[0].run
        )
        self._changed = threading.Condition()
        self._under_way: set[str] = set()

    def __call__(self, id: str) -> None:
        """Perform the task that an id names; the same id beside itself is performed once."""
        with self._changed:
            if id in self._under_way:
                return
            self._under_way.add(id)
        try:
            with acting_as_system():
                self._perform(id)
        except Exception:
            log.exception("task_not_performed", task=id)
        finally:
            give_back()
            with self._changed:
                self._under_way.discard(id)
                self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is under way; say whether that came true."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._under_way, seconds)

    def under_way(self) -> set[str]:
        """Return the ids of all that is begun here, whether claimed yet or not."""
        with self._changed:
            return set(self._under_way)

    def _perform(self, id: str) -> None:
        if self._may_begin():
            self._begin(id)
        else:
            self._put_back(id)

    def _begin(self, id: str) -> None:
        claimed = outlast(lambda: self._claim(id), self._is_given_up)
        if claimed is None:
            return
        hold = self._holding.add(claimed)
        began = elapsed()
        try:
            secrets = Secrets(claimed.flow)
            with acting_in(claimed.flow):
                result = self._executed(claimed, hold, secrets)
            if result is None or hold.why in {"released", "given_up"}:
                return
            result = _masked(result, secrets)
            is_ours = outlast(lambda: self._settle((claimed, result)), self._is_given_up)
            metrics.count_task(claimed.step.kind, _outcome(result, is_ours), elapsed() - began)
            if not is_ours:
                log.info("task_fenced", task=id, worker=self._worker)
        finally:
            self._holding.remove(hold)

    def _executed(self, claimed: Claimed, hold: Hold, secrets: Secrets) -> Done | TaskFailure | None:
        """Execute; None when the task is another's by now."""
        registered = EXECUTORS.get(claimed.step.kind)
        if registered is None:
            return TaskFailure(
                "internal", _("This release cannot execute nodes of the kind %(kind)s.") % {"kind": claimed.step.kind}
            )
        try:
            done = self._outlasted(
                registered.execute, work_of(claimed, hold, secrets, self._is_given_up), claimed, hold
            )
        except Fenced:
            return None
        except TaskFailure as failure:
            self.sandbox.note(claimed.account, failed=failure.code == "sandbox")
            ended = _ended(hold) or failure
            ended.usage = failure.usage
            return ended
        except Exception:
            if hold.why is not None or self._is_given_up():
                return _ended(hold)
            log.exception("executor_failed", task=claimed.id, kind=claimed.step.kind)
            return TaskFailure("internal", _("Something went wrong on the worker."))
        self.sandbox.note(claimed.account, failed=False)
        return _ended(hold) or done

    def _outlasted(self, execute: Executor, work: Work, claimed: Claimed, hold: Hold) -> Done:
        """Execute, again whenever the database was away and is back, while the task is ours and wanted.

        Raises `Fenced`, and what the executor does.
        """
        tries = 0

        def execute_held() -> Done:
            nonlocal tries
            tries += 1
            if tries > 1 and not_wanted([claimed.id]):
                raise Fenced
            if tries > 1:
                log.warning("executed_again", task=claimed.id, kind=claimed.step.kind)
            return execute(work)

        return outlast(execute_held, lambda: hold.why is not None or self._is_given_up())


def work_of(claimed: Claimed, hold: Hold, secrets: Secrets, is_given_up: Callable[[], bool]) -> Work:
    """Return what an executor gets."""
    return Work(
        run=claimed.run,
        flow=claimed.flow,
        task=claimed.task,
        step=claimed.step,
        path=claimed.path,
        attempt=claimed.attempt,
        names=claimed.names,
        prev=claimed.prev,
        deadline=hold.deadline,
        secret=secrets,
        checkpoints=Saved(claimed, secrets, is_given_up),
        progress=_Progress(claimed),
        say=lambda text: say(claimed, secrets.mask_text(text)),
        cancelled=hold.cancelled,
        on_cancel=hold.on_cancel,
        mask=secrets.mask_text,
        expect_held=lambda: expect_held(claimed),
    )


class Saved:
    """The checkpoints of one attempt: those saved before it, and its own."""

    def __init__(self, claimed: Claimed, secrets: Secrets, is_given_up: Callable[[], bool]) -> None:
        self._claimed = claimed
        self._secrets = secrets
        self._is_given_up = is_given_up
        self._known: dict[str, Json] = dict(claimed.checkpoints)

    def get(self, name: str) -> tuple[bool, Json]:
        """Return whether there is one, and its value."""
        return name in self._known, self._known.get(name)

    def save(self, name: str, value: Json) -> None:
        """Keep a value at once. Raises `Fenced` if the task is another's by now."""
        kept = self._secrets.mask(value)
        outlast(lambda: save_checkpoint(self._claimed, name, kept, now=database_time()), self._is_given_up)
        self._known[name] = kept


class _Progress:
    """Reports how far a task is, not more often than twice a second; it is for the eye, so failures do not matter."""

    def __init__(self, claimed: Claimed) -> None:
        self._claimed = claimed
        self._told_at = float("-inf")

    def __call__(self, progress: float) -> None:
        if elapsed() - self._told_at < PROGRESS_SECONDS:
            return
        self._told_at = elapsed()
        try:
            report_progress(self._claimed, progress, now=database_time())
        except Exception as failure:
            log.warning("progress_lost", reason=repr(failure)[:300])


def say(claimed: Claimed, text: str) -> None:
    """Show people words as they come; they may be lost."""
    publish_now(hint_run_text(claimed.run, claimed.flow, claimed.step.id, text))


def _ended(hold: Hold) -> TaskFailure | None:
    """Return why a task was ended from outside, whatever its executor made of that."""
    match hold.why:
        case "timeout":
            return TaskFailure("timeout", _("The time that the node has is up."), is_retryable=True)
        case "cancelled":
            return TaskFailure("cancelled", _("Cancelled."))
        case _:
            return None


def _masked(result: Done | TaskFailure, secrets: Secrets) -> Done | TaskFailure:
    if isinstance(result, Done):
        return Done(secrets.mask(result.value), result.ports, result.usage)
    return TaskFailure(
        result.code,
        changed(result.message, secrets.mask_text),
        is_retryable=result.is_retryable,
        retry_after=result.retry_after,
        usage=result.usage,
    )


def _outcome(result: Done | TaskFailure, is_ours: bool) -> str:
    if not is_ours:
        return "fenced"
    return "done" if isinstance(result, Done) else result.code
