"""Who may open a flow: everybody in it sees the list, owners change it."""

from dataclasses import replace

import pytest
from pytest_django import Settings

from accounts.models import Attempt, User
from flows.models import Flow, Membership
from tests.pages.conftest import Enter


def role_of(flow: Flow, person: User) -> str | None:
    return Membership.objects.filter(flow=flow, user=person).values_list("role", flat=True).first()


@pytest.mark.parametrize("name", ["bob", "vera"])
def test_others_read_the_list_and_change_nothing(
    flow: Flow, charlie: User, enter: Enter, request: pytest.FixtureRequest, name: str
) -> None:
    person = request.getfixturevalue(name)
    client = enter(person)
    html = client.get(f"/flows/{flow.pk}/members").content.decode()
    assert "alice@example.com" in html
    assert 'name="person"' not in html
    assert client.post(f"/flows/{flow.pk}/members", {"person": charlie.email, "role": "viewer"}).status_code == 403
    assert client.post(f"/flows/{flow.pk}/members/{person.pk}", {"role": "owner"}).status_code == 403
    assert role_of(flow, charlie) is None
    assert role_of(flow, person) != "owner"


@pytest.mark.parametrize("person", ["nobody@example.com", "Nobody", ""])
def test_an_unknown_person_is_told(flow: Flow, alice: User, enter: Enter, hx: dict[str, str], person: str) -> None:
    answer = enter(alice).post(f"/flows/{flow.pk}/members", {"person": person, "role": "viewer"}, headers=hx)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


def test_the_last_owner_stays(flow: Flow, alice: User, enter: Enter, hx: dict[str, str]) -> None:
    address = f"/flows/{flow.pk}/members/{alice.pk}"
    assert enter(alice).post(address, {"remove": "1"}, headers=hx).status_code == 422
    assert enter(alice).post(address, {"role": "viewer"}, headers=hx).status_code == 422
    assert role_of(flow, alice) == "owner"


@pytest.mark.parametrize("person", ["charlie@example.com", "charlie"])
def test_an_owner_invites_by_address_or_name(
    flow: Flow, alice: User, charlie: User, enter: Enter, hx: dict[str, str], person: str
) -> None:
    answer = enter(alice).post(f"/flows/{flow.pk}/members", {"person": person, "role": "editor"}, headers=hx)
    assert answer.status_code == 200
    assert "Charlie" in answer.content.decode()
    assert ("charlie@example.com" in answer.content.decode()) == (person == "charlie@example.com")
    assert role_of(flow, charlie) == "editor"
    assert charlie.email in enter(charlie).get(f"/flows/{flow.pk}/members").content.decode()


def test_one_invitation_too_many_is_told(
    flow: Flow, alice: User, charlie: User, enter: Enter, hx: dict[str, str], settings: Settings
) -> None:
    Attempt.objects.all().delete()
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, invitations_per_hour=1)
    client, address = enter(alice), f"/flows/{flow.pk}/members"
    assert client.post(address, {"person": "nobody@example.com", "role": "viewer"}, headers=hx).status_code == 422
    answer = client.post(address, {"person": charlie.email, "role": "viewer"}, headers=hx)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
    assert 'role="alert"' in answer.content.decode()
    assert role_of(flow, charlie) is None


@pytest.mark.parametrize("by_htmx", [True, False])
def test_anybody_leaves(flow: Flow, vera: User, enter: Enter, hx: dict[str, str], by_htmx: bool) -> None:
    client, headers = enter(vera), hx if by_htmx else {}
    html = client.get(f"/flows/{flow.pk}/members").content.decode()
    assert html.count('name="remove"') == 1
    assert f'action="/flows/{flow.pk}/members/{vera.pk}"' in html
    answer = client.post(f"/flows/{flow.pk}/members/{vera.pk}", {"remove": "1"}, headers=headers)
    assert answer.headers["HX-Redirect" if by_htmx else "Location"] == "/"
    assert role_of(flow, vera) is None
    assert client.get(f"/flows/{flow.pk}/members").status_code == 404


def test_an_owner_changes_a_role_and_takes_it_away(flow: Flow, alice: User, bob: User, enter: Enter) -> None:
    client, address = enter(alice), f"/flows/{flow.pk}/members/{bob.pk}"
    assert client.post(address, {"role": "viewer"}).headers["Location"] == f"/flows/{flow.pk}/members"
    assert role_of(flow, bob) == "viewer"
    client.post(address, {"remove": "1"})
    assert role_of(flow, bob) is None


def test_without_scripts_it_is_a_page(flow: Flow, alice: User, enter: Enter, hx: dict[str, str]) -> None:
    client, address = enter(alice), f"/flows/{flow.pk}/members"
    assert "<html" in client.get(address).content.decode()
    assert "<html" not in client.get(address, headers=hx).content.decode()
