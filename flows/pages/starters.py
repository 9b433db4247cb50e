"""The strip above the library: what a new flow can begin with, and how many templates there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from accounts.principals import Caller
from flows.templates import POPULAR, Offer, builtin_count
from flows.templates.own import own_count

LOOKS = {
    "support-desk": ("inbox", "agent"),
    "ask-your-documents": ("file-search", "memory"),
    "invoice-to-approval": ("receipt-text", "skill"),
    "week-of-posts": ("megaphone", "loop"),
    "sensor-stream": ("activity", "api"),
}
"""The icon of each that is offered, and the kind in whose colours it is shown."""


@dataclass(frozen=True, slots=True)
class Starters:
    """Some templates, each with its icon and a kind; `count` is how many there are in all."""

    offers: tuple[tuple[Offer, str, str], ...]
    count: int


_OFFERS = tuple((one, *LOOKS[one.id]) for one in POPULAR)


def starters(person: Caller, teams: Iterable[UUID]) -> Starters:
    """Return what the library offers a person who is in these teams."""
    return Starters(_OFFERS, builtin_count() + own_count(person, teams))
