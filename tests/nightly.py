"""How much the tests of chance do: a sample in `make test`, a long run in `make nightly`.

`HELIX_NIGHTLY=1` asks for the long run. `HELIX_SEED` is where every seed starts: 0 in `make test`, so that it does the
same each time, and the date in `make nightly`. A run prints it, and `HELIX_SEED=17` repeats what failed with seed 17.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T", int, float)
One = TypeVar("One")
SEED = int(os.environ.get("HELIX_SEED", "0"))
IS_NIGHTLY = os.environ.get("HELIX_NIGHTLY") == "1"


def amount(sample: T, *, nightly: T) -> T:
    """Return how much to do in this run."""
    return nightly if IS_NIGHTLY else sample


def seeds(sample: int, *, nightly: int) -> range:
    """Return the seeds of this run."""
    return range(SEED, SEED + amount(sample, nightly=nightly))


def some(everything: Sequence[One], turn: int, *, of: int) -> Sequence[One]:
    """Return one in so many, others at each turn; by night all."""
    return everything if IS_NIGHTLY else everything[(turn + SEED) % of :: of]
