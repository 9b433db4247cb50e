"""The keyboard and mouse, as the help dialog lists them. Only what works is in here.

A Mac's ⌘ stands where Ctrl does; the dialog says so."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

Shortcut = tuple[tuple[str, ...], str]


def shortcuts() -> list[tuple[str, list[Shortcut]]]:
    """Return sections of (keys, meaning)."""
    return [
        (pgettext("shortcuts", "Edit"), _edit()),
        (pgettext("shortcuts", "Select and move"), _select()),
        (pgettext("shortcuts", "View"), _view()),
        (pgettext("shortcuts", "Mouse"), _mouse()),
    ]


def _edit() -> list[Shortcut]:
    return [
        (("Tab",), _("Add a node after the selection")),
        (("/",), _("Find a node")),
        (("C",), _("Connect to a node")),
        (("F2",), _("Rename")),
        (("Enter",), _("Edit settings")),
        (("Ctrl", "D"), _("Duplicate")),
        (("Ctrl", "C"), _("Copy")),
        (("Ctrl", "X"), _("Cut")),
        (("Ctrl", "V"), _("Paste")),
        (("Ctrl", "Z"), pgettext("action", "Undo")),
        (("Ctrl", "Shift", "Z"), pgettext("action", "Redo")),
        (("Del",), _("Delete")),
        (("Ctrl", "⌫"), _("Delete and reconnect")),
    ]


def _select() -> list[Shortcut]:
    return [
        (("Ctrl", "A"), _("Select all")),
        (("Esc",), _("Clear selection")),
        (("←", "↑", "→", "↓"), _("Move by 8 px (Shift: 32 px)")),
        (("Alt", "←", "→"), _("Go to connected node")),
        (("Ctrl", "Shift", "←"), _("Align (any arrow key)")),
        (("Ctrl", "G"), pgettext("action", "Group")),
        (("Ctrl", "Shift", "G"), _("Ungroup")),
        ((".",), _("Collapse or expand group")),
    ]


def _view() -> list[Shortcut]:
    return [
        (("Ctrl", "+"), _("Zoom in")),
        (("Ctrl", "−"), _("Zoom out")),
        (("Ctrl", "0"), _("Zoom to 100%")),
        (("Shift", "1"), _("Fit to screen")),
        (("Shift", "2"), _("Fit selection to screen")),
        (("Ctrl", "Shift", "L"), _("Lock canvas")),
        (("?",), _("Show this list")),
    ]


def _mouse() -> list[Shortcut]:
    wheel, space, drag = pgettext("mouse", "Wheel"), pgettext("key", "Space"), pgettext("mouse", "Drag")
    return [
        ((wheel,), _("Pan (Ctrl: zoom)")),
        ((space, drag), _("Pan")),
        (("Alt", drag), _("Duplicate")),
        (("Shift", drag), _("Lock to axis")),
    ]
