"""The one expected failure of the document.

A refusal is a normal answer in collaboration. It carries a stable code of the public contract, for programs, the exact
reason, and the values that a sentence about it needs; the sentences themselves are made where people read them
(`flows.sentences`). Anything else that is raised by this package is a defect and stays loud.
"""

from enum import StrEnum, auto
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
    "cancelled",
]


class Reason(StrEnum):
    """Why the document refuses something. Each has one sentence in `flows.sentences`."""

    # A value that does not fit; `name` is the property as programs spell it.
    INVALID_JSON = auto()
    NOT_JSON = auto()
    NOT_AN_OBJECT = auto()
    NOT_A_LIST = auto()
    NOT_AN_ID = auto()
    NOT_A_STRING = auto()
    NOT_A_COLOUR = auto()
    NOT_A_BOOLEAN = auto()
    NOT_A_NUMBER = auto()
    NOT_AN_INTEGER = auto()
    NOT_A_CHOICE = auto()
    NOT_NAMES = auto()
    NOT_A_GRAPH = auto()
    EMPTY = auto()
    HIDDEN = auto()
    TOO_LONG = auto()
    TOO_DEEP = auto()
    NUMBER_TOO_LARGE = auto()
    UNSTORABLE = auto()
    MISSING_KEY = auto()
    UNKNOWN_KEY = auto()
    UNKNOWN_OPERATION = auto()
    UNKNOWN_KIND = auto()
    UNKNOWN_SETTING = auto()
    SETTINGS_TOO_LARGE = auto()
    IMPORTED_TOO_LARGE = auto()

    # What does not hold together with the rest of the flow.
    UNKNOWN_NODE = auto()
    UNKNOWN_EDGE = auto()
    NO_INPUT = auto()
    NO_OUTPUT = auto()
    SELF_LOOP = auto()
    ALREADY_CONNECTED = auto()
    NODE_EXISTS = auto()
    EDGE_EXISTS = auto()
    NODE_TWICE = auto()
    EDGE_TWICE = auto()
    NOT_A_GROUP = auto()
    GROUP_IN_ITSELF = auto()
    OUT_OF_BOUNDS = auto()
    TOO_MANY_NODES = auto()
    TOO_MANY_EDGES = auto()
    TOO_MANY_OPERATIONS = auto()
    NESTED_TOO_DEEP = auto()
    TOO_MUCH_WORK = auto()
    ALREADY_CREATED = auto()

    BATCH_ITEM = auto()
    """One operation of a batch is refused: `number` which, `inner` with what."""


class Rejected(Exception):  # noqa: N818  (a normal answer, not an error)
    """What was asked is refused, and the flow is as it was.

    `reason` and `values` say why. `missing` is the element that does not exist, by what it is and its id.
    """

    def __init__(
        self, code: Code, reason: StrEnum, *, missing: tuple[str, str] | None = None, **values: object
    ) -> None:
        super().__init__(code, reason)
        self.code: Code = code
        self.reason = reason
        self.missing = missing
        self.values = values

    def __str__(self) -> str:
        return " ".join([f"{self.code}: {self.reason}", *(f"{name}={value!s}" for name, value in self.values.items())])


def invalid(reason: Reason, **values: object) -> Rejected:
    """Make the refusal of a value that does not fit."""
    return Rejected("invalid", reason, missing=None, **values)
