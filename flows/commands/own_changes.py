"""A person's own changes of a flow, read from an index alone: the steps they can undo, and the undos they can redo.

A step that began more than `MAX_VERSIONS_BACK` versions ago cannot be undone any more, so that no writer waits for a
walk through the whole history. As many changes are read as it takes to find all steps that count, mostly few.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flows import limits as helix_limits
from flows.document import OwnChange, UndoStep, redo_steps, undo_steps
from flows.models import Change
from flows.submission import AppliedChange

MAX_VERSIONS_BACK = 5_000
FIRST_READ = 1_000
"""Changes read at first; more only if these do not hold all steps that count."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps to undo, and undos to redo, newest first."""

    undo: list[UndoStep]
    redo: list[UndoStep]


def steps_of(actor: int, flow_id: UUID, version: int, applied: Sequence[AppliedChange] = ()) -> Steps:
    """Find a person's steps; `applied` is what was done in this transaction, after `version`."""
    most = helix_limits.current().undo
    oldest = version - MAX_VERSIONS_BACK
    for count in (FIRST_READ, MAX_VERSIONS_BACK):
        own = _own_changes(actor, flow_id, version, applied, count + 1)
        after = max(1, oldest)
        if len(own) > count:
            after = max(after, own[-1].version)
        steps = Steps(undo_steps(own, most, after=after), redo_steps(own, most, after=after))
        if len(own) <= count or own[-1].version <= oldest or len(steps.undo) + len(steps.redo) >= most:
            break
    return steps


def changed_by_another_client(
    actor: int, flow_id: UUID, since: int, client: str | None, applied: Sequence[AppliedChange]
) -> bool:
    """Tell whether a person has changed the flow after version `since` by another client than `client`."""
    if any(head.actor == actor and head.client != client for head, _ in applied if head.version > since):
        return True
    changes = Change.objects.filter(flow_id=flow_id, actor_id=actor, version__gt=since)
    return (changes if client is None else changes.exclude(client=client)).exists()


def _own_changes(
    actor: int, flow_id: UUID, version: int, applied: Sequence[AppliedChange], most: int
) -> list[OwnChange]:
    """Return a person's last changes, newest first, without the flow's creation."""
    own = [
        OwnChange(head.version, head.via, head.undo_of, head.step)
        for head, _ in reversed(applied)
        if head.actor == actor
    ]
    rows = Change.objects.filter(flow_id=flow_id, actor_id=actor, version__gt=1, version__lte=version)
    columns = rows.order_by("-version").values_list("version", "via", "undo_of", "step")
    return own + [OwnChange(*row) for row in columns[:most]]
