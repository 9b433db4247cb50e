"""A person's undo and redo, inside the writing door: their steps and what has happened since, read from the log.

Two kinds of rows are read: the person's own changes, from an index alone, to know their steps; and every change from
now back to the step, newest first and no further, to know what it changed and what others have written since. What is
more than `REACH` versions old is not taken back any more, so that nobody waits for a walk through the whole history.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from uuid import UUID

from django.utils.translation import gettext as _

from flows import limits as helix_limits
from flows.document import (
    Draft,
    Graph,
    Outcome,
    OwnChange,
    Past,
    Rejected,
    TakenBack,
    decode_record,
    parse_json,
    redo_steps,
    take_back,
    undo_steps,
)
from flows.models import Change
from flows.store import StoredGraph
from flows.submission import ChangeHead, Redo, Undo

REACH = 5_000
_OWN_PER_STEP = 10
_FIRST_CHUNK, _LARGEST_CHUNK = 16, 512

Made = Sequence[tuple[ChangeHead, Outcome]]


def take_back_for(
    actor: int | None, asked: Undo | Redo, *, flow_id: UUID, version: int, made: Made, draft: Draft, below: Graph
) -> TakenBack:
    """Take back a person's last step, or their last undo.

    The log holds everything up to `version`, `below` is the graph there; `made` is what was done since, in this
    transaction, and `draft` is where that leads. Raises `Rejected`, with `nothing_to_undo` if there is nothing.
    """
    taken: TakenBack | tuple[object, ...] = ()
    if actor is not None:
        limits = helix_limits.current()
        own = _own_changes(actor, flow_id, version, made, limits.undo * _OWN_PER_STEP)
        steps = (undo_steps if isinstance(asked, Undo) else redo_steps)(own, limits.undo)
        past = chain(_just_made(made), _logged(flow_id, version, below))
        taken = take_back(draft, past, steps, actor, limits)
    if isinstance(taken, TakenBack):
        return taken
    raise Rejected("nothing_to_undo", _reason(asked, is_theirs=bool(taken)))


def can_take_back(actor: int, flow_id: UUID, version: int) -> tuple[bool, bool]:
    """Tell whether a person has steps to undo and to redo in a flow; what others wrote may yet stand in the way."""
    most = helix_limits.current().undo
    own = _own_changes(actor, flow_id, version, (), most * _OWN_PER_STEP)
    return bool(undo_steps(own, most)), bool(redo_steps(own, most))


def _own_changes(actor: int, flow_id: UUID, version: int, made: Made, most: int) -> list[OwnChange]:
    """Return a person's own changes, newest first; the flow's creation is none."""
    own = [OwnChange(head.version, head.via, head.undo_of) for head, _ in reversed(made) if head.actor == actor]
    rows = Change.objects.filter(flow_id=flow_id, actor_id=actor, version__gt=max(1, version - REACH))
    return own + [OwnChange(*row) for row in rows.order_by("-version").values_list("version", "via", "undo_of")[:most]]


def _just_made(made: Made) -> Iterable[Past]:
    return (Past(head.version, head.actor, outcome.inverse) for head, outcome in reversed(made))


def _logged(flow_id: UUID, version: int, below: Graph) -> Iterator[Past]:
    """Read the log backwards, in growing chunks; rows that the way back will ask for are read together."""
    size = _FIRST_CHUNK
    while version > 1:
        rows = Change.objects.filter(flow_id=flow_id, version__gt=max(1, version - size), version__lte=version)
        entries = [
            Past(number, actor, None if inverse is None else decode_record(parse_json(inverse)))
            for number, actor, inverse in rows.order_by("-version").values_list("version", "actor_id", "inverse")
        ]
        if isinstance(below, StoredGraph):
            below.prefetch(entry.inverse for entry in entries if entry.inverse is not None)
        yield from entries
        version, size = version - size, min(size * 2, _LARGEST_CHUNK)


def _reason(asked: Undo | Redo, *, is_theirs: bool) -> str:
    if is_theirs:
        return _("Others have changed since what you did; it was left alone.")
    return _("There is nothing to undo.") if isinstance(asked, Undo) else _("There is nothing to redo.")
