"""One person has one address, however it is spelt; what only looks like an address of somebody else is none."""

import pytest
from django.apps import apps
from django.test import Client

from accounts.addresses import canonical, comparable
from accounts.models import User

PASSWORD = "purple stapler"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Alice@Example.COM ", "alice@example.com"),
        ("ali\u017fe@example.com", "alise@example.com"),
        ("\u212aim@example.com", "kim@example.com"),
        ("ａｌｉｃｅ＠ｅｘａｍｐｌｅ.com", "alice@example.com"),
        ("alice@example\u3002com", "alice@example.com"),
        ("alice@exam\u00adple.com", "alice@example.com"),
        ("alice@Bücher.de", "alice@xn--bcher-kva.de"),
        ("alice@bu\u0308cher.de", "alice@xn--bcher-kva.de"),
        ("alice@XN--BCHER-KVA.de", "alice@xn--bcher-kva.de"),
        ("alice@straße.de", "alice@xn--strae-oqa.de"),
        ("alice@пример.рф", "alice@xn--e1afmkfd.xn--p1ai"),
        ("alice@παράδειγμα.gr", "alice@xn--hxajbheg2az3al.gr"),
        ("alice@日本語abc.jp", "alice@xn--abc-s08fl0dtz6h.jp"),
        ("alice@مثال.إختبار", "alice@xn--mgbh0fb.xn--kgbechtv"),
        ("o'neil+tag@sub.example.co.uk", "o'neil+tag@sub.example.co.uk"),
        ("alice@[127.0.0.1]", "alice@[127.0.0.1]"),
        (f"{'a' * 242}@example.com", f"{'a' * 242}@example.com"),
    ],
)
def test_an_address_has_one_spelling(text: str, address: str) -> None:
    assert canonical(text) == comparable(text) == address
    assert canonical(address) == address


@pytest.mark.parametrize(
    "text",
    [
        "alice@ex\u0430mple.com",
        "alice@\u0430\u0440\u0440\u04cf\u0435.com",
        "alice@xn--80ak6aa92e.com",
        "alice@xn--exmple-4nf.com",
        "alice@ex\u0251mple.com",
        "alice@g\u03bfogle.com",
        "alice@пример-abc.com",
        "alice@ex\u200dample.com",
        "alice@xn--zzzzzz.com",
        "\u0430lice@example.com",
        "al\u00edce@example.com",
        "alice@example..com",
        "alice@-example.com",
        "alice",
        "alice@",
        "@example.com",
        "",
        f"{'a' * 243}@example.com",
        f"{'a' * 200}@{'ü' * 30}.{'ü' * 30}.de",
    ],
)
def test_what_is_none_or_only_looks_like_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"address|domain"):
        canonical(text)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["ａｌｉｃｅ@example.com", "ALICE@EXAMPLE.com", "alice@exam\u00adple.com"])
def test_another_spelling_is_the_same_account(client: Client, alice: User, text: str) -> None:
    body = {"email": text, "password": PASSWORD, "name": "Alice"}
    taken = client.post("/api/v1/auth/register", body, content_type="application/json")
    assert (taken.status_code, taken.json()["code"]) == (409, "email_taken")
    login = {"email": text, "password": "correct horse"}
    assert client.post("/api/v1/auth/token", login, content_type="application/json").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["alice@ex\u0430mple.com", "alice@xn--exmple-4nf.com", "\u0430lice@example.com"])
def test_a_look_alike_gets_no_account(client: Client, dora: User, text: str) -> None:
    body = {"email": text, "password": PASSWORD, "name": "Alice"}
    answer = client.post("/api/v1/auth/register", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert client.post("/register/", body).status_code == 422
    client.force_login(dora)
    passwords = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert client.post("/admin/accounts/user/add/", {**body, **passwords}).status_code == 200, "shown again"
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_a_domain_of_another_script_is_one_account_by_both_its_names(client: Client) -> None:
    body = {"email": "ada@Bücher.de", "password": PASSWORD, "name": "Ada"}
    assert client.post("/register/", body).status_code == 302
    assert User.objects.get().email == "ada@xn--bcher-kva.de"
    for email in ("ada@bücher.de", "ada@xn--bcher-kva.de"):
        assert Client().post("/login/", {"email": email, "password": PASSWORD}).status_code == 302


@pytest.mark.django_db
def test_addresses_from_before_are_brought_into_their_spelling_where_that_is_free() -> None:
    from importlib import import_module

    before = {"ada@bücher.de": "ada@xn--bcher-kva.de", "bob@ex\u0430mple.com": "bob@ex\u0430mple.com"}
    people = [*before, "eve@köln.de", "eve@xn--kln-sna.de"]
    User.objects.bulk_create(User(email=email, name="Somebody", password=PASSWORD) for email in people)

    import_module("accounts.migrations.0002_attempts").keep_one_spelling(apps, None)
    assert set(User.objects.values_list("email", flat=True)) == {*before.values(), "eve@köln.de", "eve@xn--kln-sna.de"}
