"""What a request for a flow may fail with, besides a refused edit.

    FlowError
    ├── NotFound     not_found   unknown, deleted, or not yours: the same answer, so that nothing can be found out
    └── Forbidden    forbidden   the flow is known to you, your role is too small
    Rejected (flows.document)    an edit, a member or a title that does not fit, with the operation's code

Each carries a stable `code` of the public contract; `FlowReason`s are the reasons of refusals that the document itself
knows nothing of.
"""

from enum import StrEnum, auto

from django.utils.translation import gettext as _


class FlowError(Exception):
    """The flow cannot be had; `code` says why."""

    code = ""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(FlowError):  # noqa: N818  (the contract's word)
    """There is no such flow, or none for you."""

    code = "not_found"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or _("No such flow."))


class Forbidden(FlowError):  # noqa: N818  (the contract's word)
    """Your role in this flow does not allow it."""

    code = "forbidden"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or _("Your role in this flow does not allow this."))


class FlowReason(StrEnum):
    """Why what was asked of a flow is refused, besides the document's own reasons."""

    FORBIDDEN = auto()
    VERSION_AHEAD = auto()
    VERSION_STALE = auto()
    NOTHING_TO_UNDO = auto()
    NOTHING_TO_REDO = auto()
    CHANGED_BY_OTHERS = auto()
    CHANGED_ELSEWHERE = auto()
    UNDO_TOO_OFTEN = auto()
    ASKED_TOO_OFTEN = auto()
    CALL_TOO_LONG = auto()
    BATCHES_TOO_LONG = auto()
    NOT_AN_EMAIL = auto()
    UNKNOWN_ROLE = auto()
    UNKNOWN_PERSON = auto()
    AMBIGUOUS_PERSON = auto()
    LAST_OWNER = auto()
    TRANSFER_TO_SELF = auto()
    UNKNOWN_TEAM = auto()
    TOO_MANY_INVITATIONS = auto()
    ONLY_OWNER = auto()
    FLOW_FULL = auto()
    PERSON_FULL = auto()
    TOO_FAST = auto()
    UNKNOWN_ACTION = auto()
    UNKNOWN_PARAMETER = auto()
    WRONG_PARAMETER = auto()
    PARAMETER_NOWHERE = auto()
    PARAMETER_TWICE = auto()
    TOO_MANY_PARAMETERS = auto()
    TOO_MANY_TEMPLATES = auto()
    TEMPLATES_FULL = auto()
    ACTION_FAILED = auto()
    ACTION_NOT_FOR_KIND = auto()
    ACTION_NEEDS_NODES = auto()
    CANCELLED = auto()
    TOO_MANY_JOBS = auto()
    NODE_DELETED = auto()
    NODE_DELETED_BY = auto()
    YOU_DELETED_NODE = auto()
    EDGE_DELETED = auto()
    EDGE_DELETED_BY = auto()
    YOU_DELETED_EDGE = auto()
    IN_WORDS = auto()
    """A refusal from before refusals had reasons; only its sentence is stored, as `text`."""
