"""What a flow names and this installation does not have is told in page and API, as a warning that runs refuse."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.principals import System
from flows.installation import installation_of
from flows.models import Flow
from runs.models import Provider, ToolServer
from runs.secrets import put_secret
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db


def codes(program: Program, path: str) -> set[tuple[str, str, bool]]:
    found: dict[str, Any] = program.get(path).json()  # type: ignore[attr-defined]
    return {
        (item["code"], item["severity"], item["stops_runs"])
        for item in found["items"]
        if item["code"].startswith("unknown")
    }


def give(program: Program, flow: Flow, **settings: object) -> None:
    edit = {"kind": "edit_node", "id": "n2", "set": {"settings": settings}}
    assert program.post(f"/flows/{flow.pk}/operations", {"operations": [edit]}).status_code == 200


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama", "huggingface", "custom"])
def test_a_provider_that_nobody_registered_is_a_warning_that_runs_refuse(
    provider: str, flow: Flow, as_alice: Program
) -> None:
    give(as_alice, flow, provider=provider)

    assert codes(as_alice, f"/flows/{flow.pk}/problems") == {("unknown_provider", "warning", True)}
    graph = {"nodes": [{"id": "a", "kind": "agent", "x": 0, "y": 0, "settings": {"provider": provider}}], "edges": []}
    judged: dict[str, Any] = as_alice.post("/validate", graph).json()  # type: ignore[attr-defined]
    assert "unknown_provider" in {item["code"] for item in judged["items"]}


def test_a_registered_provider_and_the_built_in_one_are_known(flow: Flow, as_alice: Program) -> None:
    Provider.objects.create(pk="ollama", title="Ours", model_names=["llama"], updated_at=timezone.now())

    for settings in ({"provider": "ollama", "model": "llama"}, {"provider": "test", "model": None}, {}):
        give(as_alice, flow, **settings)
        assert codes(as_alice, f"/flows/{flow.pk}/problems") == set()
    for model in ("other", "test"):
        give(as_alice, flow, provider="ollama", model=model)
        assert codes(as_alice, f"/flows/{flow.pk}/problems") == {("unknown_model", "warning", True)}


def test_of_a_provider_without_a_list_any_model_is_taken() -> None:
    assert installation_of(None).models == {"test"}
    Provider.objects.create(pk="router", title="Any", model_names=[], updated_at=timezone.now())

    Provider.objects.create(pk="ours", title="Ours", model_names=["llama"], updated_at=timezone.now())

    assert installation_of(None).models is None
    assert installation_of(None).models_of == {"test": {"test"}, "ours": {"llama"}}


def test_secrets_are_those_of_the_flow_alone(flow: Flow) -> None:
    put_secret(System(), flow.pk, "KEY", "value")

    assert installation_of(flow.pk).secrets == {"KEY"}
    assert installation_of(None).secrets is None


def test_tool_servers_are_known_with_what_they_are_called() -> None:
    ToolServer.objects.create(pk="calendar", title="Our calendar", updated_at=timezone.now())

    known = installation_of(None)

    assert known.tool_servers == {"calendar"}
    assert known.titles == {"test": "Test", "calendar": "Our calendar"}
