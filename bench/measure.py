"""What was written when, what was seen when, and the percentiles in between.

Receiving must stay cheap, so a frame is read once however many people get it: the server encodes one frame for
all, and equal bytes are equal content. While the schedule runs only arrivals are noted; latencies are worked
out afterwards.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

Key = tuple[int, int]  # writer's number, its sequence number
STEP = 0.00005  # seconds per slot of the histogram


@dataclass(slots=True)
class Frame:
    """One frame's content and all who got it."""

    edits: list[Key]
    cursors: list[Key]
    previous: int = 0
    version: int = 0
    receivers: list[int] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Latency:
    """A histogram of seconds."""

    slots: dict[int, int] = field(default_factory=dict)
    count: int = 0

    def add(self, seconds: float) -> None:
        slot = int(seconds / STEP)
        self.slots[slot] = self.slots.get(slot, 0) + 1
        self.count += 1

    def percentile(self, percent: float) -> float | None:
        """Return milliseconds, or None when nothing was measured."""
        left = self.count * percent / 100
        for slot in sorted(self.slots):
            left -= self.slots[slot]
            if left <= 0:
                return (slot + 0.5) * STEP * 1000
        return None


class Journal:
    """Everything one run notes. A key is measured only when it was written between `opened` and `shut`."""

    def __init__(self, read: Callable[[bytes], Frame]) -> None:
        self._read = read
        self._recent: dict[bytes, Frame] = {}
        self.frames: list[Frame] = []
        self.edits: dict[Key, float] = {}
        self.cursors: dict[Key, float] = {}
        self.acked = 0
        self.refused: dict[str, int] = {}
        self.gaps = 0
        self.late: list[float] = []

    def saw(self, payload: bytes, receiver: int, arrived: float) -> Frame:
        """Note that `receiver` got this frame, reading it only the first time."""
        frame = self._recent.get(payload)
        if frame is None:
            if len(self._recent) > 4096:
                self._recent.clear()
            frame = self._recent[payload] = self._read(payload)
            self.frames.append(frame)
        frame.receivers.append(receiver)
        frame.arrivals.append(arrived)
        return frame

    def latencies(self, opened: float, shut: float) -> tuple[Latency, Latency]:
        """Return latencies of edits and of cursors written in the window.

        An author's own frame counts for neither: the question is when the others see it.
        """
        edits, cursors = Latency(), Latency()
        for frame in self.frames:
            for keys, written, latency in ((frame.edits, self.edits, edits), (frame.cursors, self.cursors, cursors)):
                for key in keys:
                    sent = written.get(key)
                    if sent is None or not opened <= sent < shut:
                        continue
                    for receiver, arrived in zip(frame.receivers, frame.arrivals, strict=True):
                        if receiver != key[0]:
                            latency.add(arrived - sent)
        return edits, cursors

    def writes(self, opened: float, shut: float) -> int:
        """Return how many edits were written in the window."""
        return count_between(self.edits.values(), opened, shut)


def count_between(times: Iterable[float], opened: float, shut: float) -> int:
    """Return how many of `times` lie in the window."""
    return sum(opened <= time < shut for time in times)
