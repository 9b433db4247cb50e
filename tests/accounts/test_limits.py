"""Guessing passwords, and making accounts by the hundred: refused at the limit, the same for pages and programs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from allauth.account.adapter import get_adapter
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts import attempts
from accounts.models import Attempt, User
from web.errors import Problem

pytestmark = pytest.mark.django_db
RIGHT = "correct horse"


def log_in(client: Client, password: str, email: str = "alice@example.com", address: str = "10.0.0.1") -> int:
    response = client.post(
        "/api/v1/auth/token",
        {"email": email, "password": password},
        content_type="application/json",
        REMOTE_ADDR=address,
    )
    return response.status_code


def log_in_by_page(client: Client, password: str, email: str = "alice@example.com") -> int:
    return client.post("/login/", {"email": email, "password": password}).status_code


def sign_up(client: Client, number: int, address: str = "10.0.0.1") -> int:
    body = {"email": f"person{number}@example.com", "password": RIGHT, "name": "Person"}
    return client.post("/api/v1/auth/register", body, content_type="application/json", REMOTE_ADDR=address).status_code


def test_five_failures_are_only_wrong(client: Client, alice: User) -> None:
    assert [log_in(client, "wrong") for _ in range(5)] == [401] * 5


def test_after_five_failures_the_right_password_is_refused_too(client: Client, alice: User) -> None:
    for _ in range(5):
        log_in(client, "wrong")

    response = client.post(
        "/api/v1/auth/token", {"email": alice.email, "password": RIGHT}, content_type="application/json"
    )

    assert response.status_code == 429
    assert response.json()["code"] == "rate_limited"
    assert 0 < int(response["Retry-After"]) <= 300


def test_after_four_failures_the_right_password_is_good(client: Client, alice: User) -> None:
    for _ in range(4):
        log_in(client, "wrong")

    assert log_in(client, RIGHT) == 200


def test_a_success_does_not_forgive_the_failures_before(client: Client, alice: User) -> None:
    for _ in range(4):
        log_in(client, "wrong")
    log_in(client, RIGHT)

    assert [log_in(client, "wrong"), log_in(client, RIGHT)] == [401, 429]


def test_failures_count_over_all_addresses_and_spellings(client: Client, alice: User) -> None:
    for number in range(5):
        log_in(client, "wrong", email="  ALICE@example.com ", address=f"10.0.0.{number}")

    assert log_in(client, RIGHT, address="10.0.1.1") == 429


def test_failures_count_over_pages_and_programs(client: Client, alice: User) -> None:
    for _ in range(3):
        log_in(client, "wrong")
    assert [log_in_by_page(client, "wrong") for _ in range(2)] == [422] * 2

    assert log_in_by_page(client, RIGHT) == 429
    assert log_in(client, RIGHT) == 429


def test_failures_on_one_account_leave_the_others_alone(client: Client, alice: User, bob: User) -> None:
    for _ in range(6):
        log_in(client, "wrong")

    assert log_in(client, RIGHT, email=bob.email) == 200


def test_an_account_that_does_not_exist_is_answered_as_one_that_does(client: Client, alice: User) -> None:
    answers = [log_in(client, "wrong", email="nobody@example.com") for _ in range(6)]

    assert answers == [401] * 5 + [429]


def test_an_address_may_log_in_thirty_times_a_minute(client: Client, alice: User) -> None:
    assert [log_in(client, RIGHT) for _ in range(30)] == [200] * 30
    assert log_in(client, RIGHT) == 429
    assert log_in_by_page(client, RIGHT) == 302, "the page's client has another address"
    assert log_in(client, RIGHT, address="10.0.0.2") == 200


def test_an_address_may_register_twenty_times_a_minute(client: Client) -> None:
    assert [sign_up(client, number) for number in range(20)] == [201] * 20
    assert sign_up(client, 20) == 429
    assert sign_up(client, 20, address="10.0.0.2") == 201
    assert User.objects.count() == 21


def test_the_register_page_counts_too(client: Client) -> None:
    for number in range(20):
        sign_up(client, number, address="127.0.0.1")
    form = {"email": "late@example.com", "password": RIGHT, "name": "Late"}

    assert client.post("/register/", form).status_code == 429
    assert not User.objects.filter(email="late@example.com").exists()


def test_behind_proxies_the_forwarded_address_is_counted(client: Client, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6, 8.8.8.8")

    assert get_adapter().get_client_ip(request) == "8.8.8.8", (
        "the last one, which our proxy saw; the first may be made up"
    )


@pytest.mark.parametrize(
    ("proxies", "headers", "address"),
    [
        (0, {"HTTP_X_FORWARDED_FOR": "6.6.6.6"}, "10.0.0.1"),
        (2, {"HTTP_X_FORWARDED_FOR": "6.6.6.6"}, "10.0.0.1"),
        (0, {"REMOTE_ADDR": ""}, "0.0.0.0"),
    ],
)
def test_an_address_is_counted_whatever_is_claimed(
    settings: Settings, proxies: int, headers: dict[str, str], address: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", **{"REMOTE_ADDR": "10.0.0.1", **headers})

    assert get_adapter().get_client_ip(request) == address


@pytest.mark.parametrize(
    ("address", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_a_network_of_version_six_counts_as_one_address(
    client: Client, alice: User, settings: Settings, address: str, other: str, is_same: bool
) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, logins_per_minute=1)
    assert log_in(client, RIGHT, address=address) == 200

    assert log_in(client, RIGHT, address=other) == (429 if is_same else 200)


def test_the_counts_follow_the_limits(client: Client, alice: User, settings: Settings) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, signups_per_minute=1, login_failures=2)

    assert [sign_up(client, number) for number in range(2)] == [201, 429]
    assert [log_in(client, "wrong") for _ in range(3)] == [401, 401, 429]


def test_a_flood_of_sign_ups_does_not_push_guesses_out(client: Client, alice: User) -> None:
    for _ in range(5):
        log_in(client, "wrong")
    for number in range(420):
        sign_up(client, number, address=f"10.1.{number // 200}.{number % 200}")

    assert User.objects.count() == 421
    assert log_in(client, RIGHT) == 429


def test_an_attempt_counts_until_its_time_is_over_and_its_row_goes(alice: User) -> None:
    for _ in range(5):
        attempts.close(attempts.open_guess(alice.email))
    with pytest.raises(Problem) as refusal:
        attempts.open_guess(alice.email)
    assert 0 < (refusal.value.retry_after or 0) <= 300

    Attempt.objects.update(expires_at=timezone.now())
    attempts.open_guess(alice.email)
    assert Attempt.objects.count() == 1


def test_sweeping_is_bounded(db: None) -> None:
    over = timezone.now() - timedelta(days=1)
    Attempt.objects.bulk_create(Attempt(key="old", expires_at=over, is_open=False) for _ in range(attempts.SWEPT + 5))

    attempts.count("login", "10.0.0.1")
    assert Attempt.objects.filter(key="old").count() == 5


def test_whoever_is_refused_writes_nothing(db: None, settings: Settings) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, logins_per_minute=1)
    attempts.count("login", "10.0.0.1")

    with CaptureQueriesContext(connection) as asked, pytest.raises(Problem):
        attempts.count("login", "10.0.0.1")
    assert [query["sql"].partition(" ")[0] for query in asked] == ["SELECT"]


def test_a_guess_whose_process_is_gone_was_wrong(alice: User) -> None:
    for _ in range(5):
        attempts.open_guess(alice.email)
    Attempt.objects.update(expires_at=timezone.now() + timedelta(seconds=300 - attempts.OPEN_SECONDS))

    with pytest.raises(Problem):
        attempts.expect_room("guess", alice.email)
    with pytest.raises(Problem):
        attempts.open_guess(alice.email)


def test_where_open_guesses_fill_the_count_the_next_waits_for_them(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = [attempts.open_guess(alice.email) for _ in range(5)]
    waits: list[float] = []

    def decide(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            opened[0].delete()

    monkeypatch.setattr(attempts.time, "sleep", decide)
    attempts.expect_room("guess", alice.email)
    attempts.open_guess(alice.email)
    assert len(waits) == 3


@pytest.mark.django_db(transaction=True)
def test_many_guesses_at_once_do_not_outrun_the_count(alice: User) -> None:
    def guess(number: int) -> int:
        try:
            return log_in(Client(), "wrong", address=f"10.0.1.{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        answers = sorted(threads.map(guess, range(12)))

    assert answers == [401] * 5 + [429] * 7


@pytest.mark.django_db(transaction=True)
def test_many_right_passwords_at_once_are_no_guessing(alice: User) -> None:
    def enter(number: int) -> int:
        try:
            return log_in(Client(), RIGHT, address=f"10.0.1.{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(enter, range(12))) == [200] * 12
