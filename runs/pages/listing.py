"""The list of a flow's runs, newest first, as its panel shows it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from flows.access import Access
from flows.pages.decorators import PageRequest
from runs.models import Run
from runs.pages.state_texts import ICONS, finished, seconds, states, triggers
from web.paging import cursor_of, read_cursor
from web.row_ids import read_uuid

RUNS_AT_ONCE = 50
SHOWN = {
    "open": Run.OPEN,
    "failed": (Run.State.FAILED, Run.State.DONE_WITH_FAILURES),
}


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One line of the list: what it is called, who started it, and how far it is or how it ended."""

    id: str
    name: str
    version: int
    state: str
    word: str
    icon: str
    who: str
    told: str
    is_over: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """A part of the list; `next` leads to older ones."""

    runs: list[ListedRun]
    next: str
    shown: str


def listing(request: PageRequest, access: Access) -> Listing:
    """Return the newest runs, or those before one, in some states if asked."""
    shown = request.GET.get("show", "")
    rows = Run.objects.filter(flow=access.flow.pk).select_related("actor").order_by("-created_at", "-id")
    if shown in SHOWN:
        rows = rows.filter(state__in=SHOWN[shown])
    rows = rows.filter(_before(request.GET.get("before", "")))
    found = list(rows[: RUNS_AT_ONCE + 1])
    last = found[RUNS_AT_ONCE - 1] if len(found) > RUNS_AT_ONCE else None
    more = "" if last is None else cursor_of(last.created_at, last.pk.hex)
    return Listing([listed(run, request.reader.pk) for run in found[:RUNS_AT_ONCE]], more, shown)


def listed(run: Run, reader: int) -> ListedRun:
    """Return a run as the list shows it to a person."""
    is_over = run.state in Run.ENDED
    word = states()[run.state]
    told = word
    if not is_over:
        told = finished(run.made - run.unfinished, run.made)
    elif run.state == Run.State.DONE and run.started_at and run.ended_at:
        told = seconds((run.ended_at - run.started_at).total_seconds() * 1000)
    return ListedRun(
        str(run.pk),
        run.name,
        run.version,
        run.state,
        word,
        ICONS[run.state],
        who(run, reader),
        told,
        is_over,
        run.created_at,
    )


def who(run: Run, reader: int) -> str:
    """Say who or what started a run."""
    if run.trigger not in ("manual", "again", "api") or run.actor is None:
        return triggers().get(run.trigger, run.trigger)
    return _("You") if run.actor.pk == reader else run.actor.name


def _before(cursor: str) -> Q:
    """Say which runs are older than the one that a cursor names; all for what is none. Many may be of one moment."""
    try:
        at, key = read_cursor(cursor)
    except ValueError:
        return Q()
    last = read_uuid(key)
    return Q() if last is None else Q(created_at__lt=at) | Q(created_at=at, pk__lt=last)
