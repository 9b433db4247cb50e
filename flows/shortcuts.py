"""What can be done by key and mouse: the help dialog lists it, the command palette runs it. Only what works is in here.

A row may name a command of `static/js/ui/commands.js`, its argument after a colon: then the palette has it too;
`more_commands` are those without a key. Keys are called as the reader's keyboard calls them. The server cannot know
whose keyboard has a ⌘ instead of Ctrl: there a script says so (`static/js/ui/toolbar.js`)."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Keys pressed together, what they do, the command they run, and other keys that do the same."""

    keys: Keys
    meaning: str
    command: str = ""
    others: tuple[Keys, ...] = ()

    @property
    def alternatives(self) -> tuple[Keys, ...]:
        """Return every combination of keys that does this."""
        return (self.keys, *self.others)


def shortcuts() -> list[tuple[str, list[Shortcut]]]:
    """Return sections of shortcuts with their titles."""
    return [
        (pgettext("shortcuts", "Edit"), _edit()),
        (pgettext("shortcuts", "Select and move"), _select()),
        (pgettext("shortcuts", "Find and view"), _view()),
        (pgettext("shortcuts", "Outline"), _outline()),
        (pgettext("shortcuts", "Mouse"), _mouse()),
    ]


def more_commands() -> list[tuple[str, str]]:
    """Return the commands that have no key, with their titles."""
    return [
        ("align:left", _("Align left")),
        ("align:right", _("Align right")),
        ("align:top", _("Align top")),
        ("align:bottom", _("Align bottom")),
        ("enable", _("Enable or disable")),
        ("import", _("Import file")),
        ("import-report", _("Import report")),
        ("share", _("Share")),
        ("minimap", _("Show or hide minimap")),
        ("theme", _("Change theme")),
    ]


def _ctrl() -> str:
    return pgettext("key", "Ctrl")


def _shift() -> str:
    return pgettext("key", "Shift")


def _edit() -> list[Shortcut]:
    ctrl, shift, delete = _ctrl(), _shift(), pgettext("key", "Del")
    return [
        Shortcut(("Tab",), _("Add a node after the selection"), "add", (("/",),)),
        Shortcut(("C",), _("Connect to a node"), "connect"),
        Shortcut(("F2",), _("Rename"), "rename"),
        Shortcut((pgettext("key", "Enter"),), _("Edit settings"), "open"),
        Shortcut((ctrl, "D"), _("Duplicate"), "duplicate"),
        Shortcut((ctrl, "C"), _("Copy"), "copy"),
        Shortcut((ctrl, "X"), _("Cut"), "cut"),
        Shortcut((ctrl, "V"), _("Paste"), "paste"),
        Shortcut((ctrl, "E"), _("Export"), "export"),
        Shortcut((ctrl, "Z"), pgettext("action", "Undo"), "undo"),
        Shortcut((ctrl, shift, "Z"), pgettext("action", "Redo"), "redo", ((ctrl, "Y"),)),
        Shortcut((delete,), _("Delete"), "delete", (("⌫",),)),
        Shortcut((ctrl, "⌫"), _("Delete and reconnect"), "delete-join"),
        Shortcut((ctrl, "S"), _("Show that everything is saved"), "saved"),
    ]


def _select() -> list[Shortcut]:
    ctrl, shift = _ctrl(), _shift()
    return [
        Shortcut((ctrl, "A"), _("Select all"), "select-all"),
        Shortcut((pgettext("key", "Space"),), _("Keep the node selected when moving on")),
        Shortcut(("Esc",), _("Clear selection"), "select-none"),
        Shortcut(("←", "↑", "→", "↓"), _("Move by 8 px (Shift: 32 px)")),
        Shortcut(("Alt", "←", "→"), _("Go to connected node")),
        Shortcut(("Alt", "↑", "↓"), _("Go to node beside it")),
        Shortcut((ctrl, shift, "←"), _("Align (any arrow key)")),
        Shortcut((shift, "X"), _("Align centres"), "arrange:centre"),
        Shortcut((shift, "Y"), _("Align middles"), "arrange:middle"),
        Shortcut((shift, "H"), _("Distribute horizontally"), "arrange:across"),
        Shortcut((shift, "V"), _("Distribute vertically"), "arrange:down"),
        Shortcut((shift, "S"), _("Same size"), "arrange:size"),
        Shortcut((ctrl, "G"), pgettext("action", "Group"), "group"),
        Shortcut((ctrl, shift, "G"), _("Ungroup"), "ungroup"),
        Shortcut((".",), _("Collapse or expand group"), "collapse"),
        Shortcut((shift, "L"), _("Arrange the selection, or all"), "layout"),
    ]


def _view() -> list[Shortcut]:
    ctrl, shift = _ctrl(), _shift()
    return [
        Shortcut((ctrl, "K"), _("Commands, nodes and flows"), "commands"),
        Shortcut((ctrl, "F"), _("Find in this flow"), "find"),
        Shortcut((ctrl, pgettext("key", "Enter")), _("Run this flow"), "run"),
        Shortcut(("R",), _("Show or hide the runs"), "runs"),
        Shortcut((ctrl, "+"), _("Zoom in"), "zoom-in"),
        Shortcut((ctrl, "−"), _("Zoom out"), "zoom-out"),
        Shortcut((ctrl, "0"), _("Zoom to 100%"), "zoom-reset"),
        Shortcut((shift, "1"), _("Fit to screen"), "fit"),
        Shortcut((shift, "2"), _("Fit selection to screen"), "fit-selection"),
        Shortcut((ctrl, shift, "L"), _("Lock canvas"), "lock"),
        Shortcut(("?",), _("Show this list"), "help"),
    ]


def _outline() -> list[Shortcut]:
    return [
        Shortcut(("O",), _("Open the outline"), "outline"),
        Shortcut(("/",), _("Add a node after this one")),
        Shortcut(("C",), _("Connect to a node")),
        Shortcut(("M",), _("Move into a group")),
        Shortcut(("J",), _("Show on the canvas")),
        Shortcut(("F2",), _("Rename")),
        Shortcut((pgettext("key", "Enter"),), _("Edit settings")),
        Shortcut((pgettext("key", "Del"),), _("Delete or disconnect")),
        Shortcut(("←", "→"), _("Close or open a branch")),
        Shortcut((_shift(), "F10"), _("All actions of a row")),
    ]


def _mouse() -> list[Shortcut]:
    wheel, space, drag = pgettext("mouse", "Wheel"), pgettext("key", "Space"), pgettext("mouse", "Drag")
    click = pgettext("mouse", "Click")
    return [
        Shortcut((wheel,), _("Pan (Ctrl: zoom)")),
        Shortcut((space, drag), _("Pan")),
        Shortcut((_shift(), click), _("Add to selection")),
        Shortcut(("Alt", drag), _("Duplicate")),
        Shortcut((_shift(), drag), _("Lock to axis")),
    ]
