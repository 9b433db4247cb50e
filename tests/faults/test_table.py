"""The table of faults and limits is complete, and says what is so."""

import re
from dataclasses import fields
from itertools import chain
from pathlib import Path

import pytest

from flows.limits import Limits
from tests.faults.table import BOUNDS, FAULTS, KINDS, LIMITS

TESTS = Path(__file__).resolve().parent.parent
NAMED = sorted({*chain.from_iterable((*FAULTS.values(), *KINDS.values())), *LIMITS.values(), *BOUNDS.values()})


def test_no_limit_is_without_a_test() -> None:
    assert LIMITS.keys() == {field.name for field in fields(Limits)}


@pytest.mark.parametrize("named", NAMED)
def test_what_is_named_is_there(named: str) -> None:
    file, _, test = named.partition("::")
    text = (TESTS / file).read_text()
    assert re.search(rf"\bdef {test}\(" if test else r"\btest", text)
