"""A run that a test leads by hand: it says what ends, and sees what is ready then."""

from collections.abc import Collection, Mapping

from runs.plan import DONE, End, Key, Moves, Overlay, Plan, Slot, begin, ended, opened, retried, turned
from tests.runs.test_plan_compile import plan_of
from tests.validation.graphs import edge, node


class Counted:
    """A board that counts what is read from it."""

    def __init__(self) -> None:
        self.rows = Overlay()
        self.queries: list[tuple[Key, ...]] = []

    def slots(self, keys: Collection[Key]) -> Mapping[Key, Slot]:
        self.queries.append(tuple(keys))
        return self.rows.slots(keys)

    def take(self, moves: Moves) -> None:
        self.rows.take(moves)


class Run:
    """A run that is led by hand."""

    def __init__(self, plan: Plan, **more: str) -> None:
        self.plan, self.board = plan, Counted()
        self.moves = self.take(begin(plan, **more))

    def take(self, moves: Moves) -> Moves:
        self.board.take(moves)
        self.moves = moves
        return moves

    def end(self, node: str, path: str = "", end: End = DONE) -> tuple[Key, ...]:
        """End a task; return what is ready then."""
        return self.take(ended(self.plan, self.board, node, path, end)).ready

    def open(self, loop: str, path: str = "", *, total: int | None) -> tuple[Key, ...]:
        return self.take(opened(self.plan, self.board, loop, path, total=total)).ready

    def turn(self, loop: str, path: str = "", *, goes_on: bool) -> tuple[Key, ...]:
        return self.take(turned(self.plan, self.board, loop, path, goes_on=goes_on)).ready

    def retry(self, node: str, path: str = "") -> tuple[Key, ...]:
        return self.take(retried(self.plan, self.board, node, path)).ready

    def state(self, node: str, path: str = "") -> str:
        return self.board.slots([(node, path)])[node, path].state


def top(*nodes: str) -> tuple[Key, ...]:
    return tuple((id, "") for id in nodes)


def fan(join: object = "arrived", **settings: object) -> Run:
    """Three steps side by side (1, 2, 3) behind an input, all before one (4)."""
    sides = [node(id, "skill", **settings) for id in "123"]
    nodes = [node("0", "input"), *sides, node("4", join=join), node("z", "output")]
    edges = [edge("0", id) for id in "123"] + [edge(id, "4") for id in "123"]
    run = Run(plan_of(nodes, [*edges, edge("4", "z")]))
    run.end("0")
    return run


def chosen(run: Run, branch: str) -> tuple[Key, ...]:
    return run.end("1", end=End("done", frozenset({branch})))


def decided(join: object = "arrived") -> Run:
    """A decision (1) with a step in each branch (2 and 3), both before one (4)."""
    decision = node("1", "decision", branches=["a", "b"])
    nodes = [node("0", "input"), decision, node("2"), node("3"), node("4", join=join), node("z", "output")]
    edges = [edge("0", "1"), edge("1", "2", "a"), edge("1", "3", "b"), edge("2", "4"), edge("3", "4"), edge("4", "z")]
    run = Run(plan_of(nodes, edges))
    run.end("0")
    return run
