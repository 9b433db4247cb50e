"""A person deletes their account: what nobody else needs goes, what others have stays, and no log breaks."""

from uuid import UUID

import pytest
from django.test import Client

from accounts import tokens
from accounts.models import PersonalToken, Team, TeamMember, User
from accounts.personal_tokens import new_token
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.log.rights import rights_differ
from flows.models import AuditEntry, Change, Flow, Membership
from flows.parsing import parse_flow
from web.digests import digest_of

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse"


def flow_of(owner: User, title: str = "Weather") -> UUID:
    return commands.create_flow(Person(owner.pk), parse_flow(title=title), via="page").pk


def leave(user: User, password: str = PASSWORD) -> tuple[int, str]:
    bearer = {"Authorization": f"Bearer {tokens.issue(user).access}"}
    body = {"password": password}
    answer = Client().delete("/api/v1/me", body, content_type="application/json", headers=bearer)
    return answer.status_code, answer.json()["message"] if answer.content else ""


def test_a_wrong_password_deletes_nothing(alice: User) -> None:
    assert [leave(alice, "wrong")[0] for _ in range(6)] == [403] * 5 + [429]
    alice.refresh_from_db()
    assert alice.deleted_at is None


def test_a_small_token_deletes_nothing(alice: User, client: Client) -> None:
    token = new_token()
    PersonalToken.objects.create(user=alice, name="CI", scopes=["write"], digest=digest_of(token))
    answer = client.delete(
        "/api/v1/me",
        {"password": PASSWORD},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )

    assert answer.status_code == 403


def test_the_only_owner_of_what_others_are_in_names_another_first(alice: User, bob: User) -> None:
    shared = flow_of(alice, "Shared")
    commands.set_member(Person(alice.pk), shared, person=bob.email, role=Role.EDITOR)
    team = Team.objects.create(name="Crew")
    TeamMember.objects.create(team=team, user=alice, role="owner")
    TeamMember.objects.create(team=team, user=bob, role="member")

    status, message = leave(alice)
    assert status == 422
    assert "Crew" in message
    assert "Shared" in message
    commands.set_member(Person(alice.pk), shared, person=bob.pk, role=Role.OWNER)
    TeamMember.objects.filter(user=bob).update(role="owner")
    assert leave(alice)[0] == 204


def test_nothing_tells_any_more_who_it_was(alice: User) -> None:
    pair = tokens.issue(alice)
    assert leave(alice)[0] == 204

    gone = User.objects.get(pk=alice.pk)
    assert (gone.name, gone.email, gone.is_active) == ("Deleted person", None, False)
    assert tokens.bearer_of(pair.access) is None
    assert Client().post("/login/", {"email": "alice@example.com", "password": PASSWORD}).status_code == 422
    new = {"email": "alice@example.com", "password": "purple stapler", "name": "Alice"}
    assert Client().post("/register/", new).status_code == 302, "the address is free again"


def test_flows_that_nobody_else_is_in_go_along(alice: User, bob: User) -> None:
    own, shared = flow_of(alice, "Own"), flow_of(bob, "Bob's")
    commands.set_member(Person(bob.pk), shared, person=alice.email, role=Role.EDITOR)
    assert leave(alice)[0] == 204

    assert not Flow.objects.filter(pk=own, deleted_at=None).exists()
    assert list(Membership.objects.filter(flow=shared).values_list("user_id", flat=True)) == [bob.pk]
    assert Change.objects.filter(flow=shared).exists()
    assert list(rights_differ(Flow.objects.get(pk=shared))) == []
    assert AuditEntry.objects.order_by("number").values_list("action", flat=True).last() == "account_deleted"


def test_a_teams_flow_stays(alice: User, bob: User) -> None:
    team = Team.objects.create(name="Crew")
    TeamMember.objects.create(team=team, user=alice, role="member")
    TeamMember.objects.create(team=team, user=bob, role="owner")
    flow = flow_of(alice)
    Flow.objects.filter(pk=flow).update(team=team)
    assert leave(alice)[0] == 204

    assert Flow.objects.filter(pk=flow, deleted_at=None).exists()
    assert not TeamMember.objects.filter(user=alice).exists()
    assert not Membership.objects.filter(user=alice).exists()


def test_the_page_says_what_goes_and_asks_for_the_password(client: Client, alice: User) -> None:
    flow_of(alice, "Own one")
    client.force_login(alice)

    assert "Own one" in client.get("/accounts/delete/").content.decode()
    assert client.post("/accounts/delete/", {"password": "wrong"}).status_code == 422
    assert client.post("/accounts/delete/", {"password": PASSWORD}).status_code == 302
    assert client.get("/")["Location"].startswith("/login/")
