"""How often a session has started again lately. After too many defects its people are sent away, to come back later."""

import time
from collections import deque

from sessions import metrics
from sessions.protocol.codes import Close, Closing

MOST = 10
WITHIN_SECONDS = 60.0


class Restarts:
    """The starts after a defect, as far back as they count."""

    def __init__(self) -> None:
        self._at: deque[float] = deque()

    def __len__(self) -> int:
        return len(self._at)

    def count(self) -> int:
        """Count one more, and return how many there were."""
        now = time.monotonic()
        self._at.append(now)
        while now - self._at[0] > WITHIN_SECONDS:
            self._at.popleft()
        metrics.restarts.inc()
        return len(self)

    def expect_few(self) -> None:
        """Raise `Closing` if there were too many."""
        if len(self) > MOST:
            raise Closing(Close.RESTARTING)
