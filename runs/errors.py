"""What a run, or a call about one, may fail with. Codes are the public contract's.

FlowError (flows.errors)
├── WrongState    wrong_state  what was asked does not fit the state of the run or task
└── Answered      answered     the question was answered before
Fenced                         the task is another's by now: nothing that its former holder says counts
TaskFailure                    raised by executors: a task that did not succeed, by one of `TASK_CODES`
"""

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from flows.errors import FlowError
from flows.expressions import Json

TASK_CODES: Final = frozenset(
    {
        "invalid_input",
        "invalid_output",
        "expression",
        "timeout",
        "http_status",
        "http_refused",
        "connection",
        "too_large",
        "sandbox",
        "skill_error",
        "provider",
        "no_provider",
        "tool",
        "rate_limited",
        "lost",
        "answer_timeout",
        "secret_missing",
        "too_many_iterations",
        "limit_reached",
        "cancelled",
        "internal",
    }
)


class WrongState(FlowError):  # noqa: N818  (the contract's word)
    """What was asked does not fit the state."""

    code = "wrong_state"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or _("The state of the run does not allow this."))


class Answered(FlowError):  # noqa: N818  (the contract's word)
    """The question has been answered."""

    code = "answered"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or _("Somebody has answered this question already."))


class Fenced(Exception):  # noqa: N818  (a result, not a defect)
    """The task is another's by now, or has ended."""


class TaskFailure(Exception):  # noqa: N818  (a result, not a defect)
    """A task did not succeed. `retry_after` is in seconds, where the other side named it; `usage` is what it used."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        is_retryable: bool = False,
        retry_after: float | None = None,
        usage: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.is_retryable = is_retryable
        self.retry_after = retry_after
        self.usage: Mapping[str, Json] = usage or {}
