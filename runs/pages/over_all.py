"""What is shown over all flows: questions that wait for me, tasks that are out of tries, and, to staff, the workers."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.principals import Person
from flows.access import Role, roles_of
from flows.errors import FlowError
from flows.pages.decorators import PageRequest, logged_in, person, principal, wants_fragment
from runs import commands, open_questions
from runs.models import Question, Run, Task, Worker
from runs.pages.node import Asked, asked_of
from runs.pages.state_texts import healths, seconds
from web.errors import Problem, status_of

MOST = 100


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question that waits, and where."""

    run: Run
    flow_title: str
    node: str
    asked: Asked
    at: datetime


@require_safe
@logged_in
def questions(request: PageRequest) -> HttpResponse:
    """Show what waits for this person's answer; nothing at all, as a fragment, where nothing does."""
    found = questions_for(person(request))
    template = "flows/runs/_questions.html" if wants_fragment(request) else "flows/runs/questions.html"
    return render(request, template, {"questions": found, "tabs": None})


def questions_for(who: Person) -> list[OpenQuestion]:
    """Return the open questions that a person may answer, the oldest first."""
    rows = Question.objects.filter(answered_at=None, task__state=Task.State.ASKING)
    found = open_questions.asked_of(who, rows.select_related("run", "flow", "task").order_by("asked_at"), most=MOST)
    return [_open(row) for row in found]


def _open(row: Question) -> OpenQuestion:
    return OpenQuestion(row.run, row.flow.title, row.task.label or row.task.node, asked_of(row), row.asked_at)


@require_http_methods(["GET", "HEAD", "POST"])
@logged_in
def dead_letters(request: PageRequest) -> HttpResponse:
    """Show tasks that are out of tries, over all flows; retry those that are chosen."""
    refused = None
    if request.method == "POST":
        refused = _retry(request)
        if refused is None:
            return redirect("runs:dead-letters")
    roles = roles_of(principal(request))
    rows = list(_dead(roles).select_related("run", "run__flow")[: MOST + 1])
    editable = {flow for flow, role in roles.items() if role.includes(Role.EDITOR)}
    context = {
        "letters": [(task, task.run.flow_id in editable) for task in rows[:MOST]],
        "may_retry": any(task.run.flow_id in editable for task in rows[:MOST]),
        "is_more": len(rows) > MOST,
        "error": refused and refused.message,
    }
    status = 200 if refused is None else status_of(refused.code)
    return render(request, "flows/runs/dead_letters.html", context, status=status)


def _dead(flows: Any) -> "QuerySet[Task]":
    return Task.objects.filter(is_dead_letter=True, run__flow__in=flows).order_by("-ended_at", "key")


def _retry(request: PageRequest) -> FlowError | Problem | None:
    """Retry the chosen tasks; return what did not work."""
    chosen = request.POST.getlist("task")[:MOST]
    try:
        commands.retry_dead_letters(principal(request), chosen)
    except (FlowError, Problem) as refusal:
        return refusal
    return None


@require_safe
@logged_in
def workers(request: PageRequest) -> HttpResponse:
    """Show staff who executes tasks, how they are and what they hold."""
    if not request.user.is_staff:
        raise PermissionDenied(_("Only staff see the workers."))
    now = timezone.now()
    rows = [_worker(one, now) for one in Worker.objects.all()[:MOST]]
    waiting = Task.objects.filter(state=Task.State.QUEUED).count()
    template = "flows/runs/_workers.html" if wants_fragment(request) else "flows/runs/workers.html"
    return render(request, template, {"workers": rows, "waiting": waiting})


def _worker(row: Worker, now: datetime) -> tuple[Worker, str, list[str], int, str]:
    """Return a worker with its health in a word, its labels, how much it holds and how old its last beat is."""
    beat = seconds((now - row.beat_at).total_seconds() * 1000)
    return row, healths().get(row.health, row.health), json.loads(row.labels), len(json.loads(row.holds)), beat
