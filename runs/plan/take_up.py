"""Takes up a task that failed: its end is taken back, and with it the ends of those that were skipped because of it.

What has run stays as it is. A loop that failed is open again once none of its iterations has failed any more; one that
failed itself, when it was asked for its next iteration or for its results, is asked again.
"""

from dataclasses import replace

from runs.plan.draft import Draft, verdict_on
from runs.plan.paths import around
from runs.plan.state import Scope, Slot


def take_up(draft: Draft, slot: Slot) -> None:
    """Make a task that failed ready again."""
    is_decided, scope = slot.ports is not None, slot.scope
    again = draft.reopen(slot, "waiting" if scope is None else "ready")
    if is_decided:
        _withdraw(draft, slot)
    if scope is None:
        draft.start(again)
    else:
        draft.advance(again, scope)


def _withdraw(draft: Draft, first: Slot) -> None:
    """Take back what followed from the end of a task, as far as nothing ran."""
    queue = [first]
    for slot in queue:
        queue += _wires_back(draft, slot)
        loop = draft.plan.steps[slot.node].loop
        if loop is not None:
            outer, index = around(slot.path)
            spoiled = slot.state == "failed" and draft.plan.steps[slot.node].spoils
            queue += _iteration_back(draft, draft.slot(loop, outer), index, spoiled=spoiled)


def _wires_back(draft: Draft, slot: Slot) -> list[Slot]:
    """Make the wires from a task undecided; return those that were skipped and wait again, as they were."""
    layout, found = draft.layout, list[Slot]()
    targets = [(wire, slot.path) for wire in layout.onward[slot.node]]
    targets += [(wire, path) for wire in layout.inward[slot.node] for path in draft.open_paths(slot.path, wire)]
    for wire, path in targets:
        target = draft.slot(wire.target, path)
        if target.state not in ("waiting", "skipped"):
            continue
        pending, live = draft.arrived(wire.target, path)
        changed = replace(target, pending=pending, live=live)
        if target.state == "waiting":
            draft.write(changed)
        elif _waits(draft, changed):
            draft.reopen(changed, "waiting")
            found.append(target)
    return found


def _waits(draft: Draft, slot: Slot) -> bool:
    return verdict_on(draft.plan.steps[slot.node], len(draft.layout.before[slot.node]), slot) == "waiting"


def _iteration_back(draft: Draft, loop: Slot, index: int, *, spoiled: bool) -> list[Slot]:
    """Count a task of an iteration as not ended; return the loop as it was if it is open again."""
    scope = loop.scope
    if scope is None or loop.state == "done":
        return []
    left = dict(scope.left)
    done = scope.done if index in left else scope.done - 1
    left[index] = left.get(index, 0) + 1
    failed = list(scope.failed)
    if spoiled and index in failed:
        failed.remove(index)
    scope = Scope(scope.total, scope.opened, done, left, tuple(failed), scope.is_closing and bool(failed))
    changed = replace(loop, scope=scope)
    if loop.state == "failed" and not failed:
        draft.reopen(changed, "ready")
        return [loop]
    draft.write(changed)
    return []
