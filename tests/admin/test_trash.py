"""The trash in the admin: found, brought back, and gone for good after a page that names what goes."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.log import verify_installation
from flows.models import AuditEntry, Flow
from flows.parsing import parse_flow

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/flows/flow/"
PURGE = f"{LIST}purge/"


@pytest.fixture
def staff(client: Client, dora: User) -> Client:
    client.force_login(dora)
    return client


@pytest.fixture
def flows(alice: User) -> list[Flow]:
    """Three flows, of which two are in the trash."""
    made = [commands.create_flow(Person(alice.pk), parse_flow(title=f"Plan <{n}>"), via="page") for n in range(3)]
    for flow in made[:2]:
        commands.delete_flow(Person(alice.pk), flow.pk)
    return made


def chosen(*flows: Flow) -> dict[str, Any]:
    return {"action": "purge", "_selected_action": [str(one.pk) for one in flows]}


def told() -> list[str]:
    assert verify_installation() == []
    left_out = ["flow_created", "flow_deleted"]
    return list(AuditEntry.objects.exclude(action__in=left_out).order_by("number").values_list("action", flat=True))


def test_who_may_not_delete_flows_purges_none(flows: list[Flow], bob: User, client: Client) -> None:
    bob.is_staff = True
    bob.save()
    bob.user_permissions.set(Permission.objects.filter(codename__in=["view_flow", "change_flow"]))
    client.force_login(bob)
    client.post(LIST, chosen(*flows))
    assert client.post(PURGE, {"flow": flows[0].pk, "sure": "yes"}).status_code == 403
    assert client.post(f"{LIST}{flows[0].pk}/restore/").status_code == 403
    assert Flow.objects.count() == 3 and told() == []


def test_asking_names_what_goes_and_does_nothing(flows: list[Flow], staff: Client) -> None:
    page = staff.post(LIST, chosen(*flows)).content.decode()

    assert "Plan &lt;0&gt;: 1 versions" in page and "Plan &lt;1&gt;" in page
    assert "Plan &lt;2&gt;" not in page, "it is not in the trash"
    assert staff.get(PURGE).status_code == 403
    assert Flow.objects.count() == 3 and told() == []


def test_they_go_for_good(flows: list[Flow], staff: Client) -> None:
    staff.post(PURGE, {"flow": [str(one.pk) for one in flows[:2]], "sure": "yes"})

    assert list(Flow.objects.all()) == [flows[2]]
    assert told() == ["flow_purged"] * 2
    assert {entry.actor and entry.actor.name for entry in AuditEntry.objects.filter(action="flow_purged")} == {"Dora"}


def test_what_is_not_in_the_trash_stays_and_the_others_go(flows: list[Flow], staff: Client) -> None:
    answer = staff.post(PURGE, {"flow": [str(flows[2].pk), str(flows[0].pk)], "sure": "yes"}, follow=True)

    assert "Only a flow in the trash" in answer.content.decode()
    assert set(Flow.objects.all()) == {flows[1], flows[2]}


def test_no_more_than_so_many_at_once(flows: list[Flow], staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.admin.flows.MOST_PURGED", 1)
    assert "at most 1" in staff.post(LIST, chosen(*flows), follow=True).content.decode()
    staff.post(PURGE, {"flow": [str(one.pk) for one in flows[:2]], "sure": "yes"})
    assert Flow.objects.count() == 2


def test_one_is_brought_back_or_purged_on_its_page(flows: list[Flow], staff: Client) -> None:
    page = staff.get(f"{LIST}{flows[0].pk}/change/").content.decode()
    assert PURGE in page and f"{LIST}{flows[0].pk}/restore/" in page
    assert PURGE not in staff.get(f"{LIST}{flows[2].pk}/change/").content.decode()

    assert "Plan &lt;1&gt;" in staff.post(PURGE, {"flow": flows[1].pk}).content.decode()
    staff.post(f"{LIST}{flows[0].pk}/restore/")

    assert Flow.objects.filter(deleted_at=None).count() == 2
    assert told() == ["flow_undeleted"]


def test_the_trash_is_found(flows: list[Flow], staff: Client) -> None:
    page = staff.get(LIST, {"deleted": "yes"}).content.decode()
    assert "Plan &lt;0&gt;" in page and "Plan &lt;2&gt;" not in page


def test_flows_that_nobody_owns_any_more_are_found(flows: list[Flow], alice: User, staff: Client) -> None:
    assert "Plan &lt;2&gt;" not in staff.get(LIST, {"owned": "nobody"}).content.decode()
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert "Plan &lt;2&gt;" in staff.get(LIST, {"owned": "nobody"}).content.decode()
