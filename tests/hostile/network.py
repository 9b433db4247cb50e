"""A bad network: frames wait until the driver lets them pass, and some never do.

What TCP promises is not promised here. Frames are lost, doubled and swapped within a connection, a connection may die
at either end without the other hearing of it, and an acknowledgement is a frame like any other.
"""

import json
import random
from collections import deque
from typing import Any, Protocol

from flows.submission import NOT_REMEMBERED

Frame = dict[str, Any]
ANSWERS = ('{"type":"acked"', '{"type":"refused"')


class Remote(Protocol):
    """The server's end of a connection. What it has sent collects in `out`."""

    out: deque[str]
    closed: bool

    def send(self, text: str) -> None:
        """Take a frame from the client."""
        ...

    def cut(self) -> None:
        """Notice that the connection is no more."""
        ...


class Line:
    """One connection, with what is on its way in each direction."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self.up: deque[str] = deque()
        self.down: deque[str] = deque()
        self._late: list[str] = []
        self._answers: list[Frame] = []

    @property
    def is_dead(self) -> bool:
        """Whether the server has left, and all that it said is gone too. The page may not know."""
        self._pull()
        return self.remote.closed and not self.down

    @property
    def has_news(self) -> bool:
        """Whether something is on its way to the page."""
        self._pull()
        return bool(self.down)

    def say(self, text: str) -> None:
        """Send a frame on its way to the server."""
        self.up.append(text)

    def carry_up(self, count: int) -> None:
        """Let frames arrive at the server; at a dead one they come to nothing."""
        for _ in range(min(count, len(self.up))):
            text = self.up.popleft()
            if not self.remote.closed:
                self.remote.send(text)

    def next_down(self) -> str | None:
        """Return the next frame that arrives at the client."""
        self._pull()
        return self.down.popleft() if self.down else None

    def spoil(self, rng: random.Random) -> str:
        """Lose, double or swap a frame, mostly one that is on its way to the page; tell what was done."""
        frames = self.up if self.up and rng.random() < 0.3 else self.down
        at = rng.randrange(len(frames))
        match rng.choice(("dropped", "doubled", "reordered")):
            case "dropped":
                del frames[at]
                return "dropped"
            case "doubled" if frames is self.down and rng.random() < 0.5:
                self._late.append(frames[at])
                return "doubled"
            case "doubled":
                frames.insert(rng.randint(at, len(frames)), frames[at])
                return "doubled"
            case _:
                frames[at], frames[-1] = frames[-1], frames[at]
                return "reordered"

    def cut(self) -> None:
        """Lose everything on its way, and let the server know that the connection is no more."""
        self.up.clear()
        self.remote.cut()
        self._pull()
        self.down.clear()

    def answers(self) -> list[Frame]:
        """Return every answer for ever that was given since this was last asked, whether or not it arrives."""
        self._pull()
        answers, self._answers = self._answers, []
        return [answer for answer in answers if answer.get("code") not in NOT_REMEMBERED]

    def _pull(self) -> None:
        self._answers += [json.loads(text) for text in self.remote.out if text.startswith(ANSWERS)]
        if self.remote.out:
            self.down.extend([*self.remote.out, *self._late])
            self._late.clear()
        self.remote.out.clear()
