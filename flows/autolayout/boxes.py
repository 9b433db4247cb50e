"""What is laid out, what comes of it, and the distances between. Every distance is a multiple of the canvas's grid."""

import math
from dataclasses import dataclass

GRID = 8
GAP = 40
"""Between two boxes one above the other, and between loose ones."""
LAYER_GAP = 80
"""Between two columns: room for a curve and the label on it."""
LANE_GAP = 16
"""Between two lines that pass a column."""


@dataclass(frozen=True, slots=True)
class Box:
    """A node, note or group; `parent` is the group that holds it. Sizes in pixels."""

    id: str
    width: float
    height: float
    parent: str | None = None
    is_group: bool = False
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box is: its absolute corner and its size, in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True)
class Work:
    """How much a layout may do and has done, counted in lines looked at: the bound is the same on every machine."""

    most: int
    done: int = 0

    @classmethod
    def of(cls, boxes: int) -> "Work":
        """Return what so many boxes are worth."""
        return cls(30_000 + 150 * boxes)

    def spend(self, count: int) -> None:
        """Count lines looked at."""
        self.done += count

    @property
    def is_spent(self) -> bool:
        """Tell whether what could still be improved has to stay as it is."""
        return self.done >= self.most


def snap(value: float) -> int:
    """Return the nearest line of the grid; halves go up, so that equal distances stay equal."""
    return GRID * math.floor(value / GRID + 0.5)


def snap_up(value: float) -> int:
    """Return the first line of the grid that is not below."""
    return GRID * math.ceil(value / GRID)


def snap_down(value: float) -> int:
    """Return the last line of the grid that is not above."""
    return GRID * math.floor(value / GRID)
