"""The inspector as pages and fragments: who may change what, and that a form goes through the writing door."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.principals import Person
from flows.commands import Submission, delete_flow, submit
from flows.models import Change, Flow, FlowEdge, FlowNode
from flows.submission import parse_operation
from tests.pages.conftest import Enter
from tests.pages.marks import elements


def url(flow: Flow, query: str = "") -> str:
    return f"/flows/{flow.pk}/inspector{query}"


def fields(client: Client, flow: Flow, query: str = "") -> dict[str, dict[str, str]]:
    html = client.get(url(flow, query), headers={"HX-Request": "true"}).content.decode()
    return {part.attributes["name"]: part.attributes for part in elements(html) if "data-type" in part.attributes}


# Who may not.


def test_a_stranger_finds_nothing(flow: Flow, charlie: User, enter: Enter) -> None:
    assert enter(charlie).get(url(flow)).status_code == 404
    assert enter(charlie).post(url(flow), {"title": "Mine"}).status_code == 404


def test_somebody_logged_out_is_led_to_the_login_page(flow: Flow, client: Client, hx: dict[str, str]) -> None:
    assert client.get(url(flow)).headers["Location"].startswith("/login/")
    assert client.get(url(flow), headers=hx).headers["HX-Redirect"] == "/login/"


def test_a_viewer_reads_and_cannot_write(flow: Flow, vera: User, enter: Enter) -> None:
    client = enter(vera)
    shown = fields(client, flow, "?node=a-agent")
    assert all("readonly" in one or "disabled" in one for one in shown.values())
    assert client.post(url(flow), {"node": "a-agent", "label": "Mine"}).status_code == 403
    assert Change.objects.filter(flow=flow).count() == 1


def test_a_deleted_flow_is_gone(flow: Flow, alice: User, enter: Enter) -> None:
    delete_flow(Person(alice.pk), flow.pk)
    assert enter(alice).get(url(flow)).status_code == 404


@pytest.mark.parametrize("query", ["?node=a-group", "?edge=e1"])
def test_a_viewer_sees_where_it_is_and_cannot_move_it(flow: Flow, vera: User, enter: Enter, query: str) -> None:
    shown = fields(enter(vera), flow, query)
    assert shown.keys() >= ({"x", "y", "width", "height"} if "node" in query else {"source", "source_port", "target"})
    assert all("readonly" in one or "disabled" in one for one in shown.values())


# What is refused.


def test_a_value_out_of_bounds_comes_back_beside_its_field(
    flow: Flow, bob: User, enter: Enter, hx: dict[str, str]
) -> None:
    answer = enter(bob).post(url(flow), {"node": "a-agent", "settings.temperature": "7"}, headers=hx)
    assert answer.status_code == 422
    html = answer.content.decode()
    field = next(part for part in elements(html) if part.attributes.get("name") == "settings.temperature")
    assert field.attributes["value"] == "7"
    assert field.attributes["aria-invalid"] == "true"
    error = next(part for part in elements(html) if part.attributes.get("id") == field.attributes["aria-describedby"])
    assert error.attributes["role"] == "alert"
    assert "from 0 to 1" in error.text


def test_an_empty_title_is_told(flow: Flow, bob: User, enter: Enter, hx: dict[str, str]) -> None:
    answer = enter(bob).post(url(flow), {"title": ""}, headers=hx)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


def test_a_refusal_names_the_field_as_the_screen_does(flow: Flow, bob: User, enter: Enter, hx: dict[str, str]) -> None:
    answer = enter(bob).post(url(flow), {"node": "a-agent", "settings.max_tokens": "0"}, headers=hx)
    html = answer.content.decode()
    assert "Max tokens: a whole number from 1 to 10,000,000" in html
    assert "settings.max_tokens:" not in html


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("width", "20", "Enter a whole number from 144 to 100,000."),
        ("height", "", "Enter a whole number from 80 to 100,000."),
        ("x", "-2000000", "Enter a whole number from -1,000,000 to 1,000,000."),
        ("y", "1.5", "Enter a whole number."),
    ],
)
def test_no_node_is_put_off_the_canvas_or_made_smaller_than_its_kind(
    flow: Flow, bob: User, enter: Enter, hx: dict[str, str], name: str, text: str, said: str
) -> None:
    answer = enter(bob).post(url(flow), {"node": "a-agent", name: text}, headers=hx)
    assert answer.status_code == 422
    shown = elements(answer.content.decode())
    assert said in next(part for part in shown if part.attributes.get("id") == f"field-{name}-error").text
    assert "open" in next(part for part in shown if "data-position" in part.attributes).attributes
    assert Change.objects.filter(flow=flow).count() == 1


# What is changed.


def test_a_form_edits_a_node(flow: Flow, bob: User, enter: Enter, hx: dict[str, str]) -> None:
    typed = {
        "node": "a-agent",
        "label": "Plan",
        "settings.temperature": "0.2",
        "enabled.sent": "1",
        "colour": "#123456",
    }
    answer = enter(bob).post(url(flow), typed, headers=hx)
    assert answer.status_code == 200
    assert "Plan" in answer.content.decode()
    node = FlowNode.objects.get(flow=flow, node_id="a-agent")
    assert (node.label, node.settings, node.enabled, node.colour) == ("Plan", {"temperature": 0.2}, False, "#123456")
    change = Change.objects.get(flow=flow, version=2)
    assert (change.actor, change.via) == (bob, "page")


def test_a_form_moves_and_resizes_a_node_in_one_version(flow: Flow, bob: User, enter: Enter) -> None:
    enter(bob).post(url(flow), {"node": "a-agent", "x": "-24", "y": "40", "width": "200", "label": "Plan"})
    node = FlowNode.objects.get(flow=flow, node_id="a-agent")
    assert (node.x, node.y, node.width, node.height, node.label) == (-24, 40, 200, 80, "Plan")
    assert Change.objects.filter(flow=flow).count() == 2


def test_a_group_takes_its_members_along_and_leaves_their_size(flow: Flow, alice: User, enter: Enter) -> None:
    edit(alice, flow, {"kind": "edit_node", "id": "a-agent", "set": {"parent": "a-group"}})
    group, before = (FlowNode.objects.get(flow=flow, node_id=id) for id in ("a-group", "a-agent"))
    enter(alice).post(url(flow), {"node": "a-group", "y": str(int(group.y) + 16), "height": "400"})
    after = FlowNode.objects.get(flow=flow, node_id="a-agent")
    assert (after.x, after.y, after.height) == (before.x, before.y + 16, before.height)
    assert FlowNode.objects.get(flow=flow, node_id="a-group").height == 400


def test_a_place_between_pixels_stays_while_nobody_changes_it(flow: Flow, alice: User, enter: Enter) -> None:
    edit(alice, flow, {"kind": "move_node", "id": "a-agent", "x": 10.25, "y": 40.5})
    client = enter(alice)
    form = opened(client, flow, "?node=a-agent")
    assert (form["x"], form["y"]) == ("10", "41")
    client.post(url(flow), {**form, "x": "16"})
    node = FlowNode.objects.get(flow=flow, node_id="a-agent")
    assert (node.x, node.y) == (16, 40.5)


def test_the_same_again_makes_no_version(flow: Flow, bob: User, enter: Enter) -> None:
    enter(bob).post(url(flow), {"node": "a-agent", "label": "My agent"})
    assert Change.objects.filter(flow=flow).count() == 1


def test_several_nodes_are_one_version(flow: Flow, bob: User, enter: Enter) -> None:
    answer = enter(bob).post(url(flow), {"nodes": "a-agent,a-skill", "enabled.sent": "1"})
    assert answer.headers["Location"] == f"/flows/{flow.pk}/?nodes=a-agent,a-skill"
    assert not FlowNode.objects.filter(flow=flow, node_id__in=["a-agent", "a-skill"], enabled=True).exists()
    assert Change.objects.filter(flow=flow).count() == 2


def test_a_form_edits_an_edge(flow: Flow, bob: User, enter: Enter) -> None:
    typed = {"edge": "e1", "label": "soon", "animated.sent": "1", "animated": "on"}
    assert enter(bob).post(url(flow), typed).headers["Location"] == f"/flows/{flow.pk}/?edge=e1"
    edge = FlowEdge.objects.get(flow=flow, edge_id="e1")
    assert (edge.label, edge.animated) == ("soon", True)


def test_a_form_edits_the_flow(flow: Flow, bob: User, enter: Enter) -> None:
    assert enter(bob).post(url(flow), {"title": "Another trip"}).headers["Location"] == f"/flows/{flow.pk}/"
    flow.refresh_from_db()
    assert (flow.title, flow.description) == ("Another trip", "For two")


# What is shown.


@pytest.mark.parametrize("query", ["?node=nowhere", "?edge=nothing", "?nodes=x,y", ""])
def test_what_is_not_there_shows_the_flow(flow: Flow, bob: User, enter: Enter, query: str) -> None:
    assert fields(enter(bob), flow, query).keys() >= {"title", "description"}


def test_place_and_size_are_folded(flow: Flow, bob: User, enter: Enter) -> None:
    client = enter(bob)
    shown = fields(client, flow, "?node=a-agent")
    assert [shown[name]["value"] for name in ("x", "y", "width", "height")] == ["0", "40", "144", "80"]
    assert {shown[name]["data-type"] for name in ("x", "y", "width", "height")} == {"integer"}
    html = client.get(url(flow, "?node=a-agent")).content.decode()
    assert "open" not in next(part for part in elements(html) if "data-position" in part.attributes).attributes
    assert "x" not in fields(client, flow, "?nodes=a-agent,a-skill")


def test_an_edge_says_where_it_begins_and_ends(flow: Flow, bob: User, enter: Enter) -> None:
    edge = {"id": "e3", "source": "a-loop", "source_port": "each", "target": "a-skill"}
    edit(bob, flow, {"kind": "add_edge", "edge": edge})
    client = enter(bob)
    shown = fields(client, flow, "?edge=e3")
    assert [shown[name]["value"] for name in ("source", "source_port", "target")] == ["a-loop", "each", "a-skill"]
    assert not any("disabled" in one for one in shown.values())
    assert "disabled" in fields(client, flow, "?edge=e1")["source_port"], "there is one output alone"
    html = client.get(url(flow, "?edge=e3")).content.decode()
    assert "My loop · each" in next(part for part in elements(html) if part.tag == "dl").text


def test_every_field_has_a_label(flow: Flow, bob: User, enter: Enter) -> None:
    html = enter(bob).get(url(flow, "?node=a-agent")).content.decode()
    labelled = {part.attributes.get("for") for part in elements(html) if part.tag == "label"}
    for part in elements(html):
        if part.attributes.get("data-type") and part.attributes.get("type") != "radio":
            assert part.attributes["id"] in labelled


def test_types_are_told_to_scripts(flow: Flow, bob: User, enter: Enter) -> None:
    shown = fields(enter(bob), flow, "?node=a-agent")
    wire = {name: field["data-type"] for name, field in shown.items()}
    assert wire["settings.temperature"] == "number"
    assert wire["settings.max_tokens"] == "integer"
    assert wire["settings.provider"] == "string"
    assert wire["enabled"] == "boolean"
    assert fields(enter(bob), flow, "?node=a-memory")["settings.index_fields"]["data-type"] == "names"
    assert fields(enter(bob), flow, "?node=a-api")["settings.params"]["data-type"] == "json"


# A form that stood open while others went on.


def opened(client: Client, flow: Flow, query: str) -> dict[str, str]:
    """What a browser without scripts would post if nothing were touched."""
    html = client.get(url(flow, query)).content.decode()
    inputs = [part.attributes for part in elements(html) if part.tag == "input" and "name" in part.attributes]
    sent = [one for one in inputs if one.get("type") not in {"checkbox", "radio"} or "checked" in one]
    return {one["name"]: one.get("value", "on") for one in sent if one["name"] != "csrfmiddlewaretoken"}


def edit(person: User, flow: Flow, operation: dict[str, object]) -> None:
    submit(flow.pk, [Submission(operation=parse_operation(operation), principal=Person(person.pk), via="api")])


def renamed_by(person: User, flow: Flow) -> None:
    edit(person, flow, {"kind": "edit_node", "id": "a-agent", "set": {"label": "Theirs", "enabled": False}})


def test_what_others_changed_meanwhile_stays_where_i_touched_nothing(
    flow: Flow, alice: User, bob: User, enter: Enter
) -> None:
    client = enter(bob)
    form = opened(client, flow, "?node=a-agent")
    renamed_by(alice, flow)
    client.post(url(flow), {**form, "settings.temperature": "0.25"})
    node = FlowNode.objects.get(flow=flow, node_id="a-agent")
    assert (node.label, node.enabled, node.settings["temperature"]) == ("Theirs", False, 0.25)


def test_what_i_touched_is_mine_also_after_a_refusal(flow: Flow, alice: User, bob: User, enter: Enter) -> None:
    client = enter(bob)
    form = opened(client, flow, "?node=a-agent")
    renamed_by(alice, flow)
    refused = client.post(url(flow), {**form, "label": "Mine", "settings.temperature": "7"})
    assert refused.status_code == 422
    shown = next(
        part.attributes["value"]
        for part in elements(refused.content.decode())
        if part.attributes.get("name") == "shown"
    )
    client.post(url(flow), {**form, "shown": shown, "label": "Mine", "settings.temperature": "0.25"})
    node = FlowNode.objects.get(flow=flow, node_id="a-agent")
    assert (node.label, node.enabled) == ("Mine", False)


@pytest.mark.parametrize("shown", ["", "[]", "{", '{"label": 1}'])
def test_a_form_without_marks_is_taken_as_touched(flow: Flow, bob: User, enter: Enter, shown: str) -> None:
    enter(bob).post(url(flow), {"node": "a-agent", "label": "Mine", "shown": shown})
    assert FlowNode.objects.get(flow=flow, node_id="a-agent").label == "Mine"
