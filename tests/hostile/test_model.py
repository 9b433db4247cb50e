"""The seeded driver over the pure model, and the proof that its runs meet what they are for."""

import asyncio
from collections import Counter
from functools import cache

import pytest

from tests.hostile.driver import Driver
from tests.hostile.model.server import Model
from tests.hostile.seeds import seeds

USUAL = 40
STEPS = 400
MET = ("refused", "resent", "healed", "crashed", "adopted", "taken back", "cut", "dropped", "doubled", "reordered")


@cache
def run(seed: int) -> Counter[str]:
    """Run one seed and return what happened."""
    return asyncio.run(Driver(seed, Model(), steps=STEPS).run())


@pytest.mark.parametrize("seed", seeds(USUAL))
def test_every_invariant_holds(seed: int) -> None:
    run(seed)


def test_the_runs_are_not_vacuous() -> None:
    total = sum(map(run, range(USUAL)), Counter[str]())
    assert total["applied"] >= 30 * USUAL, total
    assert all(total[what] >= USUAL for what in MET), total
