"""What forms offer of this installation: to whoever may see the flow, and names of secrets to owners alone."""

import pytest

from accounts.models import User
from flows import installation
from flows.models import Flow
from flows.validation import Installation
from tests.pages.conftest import Enter

KNOWN = Installation(
    providers=frozenset({"test", "ours"}),
    secrets=frozenset({"SHOP"}),
    tool_servers=frozenset(),
    titles={"ours": "Our own"},
)


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "_known", lambda _flow: KNOWN)


def test_a_stranger_finds_nothing(flow: Flow, charlie: User, enter: Enter) -> None:
    assert enter(charlie).get(f"/flows/{flow.pk}/offers").status_code == 404


def test_members_see_what_there_is_and_what_is_not_known_is_left_out(flow: Flow, vera: User, enter: Enter) -> None:
    offered = enter(vera).get(f"/flows/{flow.pk}/offers").json()

    assert offered == {"provider": [["ours", "Our own"], ["test", "test"]], "tools": []}


def test_owners_also_see_the_names_of_secrets(flow: Flow, alice: User, bob: User, enter: Enter) -> None:
    assert enter(alice).get(f"/flows/{flow.pk}/offers").json()["secret"] == [["SHOP", "SHOP"]]
    assert "secret" not in enter(bob).get(f"/flows/{flow.pk}/offers").json()
