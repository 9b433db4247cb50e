"""The inspector needs no network: its form is there at once, shows what the server's would, and takes every edit."""

from typing import Any

from playwright.sync_api import Route, expect

from flows.document import KINDS
from tests.browser.conftest import WINDOW, Apart, Context, Draw, Flow, Open
from tests.browser.editor_page import EditorPage
from tests.browser.inspector import EDGES, NODES, choose, error_of, node_of
from tests.browser.panel import lost
from tests.proxy import Proxy

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
    lost(network, tab)
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


def test_a_viewer_reads_the_form_and_changes_nothing(drawn: Draw, context_for: Context, network: Proxy) -> None:
    tab = drawn()
    tab.call("POST", f"/flows/{tab.flow}/members", {"email": "vera@example.com", "role": "viewer"})
    vera = EditorPage(context_for("vera", on=network, viewport=WINDOW), tab.flow).live("read-only")
    choose(vera, "a")
    assert vera.field("label").evaluate("field => field.readOnly")
    expect(vera.field("settings.provider")).to_be_disabled()
    expect(vera.page.locator("#inspector [data-command=menu]")).to_have_count(0)


def test_an_edge_that_the_page_was_opened_with_stays_open(drawn: Draw) -> None:
    tab = drawn()
    tab.page.goto(f"/flows/{tab.flow}/?edge=e")
    tab.live()
    expect(tab.page.locator("[data-edge-id=e][data-selected]")).to_have_count(1)
    tab.field("label").fill("next")
    expect(tab.page.locator("[data-edge-id=e]")).to_have_attribute("data-label", "next")


def unfold(tab: EditorPage, id: str) -> EditorPage:
    choose(tab, id).page.locator("[data-position] > summary").press("Enter")
    expect(tab.field("x")).to_be_visible()
    return tab


def choose_edge(tab: EditorPage, id: str, state: str = "live") -> None:
    tab.page.goto(f"/flows/{tab.flow}/?edge={id}")
    expect(tab.live(state).page.locator(f'[data-inspector-form][data-edge="{id}"]')).to_be_visible()


def test_place_and_size_can_only_be_read_where_the_canvas_is(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(NODES, EDGES)
    vera = unfold(opened("vera", flow, state="read-only"), "a")
    for name in ("x", "y", "width", "height"):
        assert vera.field(name).evaluate("field => field.readOnly")
    choose_edge(vera, "e", "read-only")
    for name in ("source", "source_port", "target"):
        expect(vera.field(name)).to_be_disabled()
    alice = unfold(opened("alice", flow), "a")
    expect(alice.field("x")).to_be_editable()
    alice.page.locator("[data-tool=lock]").press("Enter")
    expect(alice.field("x")).not_to_be_editable()
    alice.page.locator("[data-tool=lock]").press("Enter")
    expect(alice.field("x")).to_be_editable()


def test_a_size_that_is_none_stays_with_the_reason_until_it_is_discarded(flow_of: Flow, opened: Open) -> None:
    alice = unfold(opened("alice", flow_of(NODES)), "a")
    alice.field("height").fill("8")
    choose(alice, "b")
    choose(alice, "a")
    expect(alice.field("height"), "its fold is open").to_be_visible()
    expect(alice.field("height")).to_have_value("8")
    expect(error_of(alice, "height")).to_contain_text("Enter a whole number from 80 to 100,000.")
    error_of(alice, "height").get_by_role("button", name="Discard").press("Enter")
    expect(alice.field("height")).to_have_value("80")
    expect(error_of(alice, "height")).to_be_hidden()
    alice.field("x").fill("")
    alice.field("x").press("Enter")
    expect(error_of(alice, "x")).to_contain_text("Enter a whole number from -1,000,000 to 1,000,000.")
    assert node_of(alice, "a")["x"] == 0


# Together.


def test_place_and_size_follow_a_drag_while_it_goes_on(flow_of: Flow, opened: Open) -> None:
    alice = unfold(opened("alice", flow_of(NODES)), "a")
    expect(alice.field("x")).to_have_value("0")
    start = alice.centre(alice.page.locator("#n-a .node-second"))
    alice.drag(start, (start[0], start[1] + 160), drop=False)
    expect(alice.field("y")).to_have_value("160")
    alice.page.keyboard.press("Escape")
    expect(alice.field("y")).to_have_value("0")
    alice.page.mouse.up()
    alice.drag(start, (start[0], start[1] + 240))
    expect(alice.field("y")).to_have_value("240")
    assert node_of(alice, "a")["y"] == 240
    alice.page.keyboard.press("Control+z")
    expect(alice.field("y")).to_have_value("0")


def test_place_and_size_follow_others_but_where_i_am_typing(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(NODES)
    alice, bob = unfold(opened("alice", flow), "a"), opened("bob", flow)
    bob.operate({"kind": "resize_node", "id": "a", "width": 200, "height": 96, "x": 8, "y": 16})
    for name, text in (("x", "8"), ("y", "16"), ("width", "200"), ("height", "96")):
        expect(alice.field(name)).to_have_value(text)
    alice.field("x").focus()
    alice.page.keyboard.press("Control+a")
    alice.page.keyboard.type("32")
    bob.operate({"kind": "move_node", "id": "a", "x": 104, "y": 48})
    expect(alice.field("y")).to_have_value("48")
    expect(alice.field("x")).to_have_value("32")
    assert node_of(bob, "a")["x"] == 104, "half a number is sent to nobody"
    alice.page.keyboard.press("Tab")
    assert node_of(alice, "a")["x"] == 32
    bob.operate({"kind": "move_node", "id": "a", "x": 72, "y": 48})
    expect(alice.field("x")).to_have_value("72")


def test_an_end_that_is_refused_says_why_and_shows_what_is_stored(apart: Apart, network: Proxy) -> None:
    alice, bob = apart(NODES, EDGES)
    choose_edge(alice, "e")
    expect(alice.field("target")).to_have_text("Tell")
    alice.field("target").press("Enter")
    expect(alice.page.get_by_role("option", name="Call")).to_be_visible()
    network.pause()
    bob.operate({"kind": "add_edge", "edge": {"id": "f", "source": "a", "target": "c"}})
    alice.page.get_by_role("option", name="Call").click()
    expect(alice.field("target")).to_have_text("Call")
    network.resume()
    expect(error_of(alice, "target")).to_have_text("Already connected")
    expect(alice.field("target")).to_have_text("Tell")
    expect(alice.field("target")).to_have_accessible_description("Already connected")
    bob.operate({"kind": "edit_edge", "id": "e", "set": {"source": "b", "target": "a"}})
    expect(alice.field("source")).to_have_text("Tell")
    expect(alice.field("target")).to_have_text("Plan")
    alice.field("target").press("Enter")
    alice.page.get_by_role("option", name="Call").click()
    expect(error_of(alice, "target")).to_be_hidden()
    alice.settled()
    assert {(one["source"], one["target"]) for one in alice.stored()["edges"]} == {("a", "c"), ("b", "c")}


def test_the_nodes_of_a_large_flow_are_listed_only_when_asked_for(flow_of: Flow, opened: Open) -> None:
    nodes = [
        {"id": f"n{at}", "kind": "skill", "x": at % 50 * 200, "y": at // 50 * 120, "label": f"Node {at}"}
        for at in range(2_000)
    ]
    alice = opened("alice", flow_of(nodes, [{"id": "e", "source": "n0", "target": "n1"}]))
    choose_edge(alice, "e")
    expect(alice.field("target")).to_have_text("Node 1")
    options = alice.page.locator("[role=option]")
    assert options.count() == 0
    alice.field("target").press("Enter")
    expect(options).to_have_count(2_000)
    alice.page.keyboard.type("Node 1999")
    alice.page.keyboard.press("Enter")
    expect(alice.field("target")).to_have_text("Node 1999")
    expect(options).to_have_count(0)


def test_one_sees_who_else_is_in_a_field(drawn: Draw, context_for: Context, network: Proxy) -> None:
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


def test_the_field_keeps_the_focus_when_the_forms_come_late(flow_of: Flow, context_for: Context) -> None:
    context, held = context_for("alice", viewport=WINDOW), list[Route]()
    context.route("**/inspectors?v=*", lambda route: held.append(route))  # noqa: PLW0108
    alice = EditorPage(context)
    with alice.page.expect_request("**/inspectors?v=*"):
        alice.open(flow_of([{"id": "a", "kind": "skill", "x": 0, "y": 0, "label": "Plan"}]))
    alice.live().node("Plan").focus()
    alice.page.keyboard.press("Enter")
    held[0].continue_()
    expect(alice.field("label")).to_have_value("Plan")
    expect(alice.field("label")).to_be_focused()
    alice.page.keyboard.type("x")
    expect(alice.field("label")).to_have_value("Planx")
