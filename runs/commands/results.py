"""What commands about runs take and give, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from flows.expressions import Json
from runs.models import Run
from runs.plan import Step


@dataclass(frozen=True, slots=True)
class Again:
    """From which node of which earlier run a new one begins; no node: all is made again, but for what may be reused."""

    run: UUID
    node: str = ""
    reuse: bool = True


@dataclass(frozen=True, slots=True)
class Started:
    """A run that was started; not new if the same key had started it before."""

    run: Run
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One worker's hold on a task, with all that its executor reads. It may take so many `seconds` from now on;
    `checkpoints` are those saved before; `account` is on whose account it has a place of the worker."""

    id: str
    task: str
    claim: int
    worker: str
    attempt: int
    run: UUID
    flow: UUID
    step: Step
    path: str
    names: Mapping[str, Json]
    prev: Json
    seconds: float
    checkpoints: Mapping[str, Json]
    account: str = ""
