"""The keyboard and mouse, as the help dialog lists them. Only what works is in here.

A Mac's ⌘ stands where Ctrl does; the dialog says so."""

from django.utils.translation import gettext as _


def shortcuts() -> list[tuple[str, list[tuple[tuple[str, ...], str]]]]:
    """Return sections of (keys, meaning)."""
    return [
        (
            _("Draw"),
            [
                (("Tab",), _("Add a node after the selection")),
                (("/",), _("Find a kind of node")),
                (("C",), _("Connect to a node")),
                (("F2",), _("Rename")),
                (("Enter",), _("Edit the settings")),
                (("Ctrl", "D"), _("Duplicate")),
                (("Ctrl", "C"), _("Copy, with X cut, with V paste")),
                (("Ctrl", "Z"), _("Undo what I did, with Shift redo")),
                (("Del",), _("Delete")),
                (("Ctrl", "⌫"), _("Delete and reconnect")),
            ],
        ),
        (
            _("Select and move"),
            [
                (("Ctrl", "A"), _("Select all")),
                (("Esc",), _("Select nothing")),
                (("←", "↑", "→", "↓"), _("Move by 8 px, with Shift by 32")),
                (("Alt", "←", "→"), _("Walk along the edges")),
                (("Ctrl", "Shift", "←"), _("Align at a side")),
                (("Ctrl", "G"), _("Group")),
                (("Ctrl", "Shift", "G"), _("Ungroup")),
            ],
        ),
        (
            _("Look"),
            [
                (("Ctrl", "+"), _("Zoom in")),
                (("Ctrl", "−"), _("Zoom out")),
                (("Ctrl", "0"), _("Zoom to 100%")),
                (("Shift", "1"), _("Fit the whole flow")),
                (("Shift", "2"), _("Fit the selection")),
                (("Ctrl", "Shift", "L"), _("Lock the canvas")),
                (("?",), _("Show this list")),
            ],
        ),
        (
            _("Mouse"),
            [
                ((_("Wheel"),), _("Move the view, with Ctrl zoom")),
                ((_("Space"), _("Drag")), _("Move the view")),
                (("Alt", _("Drag")), _("Duplicate")),
                (("Shift", _("Drag")), _("Keep the axis")),
            ],
        ),
    ]
