"""The checker is tested by mutation: a hostile suite that lets a planted defect pass proves nothing."""

import asyncio

import pytest

from tests.hostile.driver import Driver
from tests.hostile.model.server import Model
from tests.hostile.planted import DEFECTS, Defect
from tests.hostile.violation import Violation

FEW = 20
STEPS = 400


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.__name__)
def test_a_planted_defect_is_found_within_a_few_seeds(defect: Defect, monkeypatch: pytest.MonkeyPatch) -> None:
    defect(monkeypatch)
    for seed in range(FEW):
        try:
            asyncio.run(Driver(seed, Model(), steps=STEPS).run())
        except Violation as found:
            assert found.invariant in DEFECTS[defect].split()
            return
    pytest.fail(f"{FEW} seeds have not found it")
