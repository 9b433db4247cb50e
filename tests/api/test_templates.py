"""Templates by REST: the product's, one's own, flows made of them, and what changed in them since."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse

from accounts.models import User
from accounts.principals import Person, System
from flows import commands
from flows.document import Rejected
from flows.log import verify_flow
from flows.models import Change, Flow, OwnTemplate, TemplateUse
from flows.templates import builtin
from tests.api.conftest import GRAPH, Program

pytestmark = pytest.mark.django_db
Refused = Callable[[HttpResponse, int, str], Any]
PATH = "/nodes/n2/settings/model"


def ids(response: HttpResponse) -> list[str]:
    return [item["id"] for item in response.json()["items"]]  # type: ignore[attr-defined]


def made(response: HttpResponse, status: int = 201) -> dict[str, Any]:
    assert response.status_code == status, response.content
    return response.json()  # type: ignore[attr-defined, no-any-return]


def bounded(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    monkeypatch.setattr(settings, "HELIX_LIMITS", replace(settings.HELIX_LIMITS, **limits))


# The product's


def test_everybody_has_the_products_templates(as_charlie: Program) -> None:
    items = made(as_charlie.get("/templates"), 200)["items"]

    assert len(items) == 24
    assert len({item["category"] for item in items}) == 8
    for item in items:
        assert item.keys() == {"id", "title", "description", "category", "nodes", "edges", "parameters", "mine"}
        assert item["mine"] is False
        assert {"id", "kind", "x", "y", "width", "height", "label", "settings"} <= item["nodes"][0].keys()


def test_they_are_found_by_words_and_category(as_alice: Program) -> None:
    assert ids(as_alice.get("/templates?q=INVOICE%20order")) == ["invoice-to-approval"]
    assert ids(as_alice.get("/templates?category=healthcare")) == ["second-reading", "patient-triage"]
    assert ids(as_alice.get("/templates?q=invoice&category=finance")) == []
    assert ids(as_alice.get("/templates?q=nothing-like-it")) == []


def test_nobody_else_gets_any(nobody: Program, refused: Refused) -> None:
    refused(nobody.get("/templates"), 401, "not_authenticated")
    refused(nobody.post("/templates/first-flow/instantiate"), 401, "not_authenticated")


def test_every_template_makes_a_flow_that_holds(as_alice: Program) -> None:
    for item in made(as_alice.get("/templates"), 200)["items"]:
        flow = made(as_alice.post(f"/templates/{item['id']}/instantiate"))
        assert (flow["title"], flow["description"], flow["role"], flow["version"]) == (
            item["title"],
            item["description"],
            "owner",
            1,
        )
        assert len(flow["nodes"]) == len(item["nodes"])
        assert flow["template"] == {"id": item["id"], "title": item["title"], "behind": False}
    row = Flow.objects.latest("created_at")
    assert verify_flow(row.pk) is None or not verify_flow(row.pk)
    assert Change.objects.get(flow=row, version=1).via == "template"


def test_a_title_and_values_can_be_given(as_alice: Program) -> None:
    body = {"title": "Our stock", "parameters": {"budget": 80}}
    response = as_alice.post("/templates/stock-levels/instantiate", body)
    flow = made(response)

    assert flow["title"] == "Our stock"
    assert response["Location"] == f"/api/v1/flows/{flow['id']}"
    stock = next(node for node in flow["nodes"] if node["id"] == "stock")
    assert stock["settings"]["fields"][1]["default"] == 80


@pytest.mark.parametrize(
    "body",
    [
        {"title": ""},
        {"title": "t" * 256},
        {"parameters": {"budget": "much"}},
        {"parameters": {"other": 1}},
        {"parameters": [1]},
        {"colour": "#ffffff"},
    ],
)
def test_what_does_not_fit_makes_no_flow(as_alice: Program, refused: Refused, body: dict[str, Any]) -> None:
    refused(as_alice.post("/templates/stock-levels/instantiate", body), 422, "invalid")
    assert not Flow.objects.exists()


@pytest.mark.parametrize("name", ["no-such", "0f3b7a52-6f0e-4f0b-9d55-2f1c6f7a9b10", "..%2Fsettings"])
def test_there_is_no_other(as_alice: Program, refused: Refused, name: str) -> None:
    refused(as_alice.post(f"/templates/{name}/instantiate"), 404, "not_found")
    refused(as_alice.get(f"/templates/{name}"), 404, "not_found")


def test_the_products_cannot_be_changed_or_deleted(as_alice: Program, refused: Refused) -> None:
    refused(as_alice.delete("/templates/first-flow"), 404, "not_found")
    refused(as_alice.patch("/templates/first-flow", {"title": "Mine"}), 404, "not_found")


# One's own


@pytest.fixture
def own(as_alice: Program, flow: Flow) -> dict[str, Any]:
    body = {
        "title": "Our way",
        "description": "How we do it",
        "category": "Team",
        "parameters": [{"name": "model", "title": "Model", "path": PATH}],
    }
    return made(as_alice.post(f"/flows/{flow.pk}/template", body))


def test_a_flow_becomes_a_template(as_alice: Program, own: dict[str, Any], flow: Flow) -> None:
    assert (own["title"], own["description"], own["category"], own["mine"]) == ("Our way", "How we do it", "Team", True)
    assert own["parameters"] == [{"name": "model", "title": "Model", "type": "text", "default": ""}]
    assert ids(as_alice.get("/templates"))[0] == own["id"]
    assert ids(as_alice.get("/templates?category=Team")) == [own["id"]]
    made_of = made(as_alice.post(f"/templates/{own['id']}/instantiate", {"parameters": {"model": "m1"}}))
    assert next(node for node in made_of["nodes"] if node["id"] == "n2")["settings"] == {"model": "m1"}
    assert {node["id"] for node in made_of["nodes"]} == {node["id"] for node in own["nodes"]}


def test_a_viewer_may_save_one_and_a_stranger_not(
    as_vera: Program, as_charlie: Program, refused: Refused, flow: Flow
) -> None:
    made(as_vera.post(f"/flows/{flow.pk}/template", {"title": "Seen"}))
    refused(as_charlie.post(f"/flows/{flow.pk}/template", {"title": "Stolen"}), 404, "not_found")
    assert OwnTemplate.objects.count() == 1


def test_only_an_empty_flow_is_filled(flow: Flow, alice: User) -> None:
    before = flow.node_count

    with pytest.raises(Rejected, match="version_conflict"):
        commands.fill_from_template(Person(alice.pk), flow.pk, builtin()["first-flow"])
    flow.refresh_from_db()
    assert (flow.node_count, flow.version) == (before, 1)


def test_a_template_is_not_made_of_a_flow_that_its_owner_cannot_see(
    as_charlie: Program, refused: Refused, flow: Flow
) -> None:
    theirs = made(as_charlie.post("/flows", {"title": "Theirs"}))
    template = made(as_charlie.post(f"/flows/{theirs['id']}/template", {"title": "Own"}))

    refused(as_charlie.patch(f"/templates/{template['id']}", {"flow": str(flow.pk)}), 404, "not_found")
    assert as_charlie.get(f"/templates/{template['id']}").json()["nodes"] == []


def test_nobody_sees_anybody_elses(
    as_alice: Program, as_bob: Program, refused: Refused, own: dict[str, Any], flow: Flow, bob: User
) -> None:
    assert own["id"] not in ids(as_bob.get("/templates"))
    for answer in (
        as_bob.get(f"/templates/{own['id']}"),
        as_bob.post(f"/templates/{own['id']}/instantiate"),
        as_bob.patch(f"/templates/{own['id']}", {"title": "x"}),
        as_bob.delete(f"/templates/{own['id']}"),
    ):
        refused(answer, 404, "not_found")
    made_of = made(as_alice.post(f"/templates/{own['id']}/instantiate"))
    made(as_alice.post(f"/flows/{made_of['id']}/members", {"email": bob.email, "role": "editor"}))
    assert made(as_alice.get(f"/flows/{made_of['id']}"), 200)["template"]["id"] == own["id"]
    assert made(as_bob.get(f"/flows/{made_of['id']}"), 200)["template"] is None
    refused(as_bob.get(f"/flows/{made_of['id']}/template"), 404, "not_found")


@pytest.mark.parametrize(
    "parameters",
    [
        [{"name": "a b", "title": "A", "path": PATH}],
        [{"name": "a", "title": "", "path": PATH}],
        [{"name": "a", "title": "A", "path": "/nodes/gone/label"}],
        [{"name": "a", "title": "A", "path": "/nodes/n2/kind"}],
        [{"name": "a", "title": "A", "path": "/nodes/n2/settings"}],
        [{"name": "a", "title": "A", "path": "/nodes/n2/settings/robot"}],
        [{"name": "a", "title": "A", "path": "nodes/n2/label"}],
        [{"name": "a", "title": "A", "path": "/nodes/n2/label/0"}],
        [{"name": "a", "title": "A", "path": "/flow/title"}],
        [{"name": "a", "title": "A", "path": PATH}] * 2,
    ],
)
def test_a_parameter_that_points_nowhere_is_refused(
    as_alice: Program, refused: Refused, flow: Flow, parameters: list[dict[str, str]]
) -> None:
    refused(as_alice.post(f"/flows/{flow.pk}/template", {"title": "t", "parameters": parameters}), 422, "invalid")
    assert not OwnTemplate.objects.exists()


def test_a_branch_is_no_parameter(as_alice: Program, refused: Refused) -> None:
    """Edges hang on a decision's branches."""
    node = {"id": "d", "kind": "decision", "x": 0, "y": 0, "settings": {"branches": ["yes"]}}
    flow = made(as_alice.post("/flows", {"title": "t", "nodes": [node], "edges": []}))
    for path in ("/nodes/d/settings/branches", "/nodes/d/settings/branches/0"):
        body = {"title": "t", "parameters": [{"name": "a", "title": "A", "path": path}]}
        refused(as_alice.post(f"/flows/{flow['id']}/template", body), 422, "invalid")


def test_limits_hold_and_one_past_them_not(
    as_alice: Program, refused: Refused, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounded(monkeypatch, templates_per_person=2, template_parameters=1)
    one = [{"name": "a", "title": "A", "path": PATH}]
    two = [*one, {"name": "b", "title": "B", "path": "/nodes/n2/label"}]
    refused(as_alice.post(f"/flows/{flow.pk}/template", {"title": "t", "parameters": two}), 422, "limit_reached")
    for _ in range(2):
        made(as_alice.post(f"/flows/{flow.pk}/template", {"title": "t", "parameters": one}))
    refused(as_alice.post(f"/flows/{flow.pk}/template", {"title": "t"}), 422, "limit_reached")
    size = len(OwnTemplate.objects.all()[0].graph.encode())
    OwnTemplate.objects.all().delete()
    bounded(monkeypatch, template_bytes=size)
    made(as_alice.post(f"/flows/{flow.pk}/template", {"title": "t"}))
    bounded(monkeypatch, template_bytes=size - 1)
    refused(as_alice.post(f"/flows/{flow.pk}/template", {"title": "t"}), 422, "limit_reached")


def test_a_template_is_deleted_and_its_flows_stay(as_alice: Program, refused: Refused, own: dict[str, Any]) -> None:
    flow = made(as_alice.post(f"/templates/{own['id']}/instantiate"))

    assert as_alice.delete(f"/templates/{own['id']}").status_code == 204
    refused(as_alice.delete(f"/templates/{own['id']}"), 404, "not_found")
    assert made(as_alice.get(f"/flows/{flow['id']}"), 200)["template"] is None


# What changed since


def test_a_flow_made_otherwise_has_no_template(as_alice: Program, refused: Refused, flow: Flow) -> None:
    assert made(as_alice.get(f"/flows/{flow.pk}"), 200)["template"] is None
    refused(as_alice.get(f"/flows/{flow.pk}/template"), 404, "not_found")
    answer = made(as_alice.post(f"/flows/{flow.pk}/template/follow"), 200)
    assert answer == {"version": flow.version}


def operate(program: Program, flow: object, *operations: dict[str, Any]) -> None:
    results = made(program.post(f"/flows/{flow}/operations", {"operations": list(operations)}), 200)["results"]
    assert all("code" not in one for one in results), results


def test_what_changed_in_the_template_is_told_and_brought_over_as_one_version(
    as_alice: Program, own: dict[str, Any], flow: Flow
) -> None:
    given = {"parameters": {"model": "m1"}}
    copy = made(as_alice.post(f"/templates/{own['id']}/instantiate", given))["id"]
    operate(as_alice, copy, {"kind": "edit_node", "id": "n1", "set": {"label": "My own words"}})
    operate(
        as_alice,
        flow.pk,
        {"kind": "edit_node", "id": "n1", "set": {"label": "New words", "description": "Said now"}},
        {"kind": "add_node", "node": {"id": "n9", "kind": "output", "x": 600, "y": 0, "label": "Out"}},
        {"kind": "add_edge", "edge": {"id": "e9", "source": "n2", "target": "n9"}},
        {"kind": "remove_edge", "id": "e1"},
    )
    assert made(as_alice.get(f"/flows/{copy}"), 200)["template"]["behind"] is False
    made(as_alice.patch(f"/templates/{own['id']}", {"flow": str(flow.pk)}), 200)

    assert made(as_alice.get(f"/flows/{copy}"), 200)["template"]["behind"] is True
    told = made(as_alice.get(f"/flows/{copy}/template"), 200)
    assert told["behind"] is True
    assert {
        (one["what"], one["node"], one["edge"], *one["properties"], *one["kept"]) for one in told["differences"]
    } == {
        ("changed", "n1", None, "description", "label"),
        ("added", "n9", None),
        ("added", None, "e9"),
        ("removed", None, "e1"),
    }
    version = made(as_alice.post(f"/flows/{copy}/template/follow"), 200)["version"]
    after = made(as_alice.get(f"/flows/{copy}"), 200)
    assert (version, after["version"], after["template"]["behind"]) == (3, 3, False)
    nodes = {node["id"]: node for node in after["nodes"]}
    assert (nodes["n1"]["label"], nodes["n1"]["description"]) == ("My own words", "Said now")
    assert nodes["n2"]["settings"] == {"model": "m1"}, "the value that was given stays"
    assert [edge["id"] for edge in after["edges"]] == ["e9"]
    assert Change.objects.get(flow=copy, version=3).via == "template"
    assert made(as_alice.get(f"/flows/{copy}/template"), 200)["differences"] == []
    made(as_alice.post(f"/flows/{copy}/undo"), 200)
    assert len(made(as_alice.get(f"/flows/{copy}"), 200)["nodes"]) == 2, "one step takes it back"


def test_what_would_hang_on_a_deleted_node_is_left_out(as_alice: Program, own: dict[str, Any], flow: Flow) -> None:
    copy = made(as_alice.post(f"/templates/{own['id']}/instantiate"))["id"]
    operate(as_alice, copy, {"kind": "remove_node", "id": "n2"})
    operate(
        as_alice,
        flow.pk,
        {"kind": "add_node", "node": {"id": "n9", "kind": "output", "x": 600, "y": 0, "label": "Out"}},
        {"kind": "add_edge", "edge": {"id": "e8", "source": "n1", "target": "n9"}},
        {"kind": "add_edge", "edge": {"id": "e9", "source": "n2", "target": "n9"}},
    )
    made(as_alice.patch(f"/templates/{own['id']}", {"flow": str(flow.pk)}), 200)

    differences = made(as_alice.get(f"/flows/{copy}/template"), 200)["differences"]
    assert {one["edge"]: one["kept"] for one in differences if one["edge"]} == {"e8": [], "e9": [""]}
    made(as_alice.post(f"/flows/{copy}/template/follow"), 200)
    after = made(as_alice.get(f"/flows/{copy}"), 200)
    assert ({node["id"] for node in after["nodes"]}, [edge["id"] for edge in after["edges"]]) == ({"n1", "n9"}, ["e8"])
    assert after["template"]["behind"] is False


def test_what_was_changed_in_the_flow_is_not_removed(as_alice: Program, own: dict[str, Any], flow: Flow) -> None:
    copy = made(as_alice.post(f"/templates/{own['id']}/instantiate"))["id"]
    operate(as_alice, copy, {"kind": "edit_node", "id": "n1", "set": {"label": "Mine"}})
    operate(as_alice, flow.pk, {"kind": "remove_node", "id": "n1"})
    made(as_alice.patch(f"/templates/{own['id']}", {"flow": str(flow.pk)}), 200)

    told = made(as_alice.get(f"/flows/{copy}/template"), 200)["differences"]
    assert [one for one in told if one["node"]] == [
        {"what": "removed", "node": "n1", "edge": None, "label": "Mine", "properties": [], "kept": [""]}
    ]
    made(as_alice.post(f"/flows/{copy}/template/follow"), 200)
    assert "n1" in {node["id"] for node in made(as_alice.get(f"/flows/{copy}"), 200)["nodes"]}


def test_only_editors_bring_it_over(
    as_alice: Program, as_vera: Program, refused: Refused, vera: User, flow: Flow
) -> None:
    copy = made(as_alice.post("/templates/first-flow/instantiate"))["id"]
    made(as_alice.post(f"/flows/{copy}/members", {"email": vera.email, "role": "viewer"}))
    TemplateUse.objects.update(version="older")

    assert made(as_vera.get(f"/flows/{copy}/template"), 200)["behind"] is True
    refused(as_vera.post(f"/flows/{copy}/template/follow"), 403, "forbidden")


def test_a_release_that_changes_a_template_of_the_product_is_told(as_alice: Program) -> None:
    copy = made(as_alice.post("/templates/first-flow/instantiate"))["id"]
    use = TemplateUse.objects.get(flow_id=copy)
    use.version, use.base = "older", use.base.replace("Tidy up", "Clean")
    use.save()

    told = made(as_alice.get(f"/flows/{copy}/template"), 200)
    assert (told["id"], told["behind"], told["differences"]) == ("first-flow", True, [])
    made(as_alice.post(f"/flows/{copy}/template/follow"), 200)
    assert made(as_alice.get(f"/flows/{copy}"), 200)["template"]["behind"] is False


def test_the_system_owns_no_templates(flow: Flow) -> None:
    from flows.errors import Forbidden

    with pytest.raises(Forbidden):
        commands.save_template(System(), flow.pk, title="t")


def test_the_graph_of_the_tests_has_the_ids_named_here() -> None:
    assert {node["id"] for node in GRAPH["nodes"]} == {"n1", "n2"}
