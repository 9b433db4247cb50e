"""What pages and lists ask of the people in many flows at once, in one query however many there are.

Who has a flow open only a package above knows; it says so with `count_people_by`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from flows.access import Role
from flows.models import Membership

CountPeople: TypeAlias = Callable[[Collection[UUID]], Mapping[UUID, int]]
_counting: list[CountPeople] = []


def count_people_by(count: CountPeople) -> None:
    """Take the function that knows how many people have flows open. It is asked by threads, and must not wait."""
    _counting[:] = [count]


def people_now(flow_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many people are in each of some flows now; flows that are not open are left out."""
    return {flow_id: number for count in _counting for flow_id, number in count(flow_ids).items()}


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
