"""Tasks of a run: listed, read, rolled back, answered; questions and dead letters over all flows."""

from uuid import UUID

import orjson
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query

from accounts.authentication import principal
from flows.access import flows_of, get_flow_for
from flows.api.answers import json
from runs import commands
from runs.api.schemas import (
    TASK_STATES,
    AnswerIn,
    AttemptsOut,
    CheckpointOut,
    DeadLettersOut,
    DeadLettersQuery,
    QuestionsOut,
    QuestionsQuery,
    RetriedOut,
    RollBackIn,
    TaskOut,
    TasksIn,
    TasksOut,
    TasksQuery,
)
from runs.models import Attempt, Checkpoint, Question, Run, Task
from runs.open_questions import asked_of
from runs.paging import read_cursor
from runs.queries import Row, attempt_row, checkpoint_row, question_row, run_for, run_row, task_rows
from web.errors import Problem, answers
from web.paging import cursor_of
from web.router import Router

router = Router(tags=["runs"])
STEERING = ("forbidden", "not_found", "too_large", "invalid", "wrong_state", "rate_limited")
PAGE_BYTES = 8_388_608
"""A page of tasks or dead letters ends where their values take so much."""
AT_ONCE = 200
MOST_QUESTIONS = 200


@router.get("/runs/{run_id}/tasks", **answers({200: TasksOut}, "not_found", "invalid"))
def list_tasks(request: HttpRequest, run_id: UUID, query: Query[TasksQuery]) -> HttpResponse:
    """List the tasks of a run. May list fewer than `limit`, when their values are long; `next` leads on."""
    run = run_for(principal(request), run_id)
    found = Task.objects.filter(run=run).order_by("priority")
    if query.node:
        found = found.filter(node=query.node)
    if query.state:
        found = found.filter(state=_state(query.state))
    rows, last = _page(run, found, query)
    return json({"items": rows, "next": last})


@router.get("/runs/{run_id}/tasks/{task_id}", **answers({200: TaskOut}, "not_found"))
def read_task(request: HttpRequest, run_id: UUID, task_id: str) -> HttpResponse:
    """Read a task."""
    run = run_for(principal(request), run_id)
    return json(task_rows(run, [_task(run, task_id)])[0])


@router.get("/runs/{run_id}/tasks/{task_id}/attempts", **answers({200: AttemptsOut}, "not_found"))
def list_attempts(request: HttpRequest, run_id: UUID, task_id: str) -> HttpResponse:
    """List each try of a task."""
    task = _task(run_for(principal(request), run_id), task_id)
    found = Attempt.objects.filter(task=task).order_by("number", "claim")
    return json({"items": [attempt_row(attempt) for attempt in found]})


@router.get("/runs/{run_id}/tasks/{task_id}/checkpoints", **answers({200: list[CheckpointOut]}, "not_found"))
def list_checkpoints(request: HttpRequest, run_id: UUID, task_id: str) -> HttpResponse:
    """List what a task saved, in the order in which it did."""
    task = _task(run_for(principal(request), run_id), task_id)
    found = Checkpoint.objects.filter(task=task).order_by("number").defer("value")
    return json([checkpoint_row(one) for one in found])


@router.post("/runs/{run_id}/tasks/{task_id}/roll_back", **answers({200: TaskOut}, "limit_reached", *STEERING))
def roll_back(request: HttpRequest, run_id: UUID, task_id: str, payload: RollBackIn) -> HttpResponse:
    """Begin a task anew at one of its checkpoints, which is kept; later ones go."""
    commands.roll_back(principal(request), run_id, task_id, payload.checkpoint)
    return read_task(request, run_id, task_id)


@router.post("/runs/{run_id}/tasks/{task_id}/answer", **answers({200: TaskOut}, "answered", *STEERING))
def answer(request: HttpRequest, run_id: UUID, task_id: str, payload: AnswerIn) -> HttpResponse:
    """Answer what a task asks: false leaves it out, with what follows it."""
    commands.answer(principal(request), run_id, task_id, payload.value)
    return read_task(request, run_id, task_id)


@router.get("/questions", **answers({200: QuestionsOut}, "invalid"))
def list_questions(request: HttpRequest, query: Query[QuestionsQuery]) -> HttpResponse:
    """List what waits for the caller over all flows, the newest first."""
    found = Question.objects.filter(answered_at__isnull=query.state == "open").select_related("task")
    found = found.filter(task__state=Task.State.ASKING) if query.state == "open" else found
    mine = asked_of(principal(request), found.order_by("-asked_at"), most=MOST_QUESTIONS)
    return json({"items": [question_row(question) for question in mine]})


@router.get("/dead-letters", **answers({200: DeadLettersOut}, "not_found", "invalid"))
def list_dead_letters(request: HttpRequest, query: Query[DeadLettersQuery]) -> HttpResponse:
    """List tasks that are out of tries, over all flows or of one, the newest first.

    May list fewer than `limit`, when their values are long; `next` leads on.
    """
    who = principal(request)
    found = Task.objects.filter(is_dead_letter=True)
    if query.flow:
        found = found.filter(run__flow=get_flow_for(who, query.flow).flow)
    else:
        found = found.filter(run__flow__in=flows_of(who))
    if query.cursor:
        at, key = read_cursor(query.cursor)
        found = found.filter(Q(ended_at__lt=at) | Q(ended_at=at, key__lt=key))
    tasks = list(found.select_related("run").order_by("-ended_at", "-key")[: query.limit + 1])
    rows = _bounded(tasks[: query.limit])
    last = tasks[len(rows) - 1] if len(tasks) > len(rows) else None
    more = None if last is None or last.ended_at is None else cursor_of(last.ended_at, last.key)
    return json({"items": rows, "next": more})


@router.post("/dead-letters/retry", **answers({200: RetriedOut}, "limit_reached", *STEERING))
def retry_dead_letters(request: HttpRequest, payload: TasksIn) -> HttpResponse:
    """Try tasks that are out of tries again, each in its own run; answers the runs."""
    who = principal(request)
    runs = commands.retry_dead_letters(who, payload.tasks)
    return json({"items": [run_row(run) for run in runs]})


def _page(run: Run, found: QuerySet[Task], query: TasksQuery) -> tuple[list[Row], int | None]:
    """Return tasks, and the number of the last one if there are more."""
    rows, size, last = list[Row](), 0, query.cursor
    while len(rows) < query.limit and size < PAGE_BYTES:
        wanted = min(AT_ONCE, query.limit - len(rows))
        some = list(found.filter(priority__gt=last)[: wanted + 1])
        rows += task_rows(run, some[:wanted])
        if len(some) <= wanted:
            return rows, None
        last = some[wanted - 1].priority
        size += len(orjson.dumps(rows[-wanted:]))
    return rows, last


def _bounded(tasks: list[Task]) -> list[Row]:
    """Return dead letters, as many of them as go into a page."""
    rows, size = list[Row](), 0
    while len(rows) < len(tasks) and size < PAGE_BYTES:
        some = _dead_letters(tasks[len(rows) : len(rows) + AT_ONCE])
        rows += some
        size += len(orjson.dumps(some))
    return rows


def _dead_letters(tasks: list[Task]) -> list[Row]:
    by_run: dict[UUID, list[Task]] = {}
    for task in tasks:
        by_run.setdefault(task.run_id, []).append(task)
    rows = {row["id"]: row for some in by_run.values() for row in task_rows(some[0].run, some)}
    return [{**rows[task.key], "run": str(task.run_id), "flow": str(task.run.flow_id)} for task in tasks]


def _task(run: Run, key: str) -> Task:
    task = Task.objects.filter(run=run, key=key[:200]).first()
    if task is None:
        raise Problem("not_found", _("No such task."))
    return task


def _state(state: str) -> str:
    if state not in TASK_STATES:
        raise Problem("invalid", _("state: one of %(known)s") % {"known": ", ".join(TASK_STATES)})
    return state
