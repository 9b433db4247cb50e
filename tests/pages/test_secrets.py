"""Secrets in the browser: names and numbers for owners and team admins, values for nobody; without any script."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from accounts import teams
from accounts.models import Team, TeamMember, User
from accounts.principals import Person
from accounts.teams import Role
from flows.models import Flow
from runs.models import Secret, TeamSecret
from runs.secrets import put_secret, put_team_secret, unseal
from tests.pages.conftest import Enter

pytestmark = pytest.mark.django_db
VALUE = "sk-very-secret"


@pytest.fixture
def team(alice: User, bob: User, vera: User) -> Team:
    """Alice owns, bob is admin, vera a member."""
    made = Team.objects.get(pk=teams.create_team(Person(alice.pk), "Kitchen").id)
    TeamMember.objects.create(team=made, user=bob, role=Role.ADMIN)
    TeamMember.objects.create(team=made, user=vera, role=Role.MEMBER)
    return made


def value_of(secret: Secret | TeamSecret) -> str | None:
    return unseal(secret.sealed, secret.sealed_about())


def test_admins_alone_see_a_teams(team: Team, alice: User, vera: User, charlie: User, enter: Enter) -> None:
    put_team_secret(Person(alice.pk), team.pk, "MAIL", VALUE)
    address = f"/teams/{team.pk}/secrets/"

    for person, status in ((vera, 403), (charlie, 404)):
        client = enter(person)
        assert client.get(address).status_code == status
        assert client.post(address, {"name": "MINE", "value": "x"}).status_code == status
        assert client.post(address, {"name": "MAIL", "action": "delete"}).status_code == status
        assert "/secrets/" not in client.get(f"/teams/{team.pk}/").content.decode()
    assert Client().get(address)["Location"] == f"/login/?next={address}"
    assert [value_of(one) for one in TeamSecret.objects.all()] == [VALUE]
    assert enter(alice).get(f"/teams/{uuid4()}/secrets/").status_code == 404


def test_owners_alone_see_a_flows(flow: Flow, alice: User, bob: User, charlie: User, enter: Enter) -> None:
    address = f"/flows/{flow.pk}/secrets/"

    for person, status in ((bob, 403), (charlie, 404)):
        assert enter(person).get(address).status_code == status
        assert enter(person).post(address, {"name": "MINE", "value": "x"}).status_code == status
    assert not Secret.objects.exists()
    assert enter(alice).get(address).status_code == 200


class TestBoth:
    """A flow's and a team's are one page."""

    @pytest.fixture(params=["flow", "team"])
    def address(self, request: pytest.FixtureRequest, flow: Flow, team: Team) -> str:
        return f"/flows/{flow.pk}/secrets/" if request.param == "flow" else f"/teams/{team.pk}/secrets/"

    @pytest.fixture
    def owner(self, alice: User, enter: Enter) -> Client:
        return enter(alice)

    def held(self, address: str) -> Secret | TeamSecret:
        return Secret.objects.get() if address.startswith("/flows") else TeamSecret.objects.get()

    def test_none_says_what_they_are_for(self, owner: Client, address: str) -> None:
        assert "No secrets yet." in owner.get(address).content.decode()

    @pytest.mark.parametrize(
        "wrong", [{"name": "1 2", "value": VALUE}, {"name": "", "value": VALUE}, {"name": "OK", "value": ""}]
    )
    def test_a_refused_one_is_told_and_its_value_not_given_back(
        self, owner: Client, address: str, wrong: dict[str, str]
    ) -> None:
        answer = owner.post(address, wrong)
        html = answer.content.decode()

        assert answer.status_code == 422
        assert 'id="secret-error" class="field-error" role="alert"' in html
        assert 'aria-describedby="secret-name-help secret-error"' in html
        assert VALUE not in html
        assert not Secret.objects.exists() and not TeamSecret.objects.exists()

    def test_one_is_added_given_a_new_value_and_removed(self, owner: Client, address: str) -> None:
        html = owner.post(address, {"name": "MAIL", "value": f"{VALUE}\r\n"}, follow=True).content.decode()
        assert "Secret added." in html and "<code>MAIL</code>" in html and VALUE not in html
        assert value_of(self.held(address)) == VALUE, "a line has no end"

        html = owner.post(address, {"name": "MAIL", "value": "one\r\ntwo\r\n"}, follow=True).content.decode()
        assert "The secret has a new value." in html and "value 2, from" in html
        assert value_of(self.held(address)) == "one\ntwo\n"

        html = owner.post(address, {"name": "MAIL", "action": "delete"}, follow=True).content.decode()
        assert "Secret removed." in html and "<code>MAIL</code>" not in html
        assert owner.post(address, {"name": "MAIL", "action": "delete"})["Location"] == address

    def test_a_refused_new_value_is_told_at_its_own_field(self, owner: Client, address: str) -> None:
        owner.post(address, {"name": "MAIL", "value": VALUE})

        html = owner.post(address, {"name": "MAIL", "value": ""}).content.decode()

        assert '<details class="share-details" open>' in html
        assert 'id="value-MAIL"' in html and 'aria-invalid="true" aria-describedby="secret-error"' in html
        assert value_of(self.held(address)) == VALUE

    def test_the_most_there_may_be(self, owner: Client, address: str, settings: Settings) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, secrets_per_flow=1)
        owner.post(address, {"name": "ONE", "value": VALUE})

        answer = owner.post(address, {"name": "TWO", "value": VALUE})

        assert answer.status_code in {409, 422} and "at most 1 secrets" in answer.content.decode()


def test_hostile_names_stay_text(team: Team, alice: User, enter: Enter) -> None:
    Team.objects.filter(pk=team.pk).update(name="<img src=x>")
    client, address = enter(alice), f"/teams/{team.pk}/secrets/"
    assert "<img src=x" not in client.get(address).content.decode()
    assert "<img src=y" not in client.post(address, {"name": "<img src=y>", "value": "x"}).content.decode()


def test_a_flows_says_by_how_many_nodes_it_is_named(flow: Flow, alice: User, enter: Enter) -> None:
    put_secret(Person(alice.pk), flow.pk, "UNUSED", VALUE)
    assert "named by no node" in enter(alice).get(f"/flows/{flow.pk}/secrets/").content.decode()
