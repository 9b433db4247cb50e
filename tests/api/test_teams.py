"""Teams by REST, and what a team gives in flows: roles, templates, secrets."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.http import HttpResponse

from accounts.models import TeamInvitation, TeamMember
from flows.access import Role, roles_of
from flows.log.audit import AuditEntry
from flows.log.rights import rights_differ
from flows.models import Flow, FlowInvitation, Membership, OwnTemplate
from runs.errors import TaskFailure
from runs.installation import installation_of
from runs.models import TeamSecret
from runs.secrets import Secrets, put_secret, reseal, versions_of
from tests.api.conftest import GRAPH, Program
from tests.conftest import person

pytestmark = pytest.mark.django_db
Refused = Callable[..., Any]


def body(response: HttpResponse, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return response.json()  # type: ignore[attr-defined]


@pytest.fixture
def team(as_alice: Program, as_bob: Program, as_vera: Program) -> str:
    """Alice owns, bob is a member, vera views; charlie is a stranger."""
    made: str = body(as_alice.post("/teams", {"name": "Kitchen"}), 201)["id"]
    for program, role in ((as_bob, "member"), (as_vera, "viewer")):
        assert program.user
        body(as_alice.post(f"/teams/{made}/members", {"email": program.user.email, "role": role}), 201)
    return made


@pytest.fixture
def soup(as_bob: Program, team: str) -> Flow:
    """A flow that bob made for the team."""
    made = body(as_bob.post("/flows", {"title": "Soup", **GRAPH, "team": team}), 201)
    assert made["team"] == team
    return Flow.objects.get(pk=made["id"])


class TestTeam:
    @pytest.mark.parametrize("given", [{}, {"name": ""}, {"name": " "}, {"name": "x" * 151}, {"name": "A", "more": 1}])
    def test_a_name_it_cannot_have(self, as_alice: Program, refused: Refused, given: dict[str, object]) -> None:
        refused(as_alice.post("/teams", given), 422, "invalid")

    def test_it_is_listed_for_those_in_it(
        self, team: str, as_alice: Program, as_vera: Program, as_charlie: Program
    ) -> None:
        assert body(as_alice.get("/teams")) == {"items": [{"id": team, "name": "Kitchen", "role": "owner"}]}
        assert body(as_vera.get(f"/teams/{team}")) == {"id": team, "name": "Kitchen", "role": "viewer"}
        assert body(as_charlie.get("/teams")) == {"items": []}

    def test_it_is_renamed_and_deleted(self, team: str, as_alice: Program, refused: Refused) -> None:
        assert body(as_alice.patch(f"/teams/{team}", {"name": "Hall"}))["name"] == "Hall"
        assert as_alice.delete(f"/teams/{team}").status_code == 204
        refused(as_alice.get(f"/teams/{team}"), 404, "not_found")

    def test_with_flows_it_stays(self, team: str, soup: Flow, as_alice: Program, refused: Refused) -> None:
        refused(as_alice.delete(f"/teams/{team}"), 409, "invalid")


class TestMembers:
    @pytest.mark.parametrize("role", ["editor", "", None, 1, "Owner"])
    def test_a_role_that_is_none(self, team: str, as_alice: Program, refused: Refused, role: object) -> None:
        refused(as_alice.post(f"/teams/{team}/members", {"email": "bob@example.com", "role": role}), 422, "invalid")

    def test_they_are_listed_changed_and_removed(
        self, team: str, as_alice: Program, as_bob: Program, as_charlie: Program, refused: Refused
    ) -> None:
        assert as_bob.user
        assert as_charlie.user
        items = body(as_bob.get(f"/teams/{team}/members"))["items"]
        assert [(one["name"], one["email"], one["role"]) for one in items] == [
            ("Alice", "alice@example.com", "owner"),
            ("Bob", "bob@example.com", "member"),
            ("Vera", "vera@example.com", "viewer"),
        ]
        address = f"/teams/{team}/members/{as_bob.user.pk}"
        assert body(as_alice.patch(address, {"role": "admin"})) == {
            "id": as_bob.user.pk,
            "name": "Bob",
            "email": "bob@example.com",
            "role": "admin",
        }
        assert as_alice.delete(address).status_code == 204
        refused(as_alice.delete(address), 404, "not_found")
        refused(as_alice.patch(f"/teams/{team}/members/{as_charlie.user.pk}", {"role": "viewer"}), 404, "not_found")

    def test_the_last_owner_cannot_go(self, team: str, as_alice: Program, refused: Refused) -> None:
        assert as_alice.user
        refused(as_alice.delete(f"/teams/{team}/members/{as_alice.user.pk}"), 422, "invalid")

    def test_an_address_is_invited_and_withdrawn(
        self, team: str, as_alice: Program, as_bob: Program, refused: Refused
    ) -> None:
        given = {"email": "new@example.com", "role": "member"}
        refused(as_bob.post(f"/teams/{team}/invitations", given), 403, "forbidden")

        sent = body(as_alice.post(f"/teams/{team}/invitations", given), 201)

        assert sent.pop("sent") is True
        assert {**given, "id": sent["id"], "expires_at": sent["expires_at"], "open": False, "valid": True} == sent
        assert "http://testserver/teams/invitations/" in str(mail.outbox[0].body)
        assert body(as_alice.get(f"/teams/{team}/invitations")) == {"items": [sent]}
        assert as_alice.delete(f"/teams/{team}/invitations/{sent['id']}").status_code == 204
        assert not TeamInvitation.objects.exists()

    def test_a_mail_that_cannot_be_sent_is_told(self, team: str, as_alice: Program, settings: Any) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        given = {"email": "new@example.com", "role": "member"}

        assert body(as_alice.post(f"/teams/{team}/invitations", given), 201)["sent"] is False
        assert TeamInvitation.objects.count() == 1


class TestFlows:
    def test_only_members_make_flows_for_a_team(
        self, team: str, as_vera: Program, as_charlie: Program, refused: Refused
    ) -> None:
        refused(as_vera.post("/flows", {"title": "Soup", "team": team}), 403, "forbidden")
        refused(as_charlie.post("/flows", {"title": "Soup", "team": team}), 404, "not_found")
        refused(as_charlie.post("/flows", {"title": "Soup", "team": str(uuid4())}), 404, "not_found")
        refused(as_charlie.post("/flows", {"title": "Soup", "team": "kitchen"}), 422, "invalid")
        assert not Flow.objects.exists()

    def test_its_maker_owns_it_as_a_person_too(self, soup: Flow, as_bob: Program) -> None:
        assert list(Membership.objects.filter(flow=soup).values_list("user_id", "role")) == [(as_bob.user.pk, "owner")]  # type: ignore[union-attr]
        assert not list(rights_differ(soup))

    def test_who_is_in_the_team_has_a_role_in_it(
        self, team: str, soup: Flow, as_alice: Program, as_bob: Program, as_vera: Program, as_charlie: Program
    ) -> None:
        roles = {
            program.user.name: body(program.get(f"/flows/{soup.pk}"))["role"]  # type: ignore[union-attr]
            for program in (as_alice, as_bob, as_vera)
        }
        assert roles == {"Alice": "owner", "Bob": "owner", "Vera": "viewer"}
        assert as_charlie.get(f"/flows/{soup.pk}").status_code == 404

        TeamMember.objects.filter(user=as_vera.user).update(role="member")
        assert body(as_vera.get(f"/flows/{soup.pk}"))["role"] == "editor"
        TeamMember.objects.filter(user=as_vera.user).delete()
        assert as_vera.get(f"/flows/{soup.pk}").status_code == 404

    def test_only_its_owner_hands_it_to_a_team_and_only_to_their_own(
        self, team: str, flow: Flow, as_alice: Program, as_bob: Program, as_charlie: Program, refused: Refused
    ) -> None:
        others = body(as_charlie.post("/teams", {"name": "Other"}), 201)["id"]

        refused(as_bob.patch(f"/flows/{flow.pk}", {"team": team}), 403, "forbidden")
        refused(as_alice.patch(f"/flows/{flow.pk}", {"team": others}), 404, "not_found")
        refused(as_alice.patch(f"/flows/{flow.pk}", {"team": str(uuid4())}), 404, "not_found")
        assert Flow.objects.get(pk=flow.pk).team_id is None

    def test_a_viewer_of_the_team_puts_nothing_into_it(self, team: str, as_vera: Program, refused: Refused) -> None:
        own = body(as_vera.post("/flows", {"title": "Own"}), 201)["id"]

        refused(as_vera.patch(f"/flows/{own}", {"team": team}), 403, "forbidden")

    def test_it_is_handed_over_and_taken_back_without_a_version(
        self, team: str, as_alice: Program, as_bob: Program
    ) -> None:
        own = body(as_alice.post("/flows", {"title": "Own"}), 201)["id"]
        assert as_bob.get(f"/flows/{own}").status_code == 404

        given = body(as_alice.patch(f"/flows/{own}", {"team": team}))
        assert (given["team"], given["version"]) == (team, 1)
        assert body(as_bob.get(f"/flows/{own}"))["role"] == "editor"

        assert body(as_alice.patch(f"/flows/{own}", {"team": None}))["team"] is None
        assert as_bob.get(f"/flows/{own}").status_code == 404
        told = [one.told for one in AuditEntry.objects.filter(flow_id=own, action="setting_changed").order_by("number")]
        assert told == [
            {"setting": "team", "before": None, "after": team},
            {"setting": "team", "before": team, "after": None},
        ]
        assert not list(rights_differ(Flow.objects.get(pk=own)))

    def test_title_and_team_change_in_one_call(self, team: str, as_alice: Program) -> None:
        own = body(as_alice.post("/flows", {"title": "Own"}), 201)["id"]

        changed = body(as_alice.patch(f"/flows/{own}", {"title": "Ours", "team": team}))

        assert (changed["title"], changed["team"], changed["version"]) == ("Ours", team, 2)

    def test_who_owns_it_only_by_the_team_does_not_lose_it(
        self, team: str, soup: Flow, as_alice: Program, refused: Refused
    ) -> None:
        refused(as_alice.patch(f"/flows/{soup.pk}", {"team": None}), 403, "forbidden")

        assert Flow.objects.get(pk=soup.pk).team_id

    @pytest.mark.parametrize("leaves", [False, True])
    @pytest.mark.parametrize("in_trash", [False, True])
    def test_who_is_out_of_the_team_is_out_of_its_flows(
        self, team: str, soup: Flow, as_alice: Program, as_bob: Program, leaves: bool, in_trash: bool
    ) -> None:
        assert as_bob.user
        own = body(as_bob.post("/flows", {"title": "Own"}), 201)["id"]
        if in_trash:
            assert as_bob.delete(f"/flows/{soup.pk}").status_code == 204

        by = as_bob if leaves else as_alice
        assert by.delete(f"/teams/{team}/members/{as_bob.user.pk}").status_code == 204

        if in_trash:
            assert as_alice.post(f"/flows/{soup.pk}/undelete", {}).status_code == 200
        assert as_bob.get(f"/flows/{soup.pk}").status_code == 404
        assert as_bob.patch(f"/flows/{soup.pk}", {"team": None}).status_code == 404
        assert as_bob.post(f"/flows/{soup.pk}/runs", {}).status_code == 404
        assert body(as_bob.get(f"/flows/{own}"))["role"] == "owner", "what is no team's stays"
        assert body(as_alice.get(f"/flows/{soup.pk}"))["role"] == "owner"
        told = AuditEntry.objects.get(flow_id=soup.pk, action="member_removed")
        assert (told.actor_id, told.person_id, told.told) == (
            by.user and by.user.pk,
            as_bob.user.pk,
            {"before": "owner", "after": None},
        )
        assert not list(rights_differ(Flow.objects.get(pk=soup.pk)))

    def test_who_is_out_of_the_team_does_not_come_back_by_an_invitation(
        self, team: str, flow: Flow, as_alice: Program
    ) -> None:
        body(as_alice.patch(f"/flows/{flow.pk}", {"team": team}))
        given = {"email": "new@example.com", "role": "owner"}
        body(as_alice.post(f"/flows/{flow.pk}/members", {**given, "invite": True}), 201)
        newcomer = person("new")
        body(as_alice.post(f"/teams/{team}/members", {**given, "role": "member"}), 201)
        assert FlowInvitation.objects.exists()

        assert as_alice.delete(f"/teams/{team}/members/{newcomer.pk}").status_code == 204

        assert not FlowInvitation.objects.exists()
        assert AuditEntry.objects.filter(flow_id=flow.pk, action="invitation_withdrawn").count() == 1
        assert not list(rights_differ(Flow.objects.get(pk=flow.pk)))

    @pytest.mark.parametrize("role", [None, "viewer"])
    def test_an_owner_in_person_who_puts_nothing_into_the_team_takes_nothing_out(
        self, team: str, soup: Flow, as_bob: Program, as_charlie: Program, refused: Refused, role: str | None
    ) -> None:
        assert as_charlie.user
        own = body(as_charlie.post("/teams", {"name": "Other"}), 201)["id"]
        given = {"email": as_charlie.user.email, "role": "owner"}
        body(as_bob.post(f"/flows/{soup.pk}/members", given), 201)
        if role:
            TeamMember.objects.create(team_id=team, user=as_charlie.user, role=role)

        refused(as_charlie.patch(f"/flows/{soup.pk}", {"team": None}), 403, "forbidden")
        refused(as_charlie.patch(f"/flows/{soup.pk}", {"team": own}), 403, "forbidden")

        assert str(Flow.objects.get(pk=soup.pk).team_id) == team
        TeamMember.objects.update_or_create(team_id=team, user=as_charlie.user, defaults={"role": "member"})
        assert body(as_charlie.patch(f"/flows/{soup.pk}", {"team": None}))["team"] is None

    def test_a_team_that_the_log_does_not_tell_of_is_found_out(self, soup: Flow) -> None:
        Flow.objects.filter(pk=soup.pk).update(team=None)

        assert next(rights_differ(Flow.objects.get(pk=soup.pk))).startswith("team: stored None")

    def test_a_teams_flows_are_listed(self, soup: Flow, as_vera: Program) -> None:
        assert [one["title"] for one in body(as_vera.get("/flows"))["items"]] == ["Soup"]
        from accounts.principals import Person

        assert roles_of(Person(as_vera.user.pk)) == {soup.pk: Role.VIEWER}  # type: ignore[union-attr]


class TestTemplates:
    def test_only_members_save_for_a_team(
        self, team: str, flow: Flow, as_vera: Program, as_alice: Program, as_charlie: Program, refused: Refused
    ) -> None:
        refused(as_vera.post(f"/flows/{flow.pk}/template", {"title": "Ours", "team": team}), 403, "forbidden")
        other = body(as_charlie.post("/teams", {"name": "Other"}), 201)["id"]
        refused(as_alice.post(f"/flows/{flow.pk}/template", {"title": "Ours", "team": other}), 404, "not_found")
        assert not OwnTemplate.objects.exists()

    def test_all_in_the_team_use_it(
        self,
        team: str,
        flow: Flow,
        as_alice: Program,
        as_bob: Program,
        as_vera: Program,
        as_charlie: Program,
        refused: Refused,
    ) -> None:
        made = body(as_bob.post(f"/flows/{flow.pk}/template", {"title": "Ours", "team": team}), 201)
        assert (made["team"], made["mine"]) == (team, True)

        listed = [one for one in body(as_vera.get("/templates"))["items"] if one["id"] == made["id"]]
        assert [(one["team"], one["mine"]) for one in listed] == [(team, False)]
        body(as_vera.post(f"/templates/{made['id']}/instantiate", {}), 201)
        refused(as_charlie.get(f"/templates/{made['id']}"), 404, "not_found")

        refused(as_vera.patch(f"/templates/{made['id']}", {"title": "Mine"}), 403, "forbidden")
        refused(as_vera.delete(f"/templates/{made['id']}"), 403, "forbidden")
        assert body(as_alice.patch(f"/templates/{made['id']}", {"title": "All"}))["title"] == "All"
        assert as_alice.delete(f"/templates/{made['id']}").status_code == 204

    def test_who_leaves_the_team_leaves_it_there(
        self, team: str, flow: Flow, as_bob: Program, as_alice: Program, refused: Refused
    ) -> None:
        made = body(as_bob.post(f"/flows/{flow.pk}/template", {"title": "Ours", "team": team}), 201)

        assert as_bob.delete(f"/teams/{team}/members/{as_bob.user.pk}").status_code == 204  # type: ignore[union-attr]

        refused(as_bob.get(f"/templates/{made['id']}"), 404, "not_found")
        body(as_alice.get(f"/templates/{made['id']}"))


class TestSecrets:
    def keep(self, program: Program, team: str, value: str, status: int = 201) -> Any:
        return body(program.put(f"/teams/{team}/secrets/KEY", {"value": value}), status)

    def test_members_know_of_none(self, team: str, as_bob: Program, as_alice: Program, refused: Refused) -> None:
        self.keep(as_alice, team, "swordfish")

        refused(as_bob.get(f"/teams/{team}/secrets"), 403, "forbidden")
        refused(as_bob.put(f"/teams/{team}/secrets/KEY", {"value": "x"}), 403, "forbidden")
        refused(as_bob.delete(f"/teams/{team}/secrets/KEY"), 403, "forbidden")

    @pytest.mark.parametrize(("name", "value"), [("1KEY", "x"), ("KEY", ""), ("KEY", "x\0"), ("K" * 65, "x")])
    def test_what_cannot_be_kept(self, team: str, as_alice: Program, refused: Refused, name: str, value: str) -> None:
        refused(as_alice.put(f"/teams/{team}/secrets/{name}", {"value": value}), 422, "invalid")

    def test_at_the_limit_and_one_past_it(self, team: str, as_alice: Program, refused: Refused, settings: Any) -> None:
        from dataclasses import replace

        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, secrets_per_flow=1, secret_bytes=3)
        self.keep(as_alice, team, "abc")
        refused(as_alice.put(f"/teams/{team}/secrets/KEY", {"value": "abcd"}), 422, "too_large")
        refused(as_alice.put(f"/teams/{team}/secrets/MORE", {"value": "abc"}), 422, "limit_reached")

    def test_a_value_goes_in_and_never_comes_out(self, team: str, as_alice: Program, refused: Refused) -> None:
        first = self.keep(as_alice, team, "swordfish")
        second = self.keep(as_alice, team, "flounder", 200)
        assert [one["version"] for one in (first, second)] == [1, 2]

        listed = as_alice.get(f"/teams/{team}/secrets")
        assert [one["name"] for one in body(listed)["items"]] == ["KEY"]
        assert b"flounder" not in listed.content
        assert "flounder" not in TeamSecret.objects.get().sealed

        assert as_alice.delete(f"/teams/{team}/secrets/KEY").status_code == 204
        refused(as_alice.delete(f"/teams/{team}/secrets/KEY"), 404, "not_found")
        assert self.keep(as_alice, team, "carp")["version"] == 3

    def test_flows_of_the_team_find_it_after_their_own(
        self, team: str, soup: Flow, flow: Flow, as_alice: Program
    ) -> None:
        from accounts.principals import System

        self.keep(as_alice, team, "swordfish")
        assert Secrets(soup.pk)("KEY") == "swordfish"
        with pytest.raises(TaskFailure):
            Secrets(flow.pk)("KEY")
        assert installation_of(soup.pk).secrets == {"KEY"}
        assert installation_of(flow.pk).secrets == frozenset()
        assert versions_of(soup.pk, ["KEY"]) == {"KEY": f"team {team} 1"}

        put_secret(System(), soup.pk, "KEY", "own")
        assert Secrets(soup.pk)("KEY") == "own"
        assert versions_of(soup.pk, ["KEY"]) == {"KEY": 1}

    def test_sealed_for_one_team_it_opens_for_no_other(self, team: str, soup: Flow, as_alice: Program) -> None:
        self.keep(as_alice, team, "swordfish")
        other = body(as_alice.post("/teams", {"name": "Other"}), 201)["id"]
        TeamSecret.objects.update(team=other)
        Flow.objects.filter(pk=soup.pk).update(team=other)

        with pytest.raises(TaskFailure):
            Secrets(soup.pk)("KEY")

    def test_another_key_seals_it_anew(self, team: str, soup: Flow, as_alice: Program, settings: Any) -> None:
        self.keep(as_alice, team, "swordfish")
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another key that is as long as it has to be"

        assert reseal() == (1, 0)
        settings.SECRET_KEY_FALLBACKS = []
        assert Secrets(soup.pk)("KEY") == "swordfish"
