"""Defects planted in the planner, each of which a law must find: a check that cannot fail is none."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from flows.validation.scene import Structure, Upstream
from runs.plan import Closing, Scope, Slot, Step, names, take_up
from runs.plan import draft as drafts
from runs.plan import moves as planner
from runs.plan.draft import Draft
from tests.runs.test_planner_laws import LAWS, hold

Plant = Callable[[pytest.MonkeyPatch], None]


def any_starts_again_with_each_input(patch: pytest.MonkeyPatch) -> None:
    def arrive(self: Draft, slot: Slot, wire: Any, source: Slot) -> None:
        is_live = wire.source_port in (source.ports or ())
        self._decide(replace(slot, pending=slot.pending - 1, live=slot.live + is_live))

    patch.setattr(Draft, "_arrive", arrive)


def dead_inputs_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    original = Draft._arrive

    def arrive(self: Draft, slot: Slot, wire: Any, source: Slot) -> None:
        if source.ports:
            original(self, slot, wire, source)

    patch.setattr(Draft, "_arrive", arrive)


def every_is_content_with_one(patch: pytest.MonkeyPatch) -> None:
    original = drafts.verdict_on

    def verdict(step: Step, count: int, slot: Slot) -> Any:
        return original(replace(step, join="arrived") if step.join == "every" else step, count, slot)

    patch.setattr(drafts, "verdict_on", verdict)


def skipped_is_not_handed_on(patch: pytest.MonkeyPatch) -> None:
    def skip(self: Draft, slot: Slot) -> None:
        self.end(slot, "skipped", ())
        self._queue.pop()

    patch.setattr(Draft, "skip", skip)


def disabled_steps_run(patch: pytest.MonkeyPatch) -> None:
    original = drafts.verdict_on
    patch.setattr(drafts, "verdict_on", lambda step, count, slot: original(replace(step, enabled=True), count, slot))


def an_iteration_ends_with_its_first_task(patch: pytest.MonkeyPatch) -> None:
    original = Draft._count

    def count(self: Draft, slot: Slot, index: int) -> None:
        if slot.scope is not None and index in slot.scope.left:
            slot = replace(slot, scope=replace(slot.scope, left={**slot.scope.left, index: 1}))
        original(self, slot, index)

    patch.setattr(Draft, "_count", count)


def one_iteration_too_few(patch: pytest.MonkeyPatch) -> None:
    original = Draft.advance

    def advance(self: Draft, slot: Slot, scope: Scope) -> None:
        if scope.total and scope.total > 2 and not scope.opened:
            scope = replace(scope, total=scope.total - 1)
        original(self, slot, scope)

    patch.setattr(Draft, "advance", advance)


def results_come_as_iterations_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(names, "_one_or_all", lambda found: found[-1] if found else None)


def leave_keeps_what_came_after(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(drafts, "_closing", lambda _step, slot, scope: Closing(slot.node, slot.path, scope.opened))


def a_loop_goes_on_after_a_failure(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planner, "_spoil", lambda *_: None)


def go_on_carries_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planner, "_ports_of_failure", lambda _step: ())


def a_decision_goes_every_way(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(planner, "_live_ports", lambda step, _end: ("out",) if step.kind == "loop" else step.outputs)


def what_comes_from_before_a_loop_is_awaited_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Draft, "open_paths", lambda *_: [])


def what_stopped_the_run_is_handed_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Draft, "stop", lambda self, slot, halt: self.end(slot, "failed", ()))


def taken_up_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(take_up, "_withdraw", lambda *_: None)


def taken_up_without_its_loop(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(take_up, "_iteration_back", lambda *_args, **_more: [])


def bodies_may_follow_anything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Structure, "is_before", lambda *_: True)


def later_in_an_iteration_counts_as_before(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Upstream, "leads", lambda *_: True)


PLANTED: tuple[Plant, ...] = (
    any_starts_again_with_each_input,
    dead_inputs_are_not_counted,
    every_is_content_with_one,
    skipped_is_not_handed_on,
    disabled_steps_run,
    an_iteration_ends_with_its_first_task,
    one_iteration_too_few,
    results_come_as_iterations_end,
    leave_keeps_what_came_after,
    a_loop_goes_on_after_a_failure,
    go_on_carries_nothing,
    a_decision_goes_every_way,
    what_comes_from_before_a_loop_is_awaited_for_ever,
    what_stopped_the_run_is_handed_on,
    taken_up_alone,
    taken_up_without_its_loop,
    bodies_may_follow_anything,
    later_in_an_iteration_counts_as_before,
)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_defect_is_found(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError, match="HELIX_SEED"):
        for law in LAWS:
            hold(law, range(60))
