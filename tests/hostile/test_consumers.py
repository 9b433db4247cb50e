"""The same driver over the real server: rows, log, live sessions and sockets, on SQLite and on PostgreSQL."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from asgiref.sync import sync_to_async

from flows.commands import group_commit
from flows.log import verify_flow
from sessions.live import broadcaster, replica
from sessions.live.replica import Delta
from tests.hostile.driver import Driver
from tests.hostile.violation import Violation
from tests.nightly import seeds

if TYPE_CHECKING:
    from accounts.models import User

    Cast = dict[str, User]

SEEDS = seeds(6, nightly=60)
FEW = 6
STEPS = 350
MET = ("refused", "resent", "healed", "crashed", "taken back", "cut", "dropped", "doubled", "reordered")


async def run(seed: int, cast: "Cast") -> Counter[str]:
    """Run one seed on a flow of its own, and return what happened."""
    from tests.hostile.real.server import Real

    server = await sync_to_async(Real)([cast["alice"], cast["bob"], cast["vera"]])
    server.start()
    try:
        counts = await Driver(seed, server, steps=STEPS).run()
        assert await sync_to_async(verify_flow)(server.flow_id) == []
    finally:
        await server.stop()
    return counts


async def test_every_invariant_holds_and_the_runs_are_not_vacuous(cast: "Cast", live: None) -> None:
    total = sum([await run(seed, cast) for seed in SEEDS], Counter[str]())
    assert total["applied"] >= 30 * len(SEEDS), total
    assert all(total[what] for what in MET), total


async def test_a_refusal_that_is_not_remembered_is_found(
    cast: "Cast", live: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "remember", lambda _answers, digest: digest)
    with pytest.raises(Violation, match="I4"):
        for seed in range(FEW):
            await run(seed, cast)


async def test_a_version_that_is_told_by_half_is_found(
    cast: "Cast", live: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def last_one(following: Sequence[Delta]) -> Delta:
        return replace(real(following), effect=following[-1].effect)

    real = replica.merge
    for module in (replica, broadcaster):
        monkeypatch.setattr(module, "merge", last_one)
    with pytest.raises(Violation, match=r"I[37]"):
        for seed in range(FEW):
            await run(seed, cast)
