"""Clocks that are wrong: of one machine among several, set forward or back, and put right again."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from runs.commands import handing
from runs.engine.engine import Handed
from runs.work import roll
from runs.work.incarnation import Incarnation, Offer
from runs.work.reconcile import Reconciler
from tests.runs.hands import go, make_flow, node, states
from tests.runs.workers import enrolled
from tests.runs.working import data_dir
from web.database_time import database_time

__all__ = ["data_dir"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_dir")]
BEHIND, AHEAD = timedelta(hours=-3), timedelta(hours=3)

SetClock = Callable[[timedelta], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Set this machine's clock, and no other's, as if by so much it were wrong."""
    right = timezone.now

    def wrong(by: timedelta) -> None:
        monkeypatch.setattr(timezone, "now", lambda: right() + by)

    return wrong


class Idle:
    """An engine that takes all and does nothing."""

    def __init__(self) -> None:
        self.handed: list[Handed] = []

    def hand(self, work: list[Handed]) -> None:
        self.handed += work

    def listen(self, *_given: object, **_named: object) -> None:
        pass

    def holders(self) -> set[str]:
        return set()

    def states(self, _ids: list[str]) -> dict[str, str]:
        return {one.id: "queued" for one in self.handed}

    def tidy(self) -> int:
        return 0

    def waiting(self) -> dict[str, int]:
        return {}


def sweeper(engine: Idle) -> Reconciler:
    """Who does for all what is to be done."""
    return Reconciler(cast("Any", engine), cast("Any", SimpleNamespace(id="me")))


@pytest.mark.parametrize("by", [BEHIND, AHEAD])
def test_who_joins_with_a_wrong_clock_is_the_last_all_the_same(set_clock: SetClock, by: timedelta) -> None:
    enrolled("old", at=database_time())
    set_clock(by)
    joining = Incarnation(cast("Any", Idle()), Offer(), lambda _why: None)
    joining.start()
    try:
        order = [seen.id for seen in roll.living(database_time())]
    finally:
        joining.abandon()

    is_shared = connection.vendor == "postgresql"  # SQLite has one machine, and all go by its clock
    assert order == ["old", joining.id] or (by == BEHIND and not is_shared)


@pytest.mark.parametrize("by", [BEHIND, AHEAD])
def test_who_sweeps_with_a_wrong_clock_is_neither_late_nor_early(
    alice: User, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    monkeypatch.setattr(handing, "GRACE", timedelta(0))
    asks = node("asks", ask_first={"question": "Now?", "who": "editors", "timeout_ms": 3_600_000})
    run = go(alice, make_flow(alice, [node("a"), asks]), now=None)
    engine = Idle()

    if connection.vendor == "postgresql":
        set_clock(by)
    sweeper(engine).do_for_all([])

    assert len(engine.handed) == 1
    assert states(run) == {"a": "queued", "asks": "asking"}


@pytest.mark.parametrize("by", [BEHIND, AHEAD])
def test_what_is_started_with_a_wrong_clock_is_found_by_others(
    alice: User, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch, by: timedelta
) -> None:
    monkeypatch.setattr(handing, "GRACE", timedelta(0))
    if connection.vendor == "postgresql":
        set_clock(by)
    go(alice, make_flow(alice, [node("a")]), now=None)
    set_clock(timedelta(0))
    engine = Idle()
    sweeper(engine).do_for_all([])

    assert len(engine.handed) == 1
