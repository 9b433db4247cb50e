"""Who removed what somebody still wants to edit: a refusal says that, and what it was called, instead of an id.

Only what was removed lately is looked for, not often in one transaction, and not in long changes, nor behind much that
is to be passed: others wait for the lock.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models.functions import Length
from django.utils.translation import gettext as _

from accounts.models import User
from flows.commands.undo_steps import Made
from flows.document import (
    KINDS,
    AddEdge,
    AddNode,
    Batch,
    Edge,
    Element,
    Node,
    Record,
    ReplaceGraph,
    decode_record,
    parse_json,
)
from flows.models import Change

REACH = 500
MEASURED = 32
LONGEST = 64 << 10
ROOM = 2 << 20
"""In characters of inverses: what is read of one change, and of all. They are measured so many at a time."""
MOST = 5
SHOWN = 60


@dataclass(slots=True)
class Missing:
    """What was looked for in one transaction on a flow whose log ends at `version`."""

    flow_id: UUID
    version: int
    _said: dict[tuple[Element, int | None], str | None] = field(default_factory=dict)
    _near: list[int] | None = None

    def why(self, element: Element, asker: int | None, made: Made) -> str | None:
        """Say in one sentence who removed an element, None if that cannot be told.

        `made` is what was done in this transaction.
        """
        key = element, asker
        if key not in self._said and len(self._said) < MOST:
            found = next(self._removals(element, made), None)
            self._said[key] = None if found is None else _sentence(*found, asker)
        return self._said.get(key)

    def _removals(self, element: Element, made: Made) -> Iterator[tuple[Node | Edge, int | None]]:
        """Yield what the element was and who removed it, the last removal first."""
        for head, outcome in reversed(made):
            if outcome.inverse is not None and (held := _brought(outcome.inverse, element)):
                yield held, head.actor
        if self._near is None:
            self._near = list(_near(self.flow_id, self.version))
        rows = Change.objects.filter(flow_id=self.flow_id, version__in=self._near)
        rows = rows.filter(inverse__contains=f'"id":"{element[1]}"').order_by("-version")
        for inverse, actor in rows.values_list("inverse", "actor_id")[:MOST]:
            if inverse and (held := _brought(decode_record(parse_json(inverse)), element)):
                yield held, actor


def _near(flow_id: UUID, version: int) -> Iterator[int]:
    """Yield the last versions that are short enough to be searched, as far back as there is room."""
    changes = Change.objects.filter(flow_id=flow_id, inverse__isnull=False).order_by("-version")
    sizes = changes.annotate(size=Length("inverse")).values_list("version", "size")
    end, room = max(1, version - REACH), ROOM
    for highest in range(version, end, -MEASURED):
        for number, size in sizes.filter(version__range=(max(end, highest - MEASURED) + 1, highest)):
            room -= size
            if room < 0:
                return
            if size <= LONGEST:
                yield number


def _brought(inverse: Record, element: Element) -> Node | Edge | None:
    """Return the element if this brings it."""
    for held in _brings(inverse):
        if (("node" if isinstance(held, Node) else "edge"), held.id) == element:
            return held
    return None


def _brings(inverse: Record) -> Iterator[Node | Edge]:
    singles: Sequence[Record] = inverse.operations if isinstance(inverse, Batch) else (inverse,)
    for single in singles:
        match single:
            case AddNode(node):
                yield node
            case AddEdge(edge):
                yield edge
            case ReplaceGraph(nodes, edges):
                yield from nodes
                yield from edges


def _sentence(held: Node | Edge, remover: int | None, asker: int | None) -> str:
    what = _("this connection") if isinstance(held, Edge) else f"“{_called(held)}”"
    if remover is None:
        return _("%s was deleted.") % what
    if remover == asker:
        return _("You deleted %s before.") % what
    name = User.objects.filter(pk=remover).values_list("name", flat=True).first()
    return _("%(who)s deleted %(what)s.") % {"who": name, "what": what}


def _called(node: Node) -> str:
    return (node.label or KINDS[node.kind].title)[:SHOWN]
