"""Whoever waits longest is next, edits and others in turn, and who has just had the lock waits behind them."""

import threading
from collections.abc import Callable

from web.write_transaction import FairLock

PATIENCE = 60.0


def begun(work: Callable[[], None], lock: FairLock, place: int) -> threading.Thread:
    """Start a thread, and return once it is the one at `place` among those who wait."""
    thread = threading.Thread(target=work)
    thread.start()
    while lock.waiting < place:
        thread.join(0.001)
    return thread


def test_a_lock_that_is_held_is_not_had_twice() -> None:
    lock = FairLock()
    assert lock.acquire(0)
    assert not lock.acquire(0)
    assert not lock.acquire(0.01)
    lock.release()
    assert lock.acquire(0)


def test_who_gave_up_is_not_handed_the_lock() -> None:
    lock = FairLock()
    assert lock.acquire(0)
    assert not lock.acquire(0.01)
    lock.release()
    assert lock.acquire(0), "nobody holds it"


def test_it_is_had_in_the_order_of_asking_also_against_who_lets_it_go_and_asks_again() -> None:
    lock, had = FairLock(), list[str]()

    def take(name: str) -> Callable[[], None]:
        def work() -> None:
            assert lock.acquire(PATIENCE)
            had.append(name)
            lock.release()

        return work

    assert lock.acquire(0)
    threads = [begun(take(name), lock, place) for place, name in enumerate("abcd", 1)]
    lock.release()
    assert lock.acquire(PATIENCE)
    had.append("again")
    lock.release()
    for thread in threads:
        thread.join()
    assert had == ["a", "b", "c", "d", "again"]


def test_edits_take_turns_with_all_others() -> None:
    lock, had = FairLock(), list[str]()

    def take(name: str) -> Callable[[], None]:
        def work() -> None:
            assert lock.acquire(PATIENCE, edits=name.startswith("edit"))
            had.append(name)
            lock.release()

        return work

    assert lock.acquire(0)
    names = ("login 1", "login 2", "login 3", "edit 1", "edit 2", "login 4")
    threads = [begun(take(name), lock, place) for place, name in enumerate(names, 1)]
    lock.release()
    for thread in threads:
        thread.join()
    assert had == ["edit 1", "login 1", "edit 2", "login 2", "login 3", "login 4"]


def test_one_holder_at_a_time_whoever_has_given_up_meanwhile() -> None:
    lock, inside, together = FairLock(), 0, 0

    def give_up() -> None:
        assert not lock.acquire(0)

    def work() -> None:
        nonlocal inside, together
        for _ in range(500):
            assert lock.acquire(PATIENCE)
            inside += 1
            together = max(together, inside)
            inside -= 1
            lock.release()

    assert lock.acquire(0)
    patient = [begun(work, lock, place) for place in range(1, 7)]
    hasty = [threading.Thread(target=give_up) for _ in range(6)]
    for thread in hasty:
        thread.start()
    for thread in hasty:
        thread.join()
    lock.release()
    for thread in patient:
        thread.join()
    assert together == 1
    assert lock.acquire(0), "and nobody is left holding it"
