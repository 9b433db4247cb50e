"""What a plan consists of: steps and wires.

A step is a node that executes (notes and groups do not); a wire is an edge between two steps. `loop` of a step is the
innermost loop whose body it belongs to; its tasks have one index for each loop around it in their path. A step that is
not enabled belongs to no loop: it is skipped once, when the run begins.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from flows.expressions import Json

Join: TypeAlias = Literal["arrived", "every", "any"] | int
Criticality: TypeAlias = Literal["critical", "normal", "optional"]
OnError: TypeAlias = Literal["stop", "null", "go_on", "retry", "leave"]
"""`leave` is a loop's alone: it ends with the results before the iteration that failed. `retry` stops when no try is
left."""

INLINE_KINDS = frozenset({"input", "transform", "decision", "loop", "output", "sensor"})
"""Executed inside the settling transaction: pure and bounded. (An output that delivers makes rows, no calls.)"""

GOES_ON = frozenset({"null", "go_on", "leave"})
"""A step with one of these takes care of its own failure; a loop, of those in its body."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of people before a step runs; `who` is "editors" or addresses, `form` a list of fields."""

    question: str
    who: Literal["editors"] | tuple[str, ...] = "editors"
    form: tuple[Mapping[str, Json], ...] = ()
    timeout_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One node that executes. `inputs` and `outputs` are its ports; `retries` are further tries."""

    id: str
    kind: str
    label: str
    settings: Mapping[str, Json]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    join: Join = "arrived"
    criticality: Criticality = "normal"
    runs_on: tuple[str, ...] = ()
    timeout_ms: int | None = None
    retries: int = 0
    on_error: OnError = "stop"
    reuse: bool = True
    ask_first: Ask | None = None
    enabled: bool = True
    loop: str | None = None

    @property
    def is_inline(self) -> bool:
        """Whether it is executed in the transaction that makes it ready."""
        return self.kind in INLINE_KINDS

    @property
    def spoils(self) -> bool:
        """Whether its failure makes the iteration fail in which it happens, or the run."""
        return self.on_error not in GOES_ON and self.criticality != "optional"


@dataclass(frozen=True, slots=True)
class Wire:
    """One edge between two steps."""

    id: str
    source: str
    source_port: str
    target: str
    target_port: str
