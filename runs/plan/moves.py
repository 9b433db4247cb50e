"""What follows from the beginning of a run and from each end of a task: pure, and the same for any order of ends.

The caller executes what is `ready`, and answers with `ended`, for a loop with `opened` first; `turns` are answered with
`turned`, `closings` with `ended`. A call reads and changes only slots that the end touches.
"""

from dataclasses import replace

from runs.plan.draft import Draft
from runs.plan.paths import around
from runs.plan.plan import Plan
from runs.plan.state import Board, End, Halt, Moves, Scope, Slot
from runs.plan.steps import GOES_ON, Step
from runs.plan.take_up import take_up


def begin(plan: Plan, *, sensor: str | None = None) -> Moves:
    """Make the tasks outside all loops; those that nothing leads to are ready.

    `sensor` is the one that started the run: the others are skipped. By hand (None) all of them give the input.
    """
    sensors = {id for id in plan.layout.bodies[None] if plan.steps[id].kind == "sensor"}
    draft = Draft(plan, left_out=sensors - {sensor} if sensor is not None else ())
    steps, waiting = plan.layout.bodies[None], dict[str, tuple[int, int]]()
    for id in steps:
        waiting[id] = sum(plan.steps[wire.source].enabled for wire in plan.layout.before[id]), 0
    draft.make("", steps, waiting)
    draft.follow()
    return draft.moves()


def ended(plan: Plan, board: Board, node: str, path: str, end: End) -> Moves:
    """Return what follows from the end of a task that was ready. Raises ValueError if it was not."""
    draft = Draft(plan, board)
    draft.read_around(node, path)
    step, slot = plan.steps[node], draft.slot(node, path)
    if slot.state != "ready":
        raise ValueError(f"{node} {path}: {slot.state}")
    if end.outcome == "failed":
        _fail(draft, step, slot)
    elif end.outcome == "skipped":
        draft.skip(slot)
    else:
        draft.end(slot, "done", _live_ports(step, end))
    draft.follow()
    return draft.moves()


def opened(plan: Plan, board: Board, loop: str, path: str, *, total: int | None) -> Moves:
    """Open the first iterations of a loop that is ready.

    `total` is their number; None for `while` and `until`, whose first iteration is opened (a `while` that is not even
    true once has 0). A body without steps has no iterations.
    """
    draft = Draft(plan, board)
    slot = draft.slot(loop, path)
    if slot.state != "ready" or slot.scope is not None:
        raise ValueError(f"{loop} {path}: {slot.state}")
    scope = Scope(total if plan.layout.bodies[loop] else 0)
    slot = replace(slot, scope=scope)
    draft.write(slot)
    if scope.total is None:
        draft.open(slot, scope)
    else:
        draft.advance(slot, scope)
    draft.follow()
    return draft.moves()


def turned(plan: Plan, board: Board, loop: str, path: str, *, goes_on: bool) -> Moves:
    """Open the next iteration of a `while` or `until` loop that asked, or close it."""
    draft = Draft(plan, board)
    slot = draft.slot(loop, path)
    scope = slot.scope
    if slot.state != "ready" or scope is None or scope.total is not None or scope.left or scope.is_closing:
        raise ValueError(f"{loop} {path}: has not asked")
    if goes_on:
        draft.open(slot, scope)
    else:
        scope = replace(scope, is_closing=True)
        slot = replace(slot, scope=scope)
        draft.write(slot)
        draft.advance(slot, scope)
    draft.follow()
    return draft.moves()


def retried(plan: Plan, board: Board, node: str, path: str) -> Moves:
    """Take up a task that failed, with what was skipped for it; what has run without it stays as it is.

    So a loop that ended well keeps its results. Raises ValueError if the task did not fail, or is a loop of which an
    iteration failed: that is taken up by the task in it.
    """
    draft = Draft(plan, board)
    slot = draft.slot(node, path)
    if slot.state != "failed" or slot.has_failed_inside:
        raise ValueError(f"{node} {path}: {slot.state}")
    take_up(draft, slot)
    return draft.moves()


def halt_of(plan: Plan, step: Step) -> Halt:
    """Return what the failure of a step does to its run: "" if it is taken care of where it happens, or by a loop."""
    if step.on_error in GOES_ON:
        return ""
    if step.criticality == "critical":
        return "pause"
    if step.criticality == "optional":
        return ""
    return "fail" if step.loop is None else halt_of(plan, plan.steps[step.loop])


def _fail(draft: Draft, step: Step, slot: Slot) -> None:
    halt = halt_of(draft.plan, step)
    if halt:
        draft.stop(slot, halt)
        return
    if step.on_error == "null":
        draft.end(slot, "done", _ports_of_failure(step))
        return
    draft.has_failures = True
    if step.loop is not None and step.spoils:
        outer, index = around(slot.path)
        _spoil(draft, draft.slot(step.loop, outer), index)
    draft.end(slot, "failed", _ports_of_failure(step) if step.on_error in GOES_ON else ())


def _spoil(draft: Draft, slot: Slot, index: int) -> None:
    """Note in a loop that an iteration failed; unless it goes on, it opens no further one."""
    scope = slot.scope
    if scope is None or slot.state == "done" or draft.plan.steps[slot.node].on_error == "go_on":
        return
    failed = tuple(sorted((*scope.failed, index)))
    draft.write(replace(slot, scope=replace(scope, failed=failed, is_closing=True)))


def _live_ports(step: Step, end: End) -> tuple[str, ...]:
    if step.kind == "loop":
        return ("out",)
    return tuple(port for port in step.outputs if end.ports is None or port in end.ports)


def _ports_of_failure(step: Step) -> tuple[str, ...]:
    """Return the outputs that carry null: a decision's default branch, a loop's `out`, of others all."""
    match step.kind:
        case "decision":
            return (str(step.settings.get("default_branch") or "default"),)
        case "loop":
            return ("out",)
        case _:
            return step.outputs
