"""Rates, at the limit and one past it. Time is whatever the test says."""

from flows.limits import Limits
from sessions.sockets.rates import RateLimit, rate_limits


def test_a_burst_passes_and_one_more_does_not() -> None:
    rate = rate_limits(Limits(), 0.0)[2]
    assert all(rate.take(0.0) for _ in range(120))
    assert not rate.take(0.0)
    assert rate.take(1 / 30)
    assert not rate.take(1 / 30)


def test_bursts_scale_with_their_rate() -> None:
    rate = rate_limits(Limits(operations_per_second=2), 0.0)[1]
    assert [rate.take(0.0) for _ in range(7)] == [True] * 6 + [False]


def test_who_says_what_was_seen_ten_times_a_second_never_meets_its_rate() -> None:
    rate = rate_limits(Limits(), 0.0)[0]
    assert all(rate.take(0.0) for _ in range(300)), "held up by the network for thirty seconds, and then at once"
    assert all(rate.take(tick / 10) for tick in range(10_000))


def test_ten_seconds_of_excess_are_a_flood_and_nine_are_not() -> None:
    rate = RateLimit(1, 1, 0.0)
    for tick in range(95):
        rate.take(tick / 10)
    assert not rate.is_flood()
    for tick in range(95, 103):
        rate.take(tick / 10)
    assert rate.is_flood()


def test_a_calm_second_ends_the_excess() -> None:
    rate = RateLimit(1, 1, 0.0)
    for tick in [*range(90), *range(110, 190)]:
        rate.take(tick / 10)
    assert not rate.is_flood()
