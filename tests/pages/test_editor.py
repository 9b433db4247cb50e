"""The editor's page: the whole flow before any script, the hooks that the contract names, the canvas by itself."""

import json
import re

import pytest
from django.test import Client

from accounts.models import User
from accounts.principals import Person
from flows.commands import create_flow
from flows.document import KINDS
from flows.models import Flow
from flows.parsing import parse_flow
from flows.rendering import layout_css, whole
from flows.storage.store import load_document
from tests.pages.conftest import Enter
from tests.pages.marks import Element, by_id, elements


def page(client: Client, flow: Flow) -> str:
    return client.get(f"/flows/{flow.pk}/").content.decode()


def with_hook(html: str, name: str) -> list[Element]:
    """Return the elements with a hook; the outline's rows carry those of the canvas too."""
    found = [part for part in elements(html) if name in part.attributes]
    return [part for part in found if part.attributes.get("role") != "treeitem"]


@pytest.mark.parametrize("path", ["", "canvas", "layout.css"])
def test_only_members_get_in(flow: Flow, charlie: User, enter: Enter, client: Client, path: str) -> None:
    assert enter(charlie).get(f"/flows/{flow.pk}/{path}").status_code == 404
    assert client.get(f"/flows/{flow.pk}/{path}").headers["Location"] == f"/login/?next=/flows/{flow.pk}/{path}"


def test_an_unknown_flow_is_a_page_with_a_way_back(alice: User, enter: Enter) -> None:
    answer = enter(alice).get("/flows/00000000-0000-0000-0000-000000000000/")
    assert answer.status_code == 404
    assert 'href="/"' in answer.content.decode()


def test_the_root_says_where_everything_is(flow: Flow, bob: User, enter: Enter) -> None:
    root = by_id(page(enter(bob), flow), "editor").attributes
    assert root["data-flow"] == str(flow.pk)
    assert root["data-version"] == "1"
    assert root["data-epoch"] == flow.epoch
    assert (root["data-role"], root["data-connection"], root["data-pending"]) == ("editor", "connecting", "")
    assert root["data-socket"] == f"/ws/flows/{flow.pk}/"


def test_the_whole_flow_is_in_the_first_answer(flow: Flow, bob: User, enter: Enter) -> None:
    html = page(enter(bob), flow)
    shown = {part.attributes["data-node-id"]: part.attributes["data-kind"] for part in with_hook(html, "data-node-id")}
    assert shown.items() >= {f"a-{kind}": kind for kind in KINDS}.items()
    assert [part.attributes["data-edge-id"] for part in with_hook(html, "data-edge-id")] == ["e1", "e2"]
    layers = [part.attributes["data-layer"] for part in with_hook(html, "data-layer")]
    assert layers == ["groups", "edges", "labels", "nodes", "overlay", "cursors"]
    assert f"/flows/{flow.pk}/layout.css?v=1" in html


def test_every_kind_can_be_added_and_has_a_blank(flow: Flow, bob: User, enter: Enter) -> None:
    html = page(enter(bob), flow)
    assert {part.attributes["data-palette-kind"] for part in with_hook(html, "data-palette-kind")} == KINDS.keys()
    assert {part.attributes["data-blank-kind"] for part in with_hook(html, "data-blank-kind")} == KINDS.keys()


def test_scripts_get_catalogue_limits_and_texts(flow: Flow, bob: User, enter: Enter) -> None:
    html = page(enter(bob), flow)
    catalogue = json.loads(by_id(html, "helix-catalogue").text)
    assert catalogue["agent"]["width"] == 144
    assert json.loads(by_id(html, "helix-limits").text)["batch"] == 500
    assert json.loads(by_id(html, "helix-texts").text)["saved"] == "All changes saved"


def test_scripts_say_nothing_that_is_not_among_the_texts(flow: Flow, bob: User, enter: Enter) -> None:
    texts = json.loads(by_id(page(enter(bob), flow), "helix-texts").text)
    from flows.pages.forms.script_texts import FIELD_WORDS
    from runs.pages.state_texts import texts as texts_of_runs
    from tests.pages.test_templates import ROOT

    for folder, known in (
        (ROOT / "static" / "js", texts | FIELD_WORDS),
        (ROOT / "static" / "js" / "runs", texts_of_runs()),
    ):
        paths = [path for path in folder.rglob("*.js") if (path.parent.name == "runs") == (folder.name == "runs")]
        said = {name for path in paths for name in re.findall(r'\bsay\("([a-z_]+)"', path.read_text())}
        assert len(said) > 10
        assert said - known.keys() == set()


def test_a_viewer_is_told_and_offered_nothing_that_cannot_work(flow: Flow, vera: User, enter: Enter) -> None:
    html = page(enter(vera), flow)
    assert "data-read-only" in by_id(html, "editor").attributes
    assert "Read-only: viewer" in html
    assert all("disabled" in part.attributes for part in with_hook(html, "data-palette-kind"))
    assert not [part for part in with_hook(html, "data-tool") if part.attributes["data-tool"] in {"add", "lock"}]


def test_nothing_is_inline_and_the_policy_is_strict(flow: Flow, bob: User, enter: Enter) -> None:
    answer = enter(bob).get(f"/flows/{flow.pk}/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for part in elements(answer.content.decode()):
        assert "style" not in part.attributes
        assert not any(name.startswith("on") for name in part.attributes)
        is_code = part.tag == "script" and part.attributes.get("type") != "application/json"
        assert not is_code or "src" in part.attributes


def test_hostile_titles_stay_text(alice: User, enter: Enter) -> None:
    title = "</title><script>alert(1)</script>\"'{{ 1 }}"
    flow = create_flow(
        Person(alice.pk),
        parse_flow(title=title, nodes=[{"id": "a", "kind": "note", "x": 0, "y": 0, "label": title}]),
        via="api",
    )
    html = page(enter(alice), flow)
    assert "<script>alert" not in html
    assert by_id(html, "flow-title").attributes["value"] == title


def test_the_canvas_is_a_string_of_fragments_at_a_version(flow: Flow, vera: User, enter: Enter) -> None:
    answer = enter(vera).get(f"/flows/{flow.pk}/canvas")
    loaded = load_document(flow.pk)
    assert answer.content == whole(loaded.document)
    heads = ("X-Helix-Version", "X-Helix-Epoch", "X-Helix-Digest")
    assert [answer.headers[name] for name in heads] == ["1", loaded.epoch, loaded.digest]


def test_places_stand_in_a_sheet_that_is_kept(flow: Flow, vera: User, enter: Enter) -> None:
    client = enter(vera)
    answer = client.get(f"/flows/{flow.pk}/layout.css?v=1")
    assert answer.headers["Content-Type"].startswith("text/css")
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert "#n-a-sensor{transform:translate(220px,40px);width:136px;height:60px}" in answer.content.decode()
    assert "no-store" in client.get(f"/flows/{flow.pk}/layout.css?v=7").headers["Cache-Control"]


def test_the_sheet_holds_nothing_that_a_person_phrased(flow: Flow) -> None:
    css = layout_css(load_document(flow.pk).document)
    rule = r"(\[data-(world|extent)\]|#[nl]-[A-Za-z0-9_-]+)\{[-a-z0-9:;#(),.% /*+]*\}"
    assert all(re.fullmatch(rule, line) for line in css.strip().split("\n"))


def test_a_large_flow_shows_its_first_screen(alice: User, enter: Enter) -> None:
    nodes = [
        {"id": f"n{index}", "kind": "skill", "x": index % 50 * 200, "y": index // 50 * 100} for index in range(2_100)
    ]
    flow = create_flow(Person(alice.pk), parse_flow(title="Large", nodes=nodes), via="api")
    html = page(enter(alice), flow)
    shown = [part for part in with_hook(html, "data-node-id") if part.attributes["data-node-id"] != "new"]
    assert "data-partial" in by_id(html, "content").attributes
    assert 0 < len(shown) < 300
    assert enter(alice).get(f"/flows/{flow.pk}/canvas").content.count(b"<helix-node") == 2_100
