"""Typing is never lost, and the inspector needs no network: in the field, in the flow, and when the browser is killed.

Text that is being composed (as with Chinese or Japanese input) is sent by no pause, so what is found of it after a
death was kept while it was typed.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from flows.document import KINDS
from tests.browser.conftest import WINDOW, behind_proxy
from tests.browser.editor_page import EditorPage
from tests.browser.profile import Profile
from tests.proxy import Proxy
from tests.servers import Server

Draw = Callable[..., EditorPage]
NODES = [
    {"id": "a", "kind": "agent", "x": 0, "y": 0, "label": "Plan", "settings": {"temperature": 0.2, "model": "m-1"}},
    {"id": "b", "kind": "agent", "x": 200, "y": 0, "label": "Tell", "description": "At last"},
    {"id": "c", "kind": "api", "x": 400, "y": 0, "label": "Call", "settings": {"params": {"q": [1, {"r": None}]}}},
]
EDGES = [{"id": "e", "source": "a", "target": "b", "label": "then"}]
MANY_MOVES = [{"kind": "move_node", "id": "c", "x": 400, "y": 8 * step} for step in range(1, 10)]
HAS_ERROR = "[aria-invalid=true]"
TWO_FRAMES = """async () => {
  for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
}"""
BLANKS_ARE_HERE = "() => performance.getEntriesByType('resource').some(({name}) => name.includes('/flows/inspectors'))"


@pytest.fixture(scope="module")
def _behind_proxy() -> Iterator[tuple[Server, Proxy]]:
    with behind_proxy(HELIX_LIMIT_CATCH_UP="5") as server_and_proxy:
        yield server_and_proxy


@pytest.fixture
def drawn(network: Proxy, context_for: Callable[..., BrowserContext]) -> Iterator[Draw]:
    """`drawn(nodes, edges)`: a new flow of alice's, opened by her over the bad network; no script may have failed."""
    tabs: list[EditorPage] = []

    def draw(nodes: object = NODES, edges: object = EDGES) -> EditorPage:
        tab = EditorPage(context_for("alice", on=network, viewport=WINDOW))
        tabs.append(tab)
        return create(tab, nodes, edges)

    yield draw
    assert [one for tab in tabs for one in tab.complaints if "net::" not in one and "WebSocket" not in one] == []


def create(tab: EditorPage, nodes: object = NODES, edges: object = EDGES) -> EditorPage:
    tab.page.goto("/")
    body = {"title": "Typed", "description": "By hand", "nodes": nodes, "edges": edges}
    tab.open(str(tab.call("POST", "/flows", body)["id"])).live()
    tab.page.wait_for_function(BLANKS_ARE_HERE)
    return tab


def cut_off(network: Proxy, tab: EditorPage) -> None:
    network.refuse()
    network.cut()
    tab.live("offline")


def node_of(tab: EditorPage, id: str) -> dict[str, Any]:
    return next(node for node in tab.settled().stored()["nodes"] if node["id"] == id)


def choose(tab: EditorPage, id: str) -> EditorPage:
    tab.page.locator(f"#n-{id} .node-second").click()
    expect(tab.page.locator(f'[data-inspector-form][data-node="{id}"]')).to_be_visible()
    return tab


def error_of(tab: EditorPage, name: str) -> Locator:
    return tab.page.locator(f'[data-field="{name}"] [data-field-error]')


def compose(tab: EditorPage, text: str) -> None:
    """Type text that an input method has not let go of yet."""
    devtools = tab.page.context.new_cdp_session(tab.page)
    for end in range(1, len(text) + 1):
        devtools.send("Input.imeSetComposition", {"text": text[:end], "selectionStart": end, "selectionEnd": end})


def die(profile: Profile, tab: EditorPage) -> None:
    """Let two frames be seen, then kill every process of the browser."""
    tab.page.evaluate(TWO_FRAMES)
    assert profile.processes()
    with profile.killed_within(0):
        tab.page.wait_for_event("close")


# The form without asking anybody.


def test_a_filled_blank_shows_what_the_servers_form_shows(drawn: Draw) -> None:
    nodes = [
        {"id": kind, "kind": kind, "x": 220 * index, "y": 0, "label": "<b>&", **RICH[kind]}
        for index, kind in enumerate(KINDS)
    ]
    tab = drawn(nodes, [])
    for kind in KINDS:
        tab.page.locator(f"[data-node-id={kind}]").press("Enter")
        expect(tab.page.locator(f"[data-inspector-form][data-node={kind}]")).to_be_visible()
        assert tab.page.evaluate(VALUES, None) == tab.page.evaluate(VALUES, f"?node={kind}")


def test_everything_can_be_inspected_and_edited_offline(drawn: Draw, network: Proxy) -> None:
    tab = drawn()
    cut_off(network, tab)
    choose(tab, "a")
    expect(tab.field("settings.temperature")).to_have_value("0.2")
    expect(tab.field("settings.max_tokens")).to_have_value("1024")
    tab.field("settings.temperature").fill("0.5")
    tab.field("settings.model").fill("")
    choose(tab, "b")
    expect(tab.field("description")).to_have_value("At last")
    tab.field("description").fill("In the end")
    choose(tab, "a")
    expect(tab.field("settings.temperature")).to_have_value("0.5")
    expect(tab.field("settings.model")).to_have_value("")

    tab.page.locator("#n-b .node-second").click(modifiers=["Shift"])
    expect(tab.page.locator("#inspector h2")).to_have_text("2 nodes")
    tab.field("enabled").uncheck()
    tab.page.locator("[data-canvas]").click(position={"x": 40, "y": 40})
    expect(tab.field("description")).to_have_value("By hand")
    expect(tab.page.locator("#inspector .people-row")).to_have_count(1)
    tab.field("title").fill("Typed offline")
    tab.page.mouse.click(*tab.centre(tab.page.locator("#l-e")))
    expect(tab.page.locator("#inspector .panel-title p")).to_have_text("Plan → Tell")
    expect(tab.field("label")).to_have_value("then")
    tab.field("label").fill("at last")
    tab.page.locator("[data-canvas]").click(position={"x": 40, "y": 40})
    expect(tab.field("title")).to_have_value("Typed offline")

    network.accept()
    stored = tab.live().settled().stored()
    nodes = {node["id"]: node for node in stored["nodes"]}
    assert nodes["a"]["settings"] == {"temperature": 0.5}
    assert nodes["b"]["description"] == "In the end"
    assert [nodes["a"]["enabled"], nodes["b"]["enabled"]] == [False, False]
    assert (stored["title"], stored["edges"][0]["label"]) == ("Typed offline", "at last")


def test_a_node_is_edited_before_the_server_has_heard_of_it(drawn: Draw, network: Proxy) -> None:
    tab = drawn()
    network.pause()
    tab.page.locator("[data-palette-kind=skill]").press("Enter")
    expect(tab.nodes).to_have_count(4)
    tab.field("settings.name").fill("search")
    tab.field("label").fill("Find")
    choose(tab, "a")
    tab.page.get_by_text("Find", exact=True).click()
    expect(tab.field("settings.name")).to_have_value("search")
    network.resume()
    added = next(node for node in tab.settled().stored()["nodes"] if node["kind"] == "skill")
    assert (added["label"], added["settings"]) == ("Find", {"name": "search"})


def test_a_viewer_reads_the_form_and_changes_nothing(
    drawn: Draw, context_for: Callable[..., BrowserContext], network: Proxy
) -> None:
    tab = drawn()
    tab.call("POST", f"/flows/{tab.flow}/members", {"email": "vera@example.com", "role": "viewer"})
    vera = EditorPage(context_for("vera", on=network, viewport=WINDOW), tab.flow).live("read-only")
    choose(vera, "a")
    assert vera.field("label").evaluate("field => field.readOnly")
    expect(vera.field("settings.provider")).to_be_disabled()
    expect(vera.page.locator("#inspector [data-command=menu]")).to_have_count(0)


# Together.


def test_one_sees_who_else_is_in_a_field(
    drawn: Draw, context_for: Callable[..., BrowserContext], network: Proxy
) -> None:
    tab = drawn()
    tab.call("POST", f"/flows/{tab.flow}/members", {"email": "bob@example.com", "role": "editor"})
    bob = choose(EditorPage(context_for("bob", on=network, viewport=WINDOW), tab.flow).live(), "a")
    choose(tab, "b")
    bob.field("settings.model").focus()
    expect(tab.page.locator(".outline")).to_have_count(1)
    expect(tab.page.locator(".editing-tag")).to_have_count(0)
    choose(tab, "a")
    tag = tab.page.locator('[data-field="settings.model"][data-editing] .editing-tag')
    expect(tag).to_have_text("Bob is editing")
    expect(bob.page.locator(".editing-tag")).to_have_count(0)
    tab.field("settings.model").fill("m-3")
    expect(bob.page.locator('[data-field="settings.model"] .editing-tag')).to_have_text("Alice is editing")
    bob.field("description").focus()
    expect(tab.page.locator('[data-field="description"] .editing-tag')).to_have_text("Bob is editing")
    expect(tag).to_have_count(0)
    bob.page.close()
    expect(tab.page.locator(".editing-tag")).to_have_count(0)


# What stands in a field stays there.


def test_others_write_into_the_fields_i_am_not_in(drawn: Draw) -> None:
    tab = choose(drawn(), "a")
    label = tab.field("label")
    label.press("End")
    label.press_sequentially("ner")
    tab.operate(
        {"kind": "edit_node", "id": "a", "set": {"label": "Theirs", "settings": {"model": "m-2", "temperature": None}}}
    )
    expect(tab.field("settings.model")).to_have_value("m-2")
    expect(tab.field("settings.temperature")).to_have_value("0.7")
    expect(label).to_have_value("Planner")
    expect(label).to_be_focused()
    label.press("Tab")
    stored = node_of(tab, "a")["label"]
    expect(label).to_have_value(stored)


@pytest.mark.parametrize("restart", [False, True], ids=["the socket is cut", "the server is restarted"])
def test_the_field_its_caret_and_its_text_outlast_a_lost_connection(
    drawn: Draw, behind: Server, network: Proxy, *, restart: bool
) -> None:
    tab = choose(drawn(), "a")
    label = tab.field("label")
    label.press("End")
    label.press_sequentially("ning")
    label.press("ArrowLeft")
    if restart:
        behind.terminate()
    else:
        network.cut()
    label.press_sequentially("x")
    if restart:
        tab.live("offline")
        label.press_sequentially("y")
        behind.start()
    tab.live()
    label.press_sequentially("z")
    expect(label).to_be_focused()
    typed = "Planninxyzg" if restart else "Planninxzg"
    expect(label).to_have_value(typed)
    assert label.evaluate("field => field.selectionStart") == len(typed) - 1
    expect(tab.node(typed)).to_have_count(1)
    assert node_of(tab, "a")["label"] == typed


def test_a_whole_canvas_leaves_the_field_alone(
    drawn: Draw, context_for: Callable[..., BrowserContext], behind: Server, network: Proxy
) -> None:
    tab = choose(drawn(), "a")
    other = EditorPage(context_for("alice", on=behind, viewport=WINDOW), tab.flow).live()
    label = tab.field("label")
    label.press("End")
    cut_off(network, tab)
    label.press_sequentially("ner")
    other.operate(*MANY_MOVES, {"kind": "edit_node", "id": "a", "set": {"settings": {"model": "m-2"}}})
    with tab.page.expect_response(lambda response: response.url.endswith("/canvas")):
        network.accept()
        tab.live()
    expect(tab.field("settings.model")).to_have_value("m-2")
    label.press_sequentially("!")
    expect(label).to_be_focused()
    expect(tab.node("Planner!")).to_have_count(1)
    assert node_of(tab, "a")["label"] == "Planner!"


def test_what_was_refused_waits_to_be_mended(drawn: Draw) -> None:
    tab = choose(drawn(), "a")
    tab.field("settings.temperature").fill("7")
    expect(error_of(tab, "settings.temperature")).to_contain_text("from 0 to 1")
    choose(tab, "b")
    expect(tab.page.locator(f"#inspector {HAS_ERROR}")).to_have_count(0)
    choose(tab, "a")
    expect(tab.field("settings.temperature")).to_have_value("7")
    expect(error_of(tab, "settings.temperature")).to_contain_text("from 0 to 1")
    tab.field("settings.temperature").fill("0.9")
    expect(error_of(tab, "settings.temperature")).to_be_hidden()
    assert node_of(tab, "a")["settings"]["temperature"] == 0.9
    choose(tab, "b")
    choose(tab, "a")
    expect(tab.page.locator(f"#inspector {HAS_ERROR}")).to_have_count(0)


def test_who_may_not_write_any_more_keeps_the_text_and_sends_it_when_they_may_again(
    drawn: Draw, context_for: Callable[..., BrowserContext], network: Proxy
) -> None:
    tab = drawn()
    member = {"email": "bob@example.com", "role": "editor"}
    bob_id = tab.call("POST", f"/flows/{tab.flow}/members", member)["id"]
    bob = choose(EditorPage(context_for("bob", on=network, viewport=WINDOW), tab.flow).live(), "a")
    bob.field("description").focus()
    compose(bob, "途中")
    tab.call("PATCH", f"/flows/{tab.flow}/members/{bob_id}", {"role": "viewer"})
    bob.live("read-only")
    expect(error_of(bob, "description")).to_contain_text("not saved")
    expect(bob.field("description")).to_have_value("途中")
    assert not bob.field("description").is_editable()
    tab.call("PATCH", f"/flows/{tab.flow}/members/{bob_id}", {"role": "editor"})
    bob.live()
    expect(bob.field("description")).to_be_editable()
    expect(bob.page.locator("#inspector [data-command=menu]")).to_have_count(1)
    bob.field("description").press("End")
    bob.field("description").press_sequentially("!")
    expect(error_of(bob, "description")).to_be_hidden()
    expect(bob.page.locator("#n-a")).to_have_attribute("data-description", "途中!")


def test_an_edge_that_the_page_was_opened_with_stays_open(drawn: Draw) -> None:
    tab = drawn()
    tab.page.goto(f"/flows/{tab.flow}/?edge=e")
    tab.live()
    expect(tab.page.locator("[data-edge-id=e][data-selected]")).to_have_count(1)
    tab.field("label").fill("next")
    expect(tab.page.locator("[data-edge-id=e]")).to_have_attribute("data-label", "next")


# Nothing is cut.


def test_what_is_pasted_and_too_long_is_told_and_kept_and_sent_once_it_fits(drawn: Draw) -> None:
    tab = choose(drawn(), "a")
    description = tab.field("description")
    description.focus()
    tab.page.keyboard.insert_text("🚂" + "x" * 5_000)
    expect(error_of(tab, "description")).to_contain_text("5001 of 5000 characters")
    expect(tab.page.locator("[data-sync]")).to_contain_text("1 field not saved")
    choose(tab, "b")
    tab.page.reload()
    choose(tab.live(), "a")
    assert description.input_value() == "🚂" + "x" * 5_000
    expect(error_of(tab, "description")).to_contain_text("5001 of 5000 characters")
    assert node_of(tab, "a")["description"] == ""
    description.press("End")
    description.press("Backspace")
    expect(error_of(tab, "description")).to_be_hidden()
    expect(tab.page.locator("#n-a[data-description]")).to_have_count(1)
    assert node_of(tab, "a")["description"] == "🚂" + "x" * 4_999


def test_too_long_a_name_on_the_canvas_waits_at_the_inspectors_label(drawn: Draw) -> None:
    tab = choose(drawn(), "a")
    tab.page.keyboard.press("F2")
    tab.page.keyboard.insert_text("y" * 2_001)
    expect(tab.page.locator(".reason")).to_contain_text("2001 of 2000 characters")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#n-a[data-renaming]")).to_have_count(1)
    tab.page.reload()
    choose(tab.live(), "a")
    expect(tab.field("label")).to_have_value("y" * 2_001)
    expect(error_of(tab, "label")).to_contain_text("2001 of 2000 characters")
    assert node_of(tab, "a")["label"] == "Plan"
    tab.field("label").fill("y" * 2_000)
    expect(tab.node("y" * 2_000)).to_have_count(1)


def test_too_long_a_name_that_is_given_up_leaves_nothing(drawn: Draw) -> None:
    tab = choose(drawn(), "a")
    tab.page.keyboard.press("F2")
    tab.page.keyboard.insert_text("y" * 2_001)
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("[data-sync]")).to_contain_text("All changes saved")
    expect(tab.field("label")).to_have_value("Plan")


def test_too_long_a_title_stays_in_the_bar_and_is_sent_once_it_fits(drawn: Draw) -> None:
    tab = drawn()
    title = tab.page.locator("[data-flow-title]")
    title.fill("z" * 256)
    expect(tab.page.locator(".title-form .field-error")).to_have_text("256 of 255 characters: saved once it fits.")
    title.blur()
    expect(title).to_have_value("z" * 256)
    expect(tab.page.locator("[data-sync]")).to_contain_text("1 field not saved")
    assert tab.settled().stored()["title"] == "Typed"
    title.fill("z" * 255)
    title.blur()
    expect(tab.page.locator(".title-form .field-error")).to_have_count(0)
    expect(tab.page.locator("[data-flow-heading]")).to_have_text("z" * 255)
    assert tab.settled().stored()["title"] == "z" * 255


def test_too_long_a_title_stays_in_its_dialog(drawn: Draw) -> None:
    page = drawn().page
    page.goto("/")
    page.locator(".card-drop summary").first.click()
    page.locator(".card-drop").first.get_by_text("Rename").click()
    page.locator("#rename-title").fill("z" * 256)
    page.locator("#dialog [type=submit]").click()
    expect(page.locator("#dialog .field-error")).to_have_text("256 of 255 characters: saved once it fits.")
    expect(page.locator("#rename-title")).to_have_value("z" * 256)
    expect(page.locator("#rename-title")).to_be_focused()
    page.locator("#rename-title").fill("z" * 255)
    page.locator("#dialog [type=submit]").click()
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator(".card-title").first).to_have_text("z" * 255)


# Steps of undo.


def test_typing_in_one_field_is_one_step_however_often_one_pauses(drawn: Draw) -> None:
    tab = choose(drawn(), "a")
    label = tab.field("label")
    label.press("End")
    for word in ("One", "Two", "Three"):
        label.press_sequentially(word)
        expect(tab.node(label.input_value())).to_have_count(1)
    tab.field("description").press_sequentially("Why")
    undo = tab.page.locator("[data-tool=undo]")
    undo.click()
    expect(tab.field("description")).to_have_value("")
    expect(label).to_have_value("PlanOneTwoThree")
    undo.click()
    expect(label).to_have_value("Plan")
    assert node_of(tab, "a")["label"] == "Plan"


# The browser is killed.


@pytest.mark.parametrize("name", ["label", "description", "settings.system_prompt"])
def test_text_under_composition_survives_the_death_of_the_browser(profile: Profile, network: Proxy, name: str) -> None:
    tab = choose(create(EditorPage(profile.context)), "a")
    cut_off(network, tab)
    tab.field(name).fill("")
    tab.field(name).focus()
    compose(tab, "かな")
    die(profile, tab)
    network.accept()
    tab = EditorPage(profile.start(), tab.flow).live()
    node = node_of(tab, "a")
    assert node.get(name, node["settings"].get(name.removeprefix("settings."))) == "かな"


def test_a_name_on_the_canvas_survives_and_a_taken_back_one_does_not(profile: Profile, network: Proxy) -> None:
    tab = create(EditorPage(profile.context))
    cut_off(network, tab)
    choose(tab, "b").page.keyboard.press("F2")
    tab.page.keyboard.type("Not this")
    tab.page.keyboard.press("Escape")
    choose(tab, "a").page.keyboard.press("F2")
    compose(tab, "计划")
    die(profile, tab)
    network.accept()
    tab = EditorPage(profile.start(), tab.flow).live()
    assert (node_of(tab, "a")["label"], node_of(tab, "b")["label"]) == ("计划", "Tell")


def test_a_title_survives(profile: Profile, network: Proxy) -> None:
    tab = create(EditorPage(profile.context))
    cut_off(network, tab)
    tab.page.locator("[data-flow-title]").fill("Renamed in the bar")
    die(profile, tab)
    network.accept()
    tab = EditorPage(profile.start(), tab.flow).live().settled()
    assert tab.stored()["title"] == "Renamed in the bar"


def test_half_a_value_stands_where_it_was_typed(profile: Profile, network: Proxy) -> None:
    tab = choose(create(EditorPage(profile.context)), "c")
    params = tab.field("settings.params")
    kept = params.input_value()
    params.press("Control+a")
    params.press_sequentially('{"half": ')
    die(profile, tab)
    tab = choose(EditorPage(profile.start(), tab.flow).live(), "c")
    params = tab.field("settings.params")
    expect(params).to_have_value('{"half": ')
    expect(error_of(tab, "settings.params")).to_contain_text("cannot be read")
    assert node_of(tab, "c")["settings"] == {"params": {"q": [1, {"r": None}]}}
    tab.page.locator("[data-discard]").click()
    expect(params).to_have_value(kept)
    expect(error_of(tab, "settings.params")).to_be_hidden()


RICH: dict[str, dict[str, Any]] = {kind: {"description": "Two\nlines, \"quoted\" & 'so'"} for kind in KINDS}
RICH["agent"] |= {
    "colour": "#123456",
    "enabled": False,
    "settings": {"provider": "ollama", "temperature": 0, "max_tokens": 5},
}
RICH["agent"]["settings"]["system_prompt"] = "\n\nOne\n<two>\n"
RICH["memory"] |= {"settings": {"index_fields": ["a b", "c"], "similarity": 0.35}}
RICH["api"] |= {"colour": "#22C55E", "settings": {"params": {"a": [1, 2.5, "ü"], "b": {}, "c": None}, "method": "PUT"}}
RICH["decision"] |= {"settings": {"branches": ["yes", "no"], "expression": "x > 1"}}
RICH["note"] |= {"settings": {"text": "## Hello\n\n<script>"}}
RICH["group"] |= {"settings": {"collapsed": True}}
VALUES = """async (query) => {
  const panel = document.getElementById("inspector");
  let form = panel;
  if (query !== null) {
    form = document.createElement("div");
    const answer = await fetch(document.getElementById("editor").dataset.inspectorUrl + query);
    form.innerHTML = trustedTypes.createPolicy("test", {createHTML: (text) => text}).createHTML(await answer.text());
  }
  const fields = form.querySelectorAll("[name]:not([type=hidden]), [data-slider-for]");
  const title = form.querySelector(".panel-title").textContent.trim();
  const of = ({name, type, value, checked, readOnly, disabled}) => [name, type, value, checked, readOnly, disabled];
  return [title, ...Array.from(fields, of)];
}"""
