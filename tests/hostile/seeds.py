"""Which seeds a hostile test runs: a few in the normal run, as many as one likes when asked.

`HELIX_HOSTILE_SEEDS=500` runs seeds 0 to 499 of every driven test, `HELIX_HOSTILE_SEED=17` that one alone.
"""

import os


def seeds(usual: int) -> list[int]:
    """Return the seeds to run."""
    if one := os.environ.get("HELIX_HOSTILE_SEED"):
        return [int(one)]
    return list(range(int(os.environ.get("HELIX_HOSTILE_SEEDS", usual))))
