"""The library: what is listed, and what can be done with a flow as a whole, with scripts and without."""

from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from accounts import teams
from accounts.models import User
from accounts.principals import Person
from flows.commands import create_flow, delete_flow, save_template, set_team, star_flow
from flows.models import Flow, FlowNode
from flows.pages import forms
from flows.pages.library import VIEW_COOKIE
from flows.parsing import parse_flow
from flows.templates import POPULAR, builtin_count
from tests.pages.conftest import Enter
from tests.pages.marks import by_id, elements


def titles(client: Client, query: str = "") -> list[str]:
    html = client.get(f"/{query}").content.decode()
    return [part.text for part in elements(html) if part.attributes.get("class") == "card-link"]


# Who may not.


def test_odd_input_is_refused_or_finds_nothing(flow: Flow, alice: User, enter: Enter) -> None:
    client = enter(alice)
    assert client.post("/flows/", {"title": "a\0b"}).status_code == 422
    assert client.post(f"/flows/{flow.pk}/members/99999999999999999999", {"role": "editor"}).status_code == 404
    assert client.post(f"/flows/{flow.pk}/members", {"person": "a\0b", "role": "editor"}).status_code == 422
    assert client.get("/", {"q": "\0"}).status_code == 200
    for name in ("node", "nodes", "edge"):
        assert client.get(f"/flows/{flow.pk}/inspector", {name: "\0"}).status_code == 200


def test_a_large_selection_is_read_at_once(
    flow: Flow, alice: User, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    client = enter(alice)
    with django_assert_max_num_queries(12):
        client.get(f"/flows/{flow.pk}/inspector", {"nodes": ",".join(f"n{index}" for index in range(600))})


@pytest.mark.parametrize("path", ["rename", "duplicate", "delete", "restore", "members"])
def test_a_stranger_finds_nothing(flow: Flow, charlie: User, enter: Enter, path: str) -> None:
    assert enter(charlie).post(f"/flows/{flow.pk}/{path}").status_code == 404


@pytest.mark.parametrize(("path", "status"), [("rename", 403), ("delete", 403), ("restore", 404)])
def test_a_viewer_may_not_change_it(flow: Flow, vera: User, enter: Enter, path: str, status: int) -> None:
    assert enter(vera).post(f"/flows/{flow.pk}/{path}", {"title": "Mine"}).status_code == status
    flow.refresh_from_db()
    assert (flow.title, flow.deleted_at) == ("Plan a trip", None)


def test_an_editor_may_not_delete_it(flow: Flow, bob: User, enter: Enter) -> None:
    assert enter(bob).post(f"/flows/{flow.pk}/delete").status_code == 403


@pytest.mark.parametrize("path", ["create", "duplicate", "delete", "restore"])
def test_a_link_changes_nothing(flow: Flow, alice: User, enter: Enter, path: str) -> None:
    address = "/flows/" if path == "create" else f"/flows/{flow.pk}/{path}"
    assert enter(alice).get(address).status_code == 405


def test_logged_out_every_page_leads_to_login(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/login/?next=/"


# The list.


def test_own_and_shared_flows_are_apart(flow: Flow, alice: User, bob: User, charlie: User, enter: Enter) -> None:
    assert titles(enter(alice)) == ["Plan a trip"]
    assert titles(enter(bob), "?tab=mine") == []
    assert titles(enter(bob), "?tab=shared") == ["Plan a trip"]
    assert titles(enter(bob), "") == ["Plan a trip"], "who has none of their own sees at once what is shared with them"
    assert titles(enter(bob), "?tab=mine") == []
    assert titles(enter(charlie), "?tab=shared") == []


def test_search_and_sorting(alice: User, enter: Enter) -> None:
    for title in ("Beta", "alpha", "Gamma trip"):
        create_flow(Person(alice.pk), parse_flow(title=title), via="page")
    client = enter(alice)
    assert titles(client, "?sort=title") == ["alpha", "Beta", "Gamma trip"]
    assert titles(client, "?q=TRIP") == ["Gamma trip"]
    assert titles(client, "?sort=nonsense&tab=nonsense&offset=-3") == ["Gamma trip", "alpha", "Beta"]
    assert "Nothing found" in client.get("/?q=delta").content.decode()


def test_a_fragment_is_the_listing_alone(flow: Flow, alice: User, enter: Enter, hx: dict[str, str]) -> None:
    html = enter(alice).get("/", headers=hx).content.decode()
    assert "<html" not in html
    assert "Plan a trip" in html


def test_more_comes_a_page_at_a_time(alice: User, enter: Enter, hx: dict[str, str]) -> None:
    for index in range(26):
        create_flow(Person(alice.pk), parse_flow(title=f"Flow {index}"), via="page")
    client = enter(alice)
    assert len(titles(client)) == 24
    assert "offset=24" in client.get("/").content.decode()
    rest = client.get("/?offset=24", headers=hx).content.decode()
    assert rest.count('class="card"') == 2
    assert "offset=" not in rest


def test_a_card_sketches_the_flow(flow: Flow, alice: User, enter: Enter) -> None:
    html = enter(alice).get("/").content.decode()
    sketch = next(part for part in elements(html) if part.attributes.get("class") == "thumb")
    assert [part.attributes.get("class") for part in sketch.all()].count("thumb-edge") == 2
    assert sum("fill" in part.attributes for part in sketch.all()) == FlowNode.objects.filter(flow=flow).count() - 2


def test_the_number_of_queries_does_not_grow(alice: User, enter: Enter, django_assert_max_num_queries: object) -> None:
    for index in range(12):
        create_flow(
            Person(alice.pk),
            parse_flow(title=f"Flow {index}", nodes=[{"id": "a", "kind": "agent", "x": 0, "y": 0}]),
            via="page",
        )
    client = enter(alice)
    client.get("/")
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get("/")


# What can be done.


def test_a_new_flow_opens_in_the_editor(alice: User, enter: Enter) -> None:
    answer = enter(alice).post("/flows/")
    flow = Flow.objects.get()
    assert answer.headers["Location"] == f"/flows/{flow.pk}/"
    assert (flow.title, flow.version) == ("Untitled flow", 1)


def test_renaming_asks_and_takes(flow: Flow, bob: User, enter: Enter, hx: dict[str, str]) -> None:
    client, address = enter(bob), f"/flows/{flow.pk}/rename"
    assert 'value="Plan a trip"' in client.get(address, headers=hx).content.decode()
    refused = client.post(address, {"title": " "}, headers=hx)
    assert refused.status_code == 422
    assert 'role="alert"' in refused.content.decode()
    taken = client.post(address, {"title": "Other"}, headers=hx)
    assert "dialog-close" in taken.headers["HX-Trigger"]
    assert client.post(address, {"title": "Again"}).headers["Location"] == "/"
    flow.refresh_from_db()
    assert (flow.title, flow.version) == ("Again", 3)


def test_a_title_that_nobody_typed_is_no_edit(flow: Flow, alice: User, bob: User, enter: Enter) -> None:
    client, address = enter(bob), f"/flows/{flow.pk}/rename"
    shown = forms.marks((), title="Plan a trip")
    assert escape(shown) in client.get(address).content.decode()
    enter(alice).post(address, {"title": "By alice"})
    assert client.post(address, {"title": "Plan a trip", "shown": shown}).headers["Location"] == "/"
    flow.refresh_from_db()
    assert (flow.title, flow.version) == ("By alice", 2)
    refused = client.post(address, {"title": " ", "shown": shown})
    assert escape(shown) in refused.content.decode()


def test_a_duplicate_is_ones_own(flow: Flow, vera: User, enter: Enter) -> None:
    client = enter(vera)
    assert client.post(f"/flows/{flow.pk}/duplicate").headers["Location"] == "/"
    assert titles(client) == ["Plan a trip (Copy)"]


def test_deleting_can_be_undone(flow: Flow, alice: User, enter: Enter, hx: dict[str, str]) -> None:
    client = enter(alice)
    answer = client.post(f"/flows/{flow.pk}/delete", headers=hx)
    assert f"/flows/{flow.pk}/restore" in answer.content.decode()
    assert "flows-changed" in answer.headers["HX-Trigger"]
    assert titles(client) == []
    assert client.post(f"/flows/{flow.pk}/restore", headers=hx).status_code == 204
    assert titles(client) == ["Plan a trip"]


def test_deleting_can_be_undone_without_scripts(flow: Flow, alice: User, enter: Enter) -> None:
    client = enter(alice)
    answer = client.post(f"/flows/{flow.pk}/delete", follow=True)
    assert f"/flows/{flow.pk}/restore" in answer.content.decode()
    assert client.post(f"/flows/{flow.pk}/restore").headers["Location"] == "/"
    assert titles(client) == ["Plan a trip"]


@pytest.mark.parametrize("deleted", ["nonsense", '"><script>', "../../login"])
def test_a_made_up_undo_is_not_offered(alice: User, enter: Enter, deleted: str) -> None:
    answer = enter(alice).get("/", {"deleted": deleted})
    assert answer.status_code == 200
    assert "restore" not in answer.content.decode()


# The parts of the library.


def tabs(client: Client) -> dict[str, str]:
    """Return what stands beside each part of the library, in order; nothing beside one that is not counted."""
    found = dict[str, str]()
    for link in elements(client.get("/").content.decode()):
        told = {part.attributes.get("class", ""): part.text for part in link.children}
        if link.tag == "a" and "sections-name" in told:
            found[told["sections-name"]] = told.get("count", "")
    return found


def test_the_tabs_count_each_part(flow: Flow, alice: User, bob: User, enter: Enter) -> None:
    team = teams.create_team(Person(alice.pk), "Travel <b>").id
    for title in ("One", "Two", "Three"):
        create_flow(Person(alice.pk), parse_flow(title=title), via="page")
    set_team(Person(alice.pk), flow.pk, team)
    star_flow(Person(alice.pk), flow.pk, is_starred=True)
    star_flow(Person(alice.pk), Flow.objects.get(title="One").pk, is_starred=True)
    delete_flow(Person(alice.pk), Flow.objects.get(title="Three").pk)
    hers, his = enter(alice), enter(bob)
    assert list(tabs(hers).items()) == [
        ("Mine", "2"),
        ("Shared with me", "0"),
        ("Travel <b>", "1"),
        ("Recent", ""),
        ("Starred", "2"),
        ("Trash", "1"),
    ]
    assert tabs(his) == {"Mine": "0", "Shared with me": "1", "Recent": "", "Starred": "0", "Trash": "0"}


def test_the_tab_in_view_is_marked_and_keeps_what_is_sought_and_sorted(flow: Flow, alice: User, enter: Enter) -> None:
    html = enter(alice).get("/?tab=starred&q=trip&sort=title").content.decode()
    row = next(part for part in elements(html) if part.attributes.get("class") == "sections")
    assert [link.attributes["href"] for link in row.children if "aria-current" in link.attributes] == [
        "?tab=starred&sort=title&q=trip"
    ]
    assert row.children[0].attributes["href"] == "?tab=mine&sort=title&q=trip"


# The strip of templates.


def starters(client: Client, query: str = "") -> list[str]:
    html = client.get(f"/{query}").content.decode()
    found = next((part for part in elements(html) if part.attributes.get("class") == "starters"), None)
    return (
        []
        if found is None
        else [part.attributes.get("href", part.tag) for part in found.all() if part.tag in "a button"]
    )


def test_a_flow_begins_with_nothing_or_with_a_template(alice: User, enter: Enter) -> None:
    client = enter(alice)
    blank, *offers, every = starters(client)
    assert (blank, every) == ("button", "/templates/")
    assert offers == [f"/templates/{one.id}/" for one in POPULAR]
    assert starters(client, "?tab=trash") == starters(client), "the tabs below stay where they are"
    assert starters(client, "?q=trip") == [], "who seeks a flow is not offered another"
    assert all(client.get(path).status_code == 200 for path in offers)


def test_the_strip_says_how_many_templates_one_can_use(alice: User, bob: User, enter: Enter) -> None:
    team = teams.create_team(Person(alice.pk), "Travel").id
    for person, of in ((alice, None), (alice, team), (bob, None)):
        made = create_flow(Person(person.pk), parse_flow(title="One"), via="page")
        save_template(Person(person.pk), made.pk, title="One", description="", category="", team=of)
    assert f"All {builtin_count() + 2} templates" in enter(alice).get("/").content.decode()
    assert f"All {builtin_count() + 1} templates" in enter(bob).get("/").content.decode()


# The view.


def view_of(client: Client, query: str = "") -> str:
    """Return how the cards are shown, where the switch agrees with it."""
    html = client.get(f"/{query}").content.decode()
    (chosen,) = [id for id in ("view-cards", "view-list") if "aria-current" in by_id(html, id).attributes]
    return f"{by_id(html, 'cards').attributes['class']}, {chosen}"


def test_the_view_is_kept_until_another_is_chosen(flow: Flow, alice: User, enter: Enter, hx: dict[str, str]) -> None:
    client = enter(alice)
    assert view_of(client) == view_of(client, "?view=nonsense") == "cards, view-cards"
    assert VIEW_COOKIE not in client.cookies
    assert view_of(client, "?tab=mine&view=list") == "cards list, view-list"
    assert view_of(client) == view_of(client, "?sort=title&view=%00") == "cards list, view-list"
    cookie = client.cookies[VIEW_COOKIE]
    assert (cookie["samesite"], cookie["httponly"], cookie["path"]) == ("Lax", True, "/")
    client.get("/?view=cards", headers=hx)
    assert view_of(client) == "cards, view-cards"
    client.cookies[VIEW_COOKIE] = "nonsense"
    assert view_of(client) == "cards, view-cards"


def test_a_view_shows_the_same_part_search_and_order(flow: Flow, alice: User, enter: Enter) -> None:
    html = enter(alice).get("/?tab=mine&q=plan+a&sort=title").content.decode()
    assert by_id(html, "view-list").attributes["href"] == "?tab=mine&sort=title&q=plan+a&view=list"


def test_a_team_is_a_part_for_its_members(flow: Flow, alice: User, bob: User, enter: Enter) -> None:
    team = teams.create_team(Person(alice.pk), "Travel <b>").id
    set_team(Person(alice.pk), flow.pk, team)
    html = enter(alice).get("/").content.decode()
    assert "<b>" not in html and f"?tab=team-{team}" in html
    assert titles(enter(alice), f"?tab=team-{team}") == ["Plan a trip"]
    assert titles(enter(bob), f"?tab=team-{team}") == ["Plan a trip"], "no team of his: he sees what is shared"
    assert titles(enter(bob), "?tab=shared") == ["Plan a trip"]


@pytest.mark.parametrize(
    ("tab", "says"),
    [
        ("mine", "Create your first flow"),
        ("shared", "No flows shared with you yet"),
        ("recent", "Nothing opened yet"),
        ("starred", "No starred flows"),
        ("trash", "The trash is empty"),
    ],
)
def test_an_empty_part_says_what_will_be_there(charlie: User, enter: Enter, tab: str, says: str) -> None:
    assert says in enter(charlie).get(f"/?tab={tab}").content.decode()


def test_what_was_opened_is_recent(flow: Flow, vera: User, enter: Enter) -> None:
    client = enter(vera)
    assert titles(client, "?tab=recent") == []
    client.get(f"/flows/{flow.pk}/")
    assert titles(client, "?tab=recent") == ["Plan a trip"]


def test_a_star_is_one_form_with_scripts_and_without(flow: Flow, vera: User, enter: Enter, hx: dict[str, str]) -> None:
    client, address = enter(vera), f"/flows/{flow.pk}/star"
    html = client.post(address, {"starred": "true"}, headers=hx).content.decode()
    assert 'aria-pressed="true"' in html and 'hx-swap-oob="true">1<' in html
    assert titles(client, "?tab=starred") == ["Plan a trip"]
    assert client.post(address, {"starred": "false", "tab": "shared"}).headers["Location"] == "/?tab=shared"
    assert titles(client, "?tab=starred") == []


def test_a_search_says_which_node_it_found(flow: Flow, alice: User, enter: Enter) -> None:
    html = enter(alice).get("/?q=my+memory").content.decode()
    assert "Node “<bdi>My memory</bdi>”" in html
    assert "card-match" not in enter(alice).get("/?q=trip").content.decode()


def test_the_trash_gives_back_and_deletes_for_good(flow: Flow, alice: User, enter: Enter, hx: dict[str, str]) -> None:
    client = enter(alice)
    client.post(f"/flows/{flow.pk}/delete")
    html = client.get("/?tab=trash").content.decode()
    assert "card-link" not in html and f"/flows/{flow.pk}/restore" in html and f"/flows/{flow.pk}/purge" in html
    assert client.post(f"/flows/{flow.pk}/restore", {"tab": "trash"}).headers["Location"] == "/?tab=trash"
    client.post(f"/flows/{flow.pk}/delete")
    assert "Delete for good?" in client.get(f"/flows/{flow.pk}/purge").content.decode()
    answer = client.post(f"/flows/{flow.pk}/purge", headers=hx)
    assert answer.status_code == 204 and "dialog-close" in answer.headers["HX-Trigger"]
    assert not Flow.objects.filter(pk=flow.pk).exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_only_owners_purge_and_only_from_the_trash(
    flow: Flow, alice: User, bob: User, charlie: User, enter: Enter, method: str
) -> None:
    def status(person: User) -> int:
        return int(getattr(enter(person), method)(f"/flows/{flow.pk}/purge").status_code)

    assert [status(person) for person in (alice, bob, charlie)] == [409, 403, 404]
    enter(alice).post(f"/flows/{flow.pk}/delete")
    assert [status(person) for person in (bob, charlie)] == [404, 404]
    assert Flow.objects.filter(pk=flow.pk).exists()


def test_a_namesake_s_change_is_not_one_s_own(flow: Flow, alice: User, bob: User, enter: Enter) -> None:
    User.objects.filter(pk=bob.pk).update(name=alice.name)
    client = enter(alice)
    for by, shown in ((bob, alice.name), (alice, "you")):
        Flow.objects.filter(pk=flow.pk).update(updated_by=by)
        assert f"by <bdi>{shown}</bdi>" in client.get("/").content.decode()
