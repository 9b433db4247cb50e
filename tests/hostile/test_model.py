"""The seeded driver over the pure model, and the proof that its runs meet what they are for."""

import asyncio
from collections import Counter
from functools import cache

import pytest

from tests.hostile.driver import Driver
from tests.hostile.model.server import Model
from tests.nightly import seeds

SEEDS = seeds(20, nightly=400)
STEPS = 400
MET = ("refused", "resent", "healed", "crashed", "adopted", "taken back", "cut", "dropped", "doubled", "reordered")


@cache
def run(seed: int) -> Counter[str]:
    """Run one seed and return what happened."""
    return asyncio.run(Driver(seed, Model(), steps=STEPS).run())


@pytest.mark.parametrize("seed", SEEDS)
def test_every_invariant_holds(seed: int) -> None:
    run(seed)


def test_the_runs_are_not_vacuous() -> None:
    total = sum(map(run, SEEDS), Counter[str]())
    assert total["applied"] >= 30 * len(SEEDS), total
    assert all(total[what] >= len(SEEDS) for what in MET), total
