"""People in the admin."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.http import HttpResponse
from django.test import Client

from accounts import tokens
from accounts.models import User
from tests.conftest import person

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/user/"


def user_of_bearer(token: str) -> User | None:
    found = tokens.bearer_of(token)
    return found and found[0]


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


def test_deactivating_ends_tokens_but_never_ones_own(client: Client, dora: User, alice: User) -> None:
    client.force_login(dora)
    pair = tokens.issue(alice)

    client.post(LIST, {"action": "deactivate", "_selected_action": [alice.pk, dora.pk]})
    assert user_of_bearer(pair.access) is None
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


# Greta is staff and may change people and groups, and look at flows; that is all.


@pytest.fixture
def greta(db: None) -> User:
    greta = person("greta", is_staff=True)
    own = ["add_user", "change_user", "view_user", "change_group", "add_group", "delete_group", "view_flow"]
    greta.user_permissions.set(Permission.objects.filter(codename__in=own))
    return greta


@pytest.fixture
def save(client: Client, greta: User) -> Callable[..., HttpResponse]:
    """Save a person's page as Greta, with what is changed on it."""
    client.force_login(greta)

    def save(one: User, **changes: object) -> HttpResponse:
        one.refresh_from_db()
        page = {"email": one.email, "name": one.name, "is_active": "on"} | ({"is_staff": "on"} if one.is_staff else {})
        page["user_permissions"] = [held.pk for held in one.user_permissions.all()]  # type: ignore[assignment]
        return client.post(f"{LIST}{one.pk}/change/", page | changes)  # type: ignore[return-value]

    return save


def the(codename: str) -> Permission:
    return Permission.objects.get(codename=codename)


def test_staff_do_not_make_themselves_or_others_superuser(
    save: Callable[..., HttpResponse], greta: User, alice: User
) -> None:
    for one in (greta, alice):
        assert save(one, is_superuser="on", name="Saved").status_code == 302
        one.refresh_from_db()
        assert (one.name, one.is_superuser) == ("Saved", False)


def test_staff_give_no_permission_that_they_lack(save: Callable[..., HttpResponse], greta: User, alice: User) -> None:
    for one in (greta, alice):
        held = [each.pk for each in one.user_permissions.all()]
        assert save(one, user_permissions=[*held, the("delete_flow").pk]).status_code == 200, "shown again"
        assert not one.has_perm("flows.delete_flow")
    assert save(alice, user_permissions=[the("view_flow").pk]).status_code == 302
    assert list(alice.user_permissions.all()) == [the("view_flow")]


def test_staff_give_no_group_that_they_are_not_in(save: Callable[..., HttpResponse], greta: User, alice: User) -> None:
    group, own = Group.objects.create(name="Deleters"), Group.objects.create(name="Own")
    greta.groups.add(own)
    for one in (greta, alice):
        assert save(one, groups=[own.pk, group.pk]).status_code == 200
        assert group not in one.groups.all()
    assert save(alice, groups=[own.pk]).status_code == 302
    assert list(alice.groups.all()) == [own]


@pytest.mark.parametrize("more", ["superuser", "permission", "group"])
def test_staff_change_nobody_who_may_more(
    save: Callable[..., HttpResponse], client: Client, alice: User, more: str
) -> None:
    if more == "group":
        group = Group.objects.create(name="Deleters")
        group.permissions.add(the("delete_flow"))
        alice.groups.add(group)
    elif more == "permission":
        alice.user_permissions.add(the("delete_flow"))
    User.objects.filter(pk=alice.pk).update(is_superuser=more == "superuser", is_staff=True)

    assert save(alice, email="greta@example.org").status_code == 403
    passwords = {"password1": "purple stapler", "password2": "purple stapler", "usable_password": "true"}
    assert client.post(f"{LIST}{alice.pk}/password/", passwords).status_code == 403
    client.post(LIST, {"action": "deactivate", "_selected_action": [alice.pk]})
    alice.refresh_from_db()
    assert (alice.email, alice.is_active, alice.check_password("correct horse")) == ("alice@example.com", True, True)

    User.objects.filter(pk=alice.pk).update(is_active=False)
    client.post(LIST, {"action": "activate", "_selected_action": [alice.pk]})
    assert not User.objects.get(pk=alice.pk).is_active


def test_staff_change_who_may_no_more_than_they(save: Callable[..., HttpResponse], client: Client, alice: User) -> None:
    passwords = {"password1": "purple stapler", "password2": "purple stapler", "usable_password": "true"}
    assert client.post(f"{LIST}{alice.pk}/password/", passwords).status_code == 302
    client.post(LIST, {"action": "deactivate", "_selected_action": [alice.pk]})
    alice.refresh_from_db()
    assert (alice.is_active, alice.check_password("purple stapler")) == (False, True)


def test_who_may_only_look_at_people_switches_nobody_off(client: Client, alice: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    bob.user_permissions.add(the("view_user"))
    client.force_login(bob)

    client.post(LIST, {"action": "deactivate", "_selected_action": [alice.pk]})
    assert User.objects.get(pk=alice.pk).is_active


def test_a_group_gets_no_permission_that_who_gives_it_lacks(client: Client, greta: User) -> None:
    client.force_login(greta)
    own, greater = Group.objects.create(name="Own"), Group.objects.create(name="Greater")
    own.permissions.add(the("view_flow"))
    greater.permissions.add(the("delete_flow"))
    page, wanted = "/admin/auth/group/", [the("view_flow").pk, the("delete_flow").pk]

    assert client.post(f"{page}{own.pk}/change/", {"name": "Own", "permissions": wanted}).status_code == 200
    assert client.post(f"{page}add/", {"name": "New", "permissions": wanted}).status_code == 200
    assert client.post(f"{page}{greater.pk}/change/", {"name": "Mine"}).status_code == 403
    assert client.post(f"{page}{greater.pk}/delete/", {"post": "yes"}).status_code == 403
    assert list(own.permissions.all()) == [the("view_flow")]
    assert client.post(f"{page}add/", {"name": "New", "permissions": wanted[:1]}).status_code == 302
    assert set(Group.objects.values_list("name", flat=True)) == {"Own", "Greater", "New"}


def test_superusers_do_all_of_it(client: Client, dora: User, alice: User) -> None:
    client.force_login(dora)
    page = {"email": alice.email, "name": "Alice", "is_active": "on", "is_superuser": "on"}

    assert (
        client.post(f"{LIST}{alice.pk}/change/", page | {"user_permissions": [the("delete_flow").pk]}).status_code
        == 302
    )
    alice.refresh_from_db()
    assert (alice.is_superuser, list(alice.user_permissions.all())) == (True, [the("delete_flow")])


def test_the_login_librarys_tables_are_nobodys_to_edit(client: Client, dora: User) -> None:
    """They say whose login, provider or second factor it is."""
    client.force_login(dora)
    listed = {model._meta.label for model in admin.site._registry}
    assert not {label for label in listed if label.startswith(("account.", "socialaccount.", "mfa.", "usersessions."))}
    assert client.get("/admin/socialaccount/socialapp/").status_code == 404
