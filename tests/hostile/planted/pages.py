"""Defects of a page and its device."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pytest import MonkeyPatch

from tests.hostile.device import Device, Edit
from tests.hostile.markup import Markup
from tests.hostile.page import Page


def gap_applied(patch: MonkeyPatch) -> None:
    """A page takes whatever comes as if it followed what it holds."""
    taken_as_following(patch, lambda held, frame: held is not None and frame["previous"] > held)


def doubled_frame_applied_twice(patch: MonkeyPatch) -> None:
    """A page takes what it has already."""
    taken_as_following(patch, lambda held, frame: held is not None and frame["version"] <= held)


def taken_as_following(patch: MonkeyPatch, when: Callable[[int | None, Any], bool]) -> None:
    """Let pages apply a frame that does not start from what they hold."""
    real = Page._take_changes

    def take_changes(self: Page, frame: Any) -> None:
        if not when(self.copy.version, frame):
            real(self, frame)
            return
        self.copy.version = frame["previous"]
        with suppress(AssertionError, LookupError):
            self.copy.take(frame)
        self.copy.version = frame["version"]

    patch.setattr(Page, "_take_changes", take_changes)


def half_a_snapshot_applied(patch: MonkeyPatch) -> None:
    """A page shows the first part of a snapshot as the whole."""
    real = Page._take_snapshot
    patch.setattr(
        Page, "_take_snapshot", lambda self, frame: real(self, frame | ({"parts": 1} if "part" in frame else {}))
    )


def name_used_again_after_a_crash(patch: MonkeyPatch) -> None:
    """A new page goes by the name of the dead one, and counts from one."""
    patch.setattr(Device, "new_name", lambda self: f"page-{self.number}-same")


def lost_with_the_page(patch: MonkeyPatch) -> None:
    """Nobody sends what a dead page left behind."""
    real = Device.waiting_for
    patch.setattr(
        Device, "waiting_for", lambda self, page: [one for one in real(self, page) if one.client == page.name]
    )


def never_sent_again(patch: MonkeyPatch) -> None:
    """What was sent once is taken to have arrived."""
    real = Page._send

    def send(self: Page, edit: Edit) -> None:
        if not edit.sent:
            real(self, edit)

    patch.setattr(Page, "_send", send)


def label_stays_when_it_is_gone(patch: MonkeyPatch) -> None:
    """The patcher keeps the label of an edge that has none any more."""
    real = Markup._patch

    def patched(self: Markup, html: str) -> None:
        labels = {key: text for key, text in self.elements.items() if key[0] == "data-label-of"}
        real(self, html)
        self.elements = labels | self.elements

    patch.setattr(Markup, "_patch", patched)
