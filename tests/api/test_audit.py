"""The audit log by REST: staff read all of it, owners what is of their flow, a page at a time or in lines."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.audit import Action
from accounts.models import PersonalToken, Team, User
from accounts.personal_tokens import new_token
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.log import audit
from flows.models import AuditEntry, Flow
from tests.api.conftest import Program
from web.digests import digest_of

pytestmark = pytest.mark.django_db

Refused = Callable[[HttpResponse, int, str], Any]


def items(response: HttpResponse) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.content
    found: list[dict[str, Any]] = response.json()["items"]  # type: ignore[attr-defined]
    return found


def actions(response: HttpResponse) -> list[str]:
    return [one["action"] for one in items(response)]


def personal(user: User, scope: str = "admin") -> Program:
    token = new_token()
    PersonalToken.objects.create(user=user, name="Backup", scopes=[scope], digest=digest_of(token))
    return Program(user, access=token)


class TestWhoMayRead:
    def test_only_staff_read_all_of_it(self, flow: Flow, as_alice: Program, nobody: Program, refused: Refused) -> None:
        refused(as_alice.get("/audit"), 403, "forbidden")
        refused(nobody.get("/audit"), 401, "not_authenticated")

    def test_not_with_a_personal_token(self, flow: Flow, dora: User, as_dora: Program, refused: Refused) -> None:
        refused(personal(dora).get("/audit"), 403, "forbidden")
        assert as_dora.get("/audit").status_code == 200

    def test_only_owners_read_what_is_of_a_flow(
        self, flow: Flow, as_bob: Program, as_vera: Program, as_charlie: Program, as_dora: Program, refused: Refused
    ) -> None:
        address = f"/flows/{flow.pk}/audit"
        refused(as_bob.get(address), 403, "forbidden")
        refused(as_vera.get(address), 403, "forbidden")
        refused(as_charlie.get(address), 404, "not_found")
        refused(as_dora.get(address), 404, "not_found")

    def test_an_owners_program_needs_the_greatest_scope(self, flow: Flow, alice: User, refused: Refused) -> None:
        address = f"/flows/{flow.pk}/audit"
        refused(personal(alice, "write").get(address), 403, "forbidden")
        assert personal(alice).get(address).status_code == 200


def test_an_entry_says_who_did_what_to_whom(flow: Flow, as_alice: Program, alice: User, bob: User) -> None:
    first = items(as_alice.get(f"/flows/{flow.pk}/audit"))[1]

    assert first.pop("at").endswith("Z") and first.pop("number")
    assert first == {
        "actor": {"id": alice.pk, "name": "Alice"},
        "via": "page",
        "action": "member_added",
        "object": f"flow:{flow.pk}",
        "flow": str(flow.pk),
        "person": {"id": bob.pk, "name": "Bob"},
        "address": "",
        "agent": "system",
        "detail": {"before": None, "after": "editor"},
    }


def test_the_callers_address_and_program_come_by_themselves(
    flow: Flow, as_alice: Program, settings: Any, charlie: User
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    as_alice.post(
        f"/flows/{flow.pk}/members",
        {"email": charlie.email, "role": "viewer"},
        REMOTE_ADDR="10.0.0.1",
        HTTP_X_FORWARDED_FOR="6.6.6.6, 2001:db8::7",
        HTTP_USER_AGENT="curl\t" + "x" * 300,
    )

    entry = items(as_alice.get(f"/flows/{flow.pk}/audit"))[0]
    assert (entry["address"], entry["agent"]) == ("2001:db8::", "curl" + "x" * 196)


def test_what_a_header_claims_does_not_count_without_a_proxy(flow: Flow, as_alice: Program, charlie: User) -> None:
    body = {"email": charlie.email, "role": "viewer"}
    as_alice.post(f"/flows/{flow.pk}/members", body, REMOTE_ADDR="9.9.9.9", HTTP_X_FORWARDED_FOR="6.6.6.6")

    assert AuditEntry.objects.latest("number").address == "9.9.9.9"


def test_the_system_guests_and_deleted_people_are_named(flow: Flow, as_alice: Program, bob: User) -> None:
    guest = User.everyone.create(name="Gerda", is_guest=True)
    audit.record(Action.GUEST_ENTERED, flow.pk, actor=guest.pk, via="page", object="link:1", detail={})
    audit.record(Action.EPOCH_CHANGED, flow.pk, actor=None, via="system", detail={"before": "", "after": flow.epoch})
    User.objects.filter(pk=bob.pk).update(deleted_at=timezone.now())

    epoch, entered, _vera, added = items(as_alice.get(f"/flows/{flow.pk}/audit"))[:4]
    assert epoch["actor"] is None
    assert (entered["actor"], entered["object"]) == ({"id": None, "name": "Gerda", "guest": True}, "link:1")
    assert added["person"] == {"id": bob.pk, "name": "Deleted person"}


class TestFilters:
    @pytest.fixture(autouse=True)
    def told(self, flow: Flow, alice: User, bob: User) -> None:
        team = Team.objects.create(name="Ops")
        audit.port.record(Action.TEAM_CREATED, actor=bob.pk, object=f"team:{team.pk}", detail={"name": "Ops"})
        audit.port.record(Action.ACCOUNT_DEACTIVATED, actor=None, object=f"user:{bob.pk}")
        audit.port.record(Action.FLOW_EXPORTED, actor=bob.pk, object=f"flow:{flow.pk}", detail={"format": "svg"})

    def test_by_actor(self, bob: User, as_dora: Program) -> None:
        assert actions(as_dora.get(f"/audit?actor={bob.pk}")) == ["flow_exported", "team_created"]
        assert actions(as_dora.get(f"/audit?actor={bob.pk}&action=team_created")) == ["team_created"]

    def test_by_action(self, as_dora: Program, refused: Refused) -> None:
        assert actions(as_dora.get("/audit?action=account_deactivated")) == ["account_deactivated"]
        refused(as_dora.get("/audit?action=nonsense"), 422, "invalid")

    def test_by_what_it_is_about(self, flow: Flow, bob: User, as_dora: Program) -> None:
        team = Team.objects.get()
        assert actions(as_dora.get(f"/audit?object=team:{team.pk}")) == ["team_created"]
        assert actions(as_dora.get(f"/audit?object=user:{bob.pk}")) == ["account_deactivated", "member_added"]
        assert actions(as_dora.get(f"/audit?object=flow:{flow.pk}"))[0] == "flow_exported"
        assert actions(as_dora.get("/audit?object=flow:nonsense")) == []

    def test_by_time(self, as_dora: Program, refused: Refused) -> None:
        now = timezone.now()
        later = (now + timedelta(hours=1)).isoformat().replace("+", "%2B")
        assert actions(as_dora.get(f"/audit?since={later}")) == []
        assert len(actions(as_dora.get(f"/audit?until={later}"))) == AuditEntry.objects.count()
        at = AuditEntry.objects.get(action="account_deactivated").at.isoformat().replace("+", "%2B")
        assert actions(as_dora.get(f"/audit?since={at}")) == ["flow_exported", "account_deactivated"]
        assert actions(as_dora.get(f"/audit?until={at}"))[0] == "team_created"
        refused(as_dora.get("/audit?since=yesterday"), 422, "invalid")
        refused(as_dora.get("/audit?since=0001-01-01T00:00:00%2B14:00"), 422, "invalid")

    def test_a_flows_filters_find_nothing_of_others(self, flow: Flow, as_alice: Program, bob: User) -> None:
        assert actions(as_alice.get(f"/flows/{flow.pk}/audit?action=team_created")) == []
        assert actions(as_alice.get(f"/flows/{flow.pk}/audit?actor={bob.pk}")) == ["flow_exported"]


class TestPages:
    def test_they_follow_each_other(self, flow: Flow, as_dora: Program) -> None:
        found, cursor = [], ""
        while cursor is not None:
            page = as_dora.get(f"/audit?limit=2&cursor={cursor}").json()  # type: ignore[attr-defined]
            found += [one["number"] for one in page["items"]]
            cursor = page["next"]
        assert found == sorted(found, reverse=True)
        assert len(found) == AuditEntry.objects.count()

    def test_a_page_does_not_shift_when_something_happens(self, flow: Flow, as_alice: Program, charlie: User) -> None:
        address = f"/flows/{flow.pk}/audit?limit=1"
        first = as_alice.get(address).json()  # type: ignore[attr-defined]
        body = {"email": charlie.email, "role": "viewer"}
        assert as_alice.post(f"/flows/{flow.pk}/members", body).status_code == 201
        (second,) = items(as_alice.get(f"{address}&cursor={first['next']}"))
        assert second["number"] == first["items"][0]["number"] - 1

    @pytest.mark.parametrize("cursor", ["nonsense", "MjAyNi0xMS0yOSAx", "MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMCAx"])
    def test_a_cursor_of_ones_own_making_is_refused(
        self, flow: Flow, as_dora: Program, cursor: str, refused: Refused
    ) -> None:
        refused(as_dora.get(f"/audit?cursor={cursor}"), 422, "invalid")

    @pytest.mark.parametrize("limit", [0, 1001])
    def test_a_page_has_bounds(self, as_dora: Program, limit: int, refused: Refused) -> None:
        refused(as_dora.get(f"/audit?limit={limit}"), 422, "invalid")


class TestLines:
    def lines(self, response: Any) -> list[dict[str, Any]]:
        assert response.status_code == 200
        assert response["Content-Type"] == "application/x-ndjson; charset=utf-8"
        return [json.loads(line) for line in response.getvalue().splitlines()]

    def test_all_that_fits_comes_in_the_same_order(
        self, flow: Flow, as_dora: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("flows.log.audit_search.BATCH", 2)
        lines = self.lines(as_dora.get("/audit", HTTP_ACCEPT="application/x-ndjson"))
        assert lines == items(as_dora.get("/audit"))

    def test_a_flows(self, flow: Flow, as_alice: Program) -> None:
        address = f"/flows/{flow.pk}/audit?action=member_added"
        assert len(self.lines(as_alice.get(address, HTTP_ACCEPT="application/x-ndjson"))) == 2

    def test_it_ends_with_the_right_to_read(
        self, flow: Flow, alice: User, bob: User, as_alice: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("flows.log.audit_search.BATCH", 1)
        response: Any = as_alice.get(f"/flows/{flow.pk}/audit", HTTP_ACCEPT="application/x-ndjson")
        parts = iter(response)
        assert next(parts)
        commands.set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role.OWNER)
        commands.set_member(Person(bob.pk), flow.pk, person=alice.pk, role=Role.EDITOR)
        assert list(parts) == []
