"""What an executor is given and what it gives back: the same for every kind, inline or on a worker.

An executor is a function `execute(work: Work) -> Done`, registered in `runs.kinds.EXECUTORS` under its kind, with a
version that is part of the result key. It runs in a thread, raises `TaskFailure` for what the contract calls a failure,
and calls nothing of Django but what `Work` brings. What it does outside happens at least once: an outgoing call carries
`work.task` as its `Idempotency-Key`, and what must not be done twice stands behind a checkpoint.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol
from uuid import UUID

from runs.plan import Json, Step
from runs.work.clock import elapsed


class Checkpoints(Protocol):
    """The named values of one task, written only under its current claim."""

    def get(self, name: str) -> tuple[bool, Json]:
        """Return whether there is one, and its value."""

    def save(self, name: str, value: Json) -> None:
        """Keep a value at once. Raises `Fenced` if the task is another's by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One attempt at a task. `names` are those of expressions: `input`, `nodes`, `prev`, `item`, `index`, `run`.
    `deadline` is a moment of `elapsed`.

    `secret` returns a secret's value by name, or raises `TaskFailure("secret_missing")`; what it returned is masked in
    all that is kept; who cuts a text calls `mask` first. `progress` takes 0 to 1, `say` words that people see as they
    come. `cancelled` is set when nobody wants the result any more; `on_cancel` takes what ends a call in flight. Who
    writes into our own database calls `expect_held` first in the same transaction: it raises `Fenced` if the task is
    another's by now, who may have written already what comes after.
    """

    run: UUID
    flow: UUID
    task: str
    step: Step
    path: str
    attempt: int
    names: Mapping[str, Json]
    prev: Json
    deadline: float | None
    secret: Callable[[str], str]
    checkpoints: Checkpoints
    progress: Callable[[float], None]
    say: Callable[[str], None]
    cancelled: Event
    on_cancel: Callable[[Callable[[], None]], None]
    mask: Callable[[str], str] = lambda text: text
    expect_held: Callable[[], None] = lambda: None

    def seconds_left(self, default: float) -> float:
        """Return for how long this attempt may go on: the node's own time, else `default`, never past the deadline."""
        most = self.step.timeout_ms / 1_000 if self.step.timeout_ms else default
        return most if self.deadline is None else min(most, self.deadline - elapsed())


@dataclass(frozen=True, slots=True)
class Done:
    """What a task gives: its value, the ports that carry it (None: all), and what it used, for example tokens."""

    value: Json
    ports: frozenset[str] | None = None
    usage: Mapping[str, Json] = field(default_factory=dict)


class Executor(Protocol):
    """Executes one kind of step."""

    def __call__(self, work: Work) -> Done: ...
