"""The log of a run in words, the latest first."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from runs.keys import read_key
from runs.models import Run, RunEvent, Task
from runs.pages.state_texts import ICONS, states
from web.deferred_translation import said_in

LINES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One event: what it is about, what happened, and more of it."""

    seq: int
    at: datetime
    node: str
    label: str
    word: str
    icon: str
    state: str
    detail: str


def log_lines(run: Run, before: str) -> dict[str, Any]:
    """Return the last events of a run, or those before one."""
    events = RunEvent.objects.filter(run=run).order_by("-seq")
    if before.isdecimal() and len(before) < 18:
        events = events.filter(seq__lt=int(before))
    found = list(events[: LINES_AT_ONCE + 1])
    labels = dict(Task.objects.filter(key__in={one.task for one in found if one.task}).values_list("key", "label"))
    lines = [_line(one, labels) for one in found[:LINES_AT_ONCE]]
    return {"lines": lines, "before": lines[-1].seq if len(found) > LINES_AT_ONCE else None}


def _line(event: RunEvent, labels: dict[str, str]) -> Line:
    data = said_in(json.loads(event.data))
    state = str(data.get("state", ""))
    path = read_key(event.task)[1] if event.task else ""
    label = labels.get(event.task, "") or event.node or _("Run")
    return Line(
        event.seq,
        event.at,
        event.node,
        f"{label} [{path}]" if path else label,
        _word(event.kind, state),
        ICONS.get(state, "info"),
        state,
        _detail(data),
    )


def _word(kind: str, state: str) -> str:
    own = {
        "run_created": _("Created"),
        "run_started": _("Started"),
        "run_resumed": _("Resumed"),
        "task_started": _("Started"),
        "task_progress": _("Progress"),
        "task_answered": _("Answered"),
        "task_lost": _("Worker lost"),
        "task_fenced": _("A late result was refused"),
        "task_retried": _("Tried again"),
        "task_rolled_back": _("Rolled back"),
        "checkpoint": _("Checkpoint"),
    }
    return own.get(kind) or states().get(state, kind)


def _detail(data: Mapping[str, Any]) -> str:
    error = data.get("error")
    parts = [str(error.get("message") or error.get("code"))] if isinstance(error, dict) else []
    parts += [str(data[name]) for name in ("reason", "name", "worker") if data.get(name)]
    if isinstance(data.get("total"), int) and data["total"]:
        parts.append(_("%(done)d of %(total)d") % {"done": data.get("done", 0), "total": data["total"]})
    if isinstance(data.get("attempt"), int) and data["attempt"] > 1:
        parts.append(_("try %(number)d") % {"number": data["attempt"]})
    if data.get("reused"):
        parts.append(_("Taken from the run before"))
    return " · ".join(parts)[:500]
