"""Defects, each planted into one place of the model or of the product's pure core: the checker must find every one.

A defect is a function that patches. The letters say which invariants may report it: whichever it breaks first.
"""

from collections.abc import Callable

from pytest import MonkeyPatch

from tests.hostile.planted import core, pages, servers

Defect = Callable[[MonkeyPatch], None]

DEFECTS: dict[Defect, str] = {
    core.dangling_edge_kept: "I1 I5",
    servers.no_deduplication: "I4",
    servers.lost_tail: "I2",
    servers.snapshot_is_taken_for_the_end: "I1",
    servers.stale_snapshot: "I1",
    servers.forgotten_refusal: "I4",
    servers.acknowledged_before_durable: "I4",
    servers.written_in_two_parts: "I4",
    pages.gap_applied: "I3 I7",
    pages.doubled_frame_applied_twice: "I3 I7",
    pages.half_a_snapshot_applied: "I3",
    core.undo_takes_back_somebody_elses_step: "I8",
    core.undo_overlooks_who_wrote_in_between: "I8",
    core.undo_forgets_a_property: "I8",
    pages.name_used_again_after_a_crash: "I4 I6",
    pages.lost_with_the_page: "I6",
    pages.never_sent_again: "I6",
    servers.half_an_effect_told: "I3 I7",
    core.group_not_counted_again: "I7",
    pages.label_stays_when_it_is_gone: "I7",
}
