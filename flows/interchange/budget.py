"""How much reading one file may cost, asked for while it is read: a small file may unfold into millions of edges."""

import time
from dataclasses import dataclass, field


class UnreadableError(Exception):
    """The file is not what it claims to be.

    `line` and `column` count from 1; `format` is set by the code that chose the reader.
    """

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column
        self.format = ""


class TooMuchError(Exception):
    """Too much, or too long: `limit` is `nodes`, `edges`, `values`, `seconds` (of reading) or `drawing`."""

    def __init__(self, limit: str, most: float) -> None:
        super().__init__(limit)
        self.limit, self.most = limit, most


@dataclass(slots=True)
class Budget:
    """`nodes` and `edges` are a flow's limits, `seconds` those of reading and checking, by this thread's clock."""

    nodes: int
    edges: int
    seconds: float = 2.0
    depth: int = 100
    _nodes: int = field(default=0, init=False)
    _edges: int = field(default=0, init=False)
    _steps: int = field(default=0, init=False)
    _begin: float = field(default_factory=time.thread_time, init=False)

    def add_node(self, count: int = 1) -> None:
        """Count nodes before they are made. Raises `TooMuchError`."""
        self._nodes += count
        if self._nodes > self.nodes:
            raise TooMuchError("nodes", self.nodes)
        self.step(count)

    def add_edge(self, count: int = 1) -> None:
        """Count edges before they are made. Raises `TooMuchError`."""
        self._edges += count
        if self._edges > self.edges:
            raise TooMuchError("edges", self.edges)
        self.step(count)

    def step(self, count: int = 1) -> None:
        """Count work; the clock is read every 256 steps. Call it in every loop that a file can prolong."""
        before, self._steps = self._steps, self._steps + count
        if before >> 8 != self._steps >> 8 and time.thread_time() - self._begin > self.seconds:
            raise TooMuchError("seconds", self.seconds)
