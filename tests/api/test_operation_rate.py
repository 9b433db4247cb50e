"""What a person's programs may submit in a second, and what is done of a call that is too much: nothing."""

import dataclasses
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from flows import rates
from flows.models import AuditEntry, Flow
from tests.api.conftest import Program
from tests.api.test_edits import LONELY, Refused, move, results

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> SimpleNamespace:
    """Two operations a second, twenty at once; time stands still unless it is moved."""
    settings.HELIX_LIMITS = dataclasses.replace(
        settings.HELIX_LIMITS, rest_operations_per_second=2, batch=15, flow_changes_per_minute=2
    )
    clock = SimpleNamespace(now=100.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(rates, "time", clock)
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


def test_forms_count_like_programs(bob: User, flow: Flow, client: Client, clock: SimpleNamespace) -> None:
    client.force_login(bob)
    forms = [f"/flows/{flow.pk}/rename", f"/flows/{flow.pk}/inspector"]
    rates.count_operations(bob.pk, 19)

    assert client.post(forms[0], {"title": "Another"}).status_code == 302
    for form in forms:
        late = client.post(form, {"title": "A third"})
        assert (late.status_code, late["Retry-After"]) == (429, "1")
        assert late.content.decode() == "Too many changes at once. Slow down."
    assert Flow.objects.get(pk=flow.pk).title == "Another"


def changes_of_flows(flow: Flow, member: User) -> dict[str, Callable[[Program], Any]]:
    return {
        "create": lambda program: program.post("/flows", {"title": "One more"}),
        "duplicate": lambda program: program.post(f"/flows/{flow.pk}/duplicate"),
        "role": lambda program: program.call("patch", f"/flows/{flow.pk}/members/{member.pk}", {"role": "viewer"}),
        "invite": lambda program: program.post(f"/flows/{flow.pk}/members", {"email": member.email, "role": "viewer"}),
        "remove": lambda program: program.call("delete", f"/flows/{flow.pk}/members/{member.pk}"),
        "delete": lambda program: program.call("delete", f"/flows/{flow.pk}"),
    }


def test_what_the_audit_log_tells_is_counted(
    as_alice: Program,
    as_bob: Program,
    alice: User,
    bob: User,
    flow: Flow,
    client: Client,
    clock: SimpleNamespace,
    refused: Refused,
) -> None:
    rates.flow_changes.forget()
    rates.flow_changes.take(alice.pk, 1, clock.now)  # of eight
    entries = AuditEntry.objects.count()
    done = [change(as_alice).status_code for change in changes_of_flows(flow, bob).values()]

    assert done == [201, 201, 200, 201, 204, 204]
    assert AuditEntry.objects.count() == entries + 5, "a role that was had already is no entry"
    client.force_login(alice)
    restored = f"/flows/{flow.pk}/restore"
    assert client.post(restored).status_code == 302
    for change in changes_of_flows(flow, bob).values():
        refused(change(as_alice), 429, "rate_limited")
    refused(as_alice.patch(f"/flows/{flow.pk}", {"offer_as_tool": True}), 429, "rate_limited")
    for form in ("/flows/", f"/flows/{flow.pk}/duplicate", f"/flows/{flow.pk}/delete", restored):
        assert client.post(form).status_code == 429, form
    assert AuditEntry.objects.count() == entries + 6
    assert as_bob.post("/flows", {"title": "Bob's"}).status_code == 201, "others are not concerned"
    clock.now += 30
    assert as_alice.post("/flows", {"title": "Later"}).status_code == 201


def test_a_full_call_always_fits(as_bob: Program, flow: Flow, clock: SimpleNamespace, settings: Settings) -> None:
    settings.HELIX_LIMITS = dataclasses.replace(settings.HELIX_LIMITS, rest_operations_per_second=1, batch=40)

    assert len(results(as_bob.post(f"/flows/{flow.pk}/operations", moves(40)))) == 40
    assert as_bob.post(f"/flows/{flow.pk}/operations", moves(1)).status_code == 429
