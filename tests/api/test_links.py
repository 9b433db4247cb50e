"""Links by REST: owners make and change them, programs enter by them as guests."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlparse

import pytest
from django.http import HttpResponse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Attempt, User
from flows.models import Flow, Link, Visit
from tests.api.conftest import GRAPH, Program

pytestmark = pytest.mark.django_db
Refused = Callable[[HttpResponse, int, str], Any]
NOT_THERE = "7b1c1a38-5e7d-4f6a-8e4e-9a1d4d3c2b1a"


def made(owner: Program, flow: Flow, **given: object) -> dict[str, Any]:
    response = owner.post(f"/flows/{flow.pk}/links", {"role": "editor", **given})
    assert response.status_code == 201, response.content
    return dict(response.json())  # type: ignore[attr-defined]


def secret(link: dict[str, Any]) -> str:
    return str(link["url"].rpartition("/")[2])


def entered(link: dict[str, Any], name: str = "Gus", **given: object) -> Program:
    response = Program().post(f"/links/{secret(link)}/enter", {"name": name, **given})
    assert response.status_code == 200, response.content
    return Program(access=response.json()["access"])  # type: ignore[attr-defined]


class TestOwners:
    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"role": "owner"},
            {"role": "boss"},
            {"role": "viewer", "expires_in": 0},
            {"role": "viewer", "expires_in": "60"},
            {"role": "viewer", "expires_in": 10**12},
            {"role": "viewer", "password": 7},
            {"role": "viewer", "password": "a\0"},
            {"role": "viewer", "name": "n" * 151},
            {"role": "viewer", "colour": "#ff0000"},
        ],
    )
    def test_what_makes_no_link(self, flow: Flow, as_alice: Program, refused: Refused, body: object) -> None:
        refused(as_alice.post(f"/flows/{flow.pk}/links", body), 422, "invalid")
        assert not Link.objects.exists()

    def test_a_link_says_what_it_is(self, flow: Flow, as_alice: Program) -> None:
        link = made(as_alice, flow, role="commenter", expires_in=60, password="orchid", name="For the workshop")
        assert set(link) == {"id", "url", "role", "name", "expires_at", "has_password", "active", "uses", "made_by"}
        assert (link["role"], link["name"], link["has_password"]) == ("commenter", "For the workshop", True)
        assert (link["active"], link["uses"]) == (True, 0)
        assert urlparse(link["url"]).path == f"/s/{secret(link)}"
        assert len(secret(link)) == 22
        plain = made(as_alice, flow)
        assert (plain["expires_at"], plain["has_password"], plain["name"]) == (None, False, "")
        assert as_alice.get(f"/flows/{flow.pk}/links").json() == {"items": [link, plain]}  # type: ignore[attr-defined]

    def test_owners_alone_see_them(self, flow: Flow, as_alice: Program, as_bob: Program, refused: Refused) -> None:
        link = made(as_alice, flow)
        refused(as_bob.get(f"/flows/{flow.pk}/links"), 403, "forbidden")
        refused(entered(link).get(f"/flows/{flow.pk}/links"), 403, "forbidden")

    def test_each_property_is_changed_by_itself(self, flow: Flow, as_alice: Program) -> None:
        link = made(as_alice, flow, expires_in=60, password="orchid")
        address = f"/flows/{flow.pk}/links/{link['id']}"
        for change, expected in (
            ({"active": False}, {"active": False}),
            ({"role": "viewer"}, {"role": "viewer"}),
            ({"expires_in": None}, {"expires_at": None}),
            ({"password": None}, {"has_password": False}),
            ({"password": "new"}, {"has_password": True}),
            ({"active": True}, {"active": True}),
            ({}, {}),
        ):
            link |= expected
            assert as_alice.patch(address, change).json() == link  # type: ignore[attr-defined]

    @pytest.mark.parametrize("body", [{"role": "owner"}, {"active": None}, {"role": None}, {"expires_in": -1}])
    def test_what_changes_nothing(self, flow: Flow, as_alice: Program, refused: Refused, body: object) -> None:
        link = made(as_alice, flow)
        refused(as_alice.patch(f"/flows/{flow.pk}/links/{link['id']}", body), 422, "invalid")
        assert as_alice.get(f"/flows/{flow.pk}/links").json() == {"items": [link]}  # type: ignore[attr-defined]

    def test_it_is_deleted_once(self, flow: Flow, as_alice: Program, refused: Refused) -> None:
        address = f"/flows/{flow.pk}/links/{made(as_alice, flow)['id']}"
        assert as_alice.delete(address).status_code == 204
        refused(as_alice.delete(address), 404, "not_found")
        refused(as_alice.patch(address, {"active": True}), 404, "not_found")


class TestEntering:
    @pytest.mark.parametrize("name", ["", " ", "\u200b", "a\u202eb", "n" * 151, 7, None])
    def test_a_name_can_be_seen(self, flow: Flow, as_alice: Program, refused: Refused, name: object) -> None:
        response = Program().post(f"/links/{secret(made(as_alice, flow))}/enter", {"name": name})
        refused(response, 422, "invalid")
        assert not Visit.objects.exists()

    def test_unknown_off_and_over_answer_the_same(self, flow: Flow, as_alice: Program, refused: Refused) -> None:
        off, over = made(as_alice, flow, password="orchid"), made(as_alice, flow, expires_in=60)
        as_alice.patch(f"/flows/{flow.pk}/links/{off['id']}", {"active": False})
        Link.objects.filter(pk=over["id"]).update(expires_at=timezone.now() - timedelta(seconds=1))
        told = set()
        for given in ("unknown", secret(off), secret(over)):
            response = Program().post(f"/links/{given}/enter", {"name": "Gus", "password": "orchid"})
            refused(response, 404, "not_found")
            told.add(response.content)
        assert len(told) == 1

    def test_a_password_is_asked_for(self, flow: Flow, as_alice: Program, refused: Refused) -> None:
        address = f"/links/{secret(made(as_alice, flow, password='orchid'))}/enter"
        for given in ({}, {"password": None}, {"password": "lily"}):
            refused(Program().post(address, {"name": "Gus", **given}), 403, "forbidden")
        assert Program().post(address, {"name": "Gus", "password": "orchid"}).status_code == 200

    def test_ten_failures_from_anywhere_stop_the_right_one_too(
        self, flow: Flow, as_alice: Program, refused: Refused
    ) -> None:
        address = f"/links/{secret(made(as_alice, flow, password='orchid'))}/enter"
        for number in range(10):
            wrong = {"name": "Gus", "password": "lily"}
            refused(Program().post(address, wrong, REMOTE_ADDR=f"10.0.0.{number}"), 403, "forbidden")
        response = Program().post(address, {"name": "Gus", "password": "orchid"}, REMOTE_ADDR="10.0.1.1")
        refused(response, 429, "rate_limited")
        assert 0 < int(response["Retry-After"]) <= 300

    def test_an_address_tries_so_often(
        self, flow: Flow, as_alice: Program, refused: Refused, settings: Settings
    ) -> None:
        Attempt.objects.all().delete()
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, visits_per_minute=2)
        address = f"/links/{secret(made(as_alice, flow))}/enter"
        refused(Program().post("/links/unknown/enter", {"name": "Gus"}), 404, "not_found")
        assert Program().post(address, {"name": "Gus"}).status_code == 200
        refused(Program().post(address, {"name": "Gus"}), 429, "rate_limited")
        assert Program().post(address, {"name": "Gus"}, REMOTE_ADDR="10.0.0.1").status_code == 200

    def test_it_answers_a_token_for_the_flow(self, flow: Flow, as_alice: Program) -> None:
        link = made(as_alice, flow, role="commenter")
        response = Program().post(f"/links/{secret(link)}/enter", {"name": " Gus "})
        answer = response.json()  # type: ignore[attr-defined]
        assert set(answer) == {"access", "expires_in", "flow", "role"}
        assert (answer["flow"], answer["role"]) == (str(flow.pk), "commenter")
        seen = Program(access=answer["access"]).get(f"/flows/{flow.pk}").json()  # type: ignore[attr-defined]
        assert seen["role"] == "commenter"
        assert as_alice.get(f"/flows/{flow.pk}/links").json()["items"][0]["uses"] == 1  # type: ignore[attr-defined]
        assert User.everyone.get(is_guest=True).name == "Gus"


class TestGuests:
    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("get", "/flows", None),
            ("post", "/flows", {"title": "Mine"}),
            ("post", "/flows/import", b"{}"),
            ("get", "/me", None),
            ("get", "/templates", None),
            ("post", "/templates/first-flow/instantiate", {}),
            ("get", "/questions", None),
            ("get", "/notifications", None),
            ("get", "/workers", None),
            ("post", "/flows/{flow}/duplicate", {}),
            ("post", "/flows/{flow}/template", {"title": "Mine"}),
            ("delete", "/flows/{flow}", None),
            ("post", "/flows/{flow}/members", {"email": "charlie@example.com", "role": "viewer"}),
            ("get", "/flows/{flow}/secrets", None),
            ("get", "/flows/{flow}/webhooks", None),
        ],
    )
    def test_forbidden(
        self, flow: Flow, as_alice: Program, refused: Refused, method: str, path: str, body: object
    ) -> None:
        guest = entered(made(as_alice, flow))
        refused(guest.call(method, path.format(flow=flow.pk), body), 403, "forbidden")

    def test_no_other_flow(self, flow: Flow, as_alice: Program, refused: Refused) -> None:
        other = as_alice.post("/flows", {"title": "Other"}).json()["id"]  # type: ignore[attr-defined]
        guest = entered(made(as_alice, flow))
        for id in (other, NOT_THERE):
            refused(guest.get(f"/flows/{id}"), 404, "not_found")
            refused(guest.post(f"/flows/{id}/operations", {"operations": []}), 404, "not_found")

    @pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("commenter", 403), ("editor", 200)])
    def test_the_role_decides(self, flow: Flow, as_alice: Program, role: str, status: int) -> None:
        guest = entered(made(as_alice, flow, role=role))
        move = {"operations": [{"kind": "move_node", "id": "n1", "x": 5, "y": 5}]}
        assert guest.get(f"/flows/{flow.pk}").status_code == 200
        assert guest.get(f"/flows/{flow.pk}/export?format=yaml").status_code == 200
        assert guest.post(f"/flows/{flow.pk}/operations", move).status_code == status
        assert guest.post("/validate", GRAPH).status_code == 200
        assert guest.post(f"/flows/{flow.pk}/runs", {}).status_code == 403, "its agent asks a model"
        as_alice.patch(f"/flows/{flow.pk}", {"links_can_run": True})
        assert guest.post(f"/flows/{flow.pk}/runs", {}).status_code == (201 if status == 200 else 403)

    def test_named_and_marked_in_changes_and_runs_without_an_id(self, flow: Flow, as_alice: Program) -> None:
        guest = entered(made(as_alice, flow))
        guest.post(f"/flows/{flow.pk}/operations", {"operations": [{"kind": "move_node", "id": "n1", "x": 5, "y": 5}]})
        as_alice.patch(f"/flows/{flow.pk}", {"links_can_run": True})
        run = guest.post(f"/flows/{flow.pk}/runs", {}).json()  # type: ignore[attr-defined]
        expected = {"id": None, "name": "Gus", "guest": True}
        changes = as_alice.get(f"/flows/{flow.pk}/changes?since=1").json()["items"]  # type: ignore[attr-defined]
        assert [change["actor"] for change in changes] == [expected]
        assert run["actor"] == expected
        assert as_alice.get(f"/runs/{run['id']}").json()["actor"] == expected  # type: ignore[attr-defined]
        assert guest.get(f"/runs/{run['id']}").status_code == 200

    def test_their_work_is_theirs_to_undo(self, flow: Flow, as_alice: Program, refused: Refused) -> None:
        link = made(as_alice, flow)
        guest, other = entered(link), entered(link, "Greta")
        guest.post(f"/flows/{flow.pk}/operations", {"operations": [{"kind": "move_node", "id": "n1", "x": 5, "y": 5}]})
        refused(other.post(f"/flows/{flow.pk}/undo"), 409, "nothing_to_undo")
        assert guest.post(f"/flows/{flow.pk}/undo").status_code == 200

    def test_what_others_overwrote_of_theirs(self, flow: Flow, as_alice: Program) -> None:
        guest = entered(made(as_alice, flow))
        for program, x in ((as_alice, 5), (guest, 6)):
            move = {"kind": "move_node", "id": "n1", "x": x, "y": 5}
            program.post(f"/flows/{flow.pk}/operations", {"operations": [move]})
        (item,) = as_alice.get(f"/flows/{flow.pk}/replaced?since=1").json()["items"]  # type: ignore[attr-defined]
        assert item["actor"].items() >= {"id": None, "name": "Gus", "guest": True}.items()

    def test_no_address_of_a_member(self, flow: Flow, as_alice: Program) -> None:
        guest = entered(made(as_alice, flow))
        found = guest.get(f"/flows/{flow.pk}/members")
        assert b"@" not in found.content
        assert {item["name"] for item in found.json()["items"]} == {"Alice", "Bob", "Vera"}  # type: ignore[attr-defined]

    def test_by_graphql(self, flow: Flow, as_alice: Program) -> None:
        guest = entered(made(as_alice, flow))

        def ask(query: str) -> Any:
            data = json.dumps({"query": query})
            bearer = f"Bearer {guest.access}"
            return guest.client.post(
                "/api/graphql", data, content_type="application/json", HTTP_AUTHORIZATION=bearer
            ).json()

        assert ask(f'{{ flow(id: "{flow.pk}") {{ title }} }}')["data"]["flow"] == {"title": "Weather"}
        for query in (
            "{ myFlows { totalCount } }",
            'mutation { createFlow(title: "Mine") { id } }',
            f'mutation {{ duplicateFlow(id: "{flow.pk}") {{ id }} }}',
        ):
            assert ask(query)["errors"][0]["extensions"]["code"] == "forbidden"

    @pytest.mark.parametrize("end", ["off", "over", "password", "deleted"])
    def test_a_token_ends_with_its_link(self, flow: Flow, as_alice: Program, refused: Refused, end: str) -> None:
        link = made(as_alice, flow)
        guest, address = entered(link), f"/flows/{flow.pk}/links/{link['id']}"
        if end == "deleted":
            as_alice.delete(address)
        elif end == "over":
            Link.objects.filter(pk=link["id"]).update(expires_at=timezone.now() - timedelta(seconds=1))
        else:
            as_alice.patch(address, {"active": False} if end == "off" else {"password": "orchid"})
            as_alice.patch(address, {"active": True})
        refused(guest.get(f"/flows/{flow.pk}"), 404, "not_found")
        refused(guest.post(f"/flows/{flow.pk}/undo"), 404, "not_found")

    def test_a_token_that_was_changed_is_none(self, flow: Flow, as_alice: Program, refused: Refused) -> None:
        guest = entered(made(as_alice, flow))
        guest.access = f"{guest.access}x"
        refused(guest.get(f"/flows/{flow.pk}"), 401, "not_authenticated")


class TestCopies:
    def test_owners_say_whether_viewers_export_and_duplicate(
        self, flow: Flow, as_alice: Program, as_bob: Program, as_vera: Program, refused: Refused
    ) -> None:
        guest = entered(made(as_alice, flow, role="viewer"))
        Flow.objects.filter(pk=flow.pk).update(can_export=False, can_duplicate=False)
        for format in ("json", "svg", "png"):
            for program in (guest, as_vera):
                refused(program.get(f"/flows/{flow.pk}/export?format={format}"), 403, "forbidden")
        refused(as_vera.post(f"/flows/{flow.pk}/duplicate"), 403, "forbidden")
        refused(as_vera.post(f"/flows/{flow.pk}/template", {"title": "Mine"}), 403, "forbidden")
        for program in (as_bob, as_alice):
            assert program.get(f"/flows/{flow.pk}/export?format=yaml").status_code == 200
            assert program.post(f"/flows/{flow.pk}/duplicate").status_code == 201
