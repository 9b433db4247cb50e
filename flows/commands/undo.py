"""A person's undo and redo, inside the writing door: their steps and what has happened since, read from the log.

Two kinds of rows are read: the person's own changes, to know their steps (`steps`); and every change from now back to
where the step began, newest first and no further, to know what it changed and what others have written since.
"""

import time
from collections.abc import Iterable, Iterator
from itertools import chain
from uuid import UUID

from flows import limits as helix_limits
from flows.commands.locking import LockedFlow
from flows.commands.undo_budget import Effort, Efforts, Refusal
from flows.commands.undo_steps import Made, steps_of, went_on_elsewhere
from flows.document import (
    Draft,
    Graph,
    Past,
    Rejected,
    TakenBack,
    take_back,
)
from flows.errors import FlowReason
from flows.log.reverse import backwards
from flows.submission import Redo, Undo

_efforts = Efforts()


def take_back_for(
    actor: int | None,
    asked: Undo | Redo,
    *,
    client: str | None,
    flow: LockedFlow,
    made: Made,
    draft: Draft,
    below: Graph,
) -> TakenBack:
    """Take back a person's last step, or their last undo.

    What comes late takes back nothing that `client` could not know of (`asked.at`). The log holds everything up to the
    flow's version, `below` is the graph there; `made` is what was done since, in this transaction, and `draft` is where
    that leads. Raises `Rejected`: with `nothing_to_undo` if there is nothing, with `rate_limited` if the person has
    made us search too far too often.
    """
    if actor is None:
        raise Rejected(*_nothing(asked))
    if asked.at is not None and went_on_elsewhere(actor, flow.id, asked.at, client, made):
        raise Rejected("nothing_to_undo", FlowReason.CHANGED_ELSEWHERE)
    steps = steps_of(actor, flow.id, flow.version, made)
    wanted = steps.undo if isinstance(asked, Undo) else steps.redo
    if not wanted:
        raise Rejected(*_nothing(asked))
    effort = _efforts.of(flow.id, actor)
    if not made and (refusal := effort.refused_at(flow.digest, type(asked))):
        raise Rejected(*refusal)
    if not effort.may(time.monotonic()):
        raise Rejected("rate_limited", FlowReason.UNDO_TOO_OFTEN)
    past = chain(_just_made(made), backwards(flow.id, flow.version, below))
    taken = take_back(draft, _counted(past, effort), wanted, actor, helix_limits.current())
    if isinstance(taken, TakenBack):
        return taken
    refusal = _nothing(asked, is_theirs=bool(taken))
    if not made:
        effort.refuse(flow.digest, type(asked), refusal)
    raise Rejected(*refusal)


def can_take_back(actor: int, flow_id: UUID, version: int) -> tuple[bool, bool]:
    """Tell whether a person has steps to undo and to redo in a flow; what others wrote may yet stand in the way."""
    steps = steps_of(actor, flow_id, version)
    return bool(steps.undo), bool(steps.redo)


def _just_made(made: Made) -> Iterable[tuple[Past, int]]:
    return ((Past(head.version, head.actor, outcome.inverse), 0) for head, outcome in reversed(made))


def _counted(past: Iterable[tuple[Past, int]], effort: Effort) -> Iterator[Past]:
    for entry, size in past:
        effort.spend(size)
        yield entry


def _nothing(asked: Undo | Redo, *, is_theirs: bool = False) -> Refusal:
    if is_theirs:
        return "nothing_to_undo", FlowReason.CHANGED_BY_OTHERS
    return "nothing_to_undo", FlowReason.NOTHING_TO_UNDO if isinstance(asked, Undo) else FlowReason.NOTHING_TO_REDO
