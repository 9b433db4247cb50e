"""What tokens and guests may ask for, whatever their role: by scope, by flow, at every door."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse

from accounts.guests import issue_guest_token
from accounts.models import PersonalToken, User
from accounts.personal_tokens import new_token
from accounts.principals import Guest, Person
from flows import commands
from flows.models import Flow, Link, Visit
from flows.parsing import parse_flow
from tests.access.calls import CALLS, HARMLESS
from tests.api.conftest import GRAPH, Program
from tests.runs.staged import staged_run
from web.digests import digest_of

pytestmark = pytest.mark.django_db

Refused = Callable[..., Any]
MOVE = {"operations": [{"kind": "move_node", "id": "n1", "x": 5, "y": 5}]}


def bearer(user: User, *scopes: str, flow: Flow | None = None) -> Program:
    token = new_token()
    flow_id = flow and flow.pk
    PersonalToken.objects.create(user=user, name="CI", scopes=list(scopes), flow_id=flow_id, digest=digest_of(token))
    return Program(user, access=token)


def guest_of(flow: Flow, role: str = "editor") -> Program:
    link = Link.objects.create(flow=flow, role=role, digest=uuid4().hex, sealed="")
    user = User.everyone.create(name="Gast", is_guest=True, email=None)
    visit = Visit.objects.create(link=link, user=user)
    return Program(access=issue_guest_token(Guest(user.pk, visit.pk)))


@pytest.fixture
def other(alice: User) -> Flow:
    return commands.create_flow(Person(alice.pk), parse_flow(title="Other", **GRAPH), via="api")


class TestReading:
    @pytest.mark.parametrize(
        ("method", "path", "body", "scope"),
        [
            ("post", "/flows", {"title": "New"}, "write"),
            ("post", "/flows/{flow}/duplicate", {}, "write"),
            ("post", "/flows/{flow}/template", {"title": "Ours"}, "write"),
            ("patch", "/flows/{flow}", {"title": "New"}, "write"),
            ("post", "/flows/{flow}/operations", MOVE, "write"),
            ("post", "/flows/{flow}/runs", {}, "write"),
            ("post", "/notifications/read", {}, "write"),
            ("post", "/templates/first-flow/instantiate", {}, "write"),
            ("delete", "/flows/{flow}", None, "admin"),
            ("post", "/flows/{flow}/members", {"email": "bob@example.com", "role": "viewer"}, "admin"),
        ],
    )
    def test_changes_nothing(
        self, method: str, path: str, body: object, scope: str, flow: Flow, alice: User, refused: Refused
    ) -> None:
        reader = bearer(alice, "read")

        response = reader.call(method, path.format(flow=flow.pk), body)

        refused(response, 403, "forbidden")
        assert f"“{scope}”" in response.json()["message"]  # type: ignore[attr-defined]

    def test_reads_all_that_the_person_reads(self, flow: Flow, alice: User) -> None:
        reader = bearer(alice, "read")

        for path in ("/me", "/flows", f"/flows/{flow.pk}", f"/flows/{flow.pk}/changes", f"/flows/{flow.pk}/members"):
            assert reader.get(path).status_code == 200
        assert reader.post("/validate", GRAPH).status_code == 200


class TestWriting:
    def test_edits_and_makes_flows(self, flow: Flow, alice: User) -> None:
        writer = bearer(alice, "write")

        assert writer.post(f"/flows/{flow.pk}/operations", MOVE).status_code == 200
        assert writer.post("/flows", {"title": "New"}).status_code == 201
        assert writer.post(f"/flows/{flow.pk}/duplicate", {}).status_code == 201

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("delete", "/flows/{flow}", None),
            ("post", "/flows/{flow}/members", {"email": "charlie@example.com", "role": "viewer"}),
            ("delete", "/flows/{flow}/members/{me}", None),
            ("get", "/flows/{flow}/secrets", None),
            ("get", "/flows/{flow}/webhooks", None),
            ("delete", "/templates/first-flow", None),
        ],
    )
    def test_manages_nothing(
        self, method: str, path: str, body: object, flow: Flow, alice: User, charlie: User, refused: Refused
    ) -> None:
        writer = bearer(alice, "read", "write")

        response = writer.call(method, path.format(flow=flow.pk, me=alice.pk), body)

        refused(response, 403, "forbidden")
        assert "“admin”" in response.json()["message"]  # type: ignore[attr-defined]

    def test_somebody_who_only_views_edits_no_more_by_a_token(self, flow: Flow, vera: User, refused: Refused) -> None:
        refused(bearer(vera, "admin").post(f"/flows/{flow.pk}/operations", MOVE), 403, "forbidden")

    def test_admin_manages(self, flow: Flow, alice: User, charlie: User) -> None:
        admin = bearer(alice, "admin")

        body = {"email": charlie.email, "role": "viewer"}
        assert admin.post(f"/flows/{flow.pk}/members", body).status_code == 201
        assert admin.delete(f"/flows/{flow.pk}").status_code == 204


class TestOneFlow:
    @pytest.mark.parametrize(("method", "path"), [call for call in CALLS if "{flow_id}" in call[1]])
    def test_other_flows_are_not_found(
        self, method: str, path: str, flow: Flow, other: Flow, alice: User, refused: Refused
    ) -> None:
        only = bearer(alice, "admin", flow=flow)
        names = ("action", "webhook_id", "delivery_id", "name", "trigger_id", "member_id", "link_id")
        ids = dict.fromkeys(names, str(uuid4()))

        for flow_id in (other.pk, uuid4()):
            refused(only.call(method, path.format(flow_id=flow_id, **ids), CALLS[method, path][0]), 404, "not_found")

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("get", "/flows"),
            ("post", "/flows"),
            ("post", "/flows/import"),
            ("get", "/templates"),
            ("get", "/questions"),
            ("get", "/dead-letters"),
            ("get", "/notifications"),
            ("get", "/teams"),
            ("post", "/teams"),
            ("get", "/tokens"),
            ("post", "/tokens"),
            ("post", "/flows/{flow}/duplicate"),
            ("post", "/flows/{flow}/template"),
        ],
    )
    def test_what_is_no_part_of_it_is_forbidden(
        self, method: str, path: str, flow: Flow, alice: User, refused: Refused
    ) -> None:
        only = bearer(alice, "admin", flow=flow)

        refused(only.call(method, path.format(flow=flow.pk), {}), 403, "forbidden")

    def test_in_it_the_scope_counts(self, flow: Flow, alice: User, refused: Refused) -> None:
        only = bearer(alice, "write", flow=flow)

        assert only.get(f"/flows/{flow.pk}").status_code == 200
        assert only.post(f"/flows/{flow.pk}/operations", MOVE).status_code == 200
        refused(only.delete(f"/flows/{flow.pk}"), 403, "forbidden")

    def test_it_knows_whose_it_is(self, flow: Flow, alice: User) -> None:
        assert bearer(alice, "read", flow=flow).get("/me").json()["id"] == alice.pk  # type: ignore[attr-defined]

    @pytest.mark.parametrize("path", ["", "/tasks", "/events"])
    def test_a_run_of_another_is_not_found(
        self, path: str, flow: Flow, other: Flow, alice: User, refused: Refused
    ) -> None:
        for held, status in ((flow, 200), (other, 404)):
            run_id = staged_run(alice, held, "/runs/{run_id}")["run_id"]
            assert bearer(alice, "read", flow=flow).get(f"/runs/{run_id}{path}").status_code == status

    def test_a_job_in_another_flow_is_not_found(self, flow: Flow, other: Flow, alice: User, refused: Refused) -> None:
        from django.utils import timezone

        from flows.models import Job

        now = timezone.now()
        job = Job.objects.create(flow=other, actor=alice, action="auto-layout", created_at=now, beat=now)

        refused(bearer(alice, "admin", flow=flow).get(f"/jobs/{job.pk}"), 404, "not_found")


class TestGuests:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            (method, path)
            for (method, path), (_body, _status, cells) in CALLS.items()
            if "{" not in path and not path.startswith(("/auth/", "/me/")) and cells != HARMLESS
        ],
    )
    def test_all_that_has_no_flow_is_forbidden(self, method: str, path: str, flow: Flow, refused: Refused) -> None:
        refused(guest_of(flow).call(method, path, CALLS[method, path][0]), 403, "forbidden")

    def test_no_copy_is_made_of_its_flow(self, flow: Flow, refused: Refused) -> None:
        for path in ("duplicate", "template"):
            refused(guest_of(flow).post(f"/flows/{flow.pk}/{path}", {"title": "Mine"}), 403, "forbidden")

    def test_no_other_flow_is_found(self, flow: Flow, other: Flow, refused: Refused) -> None:
        for flow_id in (other.pk, uuid4()):
            refused(guest_of(flow).get(f"/flows/{flow_id}"), 404, "not_found")

    def test_its_flow_is_read_and_edited(self, flow: Flow) -> None:
        guest = guest_of(flow)

        assert guest.get(f"/flows/{flow.pk}").status_code == 200
        assert guest.post(f"/flows/{flow.pk}/operations", MOVE).status_code == 200


class TestGraphql:
    def ask(self, program: Program, query: str) -> dict[str, Any]:
        response: HttpResponse = program.client.post(
            "/api/graphql",
            json.dumps({"query": query}),
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {program.bearer()}",
        )
        return json.loads(response.content)  # type: ignore[no-any-return]

    def code(self, told: dict[str, Any]) -> str:
        return str(told["errors"][0]["extensions"]["code"])

    def test_a_reading_token_mutates_nothing(self, flow: Flow, alice: User) -> None:
        told = self.ask(bearer(alice, "read"), 'mutation { createFlow(title: "New") { id } }')

        assert self.code(told) == "forbidden"
        assert "“write”" in told["errors"][0]["message"]

    def test_a_token_of_one_flow_lists_and_makes_none(self, flow: Flow, other: Flow, alice: User) -> None:
        only = bearer(alice, "admin", flow=flow)

        assert self.code(self.ask(only, "{ myFlows { totalCount } }")) == "forbidden"
        assert self.code(self.ask(only, 'mutation { createFlow(title: "New") { id } }')) == "forbidden"
        assert self.code(self.ask(only, f'mutation {{ duplicateFlow(id: "{flow.pk}") {{ id }} }}')) == "forbidden"
        assert self.code(self.ask(only, f'{{ flow(id: "{other.pk}") {{ id }} }}')) == "not_found"
        assert UUID(self.ask(only, f'{{ flow(id: "{flow.pk}") {{ id }} }}')["data"]["flow"]["id"]) == flow.pk

    def test_a_writing_token_deletes_nothing(self, flow: Flow, alice: User) -> None:
        told = self.ask(bearer(alice, "write"), f'mutation {{ deleteFlow(id: "{flow.pk}") }}')

        assert self.code(told) == "forbidden"
        assert not Flow.objects.get(pk=flow.pk).deleted_at
