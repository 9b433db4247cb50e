"""A person's steps in a flow, read from an index alone: which they can take back, and which of their undos.

What began more than `REACH` versions ago is not taken back any more, so that nobody waits for a walk through the whole
history. As many changes are read as it takes to find all steps that count, in most cases not many.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flows import limits as helix_limits
from flows.document import Outcome, OwnChange, UndoStep, redo_steps, undo_steps
from flows.models import Change
from flows.submission import ChangeHead

REACH = 5_000
_AT_FIRST = 1_000

Applied = Sequence[tuple[ChangeHead, Outcome]]


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps to undo, and undos to redo, newest first."""

    undo: list[UndoStep]
    redo: list[UndoStep]


def steps_of(actor: int, flow_id: UUID, version: int, applied: Applied = ()) -> Steps:
    """Find a person's steps; `applied` is what was done in this transaction, after `version`."""
    most = helix_limits.current().undo
    for count in (_AT_FIRST, REACH):
        own = _own_changes(actor, flow_id, version, applied, count + 1)
        after = max(1, version - REACH)
        if len(own) > count:
            after = max(after, own[-1].version)
        steps = Steps(undo_steps(own, most, after=after), redo_steps(own, most, after=after))
        if len(own) <= count or own[-1].version <= version - REACH or len(steps.undo) + len(steps.redo) >= most:
            break
    return steps


def went_on_elsewhere(actor: int, flow_id: UUID, at: int, client: str | None, applied: Applied) -> bool:
    """Tell whether a person has changed the flow after version `at` by another client than `client`."""
    if any(head.actor == actor and head.client != client for head, _ in applied if head.version > at):
        return True
    since = Change.objects.filter(flow_id=flow_id, actor_id=actor, version__gt=at)
    return (since if client is None else since.exclude(client=client)).exists()


def _own_changes(actor: int, flow_id: UUID, version: int, applied: Applied, most: int) -> list[OwnChange]:
    """Return a person's last changes, newest first; the flow's creation is none."""
    own = [
        OwnChange(head.version, head.via, head.undo_of, head.step)
        for head, _ in reversed(applied)
        if head.actor == actor
    ]
    rows = Change.objects.filter(flow_id=flow_id, actor_id=actor, version__gt=1, version__lte=version)
    columns = rows.order_by("-version").values_list("version", "via", "undo_of", "step")
    return own + [OwnChange(*row) for row in columns[:most]]
