"""The keyboard and mouse, as the help dialog lists them. Only what works is in here.

Keys are called as the reader's keyboard calls them. The server cannot know whose keyboard has a ⌘ instead of Ctrl:
there a script says so (`static/js/ui/toolbar.js`)."""

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


def _ctrl() -> str:
    return pgettext("key", "Ctrl")


def _shift() -> str:
    return pgettext("key", "Shift")


def _edit() -> list[Shortcut]:
    ctrl, shift = _ctrl(), _shift()
    return [
        (("Tab",), _("Add a node after the selection")),
        (("/",), _("Find a node")),
        (("C",), _("Connect to a node")),
        (("F2",), _("Rename")),
        ((pgettext("key", "Enter"),), _("Edit settings")),
        ((ctrl, "D"), _("Duplicate")),
        ((ctrl, "C"), _("Copy")),
        ((ctrl, "X"), _("Cut")),
        ((ctrl, "V"), _("Paste")),
        ((ctrl, "Z"), pgettext("action", "Undo")),
        ((ctrl, shift, "Z"), pgettext("action", "Redo")),
        ((pgettext("key", "Del"),), _("Delete")),
        ((ctrl, "⌫"), _("Delete and reconnect")),
    ]


def _select() -> list[Shortcut]:
    ctrl, shift = _ctrl(), _shift()
    return [
        ((ctrl, "A"), _("Select all")),
        ((pgettext("key", "Space"),), _("Keep the node selected when moving on")),
        (("Esc",), _("Clear selection")),
        (("←", "↑", "→", "↓"), _("Move by 8 px (Shift: 32 px)")),
        (("Alt", "←", "→"), _("Go to connected node")),
        ((ctrl, shift, "←"), _("Align (any arrow key)")),
        ((ctrl, "G"), pgettext("action", "Group")),
        ((ctrl, shift, "G"), _("Ungroup")),
        ((".",), _("Collapse or expand group")),
    ]


def _view() -> list[Shortcut]:
    ctrl, shift = _ctrl(), _shift()
    return [
        ((ctrl, "+"), _("Zoom in")),
        ((ctrl, "−"), _("Zoom out")),
        ((ctrl, "0"), _("Zoom to 100%")),
        ((shift, "1"), _("Fit to screen")),
        ((shift, "2"), _("Fit selection to screen")),
        ((ctrl, shift, "L"), _("Lock canvas")),
        (("?",), _("Show this list")),
    ]


def _mouse() -> list[Shortcut]:
    wheel, space, drag = pgettext("mouse", "Wheel"), pgettext("key", "Space"), pgettext("mouse", "Drag")
    return [
        ((wheel,), _("Pan (Ctrl: zoom)")),
        ((space, drag), _("Pan")),
        (("Alt", drag), _("Duplicate")),
        ((_shift(), drag), _("Lock to axis")),
    ]
