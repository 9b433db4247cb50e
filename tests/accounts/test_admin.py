"""People in the admin."""

import pytest
from django.test import Client

from accounts import tokens
from accounts.models import User

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/user/"


def test_the_admin_has_no_login_of_its_own(client: Client, dora: User) -> None:
    response = client.post("/admin/login/", {"username": dora.email, "password": "correct horse"})

    assert response.status_code == 302
    assert response["Location"].startswith("/login/?next=")


def test_who_is_not_staff_is_refused(client: Client, alice: User) -> None:
    client.force_login(alice)

    assert client.get("/admin/login/").status_code == 403
    assert client.get(LIST).status_code == 302


def test_people_are_found_by_address_and_name(client: Client, dora: User, alice: User, bob: User) -> None:
    client.force_login(dora)

    for query in ("alice@", "Alice"):
        page = client.get(LIST, {"q": query}).content.decode()
        assert "alice@example.com" in page
        assert "bob@example.com" not in page
    assert "bob@example.com" not in client.get(LIST, {"is_active__exact": 0}).content.decode()
    assert "bob@example.com" not in client.get(LIST, {"is_staff__exact": 1}).content.decode()


def test_nobody_is_deleted(client: Client, dora: User, alice: User) -> None:
    client.force_login(dora)

    assert client.post(f"{LIST}{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(LIST, {"action": "delete_selected", "_selected_action": [alice.pk], "post": "yes"})
    assert User.objects.filter(pk=alice.pk).exists()


def test_deactivating_ends_tokens_but_never_ones_own(client: Client, dora: User, alice: User) -> None:
    client.force_login(dora)
    pair = tokens.issue(alice)

    client.post(LIST, {"action": "deactivate", "_selected_action": [alice.pk, dora.pk]})
    assert tokens.user_of_bearer(pair.access) is None
    assert User.objects.get(pk=dora.pk).is_active

    client.post(LIST, {"action": "activate", "_selected_action": [alice.pk]})
    assert User.objects.get(pk=alice.pk).is_active


def test_an_account_is_made_and_changed(client: Client, dora: User) -> None:
    client.force_login(dora)
    new = {"email": "New@example.com", "name": "New", "usable_password": "true"}
    passwords = {"password1": "purple stapler", "password2": "purple stapler"}

    assert client.post(f"{LIST}add/", {**new, **passwords}).status_code == 302
    made = User.objects.get(email__iexact="new@example.com")
    assert made.check_password("purple stapler")
    assert client.get(f"{LIST}{made.pk}/change/").status_code == 200
    assert client.get(f"{LIST}{made.pk}/password/").status_code == 200


def test_addresses_are_changed_on_people_alone(admin_client: Client) -> None:
    assert "emailaddress" not in admin_client.get("/admin/").content.decode().lower()
    assert admin_client.get("/admin/account/emailaddress/").status_code == 404
