"""Bearer tokens: good for an hour, and dead at once with the password, the account or the session behind them."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection

from accounts import tokens
from accounts.models import User

pytestmark = pytest.mark.django_db


def user_of_bearer(token: str) -> User | None:
    found = tokens.bearer_of(token)
    return found and found[0]


def user_of_session(key: str | None) -> User | None:
    found = tokens.caller_of_session(key)
    return found and found[0]


def forged(token: str, key: str = settings.HEADLESS_JWT_PRIVATE_KEY, **claims: object) -> str:
    payload = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode({**payload, **claims}, key, algorithm="HS256")


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "é" * 40, "\x00", "." * 10_000])
def test_what_is_no_token_is_nobody(token: str) -> None:
    assert user_of_bearer(token) is None
    assert tokens.refresh(token) is None


def test_a_token_is_its_person(alice: User) -> None:
    pair = tokens.issue(alice)

    assert user_of_bearer(pair.access) == alice
    assert pair.expires_in == 3600


def test_a_token_signed_by_somebody_else_is_nobody(alice: User) -> None:
    assert user_of_bearer(forged(tokens.issue(alice).access, key="x" * 64)) is None


def test_an_unsigned_token_is_nobody(alice: User) -> None:
    payload = jwt.decode(tokens.issue(alice).access, options={"verify_signature": False})

    assert user_of_bearer(jwt.encode(payload, None, algorithm="none")) is None


def test_an_expired_token_is_nobody(alice: User) -> None:
    access = tokens.issue(alice).access

    assert user_of_bearer(forged(access, exp=int(time.time()) + 5)) == alice
    assert user_of_bearer(forged(access, exp=int(time.time()) - 1)) is None


def test_a_token_does_not_serve_for_another_person(alice: User, bob: User) -> None:
    assert user_of_bearer(forged(tokens.issue(alice).access, sub=str(bob.pk))) is None


def test_a_refresh_token_is_no_access_token_nor_the_reverse(alice: User) -> None:
    pair = tokens.issue(alice)

    assert user_of_bearer(pair.refresh) is None
    assert tokens.refresh(pair.access) is None


def test_a_refresh_token_is_good_once(alice: User) -> None:
    first = tokens.issue(alice)
    second = tokens.refresh(first.refresh)

    assert second is not None
    assert user_of_bearer(second.access) == alice
    assert tokens.refresh(second.refresh) is not None


def test_a_refresh_token_used_again_ends_all_that_came_of_it_and_nothing_else(alice: User) -> None:
    first, other = tokens.issue(alice), tokens.issue(alice)
    second = tokens.refresh(first.refresh)
    assert second is not None

    assert tokens.refresh(first.refresh) is None
    assert user_of_bearer(second.access) is None
    assert tokens.refresh(second.refresh) is None
    assert user_of_bearer(other.access) == alice
    assert tokens.refresh(other.refresh) is not None


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_the_same_moment_one_is_good(alice: User) -> None:
    pair, together = tokens.issue(alice), threading.Barrier(8)

    def use(_: int) -> bool:
        try:
            together.wait()
            return tokens.refresh(pair.refresh) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(use, range(8))) == [False] * 7 + [True]


def test_a_new_password_ends_all_tokens(alice: User) -> None:
    pair = tokens.issue(alice)
    alice.set_password("another horse")
    alice.save()

    assert user_of_bearer(pair.access) is None
    assert tokens.refresh(pair.refresh) is None


def test_deactivation_ends_all_tokens(alice: User) -> None:
    pair = tokens.issue(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert user_of_bearer(pair.access) is None
    assert tokens.refresh(pair.refresh) is None


def test_the_end_of_the_session_behind_it_ends_a_token(alice: User) -> None:
    pair, other = tokens.issue(alice), tokens.issue(alice)
    Session.objects.exclude(pk=Session.objects.order_by("pk").first().pk).delete()  # type: ignore[union-attr]

    assert sorted(user_of_bearer(each.access) is None for each in (pair, other)) == [False, True]


def test_the_token_does_not_show_the_session_key(alice: User) -> None:
    access = tokens.issue(alice).access
    key = Session.objects.get().session_key

    assert key not in str(jwt.decode(access, options={"verify_signature": False}))
    assert user_of_session(key) == alice


@pytest.mark.parametrize("key", [None, "", "nonsense", "\x00"])
def test_what_is_no_session_is_nobody(key: str | None, db: None) -> None:
    assert user_of_session(key) is None
