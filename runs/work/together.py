"""Doing together what several threads want at the same time: one commit for many.

Claims and settles of one run stand in line for its row; together they take one lock and one commit (measured on
PostgreSQL: twice as many a second). Who comes first does it for all who wait by then; the others find it done.
"""

import threading
from collections.abc import Callable, Sequence
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


class Together(Generic[Asked, Answer]):
    """Calls `do` with what is asked by several threads; it answers in the same order."""

    def __init__(self, do: Callable[[Sequence[Asked]], Sequence[Answer]]) -> None:
        self._do = do
        self._wishes: list[_Wish[Asked, Answer]] = []
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def __call__(self, asked: Asked) -> Answer:
        """Ask, and return the answer to this. Raises what `do` does."""
        mine: _Wish[Asked, Answer] = _Wish(asked)
        with self._lock:
            self._wishes.append(mine)
        with self._turn:
            while not mine.is_done:
                self._do_some()
        if mine.failure is not None:
            raise mine.failure
        return mine.answers[0]

    def _do_some(self) -> None:
        with self._lock:
            some, self._wishes = self._wishes[:MOST], self._wishes[MOST:]
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
