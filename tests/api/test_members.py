"""Who belongs to a flow."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django.core import mail
from django.http import HttpResponse

from accounts.models import Attempt, Team, TeamMember, User
from flows.models import Flow, Membership
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db
Refused = Callable[[HttpResponse, int, str], Any]


def roles(flow: Flow) -> dict[str, str]:
    return dict(Membership.objects.filter(flow=flow).values_list("user__name", "role"))


@pytest.mark.parametrize(
    "body",
    [
        {"email": "nobody@example.com", "role": "viewer"},
        {"email": "Charlie", "role": "viewer"},
        {"email": "", "role": "viewer"},
        {"email": 7, "role": "viewer"},
        {"email": "a\x00b@example.com", "role": "viewer"},
        {"email": "charlie@example.com", "role": "king"},
        {"email": "charlie@example.com", "role": ["viewer"]},
        {"email": "charlie@example.com", "role": None},
        {"email": "charlie@example.com"},
        {"email": "charlie@example.com", "role": "viewer", "colour": 1},
        {"email": "alice@example.com", "role": "editor"},
    ],
)
def test_a_bad_invitation_is_refused(
    as_alice: Program, charlie: User, flow: Flow, refused: Refused, body: dict[str, object]
) -> None:
    refused(as_alice.post(f"/flows/{flow.pk}/members", body), 422, "invalid")
    assert roles(flow) == {"Alice": "owner", "Bob": "editor", "Vera": "viewer"}


@pytest.mark.parametrize("role", ["owner", "editor", "commenter", "viewer"])
def test_an_owner_invites(as_alice: Program, charlie: User, flow: Flow, role: str) -> None:
    response = as_alice.post(f"/flows/{flow.pk}/members", {"email": " Charlie@Example.com", "role": role})

    assert response.status_code == 201
    assert response.json() == {"id": charlie.pk, "name": "Charlie", "email": "charlie@example.com", "role": role}  # type: ignore[attr-defined]
    assert roles(flow)["Charlie"] == role


def test_inviting_a_member_changes_the_role(as_alice: Program, bob: User, flow: Flow) -> None:
    assert as_alice.post(f"/flows/{flow.pk}/members", {"email": bob.email, "role": "viewer"}).status_code == 201
    assert roles(flow)["Bob"] == "viewer"


def test_members_see_each_other_in_the_order_they_came(as_vera: Program, flow: Flow) -> None:
    items = as_vera.get(f"/flows/{flow.pk}/members").json()["items"]  # type: ignore[attr-defined]

    assert [(item["name"], item["role"]) for item in items] == [
        ("Alice", "owner"),
        ("Bob", "editor"),
        ("Vera", "viewer"),
    ]
    assert all(set(item) == {"type", "id", "name", "email", "role"} for item in items)


def test_a_role_is_changed(as_alice: Program, bob: User, flow: Flow) -> None:
    response = as_alice.patch(f"/flows/{flow.pk}/members/{bob.pk}", {"role": "owner"})

    assert response.status_code == 200
    assert response.json()["role"] == roles(flow)["Bob"] == "owner"  # type: ignore[attr-defined]


def test_the_last_owner_cannot_go(as_alice: Program, alice: User, bob: User, flow: Flow, refused: Refused) -> None:
    refused(as_alice.patch(f"/flows/{flow.pk}/members/{alice.pk}", {"role": "editor"}), 422, "invalid")
    refused(as_alice.delete(f"/flows/{flow.pk}/members/{alice.pk}"), 422, "invalid")

    as_alice.patch(f"/flows/{flow.pk}/members/{bob.pk}", {"role": "owner"})
    assert as_alice.delete(f"/flows/{flow.pk}/members/{alice.pk}").status_code == 204
    refused(as_alice.get(f"/flows/{flow.pk}"), 404, "not_found")


@pytest.mark.parametrize("role", ["owner", "editor", "commenter", "viewer"])
def test_anybody_leaves(as_bob: Program, flow: Flow, refused: Refused, role: str) -> None:
    bob = as_bob.user
    assert bob
    Membership.objects.filter(flow=flow, user=bob).update(role=role)
    assert as_bob.delete(f"/flows/{flow.pk}/members/{bob.pk}").status_code == 204
    refused(as_bob.get(f"/flows/{flow.pk}"), 404, "not_found")
    refused(as_bob.delete(f"/flows/{flow.pk}/members/{bob.pk}"), 404, "not_found")
    assert roles(flow) == {"Alice": "owner", "Vera": "viewer"}


def test_who_was_added_by_name_has_no_address_here(
    as_alice: Program, as_charlie: Program, charlie: User, flow: Flow
) -> None:
    Membership.objects.create(flow=flow, user=charlie, role="viewer", colour=3, by_name=True)
    path = f"/flows/{flow.pk}/members"

    assert as_alice.patch(f"{path}/{charlie.pk}", {"role": "editor"}).json()["email"] is None  # type: ignore[attr-defined]
    assert as_alice.get(path).json()["items"][3]["email"] is None  # type: ignore[attr-defined]
    assert as_charlie.get(path).json()["items"][3]["email"] == charlie.email  # type: ignore[attr-defined]


def test_addresses_cannot_be_guessed_by_the_hundred(
    as_alice: Program, charlie: User, flow: Flow, refused: Refused
) -> None:
    path = f"/flows/{flow.pk}/members"
    Attempt.objects.all().delete()  # of those who are members already
    for number in range(100):
        refused(as_alice.post(path, {"email": f"guess{number}@example.com", "role": "viewer"}), 422, "invalid")

    answer = as_alice.post(path, {"email": charlie.email, "role": "viewer"})
    refused(answer, 429, "rate_limited")
    assert 0 < int(answer["Retry-After"]) <= 3600
    assert "Charlie" not in roles(flow)


@pytest.mark.parametrize("id", ["999999", "0", "-1", "x", "99999999999999999999", "1.5"])
def test_who_is_no_member_is_not_found(as_alice: Program, flow: Flow, refused: Refused, id: str) -> None:
    refused(as_alice.patch(f"/flows/{flow.pk}/members/{id}", {"role": "viewer"}), 404, "not_found")
    refused(as_alice.delete(f"/flows/{flow.pk}/members/{id}"), 404, "not_found")


def test_somebody_removed_reads_nothing_more(as_alice: Program, as_bob: Program, flow: Flow, refused: Refused) -> None:
    assert as_bob.get(f"/flows/{flow.pk}").status_code == 200
    assert as_alice.delete(f"/flows/{flow.pk}/members/{as_bob.user.pk}").status_code == 204  # type: ignore[union-attr]

    refused(as_bob.get(f"/flows/{flow.pk}"), 404, "not_found")
    refused(as_bob.post(f"/flows/{flow.pk}/operations", {"operations": []}), 404, "not_found")


class TestTeams:
    @pytest.fixture
    def team(self, alice: User, charlie: User) -> Team:
        team = Team.objects.create(name="Design")
        TeamMember.objects.create(team=team, user=alice, role="owner")
        TeamMember.objects.create(team=team, user=charlie, role="member")
        return team

    @pytest.mark.parametrize(
        "body",
        [
            {"team": "00000000-0000-4000-8000-000000000000", "role": "viewer"},
            {"team": "x", "role": "viewer"},
            {"team": 7, "role": "viewer"},
            {"role": "viewer"},
            {"team": "00000000-0000-4000-8000-000000000000", "email": "charlie@example.com", "role": "viewer"},
        ],
    )
    def test_a_bad_one_is_refused(
        self, as_alice: Program, flow: Flow, refused: Refused, body: dict[str, object]
    ) -> None:
        refused(as_alice.post(f"/flows/{flow.pk}/members", body), 422, "invalid")

    def test_one_is_shared_with_changed_and_removed(
        self, as_alice: Program, as_charlie: Program, flow: Flow, team: Team, refused: Refused
    ) -> None:
        members, item = f"/flows/{flow.pk}/members", f"/flows/{flow.pk}/members/team-{team.pk}"
        shared = as_alice.post(members, {"team": str(team.pk), "role": "viewer"})
        told = {"type": "team", "id": f"team-{team.pk}", "name": "Design", "email": None, "role": "viewer"}
        assert (shared.status_code, shared.json()) == (201, told)  # type: ignore[attr-defined]
        assert as_charlie.get(f"/flows/{flow.pk}").json()["role"] == "viewer"  # type: ignore[attr-defined]
        assert as_charlie.get(members).json()["items"][3] == told  # type: ignore[attr-defined]
        assert as_alice.patch(item, {"role": "editor"}).json()["role"] == "editor"  # type: ignore[attr-defined]
        refused(as_charlie.delete(item), 403, "forbidden")
        assert as_alice.delete(item).status_code == 204
        refused(as_alice.delete(item), 404, "not_found")
        refused(as_charlie.get(f"/flows/{flow.pk}"), 404, "not_found")


class TestInvitations:
    NEW: ClassVar = {"email": "new@example.org", "role": "editor", "invite": True}

    @pytest.mark.parametrize("email", ["", "new", "Charlie", "a@b"])
    def test_a_bad_address_is_refused(self, as_alice: Program, flow: Flow, refused: Refused, email: str) -> None:
        refused(as_alice.post(f"/flows/{flow.pk}/members", {**self.NEW, "email": email}), 422, "invalid")
        assert mail.outbox == []

    def test_only_owners_see_it_and_take_it_back(
        self, as_alice: Program, as_bob: Program, flow: Flow, refused: Refused
    ) -> None:
        members = f"/flows/{flow.pk}/members"
        refused(as_bob.post(members, self.NEW), 403, "forbidden")
        answer = as_alice.post(members, self.NEW)
        invited = answer.json()  # type: ignore[attr-defined]
        id = invited["id"]
        assert (answer.status_code, invited["pending"], invited["mailed"]) == (201, True, True)
        assert invited["url"] in mail.outbox[0].body
        told = as_alice.get(members).json()["items"][3]  # type: ignore[attr-defined]
        assert (told["type"], told["id"], told["email"]) == ("invitation", id, "new@example.org")
        assert "url" not in told, "it is told once"
        assert len(as_bob.get(members).json()["items"]) == 3  # type: ignore[attr-defined]
        refused(as_bob.delete(f"{members}/{id}"), 403, "forbidden")
        assert as_alice.patch(f"{members}/{id}", {"role": "viewer"}).json()["role"] == "viewer"  # type: ignore[attr-defined]
        assert as_alice.delete(f"{members}/{id}").status_code == 204
        refused(as_alice.delete(f"{members}/{id}"), 404, "not_found")

    def test_an_address_with_an_account_is_added(self, as_alice: Program, charlie: User, flow: Flow) -> None:
        added = as_alice.post(f"/flows/{flow.pk}/members", {**self.NEW, "email": charlie.email})
        assert added.json() == {"id": charlie.pk, "name": "Charlie", "email": charlie.email, "role": "editor"}  # type: ignore[attr-defined]
        assert mail.outbox == []


@pytest.mark.parametrize("id", ["team-x", "team-", "invitation-0", "invitation-x", "invitation-99999999999999999999"])
def test_an_id_that_nothing_has_is_not_found(as_alice: Program, flow: Flow, refused: Refused, id: str) -> None:
    refused(as_alice.patch(f"/flows/{flow.pk}/members/{id}", {"role": "viewer"}), 404, "not_found")
    refused(as_alice.delete(f"/flows/{flow.pk}/members/{id}"), 404, "not_found")


class TestTransfer:
    @pytest.mark.parametrize("email", ["nobody@example.com", "Bob", "alice@example.com", "", 7])
    def test_to_whom_it_cannot_be(self, as_alice: Program, flow: Flow, refused: Refused, email: object) -> None:
        refused(as_alice.post(f"/flows/{flow.pk}/transfer", {"email": email}), 422, "invalid")
        assert roles(flow)["Alice"] == "owner"

    def test_the_other_owns_it(
        self, as_alice: Program, as_bob: Program, bob: User, flow: Flow, refused: Refused
    ) -> None:
        path = f"/flows/{flow.pk}/transfer"
        refused(as_bob.post(path, {"email": "vera@example.com"}), 403, "forbidden")
        answer = as_alice.post(path, {"email": bob.email})
        assert (answer.status_code, answer.json()["id"], answer.json()["role"]) == (200, bob.pk, "owner")  # type: ignore[attr-defined]
        assert roles(flow) == {"Alice": "editor", "Bob": "owner", "Vera": "viewer"}
        refused(as_alice.post(path, {"email": "vera@example.com"}), 403, "forbidden")


def test_only_owners_say_what_viewers_may(
    as_alice: Program, as_bob: Program, as_vera: Program, flow: Flow, refused: Refused
) -> None:
    path = f"/flows/{flow.pk}"
    refused(as_bob.patch(path, {"can_export": False}), 403, "forbidden")
    refused(as_alice.patch(path, {"can_export": "no"}), 422, "invalid")
    assert as_alice.patch(path, {"can_export": False}).json()["can_export"] is False  # type: ignore[attr-defined]
    both = as_alice.patch(path, {"can_duplicate": False, "title": "Renamed"}).json()  # type: ignore[attr-defined]
    assert (both["can_duplicate"], both["title"], both["version"]) == (False, "Renamed", 2)
    assert as_vera.get(path).json()["can_duplicate"] is False  # type: ignore[attr-defined]
