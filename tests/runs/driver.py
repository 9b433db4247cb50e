"""Drives a plan to its end in any order, and checks at each step what must always hold."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from runs.plan import (
    DONE,
    FAILED,
    Closing,
    End,
    Json,
    Key,
    Moves,
    Plan,
    Result,
    Slot,
    Turn,
    begin,
    decode_ports,
    decode_scope,
    encode_ports,
    encode_scope,
    ended,
    iteration_keys,
    opened,
    prev_of,
    reads_of,
    result_of_iteration,
    retried,
    spoiling_steps,
    turned,
)
from runs.plan.moves import halt_of
from runs.plan.paths import inside

Outcome = Literal["done", "failed"]


class Rows:
    """The board: a row for each task, kept as text where rows are; it counts what is read and written."""

    def __init__(self) -> None:
        self.rows: dict[Key, tuple[Slot, str, str]] = {}
        self.read = self.written = self.queries = 0

    def slots(self, keys: Collection[Key]) -> Mapping[Key, Slot]:
        self.queries += 1
        self.read += len(keys)
        return {key: self.slot(*key) for key in keys}

    def slot(self, node: str, path: str) -> Slot:
        slot, ports, scope = self.rows[node, path]
        return Slot(slot.node, slot.path, slot.state, slot.pending, slot.live, decode_ports(ports), decode_scope(scope))

    def take(self, moves: Moves) -> None:
        for key, slot in moves.slots.items():
            assert (key in self.rows) != (key in moves.made), key
            assert slot.pending >= 0 and slot.live >= 0, slot
            self.rows[key] = slot, encode_ports(slot.ports), encode_scope(slot.scope)
        self.written += len(moves.slots)


@dataclass
class Fate:
    """What each task does, by its name alone: how it ends, and how many iterations a loop has."""

    seed: int
    fails: float = 0.2
    most: int = 5
    stops: bool = False
    """Whether it may be a failure that stops the run."""
    mended: set[Key] = field(default_factory=set)
    """What succeeds in any case."""

    def _random(self, *key: object) -> Random:
        return Random(repr((self.seed, *key)))

    def end(self, plan: Plan, key: Key) -> End:
        random, step = self._random(key), plan.steps[key[0]]
        if random.random() < self.fails and key not in self.mended and (self.stops or not halt_of(plan, step)):
            return FAILED
        return End("done", frozenset({random.choice(step.outputs)})) if step.kind == "decision" else DONE

    def iterations(self, key: Key) -> int:
        return self._random("iterations", key).randint(0, self.most)


@dataclass
class Drive:
    """One run of a plan."""

    plan: Plan
    fate: Fate
    order: Random
    rows: Rows = field(default_factory=Rows)
    started: list[Key] = field(default_factory=list)
    todo: list[Key | Turn | Closing] = field(default_factory=list)
    values: dict[Key, Json] = field(default_factory=dict)
    prevs: dict[Key, Json] = field(default_factory=dict)
    unfinished: int = 0
    promised: int = 0
    progress: float = 0.0
    halts: list[Key] = field(default_factory=list)
    has_failures: bool = False
    reads_ended: bool = False
    """Whether what a text mentions must have ended."""

    def run(self) -> None:
        """Begin, and go on to the end."""
        self.take(begin(self.plan))
        self.go_on()

    def go_on(self) -> None:
        """Go on until nothing is left to do; then nothing may be waiting, but for what stopped the run."""
        while self.todo:
            self.step()
        waiting = [slot for slot, _ports, _scope in self.rows.rows.values() if not slot.has_ended]
        assert self.halts or not waiting, waiting
        assert self.unfinished == len(waiting)
        assert self.halts or not self.promised
        assert self.halts or self.progress > 1 - 1e-9 or not self.plan.layout.sizes[None], self.progress

    def step(self) -> None:
        """Do one of the things that may be done."""
        at = self.order.randrange(len(self.todo))
        self.todo[at], self.todo[-1] = self.todo[-1], self.todo[at]
        match self.todo.pop():
            case Turn(loop, path, done):
                goes_on = done < self.fate.iterations((loop, path))
                self.take(turned(self.plan, self.rows, loop, path, goes_on=goes_on))
            case Closing(loop, path, iterations, has_failed):
                if not has_failed:
                    self.values[loop, path] = [self._result(loop, path, index) for index in range(iterations)]
                self.take(ended(self.plan, self.rows, loop, path, FAILED if has_failed else DONE))
            case (node, path):
                self._execute(node, path)

    def take(self, moves: Moves) -> None:
        """Write moves down, and note what they ask for."""
        self.rows.take(moves)
        again = set(moves.ready) & set(self.started)
        assert again <= set(moves.reopened), f"started twice: {again}"
        assert len(set(moves.ready)) == len(moves.ready)
        assert not set(moves.skipped) & set(self.started)
        self.started += moves.ready
        self.todo += [*moves.ready, *moves.turns, *moves.closings]
        self.promised += moves.promised
        assert self.promised >= 0
        self.unfinished += len(moves.made) + len(moves.reopened) - len(moves.ended)
        self.has_failures |= moves.has_failures
        assert moves.progress > -1e-12
        self.progress += moves.progress
        assert self.progress < 1 + 1e-9 or self.fate.mended

    def _execute(self, node: str, path: str) -> None:
        step, key = self.plan.steps[node], (node, path)
        self.prevs[key] = self._prev(node, path)
        if step.kind == "loop":
            total = self.fate.iterations(key)
            asks = step.settings["type"] == "until" or (step.settings["type"] == "while" and total)
            self.take(opened(self.plan, self.rows, node, path, total=None if asks else total))
            return
        end = self.fate.end(self.plan, key)
        moves = ended(self.plan, self.rows, node, path, end)
        if moves.halt:
            self.halts.append(key)
        else:
            self.values[key] = f"{node}/{path}" if end.outcome == "done" else None
        self.take(moves)

    def retry(self, key: Key) -> None:
        """Take up what failed; this time it succeeds."""
        self.fate.mended.add(key)
        self.take(retried(self.plan, self.rows, *key))

    def _prev(self, node: str, path: str) -> Json:
        reads = reads_of(self.plan, node, path)
        for key in reads.nodes:
            assert self.rows.slot(*key).has_ended or not self.reads_ended, (node, path, key)
        results = {key: result for key in reads.before if (result := self._ended(key)) is not None}
        item = f"item {reads.loops[-1][1]}" if reads.loops else None
        return prev_of(self.plan, node, path, results, item)

    def _result(self, loop: str, path: str, index: int) -> Json:
        spoiled = [(node, inside(path, index)) for node in spoiling_steps(self.plan, loop)]
        if any(self.rows.slot(*key).state == "failed" for key in spoiled):
            return None
        keys = iteration_keys(self.plan, loop, path, index)
        return result_of_iteration(
            self.plan, loop, {key[0]: result for key in keys if (result := self._ended(key)) is not None}
        )

    def _ended(self, key: Key) -> Result | None:
        slot = self.rows.slot(*key)
        return Result(slot.state, slot.ports, self.values.get(key)) if slot.ports is not None else None

    def picture(self) -> dict[Key, tuple[str, tuple[str, ...] | None]]:
        """Return how every task ended."""
        return {key: (slot.state, slot.ports) for key, (slot, _p, _s) in self.rows.rows.items()}
