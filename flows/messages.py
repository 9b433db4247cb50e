"""What the editor's scripts say, in the reader's language.

They get it as JSON with the page and fill in the names in braces. A text that counts comes in two forms, by the plural
categories of `Intl.PluralRules`: `unsaved_one` for "one", `unsaved` for all others.
"""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from flows.access import Access, Role


def texts(access: Access) -> dict[str, str]:
    """Return every text by its name, for a person in their role."""
    return {
        "read_only": read_only(access.role),
        **_state(),
        **_people(),
        **_actions(),
        **_keys(),
        **_refusals(),
        **_endings(),
        **_unsent(),
        **_edits(),
        **_properties(),
        **_conflicts(),
    }


def read_only(role: Role) -> str:
    """Say why a person cannot edit; an editor who loses the role becomes a viewer."""
    return _("Read-only: commenter") if role is Role.COMMENTER else _("Read-only: viewer")


def _counted(name: str, text: Callable[[int], str]) -> dict[str, str]:
    return {f"{name}_one": text(1), name: text(2)}


def _state() -> dict[str, str]:
    return {
        "saved": _("All changes saved"),
        "saving": _("Saving…"),
        "connecting": _("Connecting…"),
        "offline": _("Offline"),
        **_counted(
            "offline_waiting",
            lambda n: ngettext("Offline, {count} change waiting", "Offline, {count} changes waiting", n),
        ),
        "reconnecting": _("Reconnecting in {seconds} s"),
        **_counted(
            "full", lambda n: ngettext("Read-only: {count} change waiting", "Read-only: {count} changes waiting", n)
        ),
        "unkept": _("Not stored on this device"),
        "unkept_saved": _("Saved, not stored on this device"),
        **_counted(
            "unkept_waiting",
            lambda n: ngettext(
                "Not stored on this device: {count} change", "Not stored on this device: {count} changes", n
            ),
        ),
        "unkept_away": _("Read-only: not stored on this device"),
        "asleep": _("Paused. Move the mouse to resume"),
        **_counted(
            "asleep_waiting",
            lambda n: ngettext(
                "Paused, {count} change waiting. Move the mouse to resume",
                "Paused, {count} changes waiting. Move the mouse to resume",
                n,
            ),
        ),
        "locked": _("Canvas locked"),
        "unlocked": _("Canvas unlocked"),
        "ended": _("Read-only: connection closed"),
        **_counted(
            "ended_waiting",
            lambda n: ngettext("Read-only: {count} change not sent", "Read-only: {count} changes not sent", n),
        ),
    }


def _people() -> dict[str, str]:
    return {
        "you": _("you"),
        "somebody": _("Someone"),
        "following": _("Following {name}"),
        "people_here": _("People in this flow"),
        "editing": _("{name} is editing"),
        "changed_by": _("{name} changed the flow"),
        "meanwhile": _("{name} changed this while you were typing: “{text}”"),
        "take_others": _("Use theirs"),
        "keep_mine": _("Keep mine"),
        "role_changed": _("Your role is now: {role}"),
        "role_viewer": _("Viewer"),
        "role_commenter": _("Commenter"),
        "role_editor": _("Editor"),
        "role_owner": _("Owner"),
    }


def _actions() -> dict[str, str]:
    return {
        "menu": _("Actions"),
        "close": _("Close"),
        "reload": _("Reload"),
        "new_release": _("Helix was updated. Reload the page when you are ready."),
        "help": _("Keyboard and mouse"),
        "add_node": _("Add node"),
        "connect": _("Connect to"),
        "delete": _("Delete"),
        "duplicate": _("Duplicate"),
        "copy": _("Copy"),
        "paste": _("Paste"),
        "paste_by_key": _("Your browser does not allow pasting from the menu. Press {keys}."),
        "nothing_to_paste": _("There are no copied nodes to paste"),
        "damaged_copy": _("Not pasted: the copied nodes are damaged"),
        "rename": _("Rename"),
        "open": _("Open settings"),
        "insert": _("Insert node"),
        "group": pgettext("action", "Group"),
        "ungroup": _("Ungroup"),
        "collapse": _("Collapse"),
        "expand": _("Expand"),
        "collapsed_now": _("Group collapsed"),
        "expanded_now": _("Group expanded"),
        "enable": _("Enable"),
        "disable": _("Disable"),
        "undo_done": _("Undone"),
        "redo_done": _("Redone"),
        "nothing_to_undo": _("Nothing to undo"),
        "nothing_to_redo": _("Nothing to redo"),
        **_counted(
            "edges_along", lambda n: ngettext("{count} edge was removed too.", "{count} edges were removed too.", n)
        ),
        **_counted(
            "members_along",
            lambda n: ngettext(
                "{count} node is no longer in the group.", "{count} nodes are no longer in the group.", n
            ),
        ),
        "left_alone": _("Not undone: someone else changed {what}"),
        "a_deleted_node": _("a deleted node"),
        "an_edge": _("an edge"),
        "the_flow": _("the flow"),
        "select_all": _("Select all"),
        "kept_selected": _("Kept selected: {what}"),
        "not_selected": _("Not selected: {what}"),
        "fit": _("Fit to screen"),
    }


def _keys() -> dict[str, str]:
    return {
        "key_ctrl": pgettext("key", "Ctrl"),
        "key_shift": pgettext("key", "Shift"),
        "key_del": pgettext("key", "Del"),
        "key_enter": pgettext("key", "Enter"),
    }


def _refusals() -> dict[str, str]:
    return {
        "refused": _("Not done: {reason}"),
        "refused_add_node": _("Not added: {reason}"),
        "refused_add_edge": _("Not connected: {reason}"),
        "refused_move_node": _("Not moved: {reason}"),
        "refused_resize_node": _("Not resized: {reason}"),
        "refused_edit_node": _("Not changed: {reason}"),
        "refused_edit_edge": _("Not changed: {reason}"),
        "refused_edit_flow": _("Not changed: {reason}"),
        "refused_remove_node": _("Not deleted: {reason}"),
        "refused_remove_edge": _("Not disconnected: {reason}"),
        "refused_batch": _("Not done: {reason}"),
        "refused_undo": _("Not undone: {reason}"),
        "refused_redo": _("Not redone: {reason}"),
        "not_kept": _("Your text was not saved: {reason}"),
        "not_a_value": _("Not valid JSON"),
        "not_an_integer": _("Enter a whole number"),
        "not_a_number": _("Enter a number"),
        "two_numbers": _("This could mean two numbers. Write it without thousands separators."),
        "discard": _("Discard"),
        "already_connected": _("Already connected"),
        "to_itself": _("A node cannot connect to itself"),
        "no_input": _("Has no input"),
        "no_output": _("Has no output"),
        "rate_limited": _("Too many changes at once. Retrying…"),
        "invalid": _("Not valid"),
        "no_room": _("Too many unsent changes."),
        "too_large": _("Too large for one change."),
        "too_long": _("{count} of {most} characters. Shorten it to save."),
        "unkept_offline": _("You are offline, and this device cannot store changes."),
        "undo_offline": _("Already saved. Undo it when you are back online."),
    }


def _unsent() -> dict[str, str]:
    return {
        "waiting_label": _("Unsent changes"),
        **_counted("waiting_title", lambda n: ngettext("{count} change waiting", "{count} changes waiting", n)),
        "nothing_waits": _("Nothing to send"),
        "sending": _("Sending…"),
        "catching_up": _("Catching up…"),
        **_counted("unsaved", lambda n: ngettext("{count} field not saved", "{count} fields not saved", n)),
        "unsaved_line": _("not saved yet"),
        "line_off": _("Off"),
        "next_try": _("Next try in {seconds} s"),
        "kept_here": _("Stored on this device. Sent in this order."),
        "kept_in_tab": _(
            "This device cannot store changes: it is full or does not allow it. Unsent changes exist in this tab only, "
            "and offline the flow is read-only."
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
        "op_many": _("{what} in one step"),
        "op_undo": pgettext("action", "Undo"),
        "op_redo": pgettext("action", "Redo"),
        **_counted("changes", lambda n: ngettext("{count} change", "{count} changes", n)),
        "px_right": _("{px} px right"),
        "px_left": _("{px} px left"),
        "px_down": _("{px} px down"),
        "px_up": _("{px} px up"),
    }


def _properties() -> dict[str, str]:
    return {
        "property_label": _("Label"),
        "property_title": _("Title"),
        "property_description": _("Description"),
        "property_colour": _("Colour"),
        "property_parent": pgettext("node kind", "Group"),
        "property_enabled": _("Enabled"),
        "property_animated": _("Animated"),
        "property_size": _("Size"),
        "property_ends": _("Connection"),
        "property_settings": _("Settings"),
        "nothing": _("nothing"),
        "on": _("on"),
        "off": _("off"),
        "collapsed": _("collapsed"),
    }


def _conflicts() -> dict[str, str]:
    return {
        "away_title": _("Changes that overlapped"),
        "met_toast": _("Others edited the same things."),
        "away_toast": _("Others edited the same things while you were away."),
        **_counted("to_look_at", lambda n: ngettext("Saved, {count} note", "Saved, {count} notes", n)),
        "show": _("Show"),
        "dismiss": _("Dismiss"),
        "dismiss_all": _("Dismiss all"),
        "not_saved": _("Not saved: {reason}"),
        "after_you": _("{name} changed {what} after you"),
        "after_them": _("You changed {what} after {name}"),
        "after_elsewhere": _("You also changed {what} on another device or in another tab"),
        "gone_elsewhere": _("You deleted {what} after changing it on another device or in another tab"),
        "take_elsewhere": _("Use the other version"),
        "moved": _("Moved"),
        "is_now": _("{property}: “{from}” is now “{to}”"),
        "gone_after_you": _("{name} deleted {what}"),
        "gone_after_them": _("You deleted {what} after {name} changed it"),
        "went_along": _("Your connections were deleted too: {edges}"),
        "went_along_theirs": _("{name}’s connections were deleted too: {edges}"),
        "put_back": _("Restore mine"),
        "take_theirs": _("Use {name}’s"),
        "bring_back": _("Restore it"),
        "try_again": _("Try again"),
        "show_text": _("Show text"),
        "is_gone": _("it was deleted"),
    }


def _endings() -> dict[str, str]:
    return {
        "logged_out": _("You are logged out."),
        "removed": _("You no longer have access to this flow."),
        "deleted": _("This flow is no longer available."),
        "replaced": _("This tab was duplicated. The flow is open in the copy."),
        "stopped": _("The connection was closed."),
    }
