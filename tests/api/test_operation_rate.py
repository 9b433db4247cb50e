"""What a person's programs may submit in a second, and what is done of a call that is too much: nothing."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_django import Settings

from flows.api import operation_rate
from flows.models import Flow
from tests.api.conftest import Program
from tests.api.test_edits import LONELY, Refused, move, results

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> SimpleNamespace:
    """Two operations a second, twenty at once; time stands still unless it is moved."""
    settings.HELIX_LIMITS = dataclasses.replace(settings.HELIX_LIMITS, rest_operations_per_second=2, batch=15)
    clock = SimpleNamespace(now=100.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(operation_rate, "time", clock)
    monkeypatch.setattr(operation_rate, "_rate", operation_rate.OperationRate())
    return clock


def moves(count: int, x: float = 1) -> dict[str, Any]:
    return {"operations": [move("n1", x)] * count}


def test_a_call_too_many_does_nothing_and_says_when(
    as_bob: Program, as_alice: Program, flow: Flow, clock: SimpleNamespace, refused: Refused
) -> None:
    path = f"/flows/{flow.pk}/operations"
    assert len(results(as_bob.post(path, moves(15)))) == 15
    assert len(results(as_bob.post(path, moves(5)))) == 5, "exactly as many as there may be at once"

    late = as_bob.post(path, moves(3, x=9))
    refused(late, 429, "rate_limited")

    assert late["Retry-After"] == "2"
    assert Flow.objects.get(pk=flow.pk).version == 2
    assert results(as_alice.post(path, moves(1, x=3))) == [3], "others are not concerned"
    clock.now += 2
    assert results(as_bob.post(path, moves(3, x=9))) == [4, 4, 4]


def test_a_batch_counts_as_one_and_so_does_every_other_edit(
    as_bob: Program, flow: Flow, clock: SimpleNamespace, refused: Refused
) -> None:
    batch = {"kind": "batch", "operations": [move("n1", 4), move("n2", 4)]}
    assert len(results(as_bob.post(f"/flows/{flow.pk}/operations", {"operations": [batch] * 15}))) == 15
    assert len(results(as_bob.post(f"/flows/{flow.pk}/operations", moves(1, x=8)))) == 1
    edits = [
        lambda: as_bob.post(f"/flows/{flow.pk}/undo"),
        lambda: as_bob.post(f"/flows/{flow.pk}/redo"),
        lambda: as_bob.call("patch", f"/flows/{flow.pk}", {"title": "Another"}),
        lambda: as_bob.put(f"/flows/{flow.pk}/graph", {"version": 6, **LONELY}),
    ]
    assert [edit().status_code for edit in edits] == [200, 200, 200, 200]

    for edit in edits:
        refused(edit(), 429, "rate_limited")
    assert Flow.objects.get(pk=flow.pk).version == 7


def test_a_full_call_always_fits(as_bob: Program, flow: Flow, clock: SimpleNamespace, settings: Settings) -> None:
    settings.HELIX_LIMITS = dataclasses.replace(settings.HELIX_LIMITS, rest_operations_per_second=1, batch=40)

    assert len(results(as_bob.post(f"/flows/{flow.pk}/operations", moves(40)))) == 40
    assert as_bob.post(f"/flows/{flow.pk}/operations", moves(1)).status_code == 429
