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
        **_waiting(),
        **_edits(),
        **_away(),
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
        "full": _("Read-only: {count} changes wait"),
        "unkept": _("Not kept on this device"),
        "unkept_saved": _("Saved, not kept on this device"),
        "unkept_waiting": _("Not kept on this device: {count} changes"),
        "unkept_waiting_one": _("Not kept on this device: 1 change"),
        "unkept_away": _("Read-only: not kept on this device"),
        "asleep": _("Paused, move to go on"),
        "asleep_waiting": _("Paused, {count} changes waiting, move to go on"),
        "asleep_waiting_one": _("Paused, 1 change waiting, move to go on"),
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
        "meanwhile": _("{name} changed this while you were typing: “{text}”"),
        "take_others": _("Take theirs"),
        "keep_mine": _("Keep mine"),
        "role_changed": _("Your role is now: {role}"),
    }


def _actions() -> dict[str, str]:
    return {
        "menu": _("Actions"),
        "close": _("Close"),
        "reload": _("Reload"),
        "new_release": _("Helix was updated. Reload when it suits you."),
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
        "a_deleted_node": _("a deleted node"),
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
        "discard": _("Discard"),
        "already_connected": _("Already connected"),
        "to_itself": _("A node cannot connect to itself"),
        "no_input": _("Takes no input"),
        "no_output": _("Has no output"),
        "rate_limited": _("Too fast. It will be tried again."),
        "invalid": _("This is not valid."),
        "no_room": _("Too much waits already for all of this."),
        "too_large": _("This is too much for one change."),
        "too_long": _("{count} of {most} characters: saved once it fits."),
        "unkept_offline": _("You are offline, and this device keeps nothing."),
        "undo_offline": _("This was saved already: it can be undone when you are back online."),
    }


def _waiting() -> dict[str, str]:
    return {
        "waiting_label": _("What waits to be sent"),
        "waiting_title": _("{count} changes waiting"),
        "waiting_title_one": _("1 change waiting"),
        "nothing_waits": _("Nothing is waiting"),
        "sending": _("Sending…"),
        "catching_up": _("Catching up…"),
        "unsaved": _("{count} fields not saved"),
        "unsaved_one": _("1 field not saved"),
        "unsaved_line": _("not saved yet"),
        "line_off": _("Off"),
        "next_try": _("Next try in {seconds} s"),
        "kept_here": _("Kept on this device. Sent in this order."),
        "kept_in_tab": _(
            "This device keeps nothing: it is full, or does not allow it. What is not sent yet is in this tab alone, "
            "and without a connection nothing can be changed."
        ),
        "try_now": _("Try now"),
        "save_copy": _("Save a copy"),
        "seconds": _("{count} s"),
        "minutes": _("{count} min"),
        "hours": _("{count} h"),
    }


def _edits() -> dict[str, str]:
    """Edits in words; `{what}` is their subject."""
    return {
        "op_add_node": _("Added {what}"),
        "op_move_node": _("Moved {what}"),
        "op_resize_node": _("Resized {what}"),
        "op_rename": _("Renamed {what}"),
        "op_edit": _("{property} of {what}"),
        "op_remove_node": _("Deleted {what}"),
        "op_add_edge": _("Connected {what}"),
        "op_edit_edge": _("Changed {what}"),
        "op_remove_edge": _("Disconnected {what}"),
        "op_many": _("{what} together"),
        "op_undo": _("Undo"),
        "op_redo": _("Redo"),
        "changes": _("{count} changes"),
        "px_right": _("{px} px right"),
        "px_left": _("{px} px left"),
        "px_down": _("{px} px down"),
        "px_up": _("{px} px up"),
        "property_label": _("Label"),
        "property_title": _("Title"),
        "property_description": _("Description"),
        "property_colour": _("Colour"),
        "property_parent": _("Group"),
        "property_enabled": _("Turned on"),
        "property_animated": _("Animated"),
        "property_place": _("Place"),
        "property_size": _("Size"),
        "property_ends": _("Connection"),
        "property_settings": _("Settings"),
        "nothing": _("nothing"),
        "on": _("on"),
        "off": _("off"),
    }


def _away() -> dict[str, str]:
    return {
        "away_title": _("What became of your work"),
        "met_toast": _("Your changes met those of others."),
        "away_toast": _("Your changes met those of others while you were away."),
        "to_look_at": _("Saved, {count} notes"),
        "to_look_at_one": _("Saved, 1 note"),
        "show": _("Show"),
        "dismiss": _("Dismiss"),
        "dismiss_all": _("Dismiss all"),
        "not_saved": _("Not saved: {reason}"),
        "after_you": _("{name} changed {what} after you"),
        "after_them": _("You changed {what} after {name}"),
        "after_elsewhere": _("You wrote {what} on another device or in another tab too"),
        "gone_elsewhere": _("You deleted {what}, but had changed it on another device or in another tab"),
        "take_elsewhere": _("Take the other one"),
        "is_now": _("{property}: “{from}” is now “{to}”"),
        "gone_after_you": _("{name} deleted {what}"),
        "gone_after_them": _("You deleted {what} after {name} changed it"),
        "went_along": _("Your connections went with it: {edges}"),
        "went_along_theirs": _("What {name} had connected went with it: {edges}"),
        "put_back": _("Put yours back"),
        "take_theirs": _("Take {name}’s"),
        "bring_back": _("Bring it back"),
        "try_again": _("Try again"),
        "show_text": _("Show the text"),
        "is_gone": _("it was deleted meanwhile"),
    }


def _endings() -> dict[str, str]:
    return {
        "logged_out": _("You are logged out."),
        "removed": _("You no longer have access to this flow."),
        "deleted": _("This flow cannot be opened any more."),
        "replaced": _("This flow was opened again in a copy of this tab."),
        "stopped": _("The connection was closed."),
    }
