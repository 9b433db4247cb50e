"""The timeline of a run: a row for each node, a bar for each try, marks for checkpoints; in milliseconds.

However large a run is, little is read: nodes are counted by the database, of tries and checkpoints the last ones come.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from django.db.models import Count, F, Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from flows.document import Document
from flows.log import document_at
from flows.rendering.outline import flow_order
from flows.storage.store import load_document
from flows.titles import node_title
from runs.models import Attempt, Checkpoint, Run, Task
from runs.node_state import ENDED, shown, state_of
from runs.pages.state_texts import ICONS, finished, seconds, states, task_word
from runs.plan import decode_ports
from web.deferred_translation import said

MOST_BARS, MOST_MARKS, MOST_TOLD = 1_000, 500, 500
Span: TypeAlias = tuple[datetime, datetime | None]
NOT_EXECUTED = frozenset({"note", "group"})
LATEST = F("started_at").desc(nulls_last=True)
"""What never started is no news; without a word PostgreSQL has it first."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One try; `end` is None while it goes on."""

    start: int
    end: int | None
    state: str
    title: str


@dataclass(slots=True)
class Row:
    """One node: what it is, how it is, and what happened when."""

    node: str
    kind: str
    label: str
    state: str = "waiting"
    word: str = ""
    icon: str = ""
    done: int = 0
    total: int = 0
    attempt: int = 0
    worker: str = ""
    note: str = ""
    took: str = ""
    ports: str = ""
    reused: bool = False
    bars: list[Bar] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Timeline:
    """All rows in the order of the flow; `length` is how long the run took or takes, in milliseconds."""

    rows: list[Row]
    length: int
    done: int
    failed: int
    total: int

    @property
    def finished(self) -> str:
        """Say how many tasks have ended."""
        return finished(self.done, self.total)

    @property
    def took(self) -> str:
        """Say how long the run took so far."""
        return seconds(self.length)


def document_of(run: Run, current: int) -> Document:
    """Return the flow as the run knows it."""
    return load_document(run.flow_id).document if run.version == current else document_at(run.flow_id, run.version)


def timeline(run: Run, document: Document, now: datetime | None = None) -> Timeline:
    """Return what a run's timeline shows."""
    began = run.started_at or run.created_at
    length = _since(began, run.ended_at or now or timezone.now())
    rows = _rows(document)
    is_over = run.state in Run.ENDED
    done, failed, total = _count(run, rows, is_over=is_over)
    _tell(run, rows)
    _draw(run, rows, began)
    for row in rows.values():
        row.note = row.note or _note(row, is_over=is_over)
        row.word, row.icon = task_word(row.state, is_over=is_over), ICONS[row.state]
    return Timeline(list(rows.values()), length, done, failed, total)


def _rows(document: Document) -> dict[str, Row]:
    nodes = [node for node in document.nodes() if node.kind not in NOT_EXECUTED]
    known = {node.id: node for node in nodes}
    edges = [edge for edge in document.edges() if edge.source in known and edge.target in known]
    order = (known[id] for id in flow_order(nodes, edges))
    return {node.id: Row(node.id, node.kind, node_title(node)) for node in order}


def _count(run: Run, rows: dict[str, Row], *, is_over: bool) -> tuple[int, int, int]:
    """Count the tasks of each node by state, and all of them: ended, failed, known."""
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    spans: dict[str, tuple[datetime | None, datetime | None]] = {}
    grouped = Task.objects.filter(run=run).order_by().values("node", "state")
    for one in grouped.annotate(
        count=Count("key"), first=Min("started_at"), last=Max("ended_at"), tries=Max("attempt")
    ):
        node = one["node"]
        counted[node][one["state"]] += one["count"]
        first, last = spans.get(node, (None, None))
        spans[node] = (
            min(filter(None, (first, one["first"])), default=None),
            max(filter(None, (last, one["last"])), default=None),
        )
        if row := rows.get(node):
            row.attempt = max(row.attempt, one["tries"])
    for node, tasks in counted.items():
        if row := rows.get(node):
            row.state, row.total = state_of(tasks, is_over=is_over), tasks.total()
            row.done = sum(tasks[state] for state in ENDED)
            first, last = spans[node]
            row.took = seconds(_since(first, last)) if first and last and row.state == "done" else ""
    everything = sum(counted.values(), Counter[str]())
    return sum(everything[state] for state in ENDED), everything["failed"], everything.total()


def _tell(run: Run, rows: dict[str, Row]) -> None:
    """Read of tasks what only they say: loops' counts, workers, reasons, chosen ports."""
    tasks = Task.objects.filter(run=run).exclude(state=Task.State.WAITING).order_by(LATEST, "-key")
    columns = ("node", "path", "state", "worker", "reason", "error_message", "ports", "done", "total", "reused")
    for node, path, state, worker, reason, error, ports, done, total, reused in tasks.values_list(*columns)[:MOST_TOLD]:
        row = rows.get(node)
        if row is None:
            continue
        if total and not path:
            row.done, row.total = done, total
        if not path:
            row.ports, row.reused = " ".join(decode_ports(ports) or ()), reused
        if state == row.state:
            row.worker = row.worker or worker
            row.note = row.note or said(error or reason)


def _draw(run: Run, rows: dict[str, Row], began: datetime) -> None:
    """Draw the last tries; of tasks that need none, their own time. What a run left open ends with it."""
    is_over = run.state in Run.ENDED
    tries = Attempt.objects.filter(task__run=run).order_by("-started_at", "-pk")
    columns = ("task__node", "number", "worker", "state", "started_at", "ended_at")
    drawn = set()
    for node, number, worker, state, start, end in tries.values_list(*columns)[:MOST_BARS]:
        drawn.add(node)
        if row := rows.get(node):
            span = start, end or run.ended_at
            row.bars.append(_bar(began, span, shown(state, is_over=is_over), worker, number))
    inline = Task.objects.filter(run=run, started_at__isnull=False).exclude(node__in=drawn).order_by("-started_at")
    for node, state, start, end in inline.values_list("node", "state", "started_at", "ended_at")[:MOST_BARS]:
        if row := rows.get(node):
            row.bars.append(_bar(began, (start or began, end or run.ended_at), shown(state, is_over=is_over)))
    marks = Checkpoint.objects.filter(task__run=run).order_by("-at").values_list("task__node", "at")
    for node, at in marks[:MOST_MARKS]:
        if row := rows.get(node):
            row.marks.append(_since(began, at))


def _bar(began: datetime, span: Span, state: str, worker: str = "", number: int = 0) -> Bar:
    start, end = span
    parts = [states()[state], seconds(_since(start, end)) if end else "", worker]
    if number > 1:
        parts.append(_("try %(number)d") % {"number": number})
    return Bar(_since(began, start), None if end is None else _since(began, end), state, ", ".join(filter(None, parts)))


def _note(row: Row, *, is_over: bool) -> str:
    if row.reused:
        return _("Taken from the run before")
    if row.state in ("running", "done"):
        return row.worker
    return task_word(row.state, is_over=is_over)


def _since(began: datetime, at: datetime) -> int:
    return max(0, round((at - began).total_seconds() * 1000))
