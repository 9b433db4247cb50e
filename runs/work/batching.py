"""Doing together what several threads want of one thing at the same time: one commit for many.

Claims and settles of one run stand in line for its row; together they take one lock and one commit (measured on
PostgreSQL: twice as many a second). Who comes first does it for all who wait by then; the others find it done. What is
wanted of another run does not wait for that: a machine that fell silent may hold the row.
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
MOST = 32


@dataclass(slots=True)
class _Wish(Generic[Asked, Answer]):
    asked: Asked
    answers: list[Answer] = field(default_factory=list)
    failure: Exception | None = None
    is_done: bool = False


@dataclass(slots=True)
class _Line(Generic[Asked, Answer]):
    """Those who want something of one thing."""

    length: int = 0
    wishes: list[_Wish[Asked, Answer]] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)


class Batching(Generic[Asked, Answer]):
    """Calls `do` with what is asked by several threads of one thing, which `of` tells; it answers in the same order."""

    def __init__(self, do: Callable[[Sequence[Asked]], Sequence[Answer]], of: Callable[[Asked], Hashable]) -> None:
        self._do = do
        self._of = of
        self._lines: dict[Hashable, _Line[Asked, Answer]] = {}
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Answer:
        """Ask, and return the answer to this. Raises what `do` does."""
        mine: _Wish[Asked, Answer] = _Wish(asked)
        line = self._enter(mine)
        try:
            with line.turn:
                while not mine.is_done:
                    self._do_some(line)
        finally:
            self._leave(asked, line)
        if mine.failure is not None:
            raise mine.failure
        return mine.answers[0]

    def _enter(self, mine: _Wish[Asked, Answer]) -> _Line[Asked, Answer]:
        about = self._of(mine.asked)
        with self._lock:
            line = self._lines.setdefault(about, _Line())
            line.length += 1
            line.wishes.append(mine)
        return line

    def _leave(self, asked: Asked, line: _Line[Asked, Answer]) -> None:
        with self._lock:
            line.length -= 1
            if not line.length:
                del self._lines[self._of(asked)]

    def _do_some(self, line: _Line[Asked, Answer]) -> None:
        with self._lock:
            some, line.wishes = line.wishes[:MOST], line.wishes[MOST:]
        try:
            self._answer(some)
        except Exception as failure:
            if len(some) == 1:
                some[0].failure, some[0].is_done = failure, True
                return
            for one in some:  # what cannot be done stops no other
                try:
                    self._answer([one])
                except Exception as own:  # told to whose it is
                    one.failure, one.is_done = own, True

    def _answer(self, some: list[_Wish[Asked, Answer]]) -> None:
        for one, answer in zip(some, self._do([one.asked for one in some]), strict=True):
            one.answers[:], one.is_done = [answer], True
