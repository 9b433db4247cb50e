"""The one shape of failure that programs see, and the words every REST router shares.

`{"code", "message", "detail"}`: the code is stable and for programs, the message is for people. `STATUS` is
the whole table; a code that is not in it refuses an operation and is 422. This is the lowest app, so that every
router above may import this; `helix.api` turns what is raised here into answers.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Self, TypedDict, TypeVar

from django.http import HttpResponse
from ninja import Schema
from pydantic import ConfigDict, ModelWrapValidatorHandler, model_validator

R = TypeVar("R", bound=HttpResponse)

STATUS: Mapping[str, int] = {
    "not_authenticated": 401,
    "second_factor_required": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "version_conflict": 409,
    "nothing_to_undo": 409,
    "email_taken": 409,
    "wrong_state": 409,
    "answered": 409,
    "too_large": 413,
    "rate_limited": 429,
    "internal": 500,
    "session_full": 503,
    "unavailable": 503,
}
REFUSED = 422
MOST_ERRORS = 20
"""How many things that are wrong with one body are found and told."""


class Problem(Exception):  # noqa: N818  (named as the product names it)
    """A call that fails as the contract says. `retry_after` is in seconds; `status` where it is not the code's own."""

    def __init__(
        self,
        code: str,
        message: str,
        detail: object = None,
        *,
        retry_after: int | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.detail = detail
        self.retry_after = retry_after
        self.status = status


class In(Schema):
    """A body: what it does not name is refused, and nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="wrap")
    @classmethod
    def _few_strange_keys(cls, value: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        # Each unknown key is an error of its own to pydantic; a body may hold hundreds of thousands.
        if isinstance(value, dict) and len(value) > len(cls.model_fields) + MOST_ERRORS:
            raise ValueError("has too many keys")
        return validate(value)


COMPONENTS = "#/components/schemas/"
"""Where the description of the API keeps what it names."""


class Error(Schema):
    """What every failed call answers."""

    code: str
    message: str
    detail: Any = None


class Answers(TypedDict):
    response: dict[int, Any]
    openapi_extra: dict[str, Any]


def status_of(code: str) -> int:
    """Return the HTTP status of a code."""
    return STATUS.get(code, REFUSED)


def as_failure(response: R, problem: Problem, *, status: int | None = None) -> R:
    """Give a response the status of a problem, unless another is given, and say when to try again."""
    response.status_code = status or problem.status or status_of(problem.code)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response


def answers(success: dict[int, Any], *codes: str, public: bool = False) -> Answers:
    """Declare what a call answers: its successes by status, and the codes it may fail with.

    Every call that is not `public` may also fail with `not_authenticated`. Failures are only described: they
    are raised, never returned, so ninja need not build a model for each (half of all models at a start).
    """
    by_status: dict[int, list[str]] = {}
    for code in codes if public else ("not_authenticated", *codes):
        by_status.setdefault(status_of(code), []).append(code)
    return {
        "response": success,
        "openapi_extra": {"responses": {status: _failure(by_status[status]) for status in sorted(by_status)}},
    }


def _failure(codes: Iterable[str]) -> dict[str, Any]:
    described = ", ".join(f"`{code}`" for code in codes)
    return {"description": described, "content": {"application/json": {"schema": {"$ref": f"{COMPONENTS}Error"}}}}
