"""The page of access tokens: a secret is shown once, and revoked by one button."""

import re
from dataclasses import replace

import pytest
from pytest_django import Settings

from accounts.models import PersonalToken, User
from accounts.personal_tokens import bearer_of
from flows.models import Flow
from tests.pages.conftest import Enter

pytestmark = pytest.mark.django_db
GIVEN = {"name": "Nightly", "scope": "write", "life": "30", "flow": ""}


def secret_in(html: str) -> str:
    found = re.search(r'value="(hlx_[^"]+)"', html)
    assert found
    return found[1]


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "\u200b"}, {"scope": "all"}, {"life": "1"}, {"flow": "mine"}])
def test_what_no_token_can_be_is_told(alice: User, enter: Enter, wrong: dict[str, str]) -> None:
    answer = enter(alice).post("/tokens/", GIVEN | wrong)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not PersonalToken.objects.exists()


def test_a_flow_that_one_does_not_see_is_refused(flow: Flow, charlie: User, enter: Enter) -> None:
    client = enter(charlie)

    assert flow.title not in client.get("/tokens/").content.decode()
    assert client.post("/tokens/", GIVEN | {"flow": str(flow.pk)}).status_code == 422


def test_a_secret_is_shown_once(flow: Flow, alice: User, enter: Enter) -> None:
    client = enter(alice)
    answer = client.post("/tokens/", GIVEN | {"flow": str(flow.pk)})
    found = bearer_of(secret_in(answer.content.decode()))

    assert found
    assert (found[1].scope, found[1].flow_id) == ("write", flow.pk)
    assert "no-store" in answer["Cache-Control"]
    again = client.get("/tokens/").content.decode()
    assert "hlx_" not in again
    assert "Nightly" in again
    assert flow.title in again


def test_one_too_many_in_an_hour_says_when_to_try_again(alice: User, enter: Enter, settings: Settings) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, account_changes_per_hour=1)
    client = enter(alice)
    client.post("/tokens/", GIVEN)

    answer = client.post("/tokens/", GIVEN)

    assert (answer.status_code, int(answer["Retry-After"]) > 0) == (429, True)
    assert 'role="alert"' in answer.content.decode()


def test_one_is_revoked_and_anothers_is_not_found(alice: User, bob: User, enter: Enter) -> None:
    secret = secret_in(enter(alice).post("/tokens/", GIVEN).content.decode())
    address = f"/tokens/{PersonalToken.objects.get().pk}/revoke"

    assert enter(bob).post(address).status_code == 404
    assert bearer_of(secret)
    assert enter(alice).post(address)["Location"] == "/tokens/"
    assert bearer_of(secret) is None


def test_all_are_revoked_by_one_button(alice: User, enter: Enter) -> None:
    client = enter(alice)
    secrets = [secret_in(client.post("/tokens/", GIVEN).content.decode()) for _ in range(2)]

    client.post("/tokens/revoke")

    assert [bearer_of(one) for one in secrets] == [None, None]
    assert "Revoke all" not in client.get("/tokens/").content.decode()


def test_the_menu_of_the_person_leads_there(alice: User, enter: Enter) -> None:
    html = enter(alice).get("/").content.decode()

    assert 'href="/tokens/"' in html
    assert 'href="/teams/"' in html
