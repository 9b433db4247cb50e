"""Every change of rights, and every flow made, deleted or restored, is told: who, by which way, before and after."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts import tokens
from accounts.models import User
from accounts.principals import Administrator, Person, System
from flows import commands
from flows.access import Role
from flows.document import Rejected
from flows.errors import Forbidden
from flows.log import verify_flow, verify_installation
from flows.models import AuditEntry, Flow

pytestmark = pytest.mark.django_db
Told = tuple[str, str | None, str, str | None, object, object]


@pytest.fixture
def told(flow: Flow) -> Callable[[], list[Told]]:
    """What the audit log has told since: action, who, by which way, to whom, before, after."""
    before = AuditEntry.objects.count()

    def read() -> list[Told]:
        assert verify_flow(flow.pk) == [] and verify_installation() == []
        entries = AuditEntry.objects.filter(number__gt=before).order_by("number").select_related("actor", "person")
        return [
            (
                one.action,
                one.actor and one.actor.name,
                one.via,
                one.person and one.person.name,
                one.told.get("before"),
                one.told.get("after"),
            )
            for one in entries
        ]

    return read


def bearer(user: User) -> dict[str, Any]:
    return {"HTTP_AUTHORIZATION": f"Bearer {tokens.issue(user).access}", "content_type": "application/json"}


def test_nothing_is_told_of_what_was_refused(
    flow: Flow, alice: User, bob: User, charlie: User, told: Callable[[], list[Told]]
) -> None:
    with pytest.raises(Rejected):
        commands.remove_member(Person(alice.pk), flow.pk, user_id=alice.pk)
    with pytest.raises(Forbidden):
        commands.set_member(Person(bob.pk), flow.pk, person=charlie.email, role=Role.VIEWER)
    with pytest.raises(Forbidden):
        commands.delete_flow(Person(bob.pk), flow.pk)
    commands.set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role.EDITOR)
    commands.restore_flow(Person(alice.pk), flow.pk)

    assert told() == []


def test_a_page(flow: Flow, alice: User, charlie: User, client: Client, told: Callable[[], list[Told]]) -> None:
    client.force_login(alice)
    members, one = reverse("flows:members", args=[flow.pk]), reverse("flows:member", args=[flow.pk, charlie.pk])
    client.post(members, {"person": charlie.email, "role": "viewer"})
    client.post(one, {"role": "owner"})
    client.post(one, {"remove": "1"})
    client.post(reverse("flows:delete", args=[flow.pk]))
    client.post(reverse("flows:restore", args=[flow.pk]))

    *members_told, deleted, restored = told()
    assert members_told == [
        ("member_added", "Alice", "page", "Charlie", None, "viewer"),
        ("member_changed", "Alice", "page", "Charlie", "viewer", "owner"),
        ("member_removed", "Alice", "page", "Charlie", "owner", None),
    ]
    assert deleted[:5] == ("flow_deleted", "Alice", "page", None, None) and deleted[5]
    assert restored == ("flow_undeleted", "Alice", "page", None, deleted[5], None)


@pytest.mark.parametrize("by_cookie", [False, True])
def test_rest(
    flow: Flow, alice: User, charlie: User, client: Client, told: Callable[[], list[Told]], by_cookie: bool
) -> None:
    client.force_login(alice)
    sent = {"content_type": "application/json"} if by_cookie else bearer(alice)
    address = f"/api/v1/flows/{flow.pk}"
    client.post(f"{address}/members", {"email": charlie.email, "role": "viewer"}, **sent)
    client.patch(f"{address}/members/{charlie.pk}", {"role": "editor"}, **sent)
    client.delete(f"{address}/members/{charlie.pk}", **sent)
    assert client.delete(address, **sent).status_code == 204

    assert [one[:4] for one in told()] == [
        ("member_added", "Alice", "api", "Charlie"),
        ("member_changed", "Alice", "api", "Charlie"),
        ("member_removed", "Alice", "api", "Charlie"),
        ("flow_deleted", "Alice", "api", None),
    ]


def test_the_admin(flow: Flow, bob: User, dora: User, client: Client, told: Callable[[], list[Told]]) -> None:
    membership = bob.memberships.get(flow=flow)
    client.force_login(dora)
    client.post(reverse("admin:flows_membership_change", args=[membership.pk]), {"role": "viewer"})
    client.post(reverse("admin:flows_membership_delete", args=[membership.pk]), {"post": "yes"})
    client.post(reverse("admin:flows_flow_delete", args=[flow.pk]), {"post": "yes"})
    client.post(reverse("admin:flows_flow_changelist"), {"action": "restore", "_selected_action": [str(flow.pk)]})

    assert [one[:4] for one in told() if one[0] != "admin_change"] == [
        ("member_changed", "Dora", "admin", "Bob"),
        ("member_removed", "Dora", "admin", "Bob"),
        ("flow_deleted", "Dora", "admin", None),
        ("flow_undeleted", "Dora", "admin", None),
    ]


def test_a_command_and_the_system(flow: Flow, charlie: User, told: Callable[[], list[Told]]) -> None:
    commands.set_member(System(), flow.pk, person=charlie.email, role=Role.VIEWER)
    call_command("change_epochs")

    added, changed = told()
    assert added == ("member_added", None, "system", "Charlie", None, "viewer")
    assert changed[:3] == ("epoch_changed", None, "admin")
    assert changed[4] != changed[5] == Flow.objects.get(pk=flow.pk).epoch


def test_new_flows_are_told_with_their_owner(
    flow: Flow, alice: User, vera: User, told: Callable[[], list[Told]]
) -> None:
    copy = commands.duplicate_flow(Person(vera.pk), flow.pk, via="page")

    assert told()[0][:3] == ("flow_created", "Vera", "page")
    assert AuditEntry.objects.get(flow_id=copy.pk).told == {"epoch": copy.epoch, "roles": {str(vera.pk): "owner"}}
    assert verify_flow(copy.pk) == []


def test_a_flow_that_left_as_a_file(flow: Flow, vera: User, client: Client, told: Callable[[], list[Told]]) -> None:
    address = f"/api/v1/flows/{flow.pk}/export"
    client.get(f"{address}?format=nonsense", **bearer(vera))
    client.head(f"{address}?format=yaml", **bearer(vera))
    assert told() == []

    client.get(f"{address}?format=yaml", **bearer(vera))
    client.force_login(vera)
    client.get(f"{address}?format=svg&version=1")

    assert [one[:3] for one in told()] == [("flow_exported", "Vera", "api"), ("flow_exported", "Vera", "page")]
    by_program, by_hand = AuditEntry.objects.filter(action="flow_exported").order_by("number")
    assert by_program.told == {"format": "yaml", "version": flow.version}
    assert by_hand.told == {"format": "svg", "version": 1}


def test_a_refresh_token_that_two_have(alice: User, flow: Flow, told: Callable[[], list[Told]]) -> None:
    pair = tokens.issue(alice)
    assert tokens.refresh("nonsense") is None
    assert tokens.refresh(pair.refresh) is not None
    assert "token_reuse" not in [one[0] for one in told()]

    assert tokens.refresh(pair.refresh) is None
    assert tokens.refresh(pair.refresh) is None

    assert [one[:4] for one in told() if one[0] == "token_reuse"] == [("token_reuse", None, "system", "Alice")]


class TestAdmin:
    """It is read there, by whoever may, and by nobody written."""

    def test_it_is_listed_and_linked_from_the_flow(self, flow: Flow, dora: User, client: Client) -> None:
        client.force_login(dora)
        address = f"{reverse('admin:flows_auditentry_changelist')}?flow__id__exact={flow.pk}"
        page = client.get(address).content.decode()
        assert "member_added" in page and "– → editor" in page and "Plan a trip" in page
        assert (
            address.replace("&", "&amp;")
            in client.get(reverse("admin:flows_flow_change", args=[flow.pk])).content.decode()
        )

    @pytest.mark.parametrize("are_many", [False, True])
    def test_a_search_finds_the_same_where_very_many_fit(
        self, flow: Flow, dora: User, client: Client, monkeypatch: pytest.MonkeyPatch, are_many: bool
    ) -> None:
        if are_many:
            monkeypatch.setattr("flows.admin.audit.MOST_COUNTED", 1)
        client.force_login(dora)
        for q, told in (("plan a", 3), ("bob@", 1), ("nothing of the kind", 0)):
            page = client.get(reverse("admin:flows_auditentry_changelist"), {"q": q})
            assert page.context["cl"].result_count == told, q

    def test_what_is_of_a_flow_that_is_gone_is_listed_too(self, flow: Flow, dora: User, client: Client) -> None:
        gone = AuditEntry.objects.latest("number")
        gone.number, gone.flow_id = gone.number + 1, "00000000-0000-4000-8000-000000000000"  # type: ignore[assignment]
        AuditEntry.objects.bulk_create([gone])
        client.force_login(dora)
        page = client.get(reverse("admin:flows_auditentry_changelist")).content.decode()
        assert "00000000-0000-4000-8000-000000000000" in page

    @pytest.mark.parametrize("model", ["auditentry", "usage"])
    def test_nothing_is_written(self, flow: Flow, dora: User, client: Client, model: str) -> None:
        client.force_login(dora)
        pk = {"auditentry": AuditEntry.objects.latest("number").pk, "usage": flow.usages.get().pk}[model]
        assert client.get(reverse(f"admin:flows_{model}_change", args=[pk])).status_code == 200
        for page in ("add", "change", "delete"):
            address = reverse(f"admin:flows_{model}_{page}", args=[] if page == "add" else [pk])
            assert client.post(address, {"post": "yes"}).status_code == 403, page

    def test_staff_without_the_permission_do_not_see_it(self, flow: Flow, bob: User, client: Client) -> None:
        bob.is_staff = True
        bob.save()
        client.force_login(bob)
        address = reverse("admin:flows_auditentry_changelist")
        assert client.get(address).status_code == 403
        bob.user_permissions.add(Permission.objects.get(codename="view_auditentry"))
        assert client.get(address).status_code == 200


def test_an_administrator_is_named_though_no_member(flow: Flow, dora: User, charlie: User) -> None:
    commands.set_member(Administrator(dora.pk), flow.pk, person=charlie.email, role=Role.VIEWER)
    assert AuditEntry.objects.latest("number").actor == dora
