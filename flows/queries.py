"""What pages and lists ask of the people in many flows at once, in one query however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flows.access import Role
from flows.models import Membership


@dataclass(frozen=True, slots=True)
class Member:
    """A person who belongs to a flow; `colour` is an index into the people's colours, `email` None if it is hidden."""

    id: int
    name: str
    email: str | None
    role: Role
    colour: int


def members(flow_id: UUID, *, reader: int | None = None) -> list[Member]:
    """Return the members of a flow in the order in which they came; `reader` is the account that may see its own."""
    return members_of([flow_id], reader=reader)[flow_id]


def members_of(flow_ids: Sequence[UUID], *, reader: int | None = None) -> dict[UUID, list[Member]]:
    """Return the members of some flows, each in the order in which they came."""
    found: dict[UUID, list[Member]] = {flow_id: [] for flow_id in flow_ids}
    rows = Membership.objects.filter(flow_id__in=flow_ids).order_by("pk")
    fields = rows.values_list("flow_id", "user_id", "user__name", "user__email", "by_name", "role", "colour")
    for flow_id, id, name, email, by_name, role, colour in fields:
        is_hidden = by_name and id != reader
        found[flow_id].append(Member(id, name, None if is_hidden else email, Role(role), colour))
    return found
