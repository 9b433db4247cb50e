"""The page of triggers: owners alone; each button does what it says, without any script."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.models import Flow
from runs.models import Trigger
from tests.runs.listening import sensing, set_sensor

pytestmark = pytest.mark.django_db


def page(client: Client, flow: Flow, **form: str) -> Any:
    path = f"/flows/{flow.pk}/triggers/"
    return client.post(path, form, follow=True) if form else client.get(path)


@pytest.fixture
def owner(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def test_only_owners_see_it(alice: User, bob: User, charlie: User, client: Client) -> None:
    flow = sensing(alice.pk)
    commands.set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.EDITOR)

    for person, status in ((bob, 403), (charlie, 404)):
        client.force_login(person)
        assert page(client, flow).status_code == status
        assert page(client, flow, action="create", node="s").status_code == status
    assert Trigger.objects.count() == 0


def test_a_sensor_is_let_start_runs_moved_switched_and_removed(alice: User, owner: Client) -> None:
    flow = sensing(alice.pk)
    assert "Let it start runs" in page(owner, flow).content.decode()

    shown = page(owner, flow, action="create", node="s").content.decode()
    trigger = Trigger.objects.get()
    assert "/hooks/" in shown
    assert "Move to version" not in shown
    version = set_sensor(alice.pk, flow, filters={"n": 1})
    assert f"Move to version {version}" in page(owner, flow).content.decode()

    def press(action: str) -> Trigger:
        assert page(owner, flow, action=action, trigger=str(trigger.pk)).status_code == 200
        return Trigger.objects.get()

    assert press("move").version == version
    assert press("rotate").rotation == 1
    assert not press("disable").enabled
    assert press("enable").enabled
    page(owner, flow, action="delete", trigger=str(trigger.pk))
    assert Trigger.objects.count() == 0
    assert page(owner, flow, action="move", trigger=str(trigger.pk)).status_code == 200
    assert page(owner, flow, action="move", trigger="x").status_code == 200


def test_what_cannot_listen_says_why(alice: User, owner: Client) -> None:
    flow = sensing(alice.pk, source="schedule", cron="never")

    refused = page(owner, flow, action="create", node="s")
    assert refused.status_code == 422
    assert "cron:" in refused.content.decode()


def test_a_flow_without_sensors_says_so(alice: User, owner: Client, flow: Flow) -> None:
    assert "This flow has no sensor" in page(owner, flow).content.decode()
