"""A plan: what a version of a flow means for a run, as a value. Compiled once, stored as JSON, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runs.plan.layout import Layout, layout_of
from runs.plan.steps import Step, Wire


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps by id, in an order in which each comes after those before it, and all wires.

    `layout` is worked out from them: what follows what, and which steps are whose body.
    """

    steps: Mapping[str, Step]
    wires: tuple[Wire, ...]
    layout: Layout = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "layout", layout_of(self.steps, self.wires))
