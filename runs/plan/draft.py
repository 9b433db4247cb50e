"""Works out what follows, wave by wave: each wave reads the slots it touches with one query.

Ends are queued, never followed by recursion, so a long chain of skipped steps needs no deep stack. What is worked out
depends on the ends alone, not on the order in which they come.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from runs.plan.layout import loops_around
from runs.plan.paths import around, inside, outwards
from runs.plan.plan import Plan
from runs.plan.progress import share_left
from runs.plan.state import Board, Closing, Halt, Key, Moves, Overlay, Scope, Slot, State, Turn
from runs.plan.steps import Step, Wire

OPEN_ITERATIONS: Final = 200
"""How many iterations of one `for_each` may be open at once."""


class Draft:
    """The moves that are being worked out from one question."""

    def __init__(self, plan: Plan, board: Board | None = None, *, left_out: Collection[str] = ()) -> None:
        self.plan, self.layout, self._left_out = plan, plan.layout, left_out
        self._board = Overlay(board)
        self._slots: dict[Key, Slot] = {}
        self._made, self._ready, self._skipped, self._ended = (list[Key]() for _ in range(4))
        self._reopened: list[Key] = []
        self._turns, self._closings = list[Turn](), list[Closing]()
        self._queue: list[Key] = []
        self.halt: Halt = ""
        self.has_failures = False
        self._progress = 0.0
        self._promised = 0

    def slot(self, node: str, path: str) -> Slot:
        """Return a slot as it is by now."""
        return self._board.slots(((node, path),))[node, path]

    def read_around(self, node: str, path: str) -> None:
        """Read a task, the loops around it and what follows it, with one query."""
        keys = [(node, path), *((wire.target, path) for wire in self.layout.onward[node])]
        for loop in loops_around(self.plan.steps, node):
            path = around(path)[0]
            keys.append((loop, path))
        self._board.slots(keys)

    def make(self, path: str, nodes: Iterable[str], waiting: dict[str, tuple[int, int]]) -> None:
        """Make the slots of a body; `waiting` holds how many wires are pending and live, by step."""
        for node in nodes:
            slot = Slot(node, path, "waiting", *waiting[node])
            self._made.append(slot.key)
            self._decide(slot)

    def write(self, slot: Slot) -> None:
        """Keep a slot as it is to be."""
        if slot.scope is not None:
            self._promised += self._promise(slot) - self._promise(self.slot(*slot.key))
        self._slots[slot.key] = slot
        self._board.put((slot,))

    def end(self, slot: Slot, state: State, ports: tuple[str, ...]) -> None:
        """End a task, its outputs carrying on by `ports`; what follows is worked out by `follow`."""
        self._progress += share_left(self.plan, self, slot)
        self.write(replace(slot, state=state, ports=ports))
        self._ended.append(slot.key)
        self._queue.append(slot.key)

    def start(self, slot: Slot) -> None:
        """Make a task ready."""
        self.write(replace(slot, state="ready"))
        self._ready.append(slot.key)

    def reopen(self, slot: Slot, state: State) -> Slot:
        """Take back the end of a task."""
        slot = replace(slot, state=state, ports=None)
        self.write(slot)
        self._reopened.append(slot.key)
        return slot

    def skip(self, slot: Slot) -> None:
        """End a task that is not to run."""
        self._skipped.append(slot.key)
        self.end(slot, "skipped", ())

    def stop(self, slot: Slot, halt: Halt) -> None:
        """End a task whose failure stops the run: what follows stays undecided."""
        self.write(replace(slot, state="failed", ports=None))
        self._ended.append(slot.key)
        self.halt = halt

    def follow(self) -> None:
        """Work out all that follows from the ends so far."""
        while self._queue:
            wave, self._queue = self._queue, []
            self._read_ahead(wave)
            for node, path in wave:
                self._release(self.slot(node, path))
                loop = self.plan.steps[node].loop
                if loop is not None:
                    outer, index = around(path)
                    self._count(self.slot(loop, outer), index)

    def advance(self, slot: Slot, scope: Scope) -> None:
        """Open as many iterations of a loop as may be open, ask for the next, or close it."""
        step = self.plan.steps[slot.node]
        if scope.total is None and not scope.is_closing and not scope.left:
            self._turns.append(Turn(slot.node, slot.path, scope.done))
            return
        window = OPEN_ITERATIONS if step.settings.get("type", "for_each") == "for_each" else 1
        is_over = scope.is_closing or scope.opened == scope.total
        if not is_over:
            while scope.opened < (scope.total or 0) and len(scope.left) < window:
                scope = self.open(slot, scope)
        elif not scope.left:
            self._closings.append(_closing(step, slot, scope))

    def open(self, slot: Slot, scope: Scope) -> Scope:
        """Open the next iteration of a loop."""
        body = self.layout.bodies[slot.node]
        path = inside(slot.path, scope.opened)
        scope = replace(scope, opened=scope.opened + 1, left={**scope.left, scope.opened: len(body)})
        self.write(replace(slot, scope=scope))
        self.make(path, body, {node: self.arrived(node, path, is_new=True) for node in body})
        return scope

    def moves(self) -> Moves:
        """Return what was worked out."""
        return Moves(
            slots=self._slots,
            made=tuple(self._made),
            ready=tuple(self._ready),
            skipped=tuple(self._skipped),
            ended=tuple(self._ended),
            reopened=tuple(self._reopened),
            turns=tuple(self._turns),
            closings=tuple(self._closings),
            promised=self._promised,
            halt=self.halt,
            has_failures=self.has_failures,
            progress=self._progress,
        )

    def _read_ahead(self, wave: Iterable[Key]) -> None:
        wanted: dict[Key, None] = {}
        for node, path in wave:
            wanted.update({(wire.target, path): None for wire in self.layout.onward[node]})
            loop = self.plan.steps[node].loop
            if loop is not None:
                wanted[loop, around(path)[0]] = None
        self._board.slots(wanted)
        inward = [(wire, path) for node, path in wave for wire in self.layout.inward[node]]
        self._board.slots([(wire.target, inner) for wire, path in inward for inner in self.open_paths(path, wire)])

    def _release(self, slot: Slot) -> None:
        for wire in self.layout.onward[slot.node]:
            self._arrive(self.slot(wire.target, slot.path), wire, slot)
        for wire in self.layout.inward[slot.node]:
            for path in self.open_paths(slot.path, wire):
                self._arrive(self.slot(wire.target, path), wire, slot)

    def open_paths(self, path: str, wire: Wire) -> list[str]:
        """Return the paths of all open iterations into which a wire from before their loop leads."""
        steps, paths = self.plan.steps, [path]
        inner = list(loops_around(steps, wire.target))
        depth = len(list(loops_around(steps, wire.source)))
        for loop in reversed(inner[: len(inner) - depth]):
            slots = self._board.slots([(loop, path) for path in paths]).values()
            paths = [inside(slot.path, index) for slot in slots if slot.scope is not None for index in slot.scope.left]
        return paths

    def _arrive(self, slot: Slot, wire: Wire, source: Slot) -> None:
        """Count a wire that was decided; what no longer waits does not count."""
        if slot.state == "waiting":
            is_live = wire.source_port in (source.ports or ())
            self._decide(replace(slot, pending=slot.pending - 1, live=slot.live + is_live))

    def _promise(self, slot: Slot) -> int:
        """Return how many tasks a loop has still to make, without those of loops inside it."""
        scope = slot.scope
        if scope is None or scope.total is None or scope.is_closing or slot.state != "ready":
            return 0
        return (scope.total - scope.opened) * len(self.layout.bodies[slot.node])

    def _decide(self, slot: Slot) -> None:
        step = self.plan.steps[slot.node]
        verdict = verdict_on(step, len(self.layout.before[slot.node]), slot)
        if step.id in self._left_out:
            self.skip(slot)
        elif verdict == "ready":
            self.start(slot)
        elif verdict == "skipped":
            self.skip(slot)
        else:
            self.write(slot)

    def arrived(self, node: str, path: str, *, is_new: bool = False) -> tuple[int, int]:
        """Count the wires into a step of an iteration that are undecided, and those that carry something.

        Of a new iteration, nothing is decided that comes from inside it.
        """
        steps, target, pending, live = self.plan.steps, self.plan.steps[node], 0, 0
        for wire in self.layout.before[node]:
            source = steps[wire.source]
            if source.id == target.loop:
                live += 1
            elif source.enabled and is_new and source.loop == target.loop:
                pending += 1
            elif source.enabled:
                before = self.slot(source.id, outwards(path, len(list(loops_around(steps, source.id)))))
                pending += before.ports is None
                live += wire.source_port in (before.ports or ())
        return pending, live

    def _count(self, slot: Slot, index: int) -> None:
        """Count a task of an iteration as ended, and go on if it was the last one."""
        scope = slot.scope
        if scope is None or slot.state == "done" or index not in scope.left:
            return
        left = dict(scope.left)
        left[index] -= 1
        if left[index]:
            self.write(replace(slot, scope=replace(scope, left=left)))
            return
        del left[index]
        scope = replace(scope, left=left, done=scope.done + 1)
        slot = replace(slot, scope=scope)
        self.write(slot)
        if slot.state == "ready":
            self.advance(slot, scope)


def verdict_on(step: Step, count: int, slot: Slot) -> State:
    """Return what a step's join makes of the wires that were decided, of `count`."""
    if not step.enabled:
        return "skipped"
    if count == 0:
        return "ready"
    if step.join == "arrived":
        return "waiting" if slot.pending else "ready" if slot.live else "skipped"
    needed = 1 if step.join == "any" else count if step.join == "every" else min(step.join, count)
    if slot.live >= needed:
        return "ready"
    return "waiting" if slot.live + slot.pending >= needed else "skipped"


def _closing(step: Step, slot: Slot, scope: Scope) -> Closing:
    iterations = scope.failed[0] if step.on_error == "leave" and scope.failed else scope.opened
    return Closing(slot.node, slot.path, iterations, step.on_error == "stop" and bool(scope.failed))
