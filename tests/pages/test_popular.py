"""What an empty flow offers to begin with: some templates with their pictures, to those who may fill it."""

import re

import pytest

from accounts.models import User
from accounts.principals import Person
from flows.access import Role
from flows.commands import create_flow, set_member
from flows.models import Flow
from flows.parsing import parse_flow
from flows.templates import POPULAR, builtin
from tests.pages.conftest import Enter
from tests.pages.marks import by_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def empty(alice: User, vera: User) -> Flow:
    flow = create_flow(Person(alice.pk), parse_flow(title="Untitled flow"), via="page")
    set_member(Person(alice.pk), flow.pk, person=vera.email, role=Role.VIEWER)
    return flow


def offered(text: str) -> list[str]:
    return re.findall(r'<li data-template="([\w-]+)"', text)


def test_an_empty_flow_offers_the_popular_ones_with_pictures(alice: User, enter: Enter, empty: Flow) -> None:
    page = enter(alice).get(f"/flows/{empty.pk}/").content.decode()

    first = [one.id for one in POPULAR[:3]]
    assert offered(page) == first
    assert page.count('<svg class="thumb"') == 3
    assert all(f'href="/templates/{id}/?flow={empty.pk}"' in page for id in first)
    assert f"{len(builtin())} ready flows in 8 categories" in page


def test_a_flow_with_something_in_it_has_none_in_its_page_and_asks_once_it_is_empty(
    alice: User, enter: Enter, flow: Flow, hx: dict[str, str]
) -> None:
    client = enter(alice)
    page = client.get(f"/flows/{flow.pk}/").content.decode()
    assert offered(page) == [] and "thumb" not in page
    address = by_id(page, "popular").attributes["hx-get"]
    assert address is not None

    part = client.get(address, headers=hx | {"HX-Target": "div#popular"}).content.decode()

    assert offered(part) == [one.id for one in POPULAR[:3]]
    assert f"?flow={flow.pk}" in part and "<html" not in part


def test_who_may_not_fill_a_flow_is_offered_nothing(
    vera: User, charlie: User, enter: Enter, empty: Flow, hx: dict[str, str]
) -> None:
    page = enter(vera).get(f"/flows/{empty.pk}/").content.decode()
    assert offered(page) == [] and 'id="popular"' not in page

    headers = hx | {"HX-Target": "div#popular"}
    assert enter(vera).get(f"/templates/?flow={empty.pk}", headers=headers).status_code == 403
    assert enter(charlie).get(f"/templates/?flow={empty.pk}", headers=headers).status_code == 404
    assert enter(charlie).get("/templates/", headers=headers).status_code == 404
