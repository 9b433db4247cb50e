"""What people read when something is refused: one sentence for each reason, made where it is read.

A sentence about a value begins with the property as programs spell it, then says what fits:
`settings.max_tokens: a whole number from 1 to 10,000,000`. It is translated when it is asked for, so it is in the
reader's language, and so are its numbers.
"""

from collections.abc import Mapping
from enum import StrEnum

from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from flows.document import Reason, Rejected
from flows.errors import FlowReason
from flows.submission import Refused


def sentence(refusal: Rejected | Refused) -> str:
    """Say in one sentence why something is refused."""
    values = {name: _shown(value) for name, value in refusal.values.items()}
    return gettext(SENTENCES[refusal.reason]).format_map(values)


def _shown(value: object) -> str:
    match value:
        case Rejected() | Refused():
            return sentence(value)
        case int() | float():
            return str(number_format(value, force_grouping=True))
        case tuple():
            return ", ".join(value)
        case _:
            return str(value)


SENTENCES: Mapping[StrEnum, str] = {
    Reason.INVALID_JSON: _("Not valid JSON."),
    Reason.NOT_JSON: _("{name}: must be JSON"),
    Reason.NOT_AN_OBJECT: _("{name}: must be a JSON object"),
    Reason.NOT_A_LIST: _("{name}: must be a list"),
    Reason.NOT_AN_ID: _("{name}: 1 to 64 of the characters A-Z a-z 0-9 _ -"),
    Reason.NOT_A_STRING: _("{name}: must be a string"),
    Reason.NOT_A_COLOUR: _("{name}: a colour like #0ea5e9"),
    Reason.NOT_A_BOOLEAN: _("{name}: true or false"),
    Reason.NOT_A_NUMBER: _("{name}: a number from {low} to {high}"),
    Reason.NOT_AN_INTEGER: _("{name}: a whole number from {low} to {high}"),
    Reason.NOT_A_CHOICE: _("{name}: one of {choices}"),
    Reason.NOT_NAMES: _("{name}: at most {most} different names of 1 to {longest} characters"),
    Reason.NOT_A_GRAPH: _("A graph consists of nodes and edges."),
    Reason.EMPTY: _("{name}: must not be empty"),
    Reason.HIDDEN: _("{name}: must not have characters that cannot be seen"),
    Reason.TOO_LONG: _("{name}: at most {most} characters"),
    Reason.TOO_DEEP: _("{name}: at most {most} levels of lists and objects"),
    Reason.NUMBER_TOO_LARGE: _("{name}: numbers from -{most} to {most}"),
    Reason.UNSTORABLE: _("{name}: NUL and lone surrogates are not allowed"),
    Reason.MISSING_KEY: _("{name}: {key} is missing"),
    Reason.UNKNOWN_KEY: _("{name}: unknown key {key}"),
    Reason.UNKNOWN_OPERATION: _("There is no operation {kind}."),
    Reason.UNKNOWN_KIND: _("There is no node kind {kind}."),
    Reason.UNKNOWN_SETTING: _("A node of kind {kind} has no setting {setting}."),
    Reason.SETTINGS_TOO_LARGE: _("settings: at most {most} bytes of JSON"),
    Reason.IMPORTED_TOO_LARGE: _("settings.imported: at most {most} bytes of JSON"),
    Reason.UNKNOWN_NODE: _("There is no node {id}."),
    Reason.UNKNOWN_EDGE: _("There is no edge {id}."),
    Reason.NO_INPUT: _("Node {id} has no input {port}."),
    Reason.NO_OUTPUT: _("Node {id} has no output {port}."),
    Reason.SELF_LOOP: _("A node cannot connect to itself."),
    Reason.ALREADY_CONNECTED: _("{source} and {target} are already connected this way."),
    Reason.NODE_EXISTS: _("There is already a node {id}."),
    Reason.EDGE_EXISTS: _("There is already an edge {id}."),
    Reason.NODE_TWICE: _("Two nodes have the id {id}."),
    Reason.EDGE_TWICE: _("Two edges have the id {id}."),
    Reason.NOT_A_GROUP: _("Node {id} is not a group."),
    Reason.GROUP_IN_ITSELF: _("Node {id} cannot be inside itself."),
    Reason.OUT_OF_BOUNDS: _("Node {id} would leave the canvas."),
    Reason.TOO_MANY_NODES: _("A flow has at most {most} nodes."),
    Reason.TOO_MANY_EDGES: _("A flow has at most {most} edges."),
    Reason.TOO_MANY_OPERATIONS: _("A batch has at most {most} operations."),
    Reason.NESTED_TOO_DEEP: _("At most {most} groups can be inside each other."),
    Reason.TOO_MUCH_WORK: _("This changes too much at once. Change it in smaller parts."),
    Reason.ALREADY_CREATED: _("The flow already exists."),
    Reason.BATCH_ITEM: _("Operation {number} of the batch: {inner}"),
    FlowReason.FORBIDDEN: _("Your role in this flow does not allow this."),
    FlowReason.VERSION_AHEAD: _("The flow is only at version {version}."),
    FlowReason.VERSION_STALE: _("The flow has changed since version {version}."),
    FlowReason.NOTHING_TO_UNDO: _("There is nothing to undo."),
    FlowReason.NOTHING_TO_REDO: _("There is nothing to redo."),
    FlowReason.CHANGED_BY_OTHERS: _("Not undone: others changed the same things."),
    FlowReason.CHANGED_ELSEWHERE: _("Not undone: you have since changed the flow on another device or in another tab."),
    FlowReason.UNDO_TOO_OFTEN: _("Too many undos at once. Try again in a few seconds."),
    FlowReason.ASKED_TOO_OFTEN: _("Too many requests at once. Try again in a few seconds."),
    FlowReason.CALL_TOO_LONG: _("At most {most} operations per request."),
    FlowReason.BATCHES_TOO_LONG: _("At most {most} operations in all batches of a request."),
    FlowReason.NOT_AN_EMAIL: _("email: must be an e-mail address"),
    FlowReason.UNKNOWN_ROLE: _("role: one of {roles}"),
    FlowReason.UNKNOWN_PERSON: _("No account has this e-mail address or name."),
    FlowReason.AMBIGUOUS_PERSON: _("Several people have this name. Use the e-mail address."),
    FlowReason.FLOW_FULL: _(
        "The history of this flow takes {most} bytes, which is all it may. Duplicate the flow to go on."
    ),
    FlowReason.PERSON_FULL: _("What you have written takes {most} bytes in all flows together, which is all it may."),
    FlowReason.LAST_OWNER: _("Make someone else owner first."),
    FlowReason.TRANSFER_TO_SELF: _("You own this flow already."),
    FlowReason.UNKNOWN_TEAM: _("You are in no such team."),
    FlowReason.TOO_MANY_INVITATIONS: _("A flow has at most {most} pending invitations."),
    FlowReason.ONLY_OWNER: _("You are the only owner. Make someone else owner first of: {names}"),
    FlowReason.TOO_FAST: _("Too many changes at once. Slow down."),
    FlowReason.UNKNOWN_ACTION: _("There is no such action."),
    FlowReason.UNKNOWN_PARAMETER: _("The template has no parameter {name}."),
    FlowReason.WRONG_PARAMETER: _("{name}: must be of type {type}"),
    FlowReason.PARAMETER_NOWHERE: _("{name}: {path} points at no label, description or setting"),
    FlowReason.PARAMETER_TWICE: _("There are two parameters {name}."),
    FlowReason.TOO_MANY_PARAMETERS: _("A template has at most {most} parameters."),
    FlowReason.TEMPLATES_FULL: _("Your templates take {most} bytes together, which is all they may. Delete one first."),
    FlowReason.TOO_MANY_TEMPLATES: _("You have {most} templates, which is all you may. Delete one first."),
    FlowReason.ACTION_FAILED: _("The action {action} failed. The flow is as it was."),
    FlowReason.ACTION_NOT_FOR_KIND: _("This action is not for nodes of this kind: {kind}."),
    FlowReason.ACTION_NEEDS_NODES: _("Select a node for this action."),
    FlowReason.CANCELLED: _("Cancelled. The flow is as it was."),
    FlowReason.TOO_MANY_JOBS: _("At most {most} long actions of yours can run at a time."),
    FlowReason.NODE_DELETED: _("“{what}” was deleted."),
    FlowReason.NODE_DELETED_BY: _("{who} deleted “{what}”."),
    FlowReason.YOU_DELETED_NODE: _("You deleted “{what}”."),
    FlowReason.EDGE_DELETED: _("This connection was deleted."),
    FlowReason.EDGE_DELETED_BY: _("{who} deleted this connection."),
    FlowReason.YOU_DELETED_EDGE: _("You deleted this connection."),
    FlowReason.IN_WORDS: "{text}",
}
