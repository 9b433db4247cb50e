"""Who comes in writes in turn with those who edit: on SQLite a writer out of line has all the others wait and poll."""

from collections.abc import Callable

import pytest

from accounts import attempts, entrance, tokens
from accounts.models import User
from web import write_transaction

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]


class Counted(write_transaction.FairLock):
    taken = 0

    def acquire(self, timeout: float, *, edits: bool = False) -> bool:
        self.taken += 1
        assert not edits
        return super().acquire(timeout)


@pytest.mark.parametrize(
    ("act", "taken"),
    [
        (lambda: attempts.count("login", "somebody"), 1),
        (lambda: attempts.open_guess("somebody"), 1),
        (lambda: entrance.register(email="new@example.com", password="a long and unusual one", name="New"), 1),
        (lambda: tokens.refresh(tokens.issue(User.objects.create(email="old@example.com")).refresh), 2),
    ],
    ids=["an attempt", "a guess", "a registration", "a login and a refresh"],
)
def test_a_writer_at_the_door_waits_in_line(
    act: Callable[[], object], taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = Counted()
    monkeypatch.setattr(write_transaction, "_lock", lock)
    act()
    assert lock.taken == taken
