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
        **_finding(),
        **_refusals(),
        **_endings(),
        **_unsent(),
        **_edits(),
        **_properties(),
        **_conflicts(),
        **_imports(),
        **_problems(),
        **_outline(),
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
        "online": _("Back online"),
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
        "guest": pgettext("badge", "guest"),
        "program": pgettext("badge", "program"),
        "following": _("Following {name}"),
        "people_here": _("People in this flow"),
        "editing": _("{name} is editing"),
        **_counted(
            "editing_more",
            lambda n: ngettext("{name} and {count} more are editing", "{name} and {count} more are editing", n),
        ),
        "stop_following": _("Stop following {name}"),
        **_deeds(),
        "meanwhile": _("{name} changed this while you were typing: “{text}”"),
        "take_others": _("Use theirs"),
        "keep_mine": _("Keep mine"),
        "role_changed": _("Your role is now: {role}"),
        "role_viewer": _("Viewer"),
        "role_commenter": _("Commenter"),
        "role_editor": _("Editor"),
        "role_owner": _("Owner"),
    }


def _arranging() -> dict[str, str]:
    return {
        "arrange": _("Arrange"),
        "align_left": _("Align left"),
        "align_centre": _("Align centres"),
        "align_right": _("Align right"),
        "align_top": _("Align top"),
        "align_middle": _("Align middles"),
        "align_bottom": _("Align bottom"),
        "space_across": _("Distribute horizontally"),
        "space_down": _("Distribute vertically"),
        "same_size": _("Same size"),
    }


def _deeds() -> dict[str, str]:
    """What others did; `{what}` is a label, or a label and how many more."""
    return {
        "did_add": _("{name} added {what}."),
        "did_remove": _("{name} deleted {what}."),
        "did_rename": _("{name} renamed {what}."),
        "did_move": _("{name} moved {what}."),
        "did_resize": _("{name} resized {what}."),
        "did_change": _("{name} changed {what}."),
        "did_connect": _("{name} connected {what}."),
        "did_disconnect": _("{name} disconnected {what}."),
        "did_change_edge": _("{name} changed the connection {what}."),
        "did_flow": _("{name} changed the flow."),
        **_counted(
            "did_many", lambda n: ngettext("{count} person changed the flow.", "{count} people changed the flow.", n)
        ),
        **_counted("and_more", lambda n: ngettext("{what} and {count} more", "{what} and {count} more", n)),
        "renamed_to": _("“{from}” to “{to}”"),
        "untitled": _("Untitled"),
    }


def _actions() -> dict[str, str]:
    return {
        "menu": _("Actions"),
        "close": _("Close"),
        "reload": _("Reload"),
        "new_release": _("Helix was updated. Reload the page when you are ready."),
        "help": _("Keyboard and mouse"),
        "add_node": _("Add node"),
        "no_nodes_found": _("No matching nodes"),
        **_counted("deleted_many", lambda n: ngettext("Deleted {count} node", "Deleted {count} nodes", n)),
        **_counted("deleted_edges", lambda n: ngettext("Deleted {count} edge", "Deleted {count} edges", n)),
        **_arranging(),
        "mixed": _("Different values"),
        "write_note": _("Edit text"),
        "note_text": _("Text of the note"),
        "connect": _("Connect to"),
        "connect_from": _("Connect from"),
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
        "enable_branch": _("Enable branch"),
        "needs_connection": _("This needs a connection. Try again when you are back online."),
        "action_done": _("Done: {action}"),
        "action_left": _("Left out: {what}"),
        "action_running": _("{action}: {percent}%"),
        "action_failed": _("{action}: {reason}"),
        "action_run": pgettext("action", "Run"),
        "action_cancel": _("Cancel"),
        "one_a_line": _("One per line"),
        "optional_names": _("May be left empty"),
    }


def _finding() -> dict[str, str]:
    return {
        "palette_title": _("Commands, nodes and flows"),
        "palette_hint": _("Type a command, a node or a flow"),
        "group_recent": _("Recent"),
        "group_commands": _("Commands"),
        "group_nodes": _("Nodes"),
        "group_flows": _("Flows"),
        "follow": _("Follow {name}"),
        **_counted("results", lambda n: ngettext("{count} result", "{count} results", n)),
        "nothing_found": _("Nothing found"),
        "find_title": _("Find in this flow"),
        "find_place": _("{at} of {count}"),
        "find_previous": _("Previous"),
        "find_next": _("Next"),
        "find_all": _("Select all results"),
        **_counted("find_selected", lambda n: ngettext("{count} selected", "{count} selected", n)),
        "overlapping": _("Some of the new nodes overlap."),
        "arrange_new": _("Arrange them"),
        "arrange_all": _("Arrange all"),
        "saved_already": _("Everything is saved already."),
        "saved_later": _("Not everything is saved yet: {state}"),
        "saves_itself": _("Helix saves each change as you make it."),
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
        "refused_execute_action": _("Not done: {reason}"),
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


def _imports() -> dict[str, str]:
    return {
        "importing": _("Importing…"),
        "import_refused": _("Not imported"),
        "import_line": _("Line {line}: {message}"),
        "import_offline": _("You are offline. This needs a connection."),
        "import_report": _("Import report"),
        **_counted("report_nodes", lambda n: ngettext("{count} node", "{count} nodes", n)),
        **_counted("report_edges", lambda n: ngettext("{count} connection", "{count} connections", n)),
        **_counted("report_groups", lambda n: ngettext("{count} group", "{count} groups", n)),
        **_counted("report_notes", lambda n: ngettext("{count} note", "{count} notes", n)),
        "report_nothing": _("There was nothing in the file."),
        "report_none": _("Nothing has been imported here since this tab was opened."),
        "report_whole": _("Everything in the file was imported."),
        "report_dropped": _("Left out"),
        "report_approximated": _("Changed"),
        "report_node": _("Node"),
        "report_edge": pgettext("report", "Connection"),
        "report_group": pgettext("report", "Group"),
        "report_note": pgettext("report", "Note"),
        "report_page": _("Page"),
        "report_label": _("Label"),
        "report_link": _("Link"),
        "report_style": _("Style"),
        "report_property": _("Property"),
        "report_config-node": _("Configuration"),
        "report_secret": _("Secret"),
    }


def _endings() -> dict[str, str]:
    return {
        "logged_out": _("You are logged out."),
        "removed": _("You no longer have access to this flow."),
        "deleted": _("This flow is no longer available."),
        "replaced": _("This tab was duplicated. The flow is open in the copy."),
        "stopped": _("The connection was closed."),
    }


def _problems() -> dict[str, str]:
    return {
        "flow": _("Flow"),
        "settings": _("Settings"),
        "problems": _("Problems"),
        "problems_none": _("No problems"),
        **_counted("problems_error", lambda n: ngettext("{count} error", "{count} errors", n)),
        **_counted("problems_warning", lambda n: ngettext("{count} warning", "{count} warnings", n)),
        **_counted("problems_hint", lambda n: ngettext("{count} hint", "{count} hints", n)),
        **_counted("problems_more", lambda n: ngettext("{count} more", "{count} more", n)),
    }


def _outline() -> dict[str, str]:
    return {
        "outline": _("Outline"),
        "outline_empty": _("This flow is empty. Press / to add a node."),
        "outline_empty_viewer": _("This flow is empty."),
        "edge_name": _("{source} to {target}, edge"),
        "in_and_out": _("{entering} in, {leaving} out"),
        "selected": _("selected"),
        "move_into": _("Move into a group"),
        "no_group": _("No group"),
        "jump": _("Show on the canvas"),
        "disconnect": _("Disconnect"),
    }
