"""How much one submission may read and write, in elements of the flow.

Whoever edits holds a lock for which others wait, so no one edit may be arbitrarily much work: a batch of five hundred
moves of a group of ten thousand is five million moves. A `Draft` counts what is read through it and laid over it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class WorkExceeded(Exception):  # noqa: N818  (a normal answer, not an error)
    """A submission is more work than one may be. No `Rejected`, so that no rule takes it for its own refusal."""


class Work:
    """Steps spent, of `most`: one for each element read or written."""

    __slots__ = ("_looking_back", "most", "spent")

    def __init__(self, most: int = sys.maxsize) -> None:
        self.most = most
        self.spent = self._looking_back = 0

    def spend(self, steps: int) -> None:
        """Count steps. Raises `WorkExceeded` for more than there may be."""
        self.spent += steps
        if self.spent > self.most:
            raise WorkExceeded

    @property
    def total(self) -> int:
        """All that was spent."""
        return self.spent + self._looking_back

    @contextmanager
    def looking_back(self) -> Iterator[None]:
        """Count the block apart, by as much again: to find out what was done is not to do it."""
        self.spent, self._looking_back = self._looking_back, self.spent
        try:
            yield
        finally:
            self.spent, self._looking_back = self._looking_back, self.spent
