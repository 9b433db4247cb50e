"""Teams in the browser: what each role sees and may do, and the link that a mail brings."""

import re
from dataclasses import replace
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts import teams
from accounts.models import Team, TeamInvitation, TeamMember, User
from accounts.principals import Person
from accounts.teams import Role
from flows.models import Flow, OwnTemplate
from tests.conftest import person
from tests.pages.conftest import Enter

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(alice: User, bob: User, vera: User) -> Team:
    """Alice owns, bob is admin, vera views."""
    made = Team.objects.get(pk=teams.create_team(Person(alice.pk), "Kitchen").id)
    TeamMember.objects.create(team=made, user=bob, role=Role.ADMIN)
    TeamMember.objects.create(team=made, user=vera, role=Role.VIEWER)
    return made


def roles(team: Team) -> dict[str, str]:
    return dict(TeamMember.objects.filter(team=team).values_list("user__name", "role"))


def test_a_stranger_finds_nothing(team: Team, charlie: User, vera: User, enter: Enter) -> None:
    client = enter(charlie)
    assert client.get(f"/teams/{team.pk}/").status_code == 404
    assert client.post(f"/teams/{team.pk}/", {"name": "Mine"}).status_code == 404
    assert client.post(f"/teams/{team.pk}/delete").status_code == 404
    assert client.post(f"/teams/{team.pk}/members/{vera.pk}", {"remove": "1"}).status_code == 404
    assert client.get(f"/teams/{uuid4()}/").status_code == 404
    assert "Kitchen" not in client.get("/teams/").content.decode()


@pytest.mark.parametrize("address", ["/teams/", "/teams/{team}/"])
def test_one_change_too_many_in_an_hour_says_when_to_try_again(
    team: Team, alice: User, enter: Enter, settings: Settings, address: str
) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, account_changes_per_hour=1)

    answer = enter(alice).post(address.format(team=team.pk), {"name": "Bar"})

    assert (answer.status_code, int(answer["Retry-After"]) > 0) == (429, True)
    assert 'role="alert"' in answer.content.decode()


def test_a_viewer_sees_who_is_in_it_and_can_only_leave(team: Team, vera: User, bob: User, enter: Enter) -> None:
    client = enter(vera)
    html = client.get(f"/teams/{team.pk}/").content.decode()
    assert "bob@example.com" in html
    assert 'name="email"' not in html
    assert 'name="role"' not in html
    assert 'name="team"' not in html
    assert (
        client.post(f"/teams/{team.pk}/members", {"email": "charlie@example.com", "role": "viewer"}).status_code == 403
    )
    assert client.post(f"/teams/{team.pk}/members/{bob.pk}", {"remove": "1"}).status_code == 403

    answer = client.post(f"/teams/{team.pk}/members/{vera.pk}", {"remove": "1"})
    assert answer["Location"] == "/teams/"
    assert "Vera" not in roles(team)


@pytest.mark.parametrize("name", ["", " ", "\u200b"])
def test_a_name_that_shows_nothing_is_refused(alice: User, enter: Enter, name: str) -> None:
    answer = enter(alice).post("/teams/", {"name": name})

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Team.objects.exists()


def test_a_team_is_made_renamed_and_deleted(alice: User, enter: Enter) -> None:
    client = enter(alice)
    there = client.post("/teams/", {"name": "Kitchen"})["Location"]
    assert "Kitchen" in client.get("/teams/").content.decode()

    client.post(there, {"name": "Hall"})
    assert "Hall" in client.get(there).content.decode()

    assert client.post(f"{there}delete")["Location"] == "/teams/"
    assert client.get(there).status_code == 404


def test_a_team_that_owns_flows_says_so(team: Team, alice: User, enter: Enter) -> None:
    client = enter(alice)
    client.post("/flows/", {"title": "Soup", "team": team.pk})
    assert Flow.objects.get().team_id == team.pk

    answer = client.post(f"/teams/{team.pk}/delete")

    assert answer.status_code == 409
    assert "owns flows" in answer.content.decode()


def test_an_admin_adds_changes_and_removes(team: Team, bob: User, vera: User, charlie: User, enter: Enter) -> None:
    client = enter(bob)
    assert 'value="owner"' not in client.get(f"/teams/{team.pk}/").content.decode()

    client.post(f"/teams/{team.pk}/members", {"email": "charlie@example.com", "role": "member"})
    client.post(f"/teams/{team.pk}/members/{vera.pk}", {"role": "admin"})
    assert roles(team) == {"Alice": "owner", "Bob": "admin", "Vera": "admin", "Charlie": "member"}

    client.post(f"/teams/{team.pk}/members/{charlie.pk}", {"remove": "1"})
    assert "Charlie" not in roles(team)


@pytest.mark.parametrize("given", [{"role": "viewer"}, {"remove": "1"}])
def test_the_last_owner_stays(team: Team, alice: User, enter: Enter, given: dict[str, str]) -> None:
    answer = enter(alice).post(f"/teams/{team.pk}/members/{alice.pk}", given)

    assert answer.status_code == 422
    assert "Make someone else owner first." in answer.content.decode()
    assert roles(team)["Alice"] == "owner"


class TestInvitation:
    @pytest.fixture
    def link(self, team: Team, alice: User, enter: Enter) -> str:
        """The path of the link that the mail brings."""
        enter(alice).post(f"/teams/{team.pk}/members", {"email": "new@example.com", "role": "member"})
        found = re.search(r"http://testserver(/teams/invitations/\S+)", str(mail.outbox[0].body))
        assert found
        return found[1]

    def test_an_unknown_one_is_not_found_logged_in_or_not(self, client: Client, alice: User, enter: Enter) -> None:
        for one in (client, enter(alice)):
            assert one.get("/teams/invitations/unknown/").status_code == 404
            assert one.post("/teams/invitations/unknown/").status_code == 404

    def test_a_mail_that_cannot_be_sent_is_told(
        self, team: Team, alice: User, enter: Enter, settings: Settings
    ) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"

        answer = enter(alice).post(f"/teams/{team.pk}/members", {"email": "new@example.com", "role": "member"})

        assert answer.status_code == 503
        assert "The mail could not be sent." in answer.content.decode()

    def test_logged_out_one_logs_in_first_and_comes_back(self, link: str, client: Client) -> None:
        answer = client.get(link)

        assert answer["Location"] == f"/login/?next={link}"

    def test_opening_it_joins_nothing_yet(self, link: str, team: Team, charlie: User, enter: Enter) -> None:
        html = enter(charlie).get(link).content.decode()

        assert "Kitchen" in html
        assert "charlie@example.com" in html
        assert "Charlie" not in roles(team)

    def test_it_is_taken_once(self, link: str, team: Team, enter: Enter, charlie: User) -> None:
        client = enter(person("new"))

        assert client.post(link)["Location"] == f"/teams/{team.pk}/"
        assert roles(team)["New"] == "member"
        assert enter(charlie).get(link).status_code == 404

    def test_an_admin_sees_and_withdraws_it(self, link: str, team: Team, bob: User, vera: User, enter: Enter) -> None:
        assert "new@example.com" not in enter(vera).get(f"/teams/{team.pk}/").content.decode()
        assert "new@example.com" in enter(bob).get(f"/teams/{team.pk}/").content.decode()

        enter(bob).post(f"/teams/{team.pk}/invitations/{TeamInvitation.objects.get().pk}")

        assert enter(vera).get(link).status_code == 404


def test_a_template_is_saved_for_a_team(team: Team, flow: Flow, alice: User, vera: User, enter: Enter) -> None:
    assert "Who can use it" in enter(alice).get(f"/flows/{flow.pk}/save-template").content.decode()
    assert "Who can use it" not in enter(vera).get(f"/flows/{flow.pk}/save-template").content.decode()
    assert enter(vera).post(f"/flows/{flow.pk}/save-template", {"title": "A", "team": team.pk}).status_code == 403

    enter(alice).post(f"/flows/{flow.pk}/save-template", {"title": "Our trip", "team": team.pk})

    assert OwnTemplate.objects.get().team_id == team.pk
    html = enter(vera).get("/templates/").content.decode()
    assert "Our trip" in html
    assert "tile-delete" not in html
