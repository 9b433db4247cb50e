"""What tests of agents share: one attempt at a task, with checkpoints in memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from uuid import UUID

from flows.expressions import Json
from runs.kinds.executor import Work
from runs.plan import Step

RUN = UUID(int=1)


@dataclass
class Kept:
    """The checkpoints of one task, as a run keeps them."""

    values: dict[str, Json] = field(default_factory=dict)

    def get(self, name: str) -> tuple[bool, Json]:
        """Return whether there is one, and its value."""
        return name in self.values, self.values.get(name)

    def save(self, name: str, value: Json) -> None:
        """Keep a value."""
        self.values[name] = value


def attempt(
    settings: Mapping[str, Json],
    *,
    prev: Json = None,
    given: Json = None,
    kept: Kept | None = None,
    said: list[str] | None = None,
    deadline: float | None = None,
    cancelled: Event | None = None,
    on_cancel: Callable[[Callable[[], None]], None] = lambda _: None,
    names: Mapping[str, Json] | None = None,
) -> Work:
    """Return one attempt at an agent with settings."""
    step = Step("agent", "agent", "Agent", settings, ("in",), ("out",))
    heard = said if said is not None else []
    return Work(
        run=RUN,
        flow=RUN,
        task="0.agent.",
        step=step,
        path="",
        attempt=1,
        names=names if names is not None else {"input": given, "prev": prev, "nodes": {}},
        prev=prev,
        deadline=deadline,
        secret=lambda name: name,
        checkpoints=kept or Kept(),
        progress=lambda _: None,
        say=heard.append,
        cancelled=cancelled or Event(),
        on_cancel=on_cancel,
    )
