"""Rates and windows, at the limit and one past it. Time is whatever the test says."""

from flows.limits import Limits
from sessions.sockets.flow_control import Rate, Unseen, frame_rate, operation_rate, seen_rate


def test_a_burst_passes_and_one_more_does_not() -> None:
    rate = frame_rate(Limits(), 0.0)
    assert all(rate.take(0.0) for _ in range(120))
    assert not rate.take(0.0)
    assert rate.take(1 / 30)
    assert not rate.take(1 / 30)


def test_bursts_scale_with_their_rate() -> None:
    rate = operation_rate(Limits(operations_per_second=2), 0.0)
    assert [rate.take(0.0) for _ in range(7)] == [True] * 6 + [False]


def test_who_says_what_was_seen_ten_times_a_second_never_meets_its_rate() -> None:
    rate = seen_rate(Limits(), 0.0)
    assert all(rate.take(0.0) for _ in range(300)), "held up by the network for thirty seconds, and then at once"
    assert all(rate.take(tick / 10) for tick in range(10_000))


def test_ten_seconds_of_excess_are_a_flood_and_nine_are_not() -> None:
    rate = Rate(1, 1, 0.0)
    for tick in range(95):
        rate.take(tick / 10)
    assert not rate.is_flood()
    for tick in range(95, 103):
        rate.take(tick / 10)
    assert rate.is_flood()


def test_a_calm_second_ends_the_excess() -> None:
    rate = Rate(1, 1, 0.0)
    for tick in [*range(90), *range(110, 190)]:
        rate.take(tick / 10)
    assert not rate.is_flood()


def test_bytes_not_yet_seen_are_bounded() -> None:
    window = Unseen(Limits(unseen_bytes=100), version=1)
    window.sent(100, 0.0, version=2)
    assert not window.is_too_slow(0.0)
    window.sent(1, 0.0)
    assert window.is_too_slow(0.0)
    window.seen(2, 0.1)
    assert not window.is_too_slow(0.1)
    assert window.size == 0


def test_what_was_seen_of_it_makes_room() -> None:
    window = Unseen(Limits(unseen_bytes=100), version=1)
    window.sent(60, 0.0, version=2)
    window.sent(40, 1.0, version=3)
    window.seen(2, 1.0)
    assert window.size == 40


def test_time_counts_from_the_oldest_version_not_seen() -> None:
    window = Unseen(Limits(unseen_seconds=30), version=1)
    window.sent(10, 0.0)
    assert not window.is_too_slow(1000.0), "cursors alone need no answer"
    window.sent(10, 1000.0, version=2)
    assert not window.is_too_slow(1030.0)
    assert window.is_too_slow(1030.1)
    window.seen(2, 1030.1)
    assert not window.is_too_slow(2000.0)


def test_versions_not_seen_may_be_many_for_two_seconds() -> None:
    window = Unseen(Limits(unseen_versions=5, unseen_seconds=1000), version=1)
    window.sent(1, 0.0, version=6)
    assert not window.is_too_slow(29.0)
    window.sent(1, 29.0, version=7)
    assert not window.is_too_slow(29.5)
    window.seen(2, 29.6)
    window.sent(1, 30.0, version=8)
    assert not window.is_too_slow(31.9)
    assert window.is_too_slow(32.1)


def test_a_client_cannot_have_seen_what_was_not_sent() -> None:
    window = Unseen(Limits(unseen_bytes=100), version=1)
    window.seen(1_000_000, 0.0)
    window.sent(101, 0.0, version=2)
    assert window.is_too_slow(0.0)
