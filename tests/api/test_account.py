"""REST about the person."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from accounts.models import User
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db
Refused = Callable[[HttpResponse, int, str], Any]
NEW = {"email": "Nina@Example.com", "password": "purple stapler", "name": " Nina "}


@pytest.mark.parametrize(
    "change",
    [
        {"email": "nina"},
        {"email": ""},
        {"email": None},
        {"email": "a" * 250 + "@example.com"},
        {"email": "ni\x00na@example.com"},
        {"password": ""},
        {"password": "short"},
        {"password": "password123"},
        {"password": "nina@example.com"},
        {"password": 12345678},
        {"password": "x" * 1025},
        {"name": ""},
        {"name": "  "},
        {"name": "n" * 151},
        {"name": "a\x00b"},
        {"is_staff": True},
        {"id": 1},
    ],
)
def test_a_bad_registration_is_refused(nobody: Program, refused: Refused, change: dict[str, object]) -> None:
    refused(nobody.post("/auth/register", NEW | change), 422, "invalid")
    assert not User.objects.exists()


@pytest.mark.parametrize("missing", ["email", "password", "name"])
def test_a_registration_is_complete(nobody: Program, refused: Refused, missing: str) -> None:
    body = {key: value for key, value in NEW.items() if key != missing}

    refused(nobody.post("/auth/register", body), 422, "invalid")


def test_an_account_is_made(nobody: Program) -> None:
    response = nobody.post("/auth/register", NEW)
    user = User.objects.get()

    assert response.status_code == 201
    assert response.json() == {"id": user.pk, "email": "nina@example.com", "name": "Nina"}  # type: ignore[attr-defined]
    assert user.check_password("purple stapler")
    assert not (user.is_staff or user.is_superuser)


def test_an_address_has_one_account(nobody: Program, alice: User, refused: Refused) -> None:
    refused(nobody.post("/auth/register", NEW | {"email": "ALICE@example.com"}), 409, "email_taken")


def test_wrong_and_unknown_are_answered_alike(nobody: Program, alice: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    attempts = [(alice.email, "wrong"), ("nobody@example.com", "correct horse"), (bob.email, "correct horse")]

    answers = [nobody.post("/auth/token", {"email": email, "password": password}) for email, password in attempts]
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}
    assert answers[0].json()["code"] == "not_authenticated"  # type: ignore[attr-defined]


def test_from_the_password_to_who_am_i(nobody: Program, alice: User) -> None:
    pair = nobody.post("/auth/token", {"email": " Alice@Example.COM ", "password": "correct horse"}).json()  # type: ignore[attr-defined]
    assert set(pair) == {"access", "refresh", "expires_in"}
    assert pair["expires_in"] == 3600

    again = nobody.post("/auth/token/refresh", {"refresh": pair["refresh"]}).json()  # type: ignore[attr-defined]
    assert set(again) == {"access", "refresh", "expires_in"}

    me = nobody.get("/me", HTTP_AUTHORIZATION=f"Bearer {again['access']}").json()  # type: ignore[attr-defined]
    account = {"id": alice.pk, "email": "alice@example.com", "name": "Alice", "colour": alice.colour}
    assert me == {**account, "teams": [], "has_two_factors": False}


def test_logging_in_by_rest_sets_no_cookie(nobody: Program, alice: User) -> None:
    response = nobody.post("/auth/token", {"email": alice.email, "password": "correct horse"})

    assert not response.cookies


@pytest.mark.parametrize("body", [{}, {"refresh": ""}, {"refresh": "x"}, {"refresh": 1}, {"refresh": "x", "more": 1}])
def test_a_bad_refresh_is_refused(nobody: Program, body: dict[str, object]) -> None:
    assert nobody.post("/auth/token/refresh", body).status_code in {401, 422}


def test_a_refresh_token_is_used_once(nobody: Program, alice: User, refused: Refused) -> None:
    pair = nobody.post("/auth/token", {"email": alice.email, "password": "correct horse"}).json()  # type: ignore[attr-defined]

    assert nobody.post("/auth/token/refresh", {"refresh": pair["refresh"]}).status_code == 200
    refused(nobody.post("/auth/token/refresh", {"refresh": pair["refresh"]}), 401, "not_authenticated")
