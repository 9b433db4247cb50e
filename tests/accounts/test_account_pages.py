"""One's own account: a new password, another address, devices, name and colour, a copy of one's data."""

import json
import re
import zipfile
from io import BytesIO

import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts import tokens
from accounts.agents import name_of
from accounts.models import PersonalToken, User
from accounts.personal_tokens import new_token
from flows.models import AuditEntry
from web.digests import digest_of

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"
NEW = "purple stapler"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
FORM = {"email": "alice@example.com", "password": PASSWORD}


@pytest.fixture
def browser(client: Client, alice: User) -> Client:
    client.post("/login/", FORM)
    return client


def told() -> list[str]:
    return list(AuditEntry.objects.order_by("number").values_list("action", flat=True))


def change(client: Client, old: str = PASSWORD, new: str = NEW) -> int:
    form = {"oldpassword": old, "password1": new, "password2": new}
    return client.post("/accounts/password/change/", form).status_code


def link_in_mail(number: int = -1) -> str:
    found = re.search(r"https?://[^/]+(/accounts/\S+)", str(mail.outbox[number].body))
    assert found
    return found[1]


def test_logging_in_by_name(client: Client, alice: User) -> None:
    assert client.post("/login/", {**FORM, "email": "aLiCe"}).status_code == 302


def test_a_name_of_two_people_is_nobodys(client: Client, alice: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(name="alice")

    assert client.post("/login/", {**FORM, "email": "Alice"}).status_code == 422


def test_guesses_by_name_count_for_the_account(client: Client, alice: User) -> None:
    for _ in range(5):
        client.post("/login/", {"email": "Alice", "password": "wrong"})

    assert client.post("/login/", FORM).status_code == 429


def test_the_librarys_own_addresses_and_fields_work(client: Client) -> None:
    form = {"email": "nina@example.com", "password1": NEW, "name": "Nina"}
    assert client.post("/accounts/signup/", form)["Location"] == "/"
    client.post("/accounts/logout/")
    assert client.post("/accounts/login/", {"login": "nina@example.com", "password": NEW})["Location"] == "/"
    assert [one for one in told() if one != "flow_created"] == ["account_created", "login", "logout", "login"]


def test_a_failure_is_told_with_whose_account_it_was(client: Client, alice: User) -> None:
    client.post("/login/", {**FORM, "password": "wrong"})

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_id, entry.person_id) == ("login_failed", None, alice.pk)


def test_a_wrong_old_password_changes_nothing_and_counts(browser: Client, alice: User) -> None:
    assert [change(browser, "wrong") for _ in range(5)] == [200] * 5
    assert change(browser) == 200, "too many guesses"
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_new_password_ends_all_other_logins_but_no_personal_token(browser: Client, alice: User) -> None:
    other, elsewhere = Client(), tokens.issue(alice)
    other.post("/login/", FORM)
    token = PersonalToken.objects.create(user=alice, name="CI", scopes=["read"], digest=digest_of(new_token()))

    assert "personal token works" in browser.get("/accounts/password/change/").content.decode()
    assert change(browser) == 302

    assert browser.get("/api/v1/me").status_code == 200
    assert other.get("/api/v1/me").status_code == 401
    assert tokens.bearer_of(elsewhere.access) is None
    assert tokens.refresh(elsewhere.refresh) is None
    token.refresh_from_db()
    assert token.revoked_at is None
    assert told()[-1] == "password_changed"
    browser.post("/accounts/tokens/revoke/")
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_an_account_without_a_password_is_given_one_by_a_page_that_sends_to_itself(client: Client, alice: User) -> None:
    alice.set_unusable_password()
    alice.save()
    client.force_login(alice)
    address = "/accounts/password/set/"

    assert f'action="{address}"' in client.get(address).content.decode()
    assert client.post(address, {"password1": NEW, "password2": NEW}).status_code == 302

    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_a_weak_new_password_is_refused(browser: Client) -> None:
    assert [change(browser, new=weak) for weak in ("short", "password123", "x" * 1025)] == [200] * 3


@pytest.mark.django_db(transaction=True)
def test_a_forgotten_password_is_replaced_by_a_mailed_link(client: Client, alice: User) -> None:
    elsewhere = tokens.issue(alice)
    assert client.post("/accounts/password/reset/", {"email": "ALICE@example.com"}).status_code == 302
    page = client.get(link_in_mail(), follow=True)
    form = {"password1": NEW, "password2": NEW}
    client.post(page.request["PATH_INFO"], form)

    assert tokens.bearer_of(elsewhere.access) is None
    assert client.post("/login/", {**FORM, "password": NEW}).status_code == 302
    assert "password_reset" in told()
    assert "no longer good" in Client().get(link_in_mail(0), follow=True).content.decode()


@pytest.mark.django_db(transaction=True)
def test_nobody_learns_which_addresses_have_accounts(client: Client, alice: User) -> None:
    answers = [client.post("/accounts/password/reset/", {"email": f"{who}@example.com"}) for who in ("alice", "nobody")]

    assert [answer["Location"] for answer in answers] == ["/accounts/password/reset/done/"] * 2
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_mails_are_counted(client: Client, alice: User) -> None:
    answers = [client.post("/accounts/password/reset/", {"email": alice.email}).status_code for _ in range(11)]

    assert answers[-1] == 429
    assert len(mail.outbox) == 10


@pytest.mark.django_db(transaction=True)
def test_another_address_counts_once_its_mail_was_answered(browser: Client, alice: User) -> None:
    asked = browser.post("/accounts/email/", {"email": "New@Example.com"})
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    browser.post(asked["Location"], {"password": PASSWORD})
    elsewhere = tokens.issue(alice)
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"

    assert mail.outbox[-1].to == ["new@example.com"]
    browser.post(link_in_mail())

    alice.refresh_from_db()
    assert alice.email == "new@example.com"
    assert tokens.bearer_of(elsewhere.access) is None
    assert browser.get("/api/v1/me").json()["email"] == "new@example.com"
    assert "email_changed" in told()
    assert Client().post("/login/", {**FORM, "email": "new@example.com"}).status_code == 302
    assert Client().post("/login/", FORM).status_code == 422


@pytest.mark.parametrize("email", ["bob@example.com", "no address", "аlice@exаmple.com"])
def test_an_address_of_somebody_else_or_none_is_refused(browser: Client, bob: User, email: str) -> None:
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})

    assert browser.post("/accounts/email/", {"email": email}).status_code == 422
    assert not mail.outbox


@pytest.mark.django_db(transaction=True)
def test_where_addresses_are_confirmed_an_account_waits_for_it(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    form = {"email": "nina@example.com", "password": NEW, "name": "Nina"}
    assert client.post("/register/", form)["Location"] == "/accounts/confirm-email/"
    api = {"email": "nina@example.com", "password": NEW}
    assert client.post("/api/v1/auth/token", api, content_type="application/json").status_code == 401

    client.post(link_in_mail())

    assert client.post("/api/v1/auth/token", api, content_type="application/json").status_code == 200
    assert Client().post("/login/", api)["Location"] == "/"


def test_devices_are_listed_and_ended_one_by_one(browser: Client, alice: User) -> None:
    program = Client(headers={"user-agent": "curl/8"})
    access = program.post("/api/v1/auth/token", FORM, content_type="application/json").json()["access"]

    listed = browser.get("/api/v1/me/logins").json()["items"]
    assert sorted((one["agent"], one["current"]) for one in listed) == [("", True), ("curl/8", False)]
    assert "curl/8" in browser.get("/accounts/sessions/").content.decode()
    (curl,) = [one["id"] for one in listed if one["agent"] == "curl/8"]
    browser.post("/accounts/sessions/", {"end": curl})

    assert tokens.bearer_of(access) is None
    assert browser.get("/api/v1/me").status_code == 200


def test_all_other_devices_are_ended_together_and_told_once(browser: Client, alice: User) -> None:
    others = [tokens.issue(alice).access for _ in range(2)]
    before = len(told())

    browser.post("/accounts/sessions/", {"end": "others"})

    assert [tokens.bearer_of(one) for one in others] == [None, None]
    assert browser.get("/api/v1/me").status_code == 200
    assert told()[before:] == ["logout"]


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (CHROME, "Chrome on Linux"),
        (CHROME.replace("Chrome/", "HeadlessChrome/"), "Chrome on Linux"),
        (f"{CHROME} Edg/140.0.0.0".replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64"), "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14.5; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox on macOS"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.5.0", "curl"),
        ("Nightly import/2 (+https://example.com)", "Nightly"),
        ("Mozilla/5.0", "Unknown program"),
        ("x" * 200, "Unknown program"),
        ("", "Unknown program"),
    ],
)
def test_devices_have_names_that_people_know(agent: str, name: str) -> None:
    assert name_of(agent) == name


def test_the_devices_page_names_them(alice: User) -> None:
    client = Client(headers={"user-agent": CHROME})
    client.post("/login/", FORM)

    html = client.get("/accounts/sessions/").content.decode()

    assert '<strong dir="auto" title="Mozilla/5.0 (X11; Linux' in html
    assert "Chrome on Linux</strong>" in html


def test_other_logins_are_offered_where_there_are_any(browser: Client, alice: User) -> None:
    address = 'href="/accounts/3rdparty/"'
    assert address not in browser.get("/accounts/").content.decode()

    SocialAccount.objects.create(user=alice, provider="acme", uid="1")

    assert address in browser.get("/accounts/").content.decode()


def test_no_passkeys_are_no_number(browser: Client) -> None:
    html = browser.get("/accounts/2fa/").content.decode()

    assert "No passkeys yet." in html and "0 passkeys" not in html


def test_nobody_ends_logins_of_others(browser: Client, bob: User) -> None:
    elsewhere = tokens.issue(bob)
    (row,) = UserSession.objects.filter(user=bob)
    browser.post("/accounts/sessions/", {"end": row.pk})
    bearer = {"Authorization": f"Bearer {tokens.issue(User.objects.get(name='Alice')).access}"}

    assert browser.delete(f"/api/v1/me/logins/{row.pk}", headers=bearer).status_code == 404
    assert tokens.bearer_of(elsewhere.access) is not None


def test_logging_out_everywhere(browser: Client, alice: User) -> None:
    elsewhere = tokens.issue(alice)

    assert browser.post("/accounts/sessions/", {"end": "everywhere"})["Location"] == "/login/"
    assert tokens.bearer_of(elsewhere.access) is None
    assert browser.get("/api/v1/me").status_code == 401


def test_a_program_logs_out(client: Client, alice: User) -> None:
    pair, other = tokens.issue(alice), tokens.issue(alice)
    bearer = {"Authorization": f"Bearer {pair.access}"}

    assert client.post("/api/v1/auth/logout", "", content_type="application/json", headers=bearer).status_code == 204
    assert client.get("/api/v1/me", headers=bearer).status_code == 401
    assert tokens.refresh(pair.refresh) is None
    everywhere = {"data": {"everywhere": True}, "content_type": "application/json"}
    third = tokens.issue(alice)
    client.post("/api/v1/auth/logout", headers={"Authorization": f"Bearer {other.access}"}, **everywhere)
    assert tokens.bearer_of(third.access) is None


def test_name_and_colour_are_ones_own(browser: Client, alice: User) -> None:
    assert browser.post("/accounts/", {"name": "A\u202el", "colour": "3"}).status_code == 422
    assert browser.post("/accounts/", {"name": "Alicia", "colour": "99"}).status_code == 422
    assert browser.post("/accounts/", {"name": " Alicia ", "colour": "3"}).status_code == 302

    me = browser.get("/api/v1/me").json()
    assert (me["name"], me["colour"]) == ("Alicia", "#7c3aed")


@pytest.mark.parametrize("change", [{"name": ""}, {"colour": "red"}, {"colour": "#000000"}, {"email": "x@example.com"}])
def test_what_does_not_fit_is_refused(client: Client, alice: User, change: dict[str, str]) -> None:
    bearer = {"Authorization": f"Bearer {tokens.issue(alice).access}"}

    assert client.patch("/api/v1/me", change, content_type="application/json", headers=bearer).status_code == 422
    right = {"name": "Alicia", "colour": "#0f766e"}
    answer = client.patch("/api/v1/me", right, content_type="application/json", headers=bearer)
    assert answer.json() | right == answer.json()


def test_a_copy_of_ones_data_has_no_secret(browser: Client, alice: User) -> None:
    answer = browser.post("/accounts/export/")
    packed = zipfile.ZipFile(BytesIO(b"".join(answer)))  # type: ignore[arg-type]

    assert {"account.json", "flows.json", "audit.json"} <= set(packed.namelist())
    account = json.loads(packed.read("account.json"))
    assert account["email"] == alice.email
    assert alice.password not in packed.read("account.json").decode()
    assert browser.get("/accounts/export/").status_code == 405


PAGES = [
    "/accounts/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/totp/activate/",
    "/accounts/sessions/",
    "/accounts/3rdparty/",
    "/accounts/delete/",
    "/accounts/logout/",
]
ENTRANCE = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/nonsense/",
    "/accounts/inactive/",
    "/accounts/3rdparty/login/cancelled/",
    "/accounts/3rdparty/login/error/",
]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_ours_and_has_nothing_inline(browser: Client, address: str) -> None:
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    expect_ours(browser.get(address).content.decode())


@pytest.mark.parametrize("address", ENTRANCE)
def test_a_page_of_the_entrance_is_ours_too(client: Client, address: str) -> None:
    expect_ours(client.get(address).content.decode())


def expect_ours(page: str) -> None:
    assert "css/site.css" in page
    assert 'id="content"' in page
    scripts = re.findall(r"<script(?![^>]*(?:src=|application/json))", page)
    assert not scripts
    assert " style=" not in page
    assert " onclick=" not in page
