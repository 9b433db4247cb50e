"""Guessing passwords, and making accounts by the hundred: refused at the limit, the same for pages and programs."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.adapter import get_adapter
from django.conf import settings as configured
from django.db import connection
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.models import User

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
    assert response["Retry-After"] == "300"


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


def test_the_settings_follow_the_limits() -> None:
    limits, rates = configured.HELIX_LIMITS, configured.ACCOUNT_RATE_LIMITS

    assert rates["login"] == f"{limits.logins_per_minute}/m/ip"
    assert rates["login_failed"] == f"{limits.login_failures}/5m/key"
    assert rates["signup"] == f"{limits.signups_per_minute}/m/ip"


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
