"""What is wrong with a setting beyond its type, as values; the sentences are made where they are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto


class FaultReason(StrEnum):
    """Why a setting cannot be used as it is."""

    NO_SCHEDULE = auto()
    NO_TIME_ZONE = auto()
    NO_LABEL = auto()
    NO_URL = auto()
    NO_QUESTION = auto()
    NOBODY_ASKED = auto()
    NOT_AN_ADDRESS = auto()
    NO_DURATION = auto()
    NOT_A_FORM = auto()
    NAMELESS_FIELD = auto()
    TWIN_FIELDS = auto()
    TOO_FEW_INPUTS = auto()
    NO_RELATIVE_PATH = auto()


@dataclass(frozen=True, slots=True)
class Fault:
    """One such reason, with what its sentence says."""

    reason: FaultReason
    values: Mapping[str, object] = field(default_factory=dict)
