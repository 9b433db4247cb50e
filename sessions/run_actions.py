"""Runs, started and steered by a socket: `execute_action` with an action about a run, not about nodes.

What starts a run is named like every submission, so a resend names the same run and starts nothing new. The others are
about a state: sent again, the run is in it already, and they are acknowledged. Rights are asked in the command's own
transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.principals import Principal, user_id_of
from flows import access
from flows.actions.execute import ActionCall
from flows.errors import FlowError, FlowReason
from flows.expressions import Json
from flows.models import Flow
from flows.submission import Acked, Refused
from runs import commands
from runs.commands import Again
from runs.errors import Answered, WrongState
from runs.kinds import check_form, fields_of
from runs.models import Question, Run, RunEvent
from runs.values import decode
from web.errors import Problem


@dataclass(frozen=True, slots=True)
class RunAnswer:
    """The answer, and the run that was started."""

    answer: Acked | Refused
    run: str | None = None


def perform(call: ActionCall) -> RunAnswer:
    """Do what is asked of a run. Raises `NotFound` if the flow is not there for this person."""
    access.get_flow_for(call.principal, call.flow_id)
    try:
        run = RUN_ACTIONS[call.action](call, _parameters(call))
    except (FlowError, Problem) as failure:
        return RunAnswer(_refused(failure.code, failure.message))
    version = Flow.objects.values_list("version", flat=True).get(pk=call.flow_id)
    return RunAnswer(Acked(version, fresh=True), run)


def _run(call: ActionCall, given: Mapping[str, object]) -> str:
    key = f"socket:{user_id_of(call.principal)}:{call.client}:{call.seq}"
    version, again = given.get("version"), given.get("from")
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise _invalid("version")
    started = commands.start_run(
        call.principal,
        call.flow_id,
        version=version,
        input=cast(Json, given.get("input")),
        name=_text(given, "name"),
        idempotency_key=key,
        again=None if again is None else _again(call, again, reuse=given.get("reuse", True)),
        trigger="manual" if again is None else "again",
    )
    return str(started.run.pk)


def _again(call: ActionCall, given: object, *, reuse: object) -> Again:
    if not isinstance(given, dict) or not isinstance(reuse, bool):
        raise _invalid("from")
    return Again(_run_of(call, given), _text(given, "node"), reuse)


def _steer(
    command: Callable[[Principal, UUID], Run], *reached: Run.State
) -> Callable[[ActionCall, Mapping[str, object]], None]:
    """Return what brings a run into a state; one that is there already is left alone."""

    def steer(call: ActionCall, given: Mapping[str, object]) -> None:
        run = _run_of(call, given)
        try:
            command(call.principal, run)
        except WrongState:
            if not Run.objects.filter(pk=run, state__in=reached).exists():
                raise

    return steer


def _retry(call: ActionCall, given: Mapping[str, object]) -> None:
    tasks = given.get("tasks")
    if tasks is not None and not (isinstance(tasks, list) and all(isinstance(task, str) for task in tasks)):
        raise _invalid("tasks")
    run = _run_of(call, given)
    try:
        commands.retry_run(call.principal, run, tasks)
    except WrongState:
        if not _was_retried(run, tasks):
            raise


def _was_retried(run: UUID, tasks: list[str] | None) -> bool:
    """Tell whether what is asked for was done before: a resend is acknowledged, unless the run was cancelled since."""
    told = RunEvent.objects.filter(run=run, kind="task_retried").exclude(run__state=Run.State.CANCELLED)
    retried = set(told.values_list("task", flat=True))
    return bool(retried) if tasks is None else set(tasks) <= retried


def _answer(call: ActionCall, given: Mapping[str, object]) -> None:
    run, task, value = _run_of(call, given), _text(given, "task"), cast(Json, given.get("value"))
    try:
        commands.answer(call.principal, run, task, value)
    except Answered:
        mine = Question.objects.filter(run=run, task=task, answered_by=user_id_of(call.principal))
        last = mine.order_by("asked_at").last()
        if last is None or last.value is None or decode(last.value) != _filled(last, value):
            raise


def _filled(question: Question, value: Json) -> Json:
    """Return an answer as it is kept, with the defaults of the form."""
    form = fields_of(decode(question.form))
    if not form or value is False:
        return value
    filled, wrong = check_form(form, value)
    return value if wrong else filled


RUN_ACTIONS: Final[Mapping[str, Callable[[ActionCall, Mapping[str, object]], str | None]]] = {
    "run": _run,
    "cancel_run": _steer(commands.cancel_run, Run.State.CANCELLED),
    "pause_run": _steer(commands.pause_run, Run.State.PAUSED),
    "resume_run": _steer(commands.resume_run, Run.State.RUNNING, Run.State.WAITING),
    "retry_run": _retry,
    "answer": _answer,
}


def _parameters(call: ActionCall) -> Mapping[str, object]:
    return call.parameters if isinstance(call.parameters, dict) else {}


def _run_of(call: ActionCall, given: Mapping[str, object]) -> UUID:
    """Return the run that is named, if it is one of this flow."""
    try:
        run = UUID(_text(given, "run"))
    except ValueError:
        raise _invalid("run") from None
    if not Run.objects.filter(pk=run, flow=call.flow_id).exists():
        raise Problem("not_found", _("Not found."))
    return run


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise _invalid(name)
    return value


def _invalid(name: str) -> Problem:
    return Problem("invalid", _("{name}: not valid").format(name=name))


def _refused(code: str, message: str) -> Refused:
    return Refused(code, FlowReason.IN_WORDS, {"text": message})
