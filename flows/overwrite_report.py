"""What a person finds overwritten on return to a flow: their work by others, and others' work by them.

Read from the log alone, and bounded: from now back to the first of the person's own changes that may matter, at most
`MAX_VERSIONS_BACK` versions, and no more text than one reading of the log may hold. Without the right to write there is
nothing to put back.

Overwriting one's own work is not reported, unless the person could not know: a device that was away names the clients
it wrote by, and gets what those overwrote of the same person's work by other clients.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from uuid import UUID

import orjson

from accounts.colours import colour_of
from accounts.models import User
from accounts.principals import Principal, user_id_of
from flows import limits as helix_limits
from flows import queries
from flows.access import Access, get_flow_for
from flows.actors import actor_json
from flows.commands.undo import MAX_VERSIONS_BACK
from flows.commands.undo_budget import UndoBudgets
from flows.document import Overwrite, PastVersion, Rejected, overwrites
from flows.errors import FlowReason
from flows.log import READ_BYTES
from flows.log.reverse import backwards
from flows.models import Change
from flows.storage.store import consistent_read
from flows.storage.stored_graph import StoredGraph

MAX_ITEMS = 200
MAX_BYTES = 1 << 20
NAMES = {"position": "place"}
ELSEWHERE = -1
"""The author of what a person wrote by other clients than those asked about."""

_budgets = UndoBudgets()


@dataclass(frozen=True, slots=True)
class OverwriteReport:
    """The overwritten work, encoded, as seen at a version; `more` if that is not all."""

    version: int
    items: list[dict[str, object]]
    more: bool


def overwrites_since(
    principal: Principal, flow_id: UUID, since: int, clients: frozenset[str] | None = None
) -> OverwriteReport:
    """Report what others overwrote of a person's work since a version, and they of others', the newest first.

    With `clients`, only what these overwrote of the person's work by other clients. Raises `NotFound`, and
    `Rejected("rate_limited")` after too many requests for too much.
    """
    with consistent_read():
        access, person = get_flow_for(principal, flow_id), user_id_of(principal)
        is_asked = person is not None and access.may_edit and since < access.flow.version
        first = _first_own_change(person, access) if person is not None and is_asked else None
        if person is None or first is None:
            return OverwriteReport(access.flow.version, [], more=False)
        return _Reading(person, access, since, first, clients).report()


def _first_own_change(person: int, access: Access) -> int | None:
    """Return the person's oldest version that may matter: nothing of theirs before it can have been overwritten."""
    lowest = access.flow.version - MAX_VERSIONS_BACK
    own = Change.objects.filter(flow_id=access.flow.pk, actor_id=person, version__gt=lowest)
    return own.order_by("version").values_list("version", flat=True).first()


class _Reading:
    """One reading of the log, from now back to the person's first change that may matter."""

    def __init__(self, person: int, access: Access, since: int, first: int, clients: frozenset[str] | None) -> None:
        self._person, self._flow, self._since, self._first = person, access.flow, since, first
        self._is_cut = since < self._flow.version - MAX_VERSIONS_BACK
        self._elsewhere = None if clients is None else self._versions_elsewhere(clients)

    def report(self) -> OverwriteReport:
        """Encode as many items as there is room for."""
        graph, limits = StoredGraph(self._flow), helix_limits.current()
        every = overwrites(graph, self._past(graph), self._since, self._person, limits)
        found = list(islice((item for item in every if self._is_asked_for(item)), MAX_ITEMS + 1))
        people = _people(self._flow.pk, {self._known(item.other) for item in found if item.other is not None})
        items: list[dict[str, object]] = []
        room = MAX_BYTES
        for item in found[:MAX_ITEMS]:
            encoded = _encoded(replace(item, other=item.other and self._known(item.other)), people)
            room -= len(orjson.dumps(encoded))
            if room < 0:
                break
            items.append(encoded)
        return OverwriteReport(self._flow.version, items, more=self._is_cut or len(items) < len(found))

    def _versions_elsewhere(self, clients: frozenset[str]) -> frozenset[int]:
        """Return what the person wrote by other clients, since."""
        lowest = max(self._since, self._flow.version - MAX_VERSIONS_BACK)
        own = Change.objects.filter(flow_id=self._flow.pk, actor_id=self._person, version__gt=lowest)
        return frozenset(own.exclude(client__in=clients).values_list("version", flat=True))

    def _is_asked_for(self, item: Overwrite) -> bool:
        return self._elsewhere is None or (item.other == ELSEWHERE and item.stands == "mine")

    def _known(self, author: int) -> int:
        return self._person if author == ELSEWHERE else author

    def _past(self, graph: StoredGraph) -> Iterator[PastVersion]:
        """Yield versions, newest first, as far as they matter and the bounds allow. Raises `Rejected`."""
        budget = _budgets.of(self._flow.pk, self._person)
        if not budget.has_room(time.monotonic()):
            raise Rejected("rate_limited", FlowReason.ASKED_TOO_OFTEN)
        room = READ_BYTES
        for entry, size in backwards(self._flow.pk, self._flow.version, graph, down_to=self._first):
            budget.spend(size)
            room -= size
            if room < 0:
                self._is_cut = True
                return
            is_elsewhere = self._elsewhere is not None and entry.version in self._elsewhere
            yield replace(entry, actor=ELSEWHERE) if is_elsewhere else entry


def _people(flow_id: UUID, ids: Iterable[int]) -> dict[int, dict[str, object]]:
    colours = {member.id: member.colour for member in queries.members(flow_id)}
    names = User.everyone.filter(pk__in=ids).values_list("pk", "name", "is_guest")
    return {
        id: {**actor_json(id, name, is_guest=is_guest), "colour": colour_of(colours.get(id, id))}
        for id, name, is_guest in names
    }


def _encoded(item: Overwrite, people: dict[int, dict[str, object]]) -> dict[str, object]:
    what, id = item.element
    return {
        "stands": item.stands,
        **({what: id} if id else {}),
        "label": item.label,
        "property": item.name and NAMES.get(item.name, item.name),
        "gone": item.name is None,
        "mine": item.mine,
        "theirs": item.theirs,
        "version": item.version,
        "before": item.before,
        "actor": None if item.other is None else people.get(item.other),
        "put": item.put and item.put.encode(),
        "edges": item.edges,
        **({"names": dict(item.names)} if item.name in ("parent", "ends") else {}),
    }
