"""Flows as tools, by REST: whose AI is told of one, and who says so."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Team, TeamMember, User
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.commands import create_flow, create_link
from flows.commands.links import secret_of
from flows.commands.visits import enter_as_guest, enter_as_person
from flows.models import AuditEntry, Flow, TeamShare
from flows.parsing import parse_flow
from runs.flow_tools import tools_of
from tests.api.conftest import Program

Refused = Callable[..., Any]
pytestmark = pytest.mark.django_db


@pytest.fixture
def offered(charlie: User) -> Flow:
    """A stranger's flow, offered as a tool."""
    flow = create_flow(Person(charlie.pk), parse_flow(title="Call this first"), via="api")
    commands.offer_as_tool(Person(charlie.pk), flow.pk, is_offered=True)
    return flow


def titles(program: Program) -> list[str]:
    return [one["title"] for one in program.get("/flow-tools").json()["items"]]  # type: ignore[attr-defined]


def settings_changed(flow: Flow) -> list[tuple[int | None, str, dict[str, object]]]:
    rows = AuditEntry.objects.filter(flow=flow, action="setting_changed").order_by("number")
    return [(one.actor_id, one.via, json.loads(one.detail)) for one in rows]


class TestListing:
    def test_who_made_it_has_it(self, offered: Flow, as_charlie: Program) -> None:
        assert titles(as_charlie) == ["Call this first"]

    @pytest.mark.parametrize("role", [Role.EDITOR, Role.OWNER])
    def test_a_stranger_adds_nothing_by_adding_me(
        self, offered: Flow, charlie: User, vera: User, as_vera: Program, role: Role
    ) -> None:
        commands.set_member(Person(charlie.pk), offered.pk, person=vera.email, role=role)
        assert titles(as_vera) == []
        as_vera.get(f"/flows/{offered.pk}")
        assert titles(as_vera) == []

    def test_nor_by_making_me_its_owner(self, offered: Flow, charlie: User, vera: User, as_vera: Program) -> None:
        commands.transfer_flow(Person(charlie.pk), offered.pk, person=vera.email)
        assert titles(as_vera) == []

    def test_nor_by_a_team(self, offered: Flow, charlie: User, vera: User, as_vera: Program) -> None:
        own, shared = Team.objects.create(name="Own"), Team.objects.create(name="Shared")
        for team in (own, shared):
            TeamMember.objects.create(team=team, user=charlie, role="owner")
            TeamMember.objects.create(team=team, user=vera, role="member")
        commands.set_team(Person(charlie.pk), offered.pk, own.pk)
        TeamShare.objects.create(flow=offered, team=shared, role="editor")
        assert titles(as_vera) == []
        commands.star_flow(Person(vera.pk), offered.pk, is_starred=True)
        assert titles(as_vera) == ["Call this first"]

    def test_it_is_there_once_i_opened_it(
        self, offered: Flow, charlie: User, vera: User, as_vera: Program, client: Client
    ) -> None:
        commands.set_member(Person(charlie.pk), offered.pk, person=vera.email, role=Role.EDITOR)
        client.force_login(vera)
        assert client.get(f"/flows/{offered.pk}/").status_code == 200
        assert titles(as_vera) == ["Call this first"]

    def test_or_starred_it(self, offered: Flow, charlie: User, vera: User, as_vera: Program) -> None:
        commands.set_member(Person(charlie.pk), offered.pk, person=vera.email, role=Role.EDITOR)
        assert as_vera.patch(f"/flows/{offered.pk}", {"starred": True}).status_code == 200
        assert titles(as_vera) == ["Call this first"]
        as_vera.patch(f"/flows/{offered.pk}", {"starred": False})
        assert titles(as_vera) == []

    def test_what_others_opened_and_starred_is_theirs(
        self, offered: Flow, charlie: User, bob: User, vera: User, as_vera: Program
    ) -> None:
        for person in (bob, vera):
            commands.set_member(Person(charlie.pk), offered.pk, person=person.email, role=Role.EDITOR)
        commands.star_flow(Person(bob.pk), offered.pk, is_starred=True)
        commands.note_opening(Person(bob.pk), offered.pk)
        assert titles(as_vera) == []

    def test_by_a_link_alone_it_never_is(self, offered: Flow, charlie: User, vera: User, as_vera: Program) -> None:
        link = create_link(Person(charlie.pk), offered.pk, role=Role.EDITOR)
        enter_as_person(link, Person(vera.pk))
        commands.note_opening(Person(vera.pk), offered.pk)
        commands.star_flow(Person(vera.pk), offered.pk, is_starred=True)
        commands.set_viewer_rights(Person(charlie.pk), offered.pk, {"links_can_run": True})
        assert titles(as_vera) == []
        assert tools_of(enter_as_guest(link, "Gus").principal) == []
        commands.set_member(Person(charlie.pk), offered.pk, person=vera.email, role=Role.EDITOR)
        assert titles(as_vera) == ["Call this first"]


class TestOffering:
    def test_it_stands_in_the_audit_log_once(self, flow: Flow, bob: User, as_bob: Program) -> None:
        for is_offered in (True, True, False):
            as_bob.patch(f"/flows/{flow.pk}", {"offer_as_tool": is_offered})
        assert settings_changed(flow) == [
            (bob.pk, "api", {"setting": "offer_as_tool", "before": before, "after": not before})
            for before in (False, True)
        ]

    def test_by_a_link_alone_nobody_does(
        self, flow: Flow, alice: User, as_charlie: Program, charlie: User, refused: Refused
    ) -> None:
        link = create_link(Person(alice.pk), flow.pk, role=Role.EDITOR)
        commands.set_viewer_rights(Person(alice.pk), flow.pk, {"links_can_run": True})
        enter_as_person(link, Person(charlie.pk))
        refused(as_charlie.patch(f"/flows/{flow.pk}", {"offer_as_tool": True}), 403, "forbidden")
        access = Program().post(f"/links/{secret_of(link)}/enter", {"name": "Gus"})
        guest = Program(access=access.json()["access"])  # type: ignore[attr-defined]
        refused(guest.patch(f"/flows/{flow.pk}", {"offer_as_tool": True}), 403, "forbidden")
        flow.refresh_from_db()
        assert not flow.offer_as_tool
        assert [one[2]["setting"] for one in settings_changed(flow)] == ["links_can_run"]
