"""The gallery of templates: by htmx in the page's dialog, by plain links and forms without a script."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from accounts.principals import Person
from flows.access import Role
from flows.commands import create_flow, save_template, set_member
from flows.models import Change, Flow, OwnTemplate, TemplateUse
from flows.parsing import parse_flow
from flows.templates import builtin

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


@pytest.fixture
def empty(alice: User, vera: User) -> Flow:
    flow = create_flow(Person(alice.pk), parse_flow(title="Untitled flow"), via="page")
    set_member(Person(alice.pk), flow.pk, person=vera.email, role=Role.VIEWER)
    return flow


def tiles(text: str) -> list[str]:
    return re.findall(r'data-template="([\w-]+)"', text)


def test_the_library_leads_to_the_gallery(alice: User, enter: Enter) -> None:
    page = enter(alice).get("/").content.decode()

    assert page.count('href="/templates/"') == 2, "above the tabs, and where there are no flows yet"


def test_all_templates_are_shown_with_pictures_and_categories(alice: User, enter: Enter, hx: dict[str, str]) -> None:
    client = enter(alice)
    page, part = client.get("/templates/").content.decode(), client.get("/templates/", headers=hx).content.decode()

    for text in (page, part):
        assert tiles(text) == list(builtin())
        assert text.count('<svg class="thumb"') == 24
        assert text.count('type="radio"') == 9
        assert " style=" not in text and "<script>" not in text
    assert "<html" in page and "<html" not in part


def test_it_is_searched_and_filtered_in_its_list_alone(alice: User, enter: Enter, hx: dict[str, str]) -> None:
    headers = hx | {"HX-Target": "div#template-list"}
    client = enter(alice)

    found = client.get("/templates/?q=invoice+order", headers=headers).content.decode()
    assert tiles(found) == ["invoice-to-approval"]
    assert "template-search" not in found
    assert tiles(client.get("/templates/?category=finance", headers=headers).content.decode()) == [
        "credit-risk",
        "fraud-check",
    ]
    nothing = client.get("/templates/?q=<b>no</b>&category=else", headers=headers).content.decode()
    assert not tiles(nothing) and "&lt;b&gt;no&lt;/b&gt;" in nothing


def test_a_template_asks_for_its_parameters_and_becomes_a_flow(alice: User, enter: Enter) -> None:
    client = enter(alice)
    form = client.get("/templates/stock-levels/").content.decode()
    assert 'name="p-budget"' in form and 'value="500"' in form

    response = client.post("/templates/stock-levels/", {"title": "Our stock", "p-budget": "80.5"})

    flow = Flow.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/flows/{flow.pk}/")
    assert flow.title == "Our stock"
    assert '"default": 80.5' in TemplateUse.objects.get().base.replace('":', '": ')


def test_with_htmx_the_browser_goes_there(alice: User, enter: Enter, hx: dict[str, str]) -> None:
    response = enter(alice).post("/templates/first-flow/", {"title": ""}, headers=hx)

    assert response["HX-Redirect"] == f"/flows/{Flow.objects.get().pk}/"
    assert Flow.objects.get().title == "First flow"


@pytest.mark.parametrize(
    "given", [{"title": "t" * 256}, {"title": "t", "p-budget": "much"}, {"title": "a\u200bb", "p-budget": "1"}]
)
def test_what_does_not_fit_is_said_and_nothing_typed_is_lost(alice: User, enter: Enter, given: dict[str, str]) -> None:
    response = enter(alice).post("/templates/stock-levels/", given)

    assert response.status_code == 422
    text = response.content.decode()
    assert 'role="alert"' in text and f'value="{given["title"]}"' in text
    assert not Flow.objects.exists()


def test_an_empty_flow_offers_templates_and_is_filled_as_one_version(alice: User, enter: Enter, empty: Flow) -> None:
    client = enter(alice)
    assert f'href="/templates/?flow={empty.pk}"' in client.get(f"/flows/{empty.pk}/").content.decode()
    assert f"/templates/first-flow/?flow={empty.pk}" in client.get(f"/templates/?flow={empty.pk}").content.decode()
    assert "Use here" in client.get(f"/templates/first-flow/?flow={empty.pk}").content.decode()

    response = client.post("/templates/first-flow/", {"flow": str(empty.pk)})

    empty.refresh_from_db()
    assert response["Location"] == f"/flows/{empty.pk}/"
    assert (empty.version, empty.title, empty.node_count, empty.edge_count) == (2, "First flow", 5, 3)
    assert Change.objects.get(flow=empty, version=2).via == "template"
    assert TemplateUse.objects.get(flow=empty).template == "first-flow"


def test_a_flow_that_has_something_in_it_is_left_alone(alice: User, enter: Enter, flow: Flow) -> None:
    enter(alice).post("/templates/first-flow/", {"flow": str(flow.pk), "title": "Another"})

    flow.refresh_from_db()
    assert flow.version == 1
    assert Flow.objects.filter(title="Another").count() == 1


def test_a_viewer_and_a_stranger_fill_nothing(vera: User, charlie: User, enter: Enter, empty: Flow) -> None:
    statuses = [
        enter(person).post("/templates/first-flow/", {"flow": str(empty.pk)}).status_code for person in (vera, charlie)
    ]

    assert statuses == [403, 404]
    empty.refresh_from_db()
    assert empty.version == 1
    assert f'href="/templates/?flow={empty.pk}"' not in enter(vera).get(f"/flows/{empty.pk}/").content.decode()


def test_a_flow_is_saved_as_a_template_and_that_is_deleted(
    alice: User, bob: User, enter: Enter, flow: Flow, hx: dict[str, str]
) -> None:
    client = enter(alice)
    assert f"/flows/{flow.pk}/save-template" in client.get("/").content.decode()
    assert 'value="Plan a trip"' in client.get(f"/flows/{flow.pk}/save-template").content.decode()
    assert client.post(f"/flows/{flow.pk}/save-template", {"title": ""}).status_code == 422

    response = client.post(
        f"/flows/{flow.pk}/save-template", {"title": "Trips", "description": "For all", "category": "Fun"}, headers=hx
    )

    assert (response.status_code, "dialog-close" in response["HX-Trigger"]) == (204, True)
    own = OwnTemplate.objects.get()
    assert (own.owner_id, own.title, own.description, own.category) == (alice.pk, "Trips", "For all", "Fun")
    assert tiles(client.get("/templates/").content.decode())[0] == str(own.pk)
    assert str(own.pk) not in enter(bob).get("/templates/").content.decode()
    assert enter(bob).post(f"/templates/{own.pk}/delete").status_code == 404
    assert str(own.pk) not in client.post(f"/templates/{own.pk}/delete", headers=hx).content.decode()
    assert not OwnTemplate.objects.exists()


def test_what_changed_in_the_template_is_offered_to_editors(
    alice: User, vera: User, enter: Enter, flow: Flow, hx: dict[str, str]
) -> None:
    template = save_template(Person(alice.pk), flow.pk, title="Trips")
    client = enter(alice)
    client.post(f"/templates/{template.id}/", {"title": "Copy"})
    copy = Flow.objects.get(title="Copy")
    address = f"/flows/{copy.pk}/template"
    assert "has not changed since" in client.get(address).content.decode()
    use = TemplateUse.objects.get(flow=copy)
    use.version, use.base = "older", use.base.replace("My skill", "Skill").replace('"label":"then"', '"label":""')
    use.save()

    assert address in client.get(f"/flows/{copy.pk}/inspector").content.decode()
    told = client.get(address, headers=hx).content.decode()
    assert "data-difference" not in told, "the flow says already what the template says"
    set_member(Person(alice.pk), copy.pk, person=vera.email, role=Role.VIEWER)
    assert enter(vera).post(address).status_code == 403
    assert "dialog-close" in client.post(address, headers=hx)["HX-Trigger"]
    assert "has not changed since" in client.get(address).content.decode()
    assert "See what changed" not in client.get(f"/flows/{copy.pk}/inspector").content.decode()
