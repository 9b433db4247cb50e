"""Who comes in writes in turn with those who edit: on SQLite a writer out of line has all the others wait and poll."""

from collections.abc import Callable

import pytest

from accounts import attempts, entrance, tokens
from accounts.models import User
from web import write_transaction

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]


class Counted(write_transaction.FairLock):
    taken = 0

    def acquire(self, timeout: float) -> bool:
        self.taken += 1
        return super().acquire(timeout)


@pytest.mark.parametrize(
    "act",
    [
        lambda: attempts.count("login", "somebody"),
        lambda: attempts.open_guess("somebody"),
        lambda: entrance.register(email="new@example.com", password="a long and unusual one", name="New"),
        lambda: tokens.refresh(tokens.issue(User.objects.create(email="old@example.com")).refresh),
    ],
    ids=["an attempt", "a guess", "a registration", "a refresh"],
)
def test_a_writer_at_the_door_waits_in_line(act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    lock = Counted()
    monkeypatch.setattr(write_transaction, "_lock", lock)
    act()
    assert lock.taken == 1
