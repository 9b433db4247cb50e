"""How much runs may keep, values, checkpoints and events: those of a flow, and all that one person answers for.

Each run counts its own bytes in its row, under its lock. Nothing is ever summed over runs: a row for each flow and one
for each person hold the totals. A run counts into them what it has more than they know, as soon as that is a `STEP`,
and when it ends; so they are seldom written, and each open run has less than a step that they do not know. Past a
limit a flow or a person may go by these steps, by events, which are never refused (but then no run is started, resumed,
tried again or rolled back), and by what several runs write at the same moment, since they do not wait for each other.
What is deleted makes room at once. All who write the totals lock the run first, then the flow's, then the person's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import F, Sum

from flows import limits
from flows.storage.sql import execute, key_value, select
from runs.errors import TaskFailure
from runs.models import FlowRunStorage, PersonRunStorage, Run
from web.deferred_translation import kept as _
from web.errors import Problem

STEP: Final = 65_536
EVENT_BYTES: Final = 100
"""What an event takes beside its data."""
_FLOWS, _PEOPLE = FlowRunStorage._meta.db_table, PersonRunStorage._meta.db_table
_READ = f"""SELECT (SELECT storage FROM {_FLOWS} WHERE flow_id = %s),
(SELECT storage FROM {_PEOPLE} WHERE user_id = %s)"""  # noqa: S608  (our names)
_COUNT = """INSERT INTO {table} ({whose}, storage) VALUES (%s, %s)
ON CONFLICT ({whose}) DO UPDATE SET storage = {table}.storage + excluded.storage"""
_COUNT_FOR_FLOW = _COUNT.format(table=_FLOWS, whose="flow_id")
_COUNT_FOR_PERSON = _COUNT.format(table=_PEOPLE, whose="user_id")


@dataclass(frozen=True, slots=True)
class Kept:
    """What the runs of a flow keep, and those of a person in all flows."""

    by_flow: int
    by_person: int

    def expect_room(self, size: int) -> None:
        """Raise `TaskFailure` (`limit_reached`) where so many bytes more may not be kept."""
        bounds = limits.current()
        if self.by_flow + size > bounds.run_storage_per_flow:
            sentence = _("The runs of this flow keep %(most)d bytes, which is all they may.")
            raise TaskFailure("limit_reached", sentence % {"most": bounds.run_storage_per_flow})
        if self.by_person + size > bounds.run_storage_per_person:
            sentence = _("All runs of one person keep %(most)d bytes, which is all they may.")
            raise TaskFailure("limit_reached", sentence % {"most": bounds.run_storage_per_person})


def kept_of(flow_id: UUID, person: int | None) -> Kept:
    """Read the totals that bound a run of a flow for which a person answers, if one does."""
    ((by_flow, by_person),) = select(_READ, [key_value(flow_id), person])
    return Kept(by_flow or 0, by_person or 0)


def expect_room(flow_id: UUID, person: int | None, size: int) -> None:
    """Raise `Problem` (`limit_reached`) where a person may not have a run of a flow keep so many bytes more."""
    try:
        kept_of(flow_id, person).expect_room(size)
    except TaskFailure as failure:
        raise Problem("limit_reached", failure.message) from None


def count(run: Run) -> None:
    """Count what a locked run keeps into the totals, if they lack a step of it or it has ended."""
    size = run.storage - run.counted
    if size < STEP and (size <= 0 or run.state not in Run.ENDED):
        return
    execute(_COUNT_FOR_FLOW, [key_value(run.flow_id), size])
    if run.responsible_id is not None:
        execute(_COUNT_FOR_PERSON, [run.responsible_id, size])
    run.counted = run.storage


def uncount(run: Run) -> None:
    """Take a locked run that is being deleted out of the totals."""
    FlowRunStorage.objects.filter(flow=run.flow_id).update(storage=F("storage") - run.counted)
    _uncount_for([(run.responsible_id, run.counted)])


def uncount_all(flow_id: UUID) -> None:
    """Take all runs of a flow that is being deleted out of the totals."""
    FlowRunStorage.objects.filter(flow=flow_id).delete()
    runs = Run.objects.filter(flow=flow_id).order_by("responsible")
    _uncount_for(list(runs.values_list("responsible").annotate(Sum("counted"))))


def _uncount_for(sizes: Iterable[tuple[int | None, int]]) -> None:
    for person, size in sizes:
        PersonRunStorage.objects.filter(user=person).update(storage=F("storage") - size)
