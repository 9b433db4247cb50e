"""Providers and tool servers in the admin: through the commands, and no key comes out."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from runs.models import Provider, ToolServer
from runs.providers.registry import chain_for
from runs.tools.servers import headers_of

pytestmark = pytest.mark.django_db

ACME = {
    "id": "acme",
    "title": "Acme",
    "dialect": "openai",
    "base_url": "https://api.example.com/v1",
    "key": "sk-secret",
    "model_names": "m-1\n m-2 \n",
    "default_model": "m-2",
    "fallback": "test",
}
TOOLS = {"id": "cal", "title": "Calendar", "url": "https://tools.example.com/mcp", "header": "Bearer sk-secret"}


@pytest.fixture
def admin(client: Client, dora: User) -> Client:
    client.force_login(dora)
    return client


def save(admin: Client, kind: str, body: dict[str, str], id: str = "") -> Any:
    place = f"{id}/change" if id else "add"
    return admin.post(f"/admin/runs/{kind}/{place}/", body)


@pytest.mark.parametrize(
    "change", [{"id": "test"}, {"base_url": "http://127.0.0.1/v1"}, {"fallback": "nobody"}, {"default_model": "m-9"}]
)
def test_what_the_command_refuses_is_told_in_the_form(admin: Client, change: dict[str, str]) -> None:
    answer = save(admin, "provider", {**ACME, **change})

    assert answer.status_code == 200
    assert b"errornote" in answer.content
    assert not Provider.objects.exists()


def test_a_provider_is_registered_and_its_key_never_shown(admin: Client) -> None:
    assert save(admin, "provider", ACME).status_code == 302

    row = Provider.objects.get()
    assert (row.model_names, row.fallback, row.default_model) == (["m-1", "m-2"], ["test"], "m-2")
    assert chain_for("", "")[0].model.key == "sk-secret"  # type: ignore[attr-defined]
    for page in ("/admin/runs/provider/", "/admin/runs/provider/acme/change/"):
        shown = admin.get(page)
        assert shown.status_code == 200
        assert b"sk-secret" not in shown.content
        assert row.sealed.encode() not in shown.content


def test_an_empty_key_stays_as_it_is(admin: Client) -> None:
    save(admin, "provider", ACME)

    assert save(admin, "provider", {**ACME, "title": "Other", "key": ""}, "acme").status_code == 302
    assert Provider.objects.get().title == "Other"
    assert chain_for("acme", "")[0].model.key == "sk-secret"  # type: ignore[attr-defined]


def test_a_tool_server_is_registered_and_taken_away(admin: Client) -> None:
    assert save(admin, "toolserver", TOOLS).status_code == 302
    assert headers_of(ToolServer.objects.get()) == {"Authorization": "Bearer sk-secret"}
    assert b"sk-secret" not in admin.get("/admin/runs/toolserver/cal/change/").content

    assert admin.post("/admin/runs/toolserver/cal/delete/", {"post": "yes"}).status_code == 302
    assert not ToolServer.objects.exists()


def test_who_is_no_staff_sees_nothing(client: Client, alice: User) -> None:
    client.force_login(alice)

    assert client.get("/admin/runs/provider/").status_code == 302
    assert save(client, "provider", ACME).status_code == 302
    assert not Provider.objects.exists()
