"""Webhooks by REST: owners alone, secrets never shown, addresses judged."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection

from flows.models import Delivery, Flow, Webhook
from flows.webhooks.deliveries import notify
from runs.secrets import reseal
from tests.api.conftest import Program
from web.sealing import unseal

URL = "https://hooks.example/helix"
Refused = Callable[..., Any]


def make(program: Program, flow: Flow, **fields: object) -> Any:
    answer = program.post(f"/flows/{flow.pk}/webhooks", {"url": URL, "events": ["changed"], **fields})
    assert answer.status_code == 201, answer.content
    return answer.json()  # type: ignore[attr-defined]


def test_an_owner_makes_changes_and_deletes_one(flow: Flow, as_alice: Program) -> None:
    made = make(as_alice, flow, events=["changed", "changed", "run.done"])
    path = f"/flows/{flow.pk}/webhooks"

    assert made == {"id": made["id"], "url": URL, "events": ["changed", "run.done"], "enabled": True}
    assert as_alice.get(path).json() == {"items": [made]}  # type: ignore[attr-defined]
    changed = as_alice.patch(f"{path}/{made['id']}", {"enabled": False, "events": ["run.failed"]})
    assert changed.json() == {**made, "enabled": False, "events": ["run.failed"]}  # type: ignore[attr-defined]
    assert as_alice.delete(f"{path}/{made['id']}").status_code == 204
    assert as_alice.get(path).json() == {"items": []}  # type: ignore[attr-defined]


def test_a_secret_is_kept_changed_and_taken_away_but_never_shown(flow: Flow, as_alice: Program) -> None:
    made = make(as_alice, flow, secret="swordfish")
    path = f"/flows/{flow.pk}/webhooks/{made['id']}"

    def held() -> tuple[str, str | None]:
        webhook = Webhook.objects.get(pk=made["id"])
        return webhook.sealed, unseal(webhook.sealed, webhook.sealed_about())

    assert held()[1] == "swordfish"
    assert "swordfish" not in held()[0]
    assert b"swordfish" not in as_alice.get(f"/flows/{flow.pk}/webhooks").content
    as_alice.patch(path, {"enabled": True})
    assert held()[1] == "swordfish"
    as_alice.patch(path, {"secret": "other"})
    assert held()[1] == "other"
    as_alice.patch(path, {"secret": ""})
    assert held() == ("", "")


def test_a_secret_of_another_installation_cannot_be_read(flow: Flow, as_alice: Program, settings: Any) -> None:
    make(as_alice, flow, secret="swordfish")
    settings.SECRET_KEY = "another"

    webhook = Webhook.objects.get()
    assert unseal(webhook.sealed, webhook.sealed_about()) is None


def test_a_sealed_secret_opens_for_its_own_webhook_alone(flow: Flow, as_alice: Program) -> None:
    make(as_alice, flow, secret="swordfish")
    other = make(as_alice, flow)
    Webhook.objects.filter(pk=other["id"]).update(sealed=Webhook.objects.exclude(sealed="").get().sealed)
    copied = Webhook.objects.get(pk=other["id"])

    assert unseal(copied.sealed, copied.sealed_about()) is None


def test_a_new_key_seals_a_webhooks_secret_anew(flow: Flow, as_alice: Program, settings: Any, tmp_path: Path) -> None:
    make(as_alice, flow, secret="swordfish")
    make(as_alice, flow)
    settings.HELIX_SECRETS_KEY_FILE = str(tmp_path / "keys")
    (tmp_path / "keys").write_text(f"{'a' * 32}\n")

    assert reseal() == (1, 0)
    settings.SECRET_KEY = "another"
    webhook = Webhook.objects.exclude(sealed="").get()
    assert unseal(webhook.sealed, webhook.sealed_about()) == "swordfish"


def test_the_migration_seals_what_had_a_key_of_its_own_and_can_be_taken_back(
    flow: Flow, as_alice: Program, settings: Any
) -> None:
    migration = import_module("flows.migrations.0021_sealed_webhooks")
    signed, bare, lost = (make(as_alice, flow)["id"] for _ in range(3))
    before = migration.former_box().encrypt(b"swordfish").decode()
    Webhook.objects.filter(pk=signed).update(sealed=before)
    Webhook.objects.filter(pk=lost).update(sealed="gAAAAA")

    def opened(id: str) -> str | None:
        webhook = Webhook.objects.get(pk=id)
        return unseal(webhook.sealed, webhook.sealed_about())

    assert opened(signed) is None
    migration.seal_anew(apps, connection.schema_editor())
    assert [opened(signed), opened(bare), opened(lost)] == ["swordfish", "", None]
    migration.seal_as_before(apps, connection.schema_editor())
    assert migration.former_box().decrypt(Webhook.objects.get(pk=signed).sealed.encode()) == b"swordfish"
    assert Webhook.objects.get(pk=lost).sealed == "gAAAAA"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "", None),
        ("post", "", {"url": URL, "events": ["changed"]}),
        ("patch", "/{webhook}", {"enabled": False}),
        ("delete", "/{webhook}", None),
        ("get", "/{webhook}/deliveries", None),
        ("post", "/{webhook}/deliveries/{delivery}/resend", None),
    ],
)
def test_owners_alone_have_to_do_with_them(
    method: str,
    path: str,
    body: object,
    flow: Flow,
    as_alice: Program,
    as_bob: Program,
    as_vera: Program,
    as_charlie: Program,
    nobody: Program,
    refused: Refused,
) -> None:
    webhook = make(as_alice, flow, events=["run.done"])["id"]
    notify(flow.pk, "run.done")
    whole = f"/flows/{flow.pk}/webhooks{path}".format(webhook=webhook, delivery=Delivery.objects.get().pk)

    refused(as_bob.call(method, whole, body), 403, "forbidden")
    refused(as_vera.call(method, whole, body), 403, "forbidden")
    refused(as_charlie.call(method, whole, body), 404, "not_found")
    refused(nobody.call(method, whole, body), 401, "not_authenticated")
    assert Webhook.objects.filter(pk=webhook, enabled=True).exists()


def test_what_belongs_to_another_flow_is_not_found(flow: Flow, as_alice: Program, refused: Refused) -> None:
    made = make(as_alice, flow)
    other = as_alice.post("/flows", {"title": "Other"}).json()["id"]  # type: ignore[attr-defined]

    for method, path, body in (
        ("patch", f"/{made['id']}", {"enabled": False}),
        ("delete", f"/{made['id']}", None),
        ("get", f"/{made['id']}/deliveries", None),
        ("post", f"/{made['id']}/deliveries/{uuid4()}/resend", None),
    ):
        refused(as_alice.call(method, f"/flows/{other}/webhooks{path}", body), 404, "not_found")
    refused(as_alice.delete(f"/flows/{flow.pk}/webhooks/{uuid4()}"), 404, "not_found")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://[::ffff:10.0.0.1]/", "ftp://x/", "http://a:b@c/", "", "x"]
)
def test_an_address_that_can_never_be_called_is_refused(
    url: str, flow: Flow, as_alice: Program, refused: Refused
) -> None:
    path = f"/flows/{flow.pk}/webhooks"

    refused(as_alice.post(path, {"url": url, "events": ["changed"]}), 422, "invalid")
    made = make(as_alice, flow)
    refused(as_alice.patch(f"{path}/{made['id']}", {"url": url}), 422, "invalid")
    assert Webhook.objects.get().url == URL


@pytest.mark.parametrize("events", [[], ["no.such"], ["changed", "no.such"], [1], "changed"])
def test_events_are_known_ones(events: object, flow: Flow, as_alice: Program, refused: Refused) -> None:
    refused(as_alice.post(f"/flows/{flow.pk}/webhooks", {"url": URL, "events": events}), 422, "invalid")


def test_a_flow_has_so_many_and_no_more(flow: Flow, as_alice: Program, refused: Refused, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, webhooks_per_flow=2)
    make(as_alice, flow)
    make(as_alice, flow)

    refused(as_alice.post(f"/flows/{flow.pk}/webhooks", {"url": URL, "events": ["changed"]}), 422, "limit_reached")
    assert Webhook.objects.count() == 2


def test_a_delivery_is_listed_and_sent_again_under_its_id(flow: Flow, as_alice: Program) -> None:
    made = make(as_alice, flow, events=["run.done"])
    notify(flow.pk, "run.done", run="r1")
    Delivery.objects.update(state="given_up", tries=20, status=500, error="status")
    path = f"/flows/{flow.pk}/webhooks/{made['id']}/deliveries"

    (listed,) = as_alice.get(path).json()["items"]  # type: ignore[attr-defined]
    assert (listed["event"], listed["state"], listed["status"], listed["tries"]) == ("run.done", "given_up", 500, 20)
    again = as_alice.post(f"{path}/{listed['id']}/resend").json()  # type: ignore[attr-defined]
    assert (again["id"], again["state"], again["tries"]) == (listed["id"], "waiting", 0)


def test_an_edit_can_say_at_which_version_the_flow_must_be(flow: Flow, as_bob: Program, refused: Refused) -> None:
    path = f"/flows/{flow.pk}/operations"
    rename = {"kind": "edit_flow", "set": {"title": "New"}}

    stale = as_bob.post(path, {"operations": [rename], "version": flow.version + 7}).json()  # type: ignore[attr-defined]
    assert [one["code"] for one in stale["results"]] == ["version_conflict"]
    done = as_bob.post(path, {"operations": [rename], "version": flow.version}).json()  # type: ignore[attr-defined]
    assert done["results"] == [{"version": flow.version + 1}]
    late = as_bob.post(path, {"operations": [rename], "version": flow.version}).json()  # type: ignore[attr-defined]
    assert [one["code"] for one in late["results"]] == ["version_conflict"]
    refused(as_bob.post(path, {"operations": [rename, rename], "version": 2}), 422, "invalid")
