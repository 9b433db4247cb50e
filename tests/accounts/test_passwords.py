"""What a password costs: as much for an account that there is as for one that there is not, and few at a time."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from accounts import passwords
from accounts.models import User
from accounts.passwords import PasswordSlots, password_slots
from tests.conftest import person
from tests.servers import Server

LOGIN = {"email": "alice@example.com", "password": "correct horse"}


@dataclass(slots=True)
class Hashes:
    """Counts what is hashed, and holds it up as long as somebody wants."""

    total: int = 0
    at_once: int = 0
    most_at_once: int = 0
    gate: threading.Event = field(default_factory=threading.Event)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def counted(self, hashing: Callable[..., object]) -> Callable[..., object]:
        def instead(*arguments: object) -> object:
            with self.guard:
                self.total += 1
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
            self.gate.wait(30)
            try:
                return hashing(*arguments)
            finally:
                with self.guard:
                    self.at_once -= 1

        return instead


@pytest.fixture
def hashes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hashes]:
    """Ours in place of the tests' cheap one, as cheap as it can be; one at a time and three that wait."""
    settings.PASSWORD_HASHERS = ["accounts.passwords.Argon2"]
    monkeypatch.setattr(passwords.Argon2, "memory_cost", 8)
    monkeypatch.setattr(passwords.Argon2, "time_cost", 1)
    ours = PasswordSlots(1, 3)
    monkeypatch.setattr(passwords, "password_slots", lambda: ours)
    monkeypatch.setattr("accounts.entrance.password_slots", lambda: ours)
    hashes = Hashes()
    hashes.gate.set()
    for name in ("encode", "verify"):
        monkeypatch.setattr(Argon2PasswordHasher, name, hashes.counted(getattr(Argon2PasswordHasher, name)))
    yield hashes
    hashes.gate.set()


def log_in(client: Client, email: str, password: str) -> int:
    body = {"email": email, "password": password}
    return client.post("/api/v1/auth/token", body, content_type="application/json").status_code


@pytest.mark.django_db
def test_a_wrong_login_hashes_once_whoever_it_is_for(client: Client, hashes: Hashes) -> None:
    person("alice")
    User.objects.filter(pk=person("bob").pk).update(is_active=False)
    without = person("vera")
    without.set_unusable_password()
    without.save()

    for email in ("alice@example.com", "bob@example.com", "vera@example.com", "nobody@example.com", "no address"):
        hashes.total = 0
        assert log_in(client, email, "wrong") == 401
        assert hashes.total == 1, email


@pytest.mark.django_db
def test_registering_an_address_that_is_taken_hashes_as_well(client: Client, hashes: Hashes) -> None:
    for status in (201, 409):
        hashes.total = 0
        body = {**LOGIN, "name": "Alice"}
        answer = client.post("/api/v1/auth/register", body, content_type="application/json")
        assert (answer.status_code, hashes.total) == (status, 1)


@pytest.mark.django_db(transaction=True)
def test_few_are_hashed_at_a_time_few_wait_and_the_rest_is_told_to_come_again(hashes: Hashes) -> None:
    person("alice")
    hashes.gate.clear()
    refused = threading.Event()

    def enter(number: int) -> tuple[int, str | None]:
        try:
            answer = Client().post("/api/v1/auth/token", LOGIN, content_type="application/json")
            if answer.status_code == 503:
                assert answer.json()["code"] == "unavailable"
                refused.set()
            return answer.status_code, answer.get("Retry-After")
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as threads:
        answers = [threads.submit(enter, number) for number in range(5)]
        assert refused.wait(30), "one hashes, three wait, the fifth is one too many"
        hashes.gate.set()
    assert sorted(answer.result() for answer in answers) == [(200, None)] * 4 + [(503, "5")]
    assert hashes.most_at_once == 1


@pytest.mark.django_db(transaction=True)
def test_pages_say_so_too(hashes: Hashes, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, dora = person("alice"), person("dora", is_staff=True, is_superuser=True)
    full = PasswordSlots(0, 0)
    monkeypatch.setattr(passwords, "password_slots", lambda: full)
    monkeypatch.setattr("accounts.entrance.password_slots", lambda: full)

    for path, form in (("/login/", LOGIN), ("/register/", {**LOGIN, "name": "New", "email": "new@example.com"})):
        answer = Client().post(path, form)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert 'role="alert"' in answer.content.decode()
    assert User.objects.count() == 2

    given = {"password1": "purple stapler", "password2": "purple stapler", "usable_password": "true"}
    staff = Client()
    staff.force_login(dora)
    page = staff.post(f"/admin/accounts/user/{alice.pk}/password/", given, follow=True).content.decode()
    assert "Too many people are logging in" in page


@pytest.mark.django_db(transaction=True)
def test_who_waits_holds_no_connection_and_who_holds_a_transaction_does_not_wait() -> None:
    ours, waiting, closed = PasswordSlots(1, 1), threading.Event(), []

    def wait() -> None:
        User.objects.count()
        connection.close_if_unusable_or_obsolete()
        waiting.set()
        with ours.slot():
            closed.append(connection.connection is None)

    with ours.slot():
        second = threading.Thread(target=wait)
        second.start()
        assert waiting.wait(30)

        def in_transaction() -> None:
            try:
                with transaction.atomic(), ours.slot():
                    pass
            finally:
                connection.close()

        third = threading.Thread(target=in_transaction)
        third.start()
        third.join(30)
        assert not third.is_alive()
    second.join(30)
    assert closed == [True]


def test_a_slot_within_a_slot_is_the_same_slot(db: None) -> None:
    ours = PasswordSlots(1, 0)
    with ours.slot(), ours.slot():
        pass


def test_one_core_is_left_free(settings: Settings) -> None:
    import os

    assert max(1, len(os.sched_getaffinity(0)) - 1) == settings.HELIX_PASSWORD_CORES
    assert passwords.Argon2.parallelism == 1
    assert password_slots() is password_slots()


@pytest.mark.parametrize("password", [" " * 12, "\u00a0" * 12, "\u200b" * 12, " \t\u3164\u2003" * 3])
def test_a_password_of_spaces_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)
    validate_password("correct horse")


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_a_flood_of_logins_is_told_to_come_again(server: str) -> None:
    limits = {"HELIX_LIMIT_PASSWORDS_WAITING": "1", "HELIX_LIMIT_LOGIN_FAILURES": "30", "HELIX_PASSWORD_CORES": "1"}
    limits |= {"HELIX_TRUSTED_PROXIES": "1"}  # of one address only a few are worked on at a time
    with (
        Server(server=server, environment=limits) as running,
        running.client("/api/v1") as api,
        ThreadPoolExecutor(12) as threads,
    ):
        body = {"email": "nobody@example.com", "password": "wrong"}
        froms = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(12)]
        answers = list(threads.map(lambda one: api.post("/auth/token", json=body, headers=one), froms))

    by_status = {answer.status_code: answer for answer in answers}
    assert set(by_status) == {401, 503}
    assert by_status[503].json()["code"] == "unavailable"
    assert by_status[503].headers["Retry-After"] == "5"
