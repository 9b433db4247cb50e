"""Where a memory is kept: of which flow, of what type, and for whom."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from runs.errors import TaskFailure
from runs.models import MemoryEntry, Run
from web.deferred_translation import kept as _


@dataclass(frozen=True, slots=True)
class Place:
    """One memory: all that is not the same in all of these is another's."""

    flow: UUID
    type: str
    scope: str
    run: UUID | None = None
    person: int | None = None

    def entries(self) -> QuerySet[MemoryEntry]:
        """Return what is kept here, the oldest first."""
        owner = {"run": self.run, "person": self.person}
        kept = MemoryEntry.objects.filter(flow=self.flow, type=self.type, scope=self.scope, **owner)
        return kept.defer("vector").order_by("pk")


def place_of(flow: UUID, run: UUID, *, type: str, scope: str) -> Place:
    """Return the memory that a run sees. Raises `TaskFailure` ("invalid_input") where it is of a person and there is
    none: a run that a sensor started is nobody's."""
    match scope:
        case "flow":
            return Place(flow, type, scope)
        case "run":
            return Place(flow, type, scope, run=run)
        case "person":
            person = Run.objects.filter(pk=run).values_list("actor_id", flat=True).first()
            if person is None:
                raise TaskFailure("invalid_input", _("Nobody started this run, so there is nobody to remember for."))
            return Place(flow, type, scope, person=person)
        case other:
            raise TaskFailure("invalid_input", _("There is no scope “%(name)s”.") % {"name": other[:20]})
