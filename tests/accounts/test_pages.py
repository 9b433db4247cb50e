"""The pages to come in by, and to go."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings

from accounts.models import User

pytestmark = pytest.mark.django_db
FORM = {"email": "alice@example.com", "password": "correct horse"}
NEW = {"email": "Nina@Example.com", "password": "purple stapler", "name": " Nina "}


def who(client: Client) -> str | None:
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key).name if key else None


def test_a_wrong_password_does_not_enter(client: Client, alice: User) -> None:
    response = client.post("/login/", {**FORM, "password": "wrong"})

    assert response.status_code == 422
    assert "Wrong e-mail address or password" in response.content.decode()
    assert "wrong" not in response.content.decode()
    assert who(client) is None


def test_a_deactivated_account_does_not_enter(client: Client, alice: User) -> None:
    User.objects.update(is_active=False)

    assert client.post("/login/", FORM).status_code == 422
    assert who(client) is None


def test_the_form_is_refused_without_its_csrf_token(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)

    assert client.post("/login/", FORM).status_code == 403
    assert client.post("/register/", NEW).status_code == 403
    assert client.post("/login/demo/", {"user": "alice"}).status_code == 403
    assert client.post("/logout/").status_code == 403


def test_logging_in_leads_to_the_library(client: Client, alice: User) -> None:
    response = client.post("/login/", FORM)

    assert (response.status_code, response["Location"]) == (302, "/")
    assert who(client) == "Alice"


def test_logging_in_changes_the_session(client: Client, alice: User) -> None:
    session = client.session
    session["before"] = 1
    session.save()
    client.cookies["helix"] = before = session.session_key

    client.post("/login/", FORM)

    assert client.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/flows/x/?a=b", "/flows/x/?a=b"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("flows/", "/"),
        ("/\n/evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("", "/"),
    ],
)
def test_next_leads_only_to_our_own_pages(client: Client, alice: User, wanted: str, given: str) -> None:
    assert client.post("/login/", {**FORM, "next": wanted})["Location"] == given
    assert client.get("/login/", {"next": wanted})["Location"] == given, "logged in already"


def test_the_login_page_hands_next_on(client: Client, db: None) -> None:
    page = client.get("/login/", {"next": '/flows/"><b>/'}, follow=True).content.decode()

    assert 'name="next" value="/flows/&quot;&gt;&lt;b&gt;/"' in page


def test_registering_makes_an_account_and_enters(client: Client) -> None:
    response = client.post("/register/", {**NEW, "next": "/flows/x/"})

    assert (response.status_code, response["Location"]) == (302, "/flows/x/")
    assert who(client) == "Nina"
    assert User.objects.get().email == "nina@example.com"


@pytest.mark.parametrize(
    "change",
    [
        {"email": "no address"},
        {"email": ""},
        {"email": "a" * 250 + "@example.com"},
        {"password": "short"},
        {"password": "password123"},
        {"name": "  "},
        {"name": "x" * 151},
        {"name": "a\x00b"},
    ],
)
def test_a_bad_registration_is_refused(client: Client, change: dict[str, str]) -> None:
    assert client.post("/register/", {**NEW, **change}).status_code == 422
    assert not User.objects.exists()


def test_an_address_has_one_account(client: Client, alice: User) -> None:
    response = client.post("/register/", {**NEW, "email": "ALICE@example.com"})

    assert response.status_code == 409
    assert User.objects.count() == 1


def test_logging_out_ends_the_session(client: Client, alice: User) -> None:
    client.force_login(alice)
    key = client.session.session_key

    assert client.get("/logout/").status_code == 405, "a link or an image must not log anybody out"
    assert client.post("/logout/")["Location"] == "/login/"
    assert who(client) is None
    assert not Session.objects.filter(pk=key).exists()


def test_without_the_demo_there_is_no_door_without_a_password(client: Client, alice: User) -> None:
    assert b"data-demo-user" not in client.get("/accounts/login/").content
    assert client.post("/login/demo/", {"user": "alice"}).status_code == 404
    assert who(client) is None


def test_the_demo_has_a_button_for_each_of_its_people(client: Client, alice: User, settings: Settings) -> None:
    settings.HELIX_DEMO = True
    page = client.get("/accounts/login/").content.decode()

    assert all(page.count(f'data-demo-user="{name}"') == 1 for name in ("alice", "bob", "vera", "charlie"))
    assert client.post("/login/demo/", {"user": "alice", "next": "/flows/x/"})["Location"] == "/flows/x/"
    assert who(client) == "Alice"


@pytest.mark.parametrize("name", ["dora", "", "alice@example.com", "ALICE", "bob"])
def test_the_demo_lets_in_nobody_else(client: Client, alice: User, dora: User, settings: Settings, name: str) -> None:
    settings.HELIX_DEMO = True

    assert client.post("/login/demo/", {"user": name}).status_code == 404
    assert client.get("/login/demo/").status_code == 405
    assert who(client) is None


def test_the_demo_lets_in_nobody_by_https(client: Client, alice: User, settings: Settings) -> None:
    settings.HELIX_DEMO = settings.SECURE = True

    assert b"data-demo-user" not in client.get("/accounts/login/").content
    assert client.post("/login/demo/", {"user": "alice"}).status_code == 404


@pytest.mark.parametrize(
    "name",
    ["A\u202el", "A\u200bl", "A\u200dl", "A\u00adl", "A\tl", "A\nl", "A\x85l", "A\u2066l", "A\u3164"],
)
def test_a_name_that_hides_something_is_refused(client: Client, dora: User, name: str) -> None:
    given = {"name": name, "email": "new@example.com", "password": "purple stapler"}
    assert client.post("/register/", given).status_code == 422
    response = client.post("/api/v1/auth/register", given, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (422, "invalid")
    client.force_login(dora)
    passwords = {"password1": "purple stapler", "password2": "purple stapler", "usable_password": "true"}
    assert client.post("/admin/accounts/user/add/", given | passwords).status_code == 200, "shown again"
    page = {"name": name, "email": dora.email, "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    assert client.post(f"/admin/accounts/user/{dora.pk}/change/", page).status_code == 200
    assert list(User.objects.values_list("name", flat=True)) == ["Dora"]


@pytest.mark.parametrize("name", ["José Núñez", "نیک\u200cنام", "Nguyễn Văn An", "山田 太郎", "O’Neil-Smith", "Ada ❤️"])
def test_a_name_of_any_script_is_taken(client: Client, db: None, name: str) -> None:
    given = {"name": name, "email": "new@example.com", "password": "purple stapler"}
    assert client.post("/register/", given).status_code == 302
    assert User.objects.get().name == name


@pytest.mark.parametrize("name", ["\u200b", " \u2060\u00a0", "\u3164", "\u200d\u200e"])
def test_a_name_that_shows_nothing_is_refused(client: Client, name: str) -> None:
    given = {"name": name, "email": "new@example.com", "password": "purple stapler"}
    assert client.post("/register/", given).status_code == 422
    response = client.post("/api/v1/auth/register", given, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (422, "invalid")
    assert not User.objects.exists()
