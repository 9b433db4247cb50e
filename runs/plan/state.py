"""What the planner knows of tasks, and what it says is to be done: values that the caller keeps in rows.

A task is a step in one iteration, named by its `Key`: the step's id and the path, "" or the indexes of the loops around
it ("3", "3.0"). The planner reads only the slots it touches, through a `Board`, and hands back `Moves`; it writes
nothing. `Overlay` is a board on which moves can be laid, so that several can be asked for in one transaction.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, TypeAlias

Key: TypeAlias = tuple[str, str]
State: TypeAlias = Literal["waiting", "ready", "done", "failed", "skipped"]
Halt: TypeAlias = Literal["", "pause", "fail"]

_STATES: Final[Mapping[str, State]] = {
    "waiting": "waiting",
    "done": "done",
    "failed": "failed",
    "skipped": "skipped",
    "cancelled": "skipped",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """What is kept of an open loop. `total` is None where each further iteration is asked for.

    `opened` and `done` count iterations; `left` holds, for each one that is open, how many of its tasks have not ended.
    `failed` names the iteration of each failure that ends the loop. Once `is_closing`, no further one is opened.
    """

    total: int | None
    opened: int = 0
    done: int = 0
    left: Mapping[int, int] = field(default_factory=dict)
    failed: tuple[int, ...] = ()
    is_closing: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """One task as the planner sees it: `ready` is everything from there to its end, an open loop too.

    `pending` and `live` count the wires into it that are undecided and that carry something. `ports` are the outputs
    that carried its result on; None as long as that is undecided, which it stays for a failure that stopped the run.
    """

    node: str
    path: str
    state: State = "waiting"
    pending: int = 0
    live: int = 0
    ports: tuple[str, ...] | None = None
    scope: Scope | None = None

    @property
    def key(self) -> Key:
        """Its name in the run."""
        return self.node, self.path

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is to be done here."""
        return self.state in ("done", "failed", "skipped")

    @property
    def has_failed_inside(self) -> bool:
        """Whether it is a loop of which an iteration failed; what is taken up is the task in it."""
        return self.scope is not None and bool(self.scope.failed)


class Board(Protocol):
    """Where slots are read. Those asked for exist; what is not found is a defect."""

    def slots(self, keys: Collection[Key]) -> Mapping[Key, Slot]:
        """Return these slots; one query."""


@dataclass(frozen=True, slots=True)
class End:
    """How a task ended, out of tries. `ports` are the outputs that carry its result; None: all.

    `skipped` is what an approval that was refused makes of it.
    """

    outcome: Literal["done", "failed", "skipped"]
    ports: frozenset[str] | None = None


DONE: Final = End("done")
FAILED: Final = End("failed")
SKIPPED: Final = End("skipped")


@dataclass(frozen=True, slots=True)
class Turn:
    """A `while` or `until` loop whose iteration `done - 1` has ended: ask whether there is another, and call `turned`.

    `result_of_iteration` says what that iteration gave.
    """

    loop: str
    path: str
    done: int


@dataclass(frozen=True, slots=True)
class Closing:
    """A loop of which nothing is left to run: gather its results, and call `ended` for it, before anything is retried.

    Its results are those of the first `iterations`, null for one in which a `spoiling_steps` failed; with `has_failed`
    it is to end as `FAILED`.
    """

    loop: str
    path: str
    iterations: int
    has_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What follows. `slots` are all that are new or other than before, as they are now; those in `made` are new.

    `ready` are to be executed now (a loop: count its iterations and call `opened`), `skipped` ended without. `turns`
    and `closings` are asked of the caller. `halt` says what a failure does to the run: "pause" until it is resumed,
    "fail" as soon as nothing runs any more; in both nothing is started meanwhile, though other tasks' ends go on to
    make tasks ready, and `retried` takes up what failed. `has_failures`: the run can no longer end as simply done.
    `progress` is what to add to the run's; at most `NEARLY` in all before its end.
    """

    slots: Mapping[Key, Slot] = field(default_factory=dict)
    made: tuple[Key, ...] = ()
    ready: tuple[Key, ...] = ()
    skipped: tuple[Key, ...] = ()
    ended: tuple[Key, ...] = ()
    """All that ended by these moves, the skipped too, so `unfinished` of a run grows by `len(made) - len(ended)`."""
    reopened: tuple[Key, ...] = ()
    """All that had ended and have not any more, by `retried`: `unfinished` grows by them as well."""
    turns: tuple[Turn, ...] = ()
    closings: tuple[Closing, ...] = ()
    promised: int = 0
    """By how much the number of tasks grows that open loops have still to make."""
    halt: Halt = ""
    has_failures: bool = False
    progress: float = 0.0


NEARLY: Final = 0.99


class Overlay:
    """A board with moves laid over what another board reads; each slot is read at most once."""

    def __init__(self, under: Board | None = None) -> None:
        self._under = under
        self._slots: dict[Key, Slot] = {}

    def slots(self, keys: Collection[Key]) -> Mapping[Key, Slot]:
        """Return slots as they are with all moves taken."""
        missing = [key for key in keys if key not in self._slots]
        if missing and self._under is not None:
            self._slots.update(self._under.slots(missing))
        return {key: self._slots[key] for key in keys}

    def take(self, moves: Moves) -> None:
        """Lay moves over it."""
        self._slots.update(moves.slots)

    def put(self, slots: Iterable[Slot]) -> None:
        """Lay slots over it that the caller has read already."""
        self._slots.update({slot.key: slot for slot in slots})


def slot_state(task_state: str) -> State:
    """Return what a state of a task is to the planner."""
    return _STATES.get(task_state, "ready")


def encode_ports(ports: tuple[str, ...] | None) -> str:
    """Return ports as a row keeps them."""
    return "" if ports is None else json.dumps(ports, separators=(",", ":"))


def decode_ports(text: str) -> tuple[str, ...] | None:
    """Read ports from a row."""
    return tuple(json.loads(text)) if text else None


def encode_scope(scope: Scope | None) -> str:
    """Return a scope as a row keeps it."""
    if scope is None:
        return ""
    left = [item for pair in scope.left.items() for item in pair]
    fields = [scope.total, scope.opened, scope.done, scope.failed, scope.is_closing, left]
    return json.dumps(fields, separators=(",", ":"))


def decode_scope(text: str) -> Scope | None:
    """Read a scope from a row."""
    if not text:
        return None
    total, opened, done, failed, is_closing, left = json.loads(text)
    return Scope(total, opened, done, dict(zip(left[::2], left[1::2], strict=True)), tuple(failed), is_closing)
