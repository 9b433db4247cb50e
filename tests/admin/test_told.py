"""Whatever is done in the admin is told in the audit log: by whom, to what, which fields; and no secret with it."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from flows.log import verify_installation
from flows.models import AuditEntry
from helix.admin_site import Audited
from runs.models import Provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_dora(dora: User, client: Client) -> Client:
    client.force_login(dora)
    return client


def told() -> list[AuditEntry]:
    assert verify_installation() == []
    return list(AuditEntry.objects.filter(action="admin_change").order_by("number"))


def form_of(user: User, **changed: object) -> dict[str, object]:
    fields = {"email": user.email, "name": user.name, "is_active": "on", **changed}
    return {name: value for name, value in fields.items() if value is not None}


def test_every_model_of_the_admin_is_audited() -> None:
    not_audited = [model for model, one in admin.site._registry.items() if not isinstance(one, Audited)]
    assert not_audited == []


def test_nothing_is_told_of_what_was_refused(bob: User, as_dora: Client, client: Client) -> None:
    as_dora.post(reverse("admin:accounts_user_change", args=[bob.pk]), form_of(bob, name=""))
    as_dora.post(reverse("admin:auth_group_add"), {"name": ""})
    as_dora.post(reverse("admin:accounts_user_changelist"), {"action": "nonsense", "_selected_action": [bob.pk]})
    as_dora.post(reverse("admin:accounts_user_changelist"), {"action": "deactivate"})
    client.force_login(bob)
    client.post(reverse("admin:auth_group_add"), {"name": "Ops"})

    assert told() == []


def test_a_person_is_renamed_and_made_staff(bob: User, dora: User, as_dora: Client) -> None:
    address = reverse("admin:accounts_user_change", args=[bob.pk])
    as_dora.post(address, form_of(bob, name="Robert", is_staff="on"), REMOTE_ADDR="9.9.9.9", HTTP_USER_AGENT="Firefox")

    (entry,) = told()
    assert (entry.actor, entry.person, entry.via) == (dora, bob, "admin")
    assert (entry.object, entry.address, entry.agent) == (f"user:{bob.pk}", "9.9.9.9", "Firefox")
    fields = {"name": {}, "is_staff": {"before": False, "after": True}}
    assert entry.told == {"what": "changed", "of": "accounts.user", "fields": fields}


def test_groups_and_permissions_are_given_and_taken(bob: User, as_dora: Client) -> None:
    ops, view = Group.objects.create(name="Ops"), Permission.objects.get(codename="view_flow")
    bob.groups.add(Group.objects.create(name="Sales"))
    address = reverse("admin:accounts_user_change", args=[bob.pk])
    as_dora.post(address, form_of(bob, groups=[ops.pk], user_permissions=[view.pk]))

    fields = told()[0].told["fields"]
    assert fields["groups"] == {"given": ["Ops"], "taken": ["Sales"]}
    assert fields["user_permissions"] == {"given": [str(view)], "taken": []}


def test_a_password_is_set_and_not_told(bob: User, as_dora: Client) -> None:
    address = reverse("admin:auth_user_password_change", args=[bob.pk])
    new = {"usable_password": "true", "password1": "purple stapler", "password2": "purple stapler"}
    assert as_dora.post(address, new).status_code == 302

    (entry,) = told()
    assert entry.object == f"user:{bob.pk}" and set(entry.told["fields"]) == {"password"}
    assert "stapler" not in entry.detail


def test_a_providers_key_is_not_told(as_dora: Client) -> None:
    given = {"id": "acme", "title": "Acme", "dialect": "openai", "base_url": "https://api.example.com/v1"}
    given |= {"key": "swordfish", "model_names": "m", "default_model": "", "fallback": ""}
    assert as_dora.post(reverse("admin:runs_provider_add"), given).status_code == 302
    as_dora.post(reverse("admin:runs_provider_delete", args=["acme"]), {"post": "yes"})

    added, deleted = told()
    assert (added.object, added.told["what"], "key" in added.told["fields"]) == ("provider:acme", "added", True)
    assert "swordfish" not in added.detail
    assert deleted.told == {"what": "deleted", "of": "runs.provider"}
    assert not Provider.objects.exists()


def test_an_action_is_told_of_each_row(bob: User, vera: User, as_dora: Client) -> None:
    rows = [str(bob.pk), str(vera.pk)]
    as_dora.post(reverse("admin:accounts_user_changelist"), {"action": "deactivate", "_selected_action": rows})

    assert {entry.person for entry in told()} == {bob, vera}
    assert {entry.detail for entry in told()} == {'{"of":"accounts.user","what":"deactivate"}'}


def test_an_action_on_very_many_rows_is_told_with_their_number(
    bob: User, vera: User, as_dora: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helix.admin_site.MOST_NAMED", 2)
    everybody = {"action": "deactivate", "select_across": "1", "_selected_action": [str(bob.pk)]}
    as_dora.post(reverse("admin:accounts_user_changelist"), everybody)

    (entry,) = told()
    assert entry.told == {"what": "deactivate", "of": "accounts.user", "count": 3}
    assert not User.objects.filter(pk=vera.pk, is_active=True).exists()


def test_asking_whether_to_delete_is_not_told(as_dora: Client) -> None:
    group = Group.objects.create(name="Ops")
    chosen = {"action": "delete_selected", "_selected_action": [str(group.pk)]}
    as_dora.post(reverse("admin:auth_group_changelist"), chosen)
    assert told() == []

    as_dora.post(reverse("admin:auth_group_changelist"), {**chosen, "post": "yes"})
    (entry,) = told()
    assert (entry.object, entry.told["what"]) == (f"group:{group.pk}", "delete_selected")
    assert not Group.objects.exists()
