"""The keyboard and mouse, as the help dialog lists them. Only what works is in here."""

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
                (("Mod", "D"), _("Duplicate")),
                (("Del",), _("Delete")),
            ],
        ),
        (
            _("Select and move"),
            [
                (("Mod", "A"), _("Select all")),
                (("Esc",), _("Select nothing")),
                (("←", "↑", "→", "↓"), _("Move by 8 px, with Shift by 32")),
                (("Alt", "←", "→"), _("Walk along the edges")),
                (("Mod", "G"), _("Group")),
                (("Mod", "Shift", "G"), _("Ungroup")),
            ],
        ),
        (
            _("Look"),
            [
                (("Mod", "+"), _("Zoom in")),
                (("Mod", "−"), _("Zoom out")),
                (("Mod", "0"), _("Zoom to 100%")),
                (("Shift", "1"), _("Fit the whole flow")),
                (("Shift", "2"), _("Fit the selection")),
                (("Mod", "Shift", "L"), _("Lock the canvas")),
                (("?",), _("Show this list")),
            ],
        ),
        (
            _("Mouse"),
            [
                ((_("Wheel"),), _("Move the view, with Mod zoom")),
                ((_("Space"), _("Drag")), _("Move the view")),
                (("Alt", _("Drag")), _("Duplicate")),
                (("Shift", _("Drag")), _("Keep the axis")),
            ],
        ),
    ]
