"""What a request for a flow may fail with, besides a refused edit.

    FlowError
    ├── NotFound     not_found   unknown, deleted, or not yours: the same answer, so that nothing can be found out
    └── Forbidden    forbidden   the flow is known to you, your role is too small
    Rejected (flows.document)    an edit, a member or a title that does not fit, with the operation's code

Each carries a stable `code` of the public contract and a `message` for people.
"""

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
