"""A lock that is had in the order in which it was asked for.

Python's own goes to whoever is awake at the right moment, which is mostly the thread that has just let it go: among
fifty busy writers one may wait for as long as the others have something to write.
"""

import threading
from collections import deque


class FairLock:
    """`acquire` and `release`, as `threading.Lock` has them; who waits has a gate of their own, opened in turn."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._is_held = False

    def acquire(self, timeout: float) -> bool:
        """Wait for the lock for at most `timeout` seconds; say whether it is ours."""
        with self._guard:
            if not self._is_held:
                self._is_held = True
                return True
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append(gate)
        if gate.acquire(timeout=timeout):
            return True
        with self._guard:
            if gate in self._waiting:
                self._waiting.remove(gate)
                return False
        return True  # it was handed to us just then

    def release(self) -> None:
        """Hand the lock to whoever has waited longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_held = False
