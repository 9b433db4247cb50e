"""One node of a run: how it is, its tries, what went in and what came out, what went wrong, what can be done."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Value, When
from django.db.models.functions import Length
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.principals import Principal
from flows.access import Access
from flows.document import KINDS
from flows.expressions import Json
from flows.titles import kind_title
from runs.commands.answering import may_answer
from runs.commands.steering import may_retry, may_roll_back
from runs.kinds.fields import fields_of
from runs.models import Attempt, Checkpoint, Question, Run, Task
from runs.models.run import Blob
from runs.node_state import shown
from runs.pages.forms import FormField, shown_fields
from runs.pages.state_texts import ICONS, seconds, states, task_word
from runs.pages.timeline import document_of
from runs.queries import input_of
from runs.values import decode, reference
from web.deferred_translation import said
from web.text import sendable

MOST_TASKS, MOST_ROWS = 100, 50
LONGEST_VALUE, WIDTH = 4_000, 40
FIRST = ("failed", "asking", "running", "backing_off", "queued")
URGENCY = Case(*(When(state=state, then=Value(at)) for at, state in enumerate(FIRST)), default=Value(len(FIRST)))


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as text, perhaps only its beginning; `hash` leads to all of it."""

    text: str
    hash: str = ""
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Try:
    """One try of a task."""

    number: int
    state: str
    word: str
    icon: str
    worker: str
    took: str
    error: str
    usage: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that a task asks, with its form."""

    task: str
    question: str
    fields: list[FormField]


def node_context(who: Principal, run: Run, access: Access, node: str, path: str | None) -> dict[str, Any]:
    """Return what the panel of a node shows: of its task at `path`, or of the most urgent one."""
    known = document_of(run, access.flow.version).node(node)
    kind = known.kind if known else "agent"
    title = kind_title(KINDS[kind])
    is_over = run.state in Run.ENDED
    rows = Task.objects.filter(run=run, node=node).defer("scope")
    tasks = list(rows.order_by(URGENCY, Length("path"), "path").only("path", "state")[:MOST_TASKS])
    tasks.sort(key=_by_attention)
    task = rows.filter(path=path).first() if path is not None and "\0" not in path else None
    task = task or rows.filter(pk__in=[one.pk for one in tasks[:1]]).first()
    if task and task not in tasks:
        tasks.append(task)
    more = rows.count() - len(tasks)
    context: dict[str, Any] = {
        "run": run,
        "node": node,
        "kind": kind,
        "kind_title": title,
        "label": (known.label if known else "") or title,
        "task": task,
        "may_steer": access.may_edit,
        "iterations": [(one.path, _shown(one.state, is_over=is_over)[1]) for one in tasks if one.path],
        "more": ngettext("{count} more", "{count} more", more).format(count=more) if more > 0 else "",
    }
    if task is None:
        state, word = _shown("waiting", is_over=is_over)
        return context | {"state": state, "word": word, "icon": ICONS[state]}
    return context | _of_task(who, access, run, task)


def _of_task(who: Principal, access: Access, run: Run, task: Task) -> dict[str, Any]:
    is_over = run.state in Run.ENDED
    state, word = _shown(task.state, is_over=is_over)
    tries = [
        _try(one, is_over=is_over)
        for one in Attempt.objects.filter(task=task).order_by("-started_at", "-pk")[:MOST_ROWS]
    ]
    took = (
        seconds((task.ended_at - task.started_at).total_seconds() * 1000) if task.started_at and task.ended_at else ""
    )
    return {
        "state": state,
        "word": word,
        "icon": ICONS[state],
        "took": took,
        "tries": tries,
        "checkpoints": list(Checkpoint.objects.filter(task=task).order_by("-number").defer("value")[:MOST_ROWS]),
        "output": shown_value(run, task.output),
        "input": shown_value(run, input_of(run, task)),
        "asked": _asked(who, access, task),
        "usage": _usage(task.usage),
        "may_retry": may_retry(run, task),
        "may_roll_back": may_roll_back(run, task),
    }


def _asked(who: Principal, access: Access, task: Task) -> Asked | None:
    """Return what a task asks, if it asks this person."""
    question = Question.objects.filter(task=task, answered_at=None).last()
    if task.state != Task.State.ASKING or question is None or not may_answer(who, question, access, access.flow):
        return None
    return asked_of(question)


def asked_of(question: Question, given: Mapping[str, str] | None = None) -> Asked:
    """Return a question with its form, and what was typed into it; several may stand on a page."""
    fields = fields_of(decode(question.form))
    return Asked(question.task_id, question.question, shown_fields(fields, given, f"q-{question.pk.hex[:8]}-"))


def shown_value(run: Run, text: str | None) -> Shown | None:
    """Return a value as people read it; None where there is none."""
    if text is None:
        return None
    digest = reference(text)
    if digest is None:
        return Shown(_pretty(text))
    blob = Blob.objects.filter(run=run, hash=digest).first()
    return Shown(blob.body[:LONGEST_VALUE] + "…", digest, blob.bytes) if blob else Shown(_("This value is gone."))


def _pretty(text: str) -> str:
    value: Json = json.loads(text)
    return sendable(value if isinstance(value, str) else _written(value, ""))


def _written(value: Json, indent: str) -> str:
    """Write JSON so that what fits into a line stands in one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + len(indent) <= WIDTH or not isinstance(value, (dict, list)):
        return line
    inside = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(name, ensure_ascii=False)}: {_written(one, inside)}" for name, one in value.items()]
    else:
        parts = [_written(one, inside) for one in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{inside}" + f",\n{inside}".join(parts) + f"\n{indent}{closing}"


def _shown(state: str, *, is_over: bool) -> tuple[str, str]:
    """Return the state that is shown of one task, and what it is called."""
    state = shown(state, is_over=is_over)
    return state, task_word(state, is_over=is_over)


def _try(attempt: Attempt, *, is_over: bool) -> Try:
    state = shown(attempt.state, is_over=is_over)
    took = seconds((attempt.ended_at - attempt.started_at).total_seconds() * 1000) if attempt.ended_at else ""
    icon = ICONS.get(state, "x")
    return Try(
        attempt.number,
        state,
        states()[state],
        icon,
        attempt.worker,
        took,
        said(attempt.error_message),
        _usage(attempt.usage),
    )


def _usage(text: str) -> str:
    used = json.loads(text or "{}")
    if not isinstance(used, dict):
        return ""
    tokens = sum(value for name, value in used.items() if "tokens" in name and isinstance(value, int))
    return ngettext("%(count)d token", "%(count)d tokens", tokens) % {"count": tokens} if tokens else ""


def _by_attention(task: Task) -> tuple[int, Sequence[int]]:
    urgency = FIRST.index(task.state) if task.state in FIRST else len(FIRST)
    return urgency, [int(part) for part in task.path.split(".") if part.isdecimal()]
