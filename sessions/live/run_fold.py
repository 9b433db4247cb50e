"""How far each node of a run is, folded from the run's events: what everybody in the flow is shown. Pure.

A node inside a loop has many tasks; it shows one state for all of them and counts those that have ended. An entry says
how the node is, not what changed, so who missed events needs only the entries of the nodes that these touched.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from runs.node_state import ENDED, state_of
from sessions.protocol.fields import NodeEntry
from web.deferred_translation import said

LONGEST_MESSAGE = 200


@dataclass(frozen=True, slots=True)
class TaskChange:
    """What happened to a task; `counts` are a loop's iterations: how many ended, of how many. None: unchanged."""

    seq: int
    task: str
    node: str
    state: str | None
    attempt: int | None = None
    counts: tuple[int, int] | None = None
    message: str | None = None


@dataclass(slots=True)
class _Node:
    states: Counter[str] = field(default_factory=Counter)
    attempt: int = 0
    message: str = ""
    changed: int = 0


class RunFold:
    """The nodes of one run after event `seq`."""

    def __init__(self, seq: int = 0) -> None:
        self.seq = seq
        self._nodes: dict[str, _Node] = {}
        self._tasks: dict[str, str] = {}
        self._counts: dict[str, dict[str, tuple[int, int]]] = {}
        self._is_over = False

    def __len__(self) -> int:
        return len(self._tasks)

    def take(self, changes: Iterable[TaskChange], seq: int, *, is_over: bool = False) -> None:
        """Take what happened up to event `seq`, after which the run `is_over` or goes on."""
        for change in changes:
            self._take(change)
        self.seq = max(seq, self.seq)
        if is_over != self._is_over:
            self._is_over = is_over
            for node in self._nodes.values():
                if state_of(node.states, is_over=True) != state_of(node.states):
                    node.changed = self.seq

    def entries(self, since: int) -> list[NodeEntry]:
        """Tell of every node that something happened to after event `since`, in the language of now."""
        return [self._entry(id, node) for id, node in self._nodes.items() if node.changed > since]

    def _take(self, change: TaskChange) -> None:
        node = self._nodes.setdefault(change.node, _Node())
        before = self._tasks.get(change.task)
        if change.state is not None and change.state != before:
            if before is not None:
                node.states[before] -= 1
            node.states[change.state] += 1
            self._tasks[change.task] = change.state
            if not node.states["failed"]:
                node.message = ""
        if change.attempt is not None:
            node.attempt = change.attempt
        if change.counts is not None:
            self._counts.setdefault(change.node, {})[change.task] = change.counts
        if change.message is not None:
            node.message = change.message
        node.changed = change.seq

    def _entry(self, id: str, node: _Node) -> NodeEntry:
        if loops := self._counts.get(id):
            done, total = (sum(count[at] for count in loops.values()) for at in (0, 1))
        else:
            done, total = sum(node.states[state] for state in ENDED), node.states.total()
        return (
            id,
            state_of(node.states, is_over=self._is_over),
            done,
            total,
            node.attempt,
            said(node.message)[:LONGEST_MESSAGE],
        )


def change_of(seq: int, kind: str, task: str, node: str, data: Mapping[str, object]) -> TaskChange | None:
    """Read an event of a run's log; None if it is not about how a task is."""
    if not node or not kind.startswith("task_"):
        return None
    state, attempt = data.get("state"), data.get("attempt")
    done, total = data.get("done"), data.get("total")
    return TaskChange(
        seq,
        task,
        node,
        state if isinstance(state, str) else None,
        attempt if isinstance(attempt, int) else None,
        (done, total) if isinstance(done, int) and isinstance(total, int) and total else None,
        _message(data),
    )


def _message(data: Mapping[str, object]) -> str | None:
    error = data.get("error")
    if isinstance(error, Mapping):
        return str(error.get("message") or error.get("code") or "")
    if reason := data.get("reason") or data.get("message"):
        return str(reason)
    return percent(data.get("progress"))


def percent(progress: object) -> str | None:
    """Say how far one task is, where it tells."""
    if not isinstance(progress, int | float) or isinstance(progress, bool) or not 0 < progress < 1:
        return None
    return f"{round(progress * 100)}%"
