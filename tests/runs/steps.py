"""Steps and works for the tests of executors."""

from collections.abc import Mapping
from threading import Event
from typing import Any
from uuid import UUID

from runs.errors import TaskFailure
from runs.kinds import Work
from runs.plan import Json, Plan, Step
from runs.secrets import masked

RUN = UUID("00000000-0000-4000-8000-000000000001")
FLOW = UUID("00000000-0000-4000-8000-000000000002")


def step(kind: str, id: str = "n", /, *, outputs: tuple[str, ...] = ("out",), label: str = "", **settings: Any) -> Step:
    """Return a step of a kind with these settings."""
    return Step(id, kind, label or id, settings, ("in",), outputs)


def plan_of(*steps: Step) -> Plan:
    """Return a plan of steps without wires."""
    return Plan({one.id: one for one in steps}, ())


class Kept:
    """Checkpoints in memory, as a task's rows keep them; `saved` tells in which order."""

    def __init__(self, values: Mapping[str, Json] | None = None) -> None:
        self.values: dict[str, Json] = dict(values or {})
        self.saved: list[str] = []

    def get(self, name: str) -> tuple[bool, Json]:
        return name in self.values, self.values.get(name)

    def save(self, name: str, value: Json) -> None:
        self.values[name] = value
        self.saved.append(name)


def work_of(
    one: Step,
    prev: Json = None,
    *,
    names: Mapping[str, Json] | None = None,
    secrets: Mapping[str, str] | None = None,
    checkpoints: Kept | None = None,
    attempt: int = 1,
    deadline: float | None = None,
    said: list[str] | None = None,
) -> tuple[Work, list[Any]]:
    """Return one attempt at a step, and the list that `on_cancel` fills: call what is in it to cancel."""
    ends: list[Any] = []
    known = secrets or {}

    def secret(name: str) -> str:
        if name not in known:
            raise TaskFailure("secret_missing", name)
        return known[name]

    work = Work(
        run=RUN,
        flow=FLOW,
        task=f"{RUN.hex}.{one.id}.",
        step=one,
        path="",
        attempt=attempt,
        names={"input": {}, "nodes": {}, "prev": prev, "run": {"id": str(RUN)}, **(names or {})},
        prev=prev,
        deadline=deadline,
        secret=secret,
        checkpoints=checkpoints if checkpoints is not None else Kept(),
        progress=lambda _share: None,
        say=(said if said is not None else []).append,
        cancelled=Event(),
        on_cancel=ends.append,
        mask=lambda text: str(masked(text, known.values())),
    )
    return work, ends
