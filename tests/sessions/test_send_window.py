"""The window of frames not yet seen, at its bounds and one past them. Time is whatever the test says."""

from flows.limits import Limits
from sessions.sockets.send_window import SendWindow


def test_bytes_not_yet_seen_are_bounded() -> None:
    window = SendWindow(Limits(unseen_bytes=100), version=1)
    window.sent(100, 0.0, version=2)
    assert not window.is_too_slow(0.0)
    window.sent(1, 0.0)
    assert window.is_too_slow(0.0)
    window.seen(2, 0.1)
    assert not window.is_too_slow(0.1)
    assert window.size == 0


def test_what_was_seen_of_it_makes_room() -> None:
    window = SendWindow(Limits(unseen_bytes=100), version=1)
    window.sent(60, 0.0, version=2)
    window.sent(40, 1.0, version=3)
    window.seen(2, 1.0)
    assert window.size == 40


def test_time_counts_from_the_oldest_version_not_seen() -> None:
    window = SendWindow(Limits(unseen_seconds=30), version=1)
    window.sent(10, 0.0)
    assert not window.is_too_slow(1000.0), "cursors alone need no answer"
    window.sent(10, 1000.0, version=2)
    assert not window.is_too_slow(1030.0)
    assert window.is_too_slow(1030.1)
    window.seen(2, 1030.1)
    assert not window.is_too_slow(2000.0)


def test_versions_not_seen_may_be_many_for_two_seconds() -> None:
    window = SendWindow(Limits(unseen_versions=5, unseen_seconds=1000), version=1)
    window.sent(1, 0.0, version=6)
    assert not window.is_too_slow(29.0)
    window.sent(1, 29.0, version=7)
    assert not window.is_too_slow(29.5)
    window.seen(2, 29.6)
    window.sent(1, 30.0, version=8)
    assert not window.is_too_slow(31.9)
    assert window.is_too_slow(32.1)


def test_a_client_cannot_have_seen_what_was_not_sent() -> None:
    window = SendWindow(Limits(unseen_bytes=100), version=1)
    window.seen(1_000_000, 0.0)
    window.sent(101, 0.0, version=2)
    assert window.is_too_slow(0.0)
