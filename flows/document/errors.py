"""The one expected failure of the document.

A refusal is a normal answer in collaboration: it carries a stable code of the public contract, for programs, and one
English sentence, for people. Anything else that is raised by this package is a defect and stays loud.
"""

from typing import Literal, TypeAlias

Code: TypeAlias = Literal[
    "unknown_node",
    "unknown_edge",
    "unknown_port",
    "unknown_action",
    "duplicate_id",
    "duplicate_edge",
    "self_loop",
    "limit_reached",
    "invalid",
    "too_large",
    "nothing_to_undo",
    "forbidden",
    "rate_limited",
    "version_conflict",
]


class Rejected(Exception):  # noqa: N818  (a normal answer, not an error)
    """What was asked is refused, and the flow is as it was. `missing` is the element there is not, by what and id."""

    def __init__(self, code: Code, message: str, missing: tuple[str, str] | None = None) -> None:
        super().__init__(code, message)
        self.code: Code = code
        self.message = message
        self.missing = missing

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
