"""Plug-ins: an installed package brings actions; what is wrong in one hurts nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.models import User
from accounts.principals import Person
from flows.actions import registry
from flows.actions.execute import ActionCall, execute
from flows.commands import Acked
from flows.models import Flow
from flows.storage.store import load_document

EXAMPLE = Path(__file__).parent.parent / "plugin_example"


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example package, installed for one test."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    registry.actions.cache_clear()
    yield
    registry.actions.cache_clear()


def test_its_actions_follow_those_of_the_product_and_what_is_none_is_left_out() -> None:
    ids = [str(one["id"]) for one in registry.catalogue()]

    assert ids == [*(action.id for action in registry.OURS), "greet", "mute"]


@pytest.mark.django_db
def test_they_run_like_any_other(flow: Flow, alice: User) -> None:
    owner = Person(alice.pk)
    greeting = {"greeting": "Hi"}
    execute(ActionCall(flow_id=flow.pk, principal=owner, action="greet", node="plan", parameters=greeting))
    node = load_document(flow.pk).document.node("plan")
    assert node is not None
    assert node.description == "Hi, Plan!"

    answer = execute(ActionCall(flow_id=flow.pk, principal=owner, action="mute", nodes=["plan", "route"])).answer
    assert isinstance(answer, Acked)
    assert [one.id for one in answer.skipped] == ["route"]
