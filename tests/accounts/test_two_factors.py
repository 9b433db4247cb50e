"""A second factor: codes of an authenticator app, recovery codes; asked for at every door, each code good once."""

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tokens
from accounts.models import PersonalToken, User
from accounts.personal_tokens import create_token
from accounts.principals import Person, Scope
from accounts.second_factors import _former_box, reseal
from flows.models import AuditEntry
from web.sealing import is_current

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "correct horse"


def code(steps: int = 0) -> str:
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + steps))


@pytest.fixture
def secured(alice: User) -> User:
    TOTP.activate(alice, SECRET)
    return alice


def ask(client: Client, **body: str) -> tuple[int, str]:
    given = {"email": "alice@example.com", "password": PASSWORD, **body}
    answer = client.post("/api/v1/auth/token", given, content_type="application/json")
    return answer.status_code, answer.json().get("code", "")


def told() -> list[str]:
    return list(AuditEntry.objects.order_by("number").values_list("action", flat=True))


def confirm(client: Client) -> None:
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302


def test_a_program_is_asked_for_a_code(client: Client, secured: User) -> None:
    assert ask(client) == (401, "second_factor_required")
    assert ask(client, code="000000") == (401, "second_factor_required")
    assert ask(client, password="wrong", code=code()) == (401, "not_authenticated")
    assert ask(client, code=code()) == (200, "")


def test_a_code_is_good_once_and_no_older_one_after_it(client: Client, secured: User) -> None:
    assert ask(client, code=code(1)) == (200, "")
    assert ask(client, code=code(1)) == (401, "second_factor_required")
    assert ask(client, code=code()) == (401, "second_factor_required")


def test_a_recovery_code_is_good_once(client: Client, secured: User) -> None:
    one = RecoveryCodes.activate(secured).generate_codes()[0]

    assert [ask(client, code=one)[0] for _ in range(2)] == [200, 401]


def test_guesses_are_counted_over_pages_and_programs(client: Client, secured: User) -> None:
    for _ in range(3):
        ask(client, code="000000")
    client.post("/login/", {"email": secured.email, "password": PASSWORD})
    for _ in range(2):
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})

    assert ask(client, code=code()) == (429, "rate_limited")
    page = client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert "Too many attempts" in page.content.decode()


def test_the_page_asks_for_a_code_before_anybody_is_in(client: Client, secured: User) -> None:
    asked = client.post("/login/", {"email": secured.email, "password": PASSWORD, "next": "/templates/"})

    assert asked["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/")["Location"].startswith("/login/")
    entered = client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert entered["Location"] == "/templates/"
    assert client.get("/api/v1/me").json()["has_two_factors"] is True


def test_switching_it_on_needs_the_password_and_a_code(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/accounts/2fa/totp/activate/")["Location"].startswith("/accounts/reauthenticate/")
    confirm(client)
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret

    assert client.post("/accounts/2fa/totp/activate/", {"code": "abc"}).status_code == 200
    assert not Authenticator.objects.exists()
    right = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    done = client.post("/accounts/2fa/totp/activate/", {"code": right}, follow=True)
    assert b"data-codes" in done.content
    assert told() == ["second_factor_on"]


def test_keys_are_not_kept_in_the_clear(secured: User) -> None:
    kept = str(Authenticator.objects.get().data)

    assert SECRET not in kept


def test_switching_it_off_ends_every_other_login(client: Client, secured: User) -> None:
    client.force_login(secured)
    elsewhere = tokens.issue(secured)
    assert client.post("/accounts/2fa/reauthenticate/", {"code": code()}).status_code == 302

    client.post("/accounts/2fa/totp/deactivate/")

    assert not Authenticator.objects.exists()
    assert tokens.bearer_of(elsewhere.access) is None
    assert client.get("/api/v1/me").status_code == 200, "this browser goes on"
    assert Session.objects.count() == 1
    assert told()[-1] == "second_factor_off"


@pytest.mark.parametrize(
    "page",
    ["email/", "password/change/", "2fa/totp/deactivate/", "2fa/webauthn/add/", "2fa/recovery-codes/generate/"],
)
def test_the_password_alone_proves_nobody_again(client: Client, secured: User, page: str) -> None:
    client.force_login(secured)
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD})["Location"].startswith(
        "/accounts/2fa/reauthenticate/"
    )
    asked = client.post(f"/accounts/{page}", {"email": "other@example.com"})["Location"]
    assert Authenticator.objects.filter(type="totp").exists()
    if asked.startswith("/accounts/reauthenticate/"):
        asked = client.get(asked)["Location"]
    assert asked.startswith("/accounts/2fa/reauthenticate/?next=")
    assert client.post(asked, {"code": "000000"}).status_code == 200
    assert not did_recently_reauthenticate(client.get("/accounts/").wsgi_request)
    client.post(asked, {"code": code()})
    assert did_recently_reauthenticate(client.get("/accounts/").wsgi_request)


def test_a_new_password_takes_the_second_factor(client: Client, secured: User) -> None:
    client.force_login(secured)
    form = {"oldpassword": PASSWORD, "password1": "new horse battery", "password2": "new horse battery"}
    assert client.post("/accounts/password/change/", form)["Location"].startswith("/accounts/reauthenticate/")
    secured.refresh_from_db()
    assert secured.check_password(PASSWORD)
    assert "new horse" not in str(dict(client.session)), "what was posted is not kept"


def test_deleting_the_account_takes_it_by_page(client: Client, secured: User) -> None:
    client.force_login(secured)
    address = reverse("flows:delete-account")
    assert client.post(address, {"password": PASSWORD})["Location"].startswith("/accounts/reauthenticate/")
    client.post("/accounts/2fa/reauthenticate/", {"code": code()})
    assert client.post(address, {"password": "wrong"}).status_code == 422
    assert User.objects.filter(deleted_at=None).exists()
    assert client.post(address, {"password": PASSWORD})["Location"] == "/accounts/signup/"
    assert not User.objects.filter(deleted_at=None).exists()


def test_deleting_the_account_takes_it_by_rest(client: Client, secured: User) -> None:
    access = tokens.issue(secured).access

    def delete(**body: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {access}"}
        answer = client.delete("/api/v1/me", body, content_type="application/json", headers=headers)
        return answer.status_code, answer.json().get("code", "") if answer.content else ""

    assert delete(password=PASSWORD) == (401, "second_factor_required")
    assert delete(password=PASSWORD, code="000000") == (401, "second_factor_required")
    assert delete(password="wrong", code=code()) == (403, "forbidden")
    assert User.objects.filter(deleted_at=None).exists()
    assert delete(password=PASSWORD, code=code()) == (204, "")


class TestNewTokens:
    """A login of a moment ago makes them; later it is asked who it is."""

    def make(self, client: Client, access: str | None = None, **body: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {access}"} if access else {}
        given = {"name": "CI", "scopes": ["read"], **body}
        answer = client.post("/api/v1/tokens", given, content_type="application/json", headers=headers)
        return answer.status_code, answer.json().get("code", "")

    def long_ago(self) -> None:
        UserSession.objects.update(created_at=timezone.now() - timedelta(hours=1, seconds=1))

    def test_by_a_program(self, client: Client, alice: User) -> None:
        access = tokens.issue(alice).access
        assert self.make(client, access)[0] == 201
        self.long_ago()
        assert self.make(client, access) == (403, "forbidden")
        assert self.make(client, access, password="wrong") == (403, "forbidden")
        assert self.make(client, access, password=PASSWORD)[0] == 201

    def test_by_a_program_of_who_has_a_second_factor(self, client: Client, secured: User) -> None:
        access = tokens.issue(secured).access
        self.long_ago()
        assert self.make(client, access, password=PASSWORD) == (401, "second_factor_required")
        assert self.make(client, access, password=PASSWORD, code=code())[0] == 201

    def test_by_the_browsers_session(self, client: Client, secured: User) -> None:
        client.force_login(secured)
        assert self.make(client)[0] == 201
        self.long_ago()
        assert self.make(client) == (403, "forbidden")
        client.post("/accounts/2fa/reauthenticate/", {"code": code()})
        assert self.make(client)[0] == 201

    def test_by_a_page(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        self.long_ago()
        given = {"name": "Nightly", "scope": "write", "life": "30", "flow": ""}
        asked = client.post("/tokens/", given)
        assert asked["Location"].startswith("/accounts/reauthenticate/")
        assert not PersonalToken.objects.exists()
        assert b"hlx_" in client.post(asked["Location"], {"password": PASSWORD}, follow=True).content
        assert PersonalToken.objects.get().name == "Nightly", "what was typed is not typed again"

    def test_by_a_token(self, client: Client, alice: User) -> None:
        _token, secret = create_token(Person(alice.pk), name="CI", scopes=[Scope.ADMIN])
        self.long_ago()
        assert self.make(client, secret)[0] == 201


def test_a_new_key_seals_the_keys_of_factors_anew(client: Client, secured: User, settings: Any, tmp_path: Path) -> None:
    one = RecoveryCodes.activate(secured).generate_codes()[0]
    settings.HELIX_SECRETS_KEY_FILE = str(tmp_path / "keys")
    (tmp_path / "keys").write_text(f"{'a' * 32}\n")

    assert reseal() == (2, 0)
    assert reseal() == (0, 0)
    settings.SECRET_KEY = "another"
    assert SECRET not in json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert ask(client, code=code()) == (200, "")
    assert ask(client, code=one) == (200, "")
    (tmp_path / "keys").write_text(f"{'b' * 32}\n")
    assert reseal() == (0, 2)


def test_keys_of_before_still_open_and_are_sealed_by_the_command(client: Client, secured: User) -> None:
    app = Authenticator.objects.get()
    app.data["secret"] = _former_box().encrypt(SECRET.encode()).decode()
    app.save()

    assert ask(client, code=code()) == (200, "")
    call_command("reseal_secrets")
    assert is_current(Authenticator.objects.get().data["secret"])
    assert ask(client, code=code(1)) == (200, "")
