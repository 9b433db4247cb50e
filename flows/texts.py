"""What the editor's scripts say, in the reader's language.

They get it as JSON with the page; names in braces are filled in by them. `_one` is taken for a count of 1.
"""

from django.utils.translation import gettext as _

from flows.access import Access, Role


def texts(access: Access) -> dict[str, str]:
    """Return every text by its name, for somebody in their role."""
    return {
        "read_only": read_only(access.role),
        **_state(),
        **_people(),
        **_actions(),
        **_refusals(),
        **_endings(),
    }


def read_only(role: Role) -> str:
    """Say why somebody can change nothing; who still can, would be a viewer when they no longer could."""
    return _("Read-only: commenter") if role is Role.COMMENTER else _("Read-only: viewer")


def _state() -> dict[str, str]:
    return {
        "saved": _("All changes saved"),
        "saving": _("Saving…"),
        "connecting": _("Connecting…"),
        "offline": _("Offline"),
        "offline_waiting": _("Offline, {count} changes waiting"),
        "offline_waiting_one": _("Offline, 1 change waiting"),
        "reconnecting": _("Reconnecting in {seconds} s"),
        "asleep": _("Paused, move to go on"),
        "locked": _("The canvas is locked"),
        "unlocked": _("The canvas is unlocked"),
        "ended": _("Read-only: connection closed"),
        "ended_waiting": _("Read-only: {count} changes not sent"),
        "ended_waiting_one": _("Read-only: 1 change not sent"),
    }


def _people() -> dict[str, str]:
    return {
        "you": _("you"),
        "somebody": _("Somebody"),
        "following": _("Following {name}"),
        "editing": _("{name} is editing"),
        "changed_by": _("{name} changed the flow"),
        "role_changed": _("Your role is now: {role}"),
    }


def _actions() -> dict[str, str]:
    return {
        "menu": _("Actions"),
        "close": _("Close"),
        "reload": _("Reload"),
        "help": _("Keyboard and mouse"),
        "add_node": _("Add a node"),
        "connect": _("Connect to"),
        "delete": _("Delete"),
        "duplicate": _("Duplicate"),
        "rename": _("Rename"),
        "open": _("Open the settings"),
        "insert": _("Insert a node"),
        "group": _("Group"),
        "ungroup": _("Ungroup"),
        "enable": _("Turn on"),
        "disable": _("Turn off"),
        "undo_done": _("Undone"),
        "redo_done": _("Redone"),
        "nothing_to_undo": _("There is nothing to undo."),
        "nothing_to_redo": _("There is nothing to redo."),
        "left_alone": _("Left alone, because somebody else has changed it since: {what}"),
        "an_edge": _("an edge"),
        "the_flow": _("the flow"),
        "select_all": _("Select all"),
        "fit": _("Fit the whole flow"),
    }


def _refusals() -> dict[str, str]:
    return {
        "refused": _("That could not be done: {reason}"),
        "not_kept": _("What you were typing was not saved: {reason}"),
        "not_a_value": _("This cannot be read as a value."),
        "already_connected": _("Already connected"),
        "to_itself": _("A node cannot connect to itself"),
        "no_input": _("Takes no input"),
        "no_output": _("Has no output"),
        "rate_limited": _("Too fast. It will be tried again."),
        "invalid": _("This is not valid."),
        "outbox_full": _("Too many changes wait to be sent; no more can be taken."),
    }


def _endings() -> dict[str, str]:
    return {
        "logged_out": _("You are logged out."),
        "removed": _("You no longer have access to this flow."),
        "deleted": _("This flow cannot be opened any more."),
        "replaced": _("This flow was opened again in a copy of this tab."),
        "stopped": _("The connection was closed."),
    }
