"""What may be slow waits until a transaction holds up nobody."""

import pytest
from django.db import connection

from web.write_transaction import _lock, after_commit, write_transaction

pytestmark = pytest.mark.django_db(transaction=True)


def held() -> bool:
    """Tell whether others would have to wait."""
    return connection.in_atomic_block or _lock._is_held


def test_it_is_called_when_the_lock_is_free() -> None:
    seen: list[bool] = []
    with write_transaction():
        after_commit(lambda: seen.append(held()))
        with write_transaction():
            after_commit(lambda: seen.append(held()))
        assert seen == []
    assert seen == [False, False]


def test_it_is_called_at_once_without_a_transaction() -> None:
    seen: list[bool] = []
    after_commit(lambda: seen.append(held()))
    assert seen == [False]


def test_what_is_rolled_back_calls_nothing() -> None:
    seen: list[bool] = []
    with pytest.raises(KeyError), write_transaction():
        after_commit(lambda: seen.append(held()))
        raise KeyError
    assert seen == []
