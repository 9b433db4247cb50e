"""One person's hands on the editor: every gesture once, with what it leaves behind in the document."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import WINDOW, Open
from tests.browser.editor_page import DRAWN, EditorPage, rect
from tests.browser.panel import back, lost
from tests.proxy import Proxy
from tests.servers import Server

Flow = Callable[..., str]
CHAIN = [
    {"id": "a", "kind": "input", "x": 0, "y": 0, "label": "Ask"},
    {"id": "b", "kind": "agent", "x": 200, "y": -8, "label": "Plan", "settings": {"temperature": 0.2}},
    {"id": "c", "kind": "output", "x": 420, "y": 0, "label": "Tell"},
]
LINKS = [{"id": "e1", "source": "a", "target": "b"}, {"id": "e2", "source": "b", "target": "c"}]
GROUP = [{"id": "g", "kind": "group", "x": 0, "y": 120, "width": 360, "height": 240, "label": "Frame"}]
STRICT = "default-src 'none'; script-src 'self'; style-src 'self'"


def by_id(tab: EditorPage) -> dict[str, dict[str, object]]:
    return {node["id"]: node for node in tab.settled().stored()["nodes"]}


def test_the_flow_is_painted_before_any_script(flow_of: Flow, context_for: Callable[..., BrowserContext]) -> None:
    flow = flow_of(CHAIN, LINKS)
    context = context_for("alice", viewport=WINDOW, java_script_enabled=False)
    page = context.new_page()
    answer = page.goto(f"/flows/{flow}/")
    assert answer and STRICT.split(";", maxsplit=1)[0] in answer.headers["content-security-policy"]
    boxes = {name: rect(page.locator(f"#n-{name}")) for name in "abc"}
    origin = boxes["a"]
    for node in CHAIN:
        box = boxes[str(node["id"])]
        assert (box["x"] - origin["x"], box["y"] - origin["y"]) == (node["x"], node["y"])
    assert page.locator("[data-edge-id=e1] .edge-line").get_attribute("d")


def test_scripts_change_nothing_that_is_already_right(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(CHAIN, LINKS))
    world = rect(alice.page.locator("[data-world]"))
    node = rect(alice.node("Plan"))
    assert (node["x"] - world["x"], node["y"] - world["y"]) == (200, -8)


def test_escape_takes_a_drag_back(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(CHAIN, LINKS))
    x, y = alice.centre(alice.node("Plan"))
    alice.drag((x, y), (x + 100, y + 100), drop=False)
    alice.page.keyboard.press("Escape")
    alice.page.mouse.up()
    expect(alice.node("Plan")).to_have_attribute("style", re.compile(r"translate\(200px, -8px\)"))
    assert by_id(alice)["b"]["x"] == 200


def test_several_are_moved_as_one_version_on_the_grid(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(CHAIN, LINKS))
    version = alice.stored()["version"]
    x, y = alice.centre(alice.node("Ask"))
    alice.drag((x - 120, y - 80), (x + 600, y + 90))
    expect(alice.page.locator("[data-node-id][data-selected]")).to_have_count(3)
    x, y = alice.centre(alice.node("Ask"))  # near the border the world comes to meet the pointer
    alice.drag((x, y), (x + 83, y + 161))
    nodes = by_id(alice)
    assert [(nodes[name]["x"], nodes[name]["y"]) for name in "abc"] == [(80, 160), (280, 152), (500, 160)]
    assert alice.stored()["version"] == version + 1


def test_a_wrong_target_is_refused_by_the_eye_and_a_drop_on_nothing_asks_what_to_add(
    flow_of: Flow, opened: Open
) -> None:
    alice = opened("alice", flow_of(CHAIN, LINKS))
    alice.drag(alice.port("Plan", "out"), alice.node("Ask"), drop=False)
    expect(alice.page.locator(".reason")).to_have_text("Has no input")
    expect(alice.root).to_have_attribute("data-gesture", "connect")
    alice.page.mouse.up()
    expect(alice.edges).to_have_count(2)
    x, y = alice.centre(alice.node("Plan"))
    alice.drag(alice.port("Plan", "out"), (x + 100, y + 220))
    alice.page.keyboard.type("skill")
    alice.page.keyboard.press("Enter")
    expect(alice.nodes).to_have_count(4)
    expect(alice.edges).to_have_count(3)
    alice.settled()
    assert [edge["source"] for edge in alice.stored()["edges"]].count("b") == 2


def test_an_edge_end_goes_elsewhere(flow_of: Flow, opened: Open) -> None:
    nodes = [*CHAIN, {"id": "d", "kind": "output", "x": 420, "y": 160, "label": "Other"}]
    alice = opened("alice", flow_of(nodes, LINKS))
    tell = rect(alice.node("Tell"))
    plan = rect(alice.node("Plan"))
    middle = (
        (plan["x"] + plan["width"] + tell["x"] - 9) / 2,
        (plan["y"] + plan["height"] / 2 + tell["y"] + tell["height"] / 2) / 2,
    )
    alice.page.mouse.click(*middle)
    expect(alice.page.locator("[data-edge-id=e2][data-selected]")).to_have_count(1)
    alice.drag(alice.page.locator(".edge-end[data-end=target]"), alice.node("Other"))
    alice.settled()
    assert sorted((edge["id"], edge["source"], edge["target"]) for edge in alice.stored()["edges"]) == [
        ("e1", "a", "b"),
        ("e2", "b", "d"),
    ]
    expect(alice.page.locator("[data-edge-id=e2][data-selected][data-target=d]")).to_have_count(1)


def test_a_handle_resizes_and_never_below_the_smallest_size(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(CHAIN, LINKS))
    alice.node("Plan").click()
    handle = alice.page.locator(".handle[data-handle=se]")
    x, y = alice.centre(handle)
    alice.drag((x, y), (x - 100, y - 60))
    assert (by_id(alice)["b"]["width"], by_id(alice)["b"]["height"]) == (144, 80)
    x, y = alice.centre(handle)
    alice.drag((x, y), (x + 64, y + 40))
    assert (by_id(alice)["b"]["width"], by_id(alice)["b"]["height"]) == (208, 120)


def test_a_node_dropped_into_a_frame_belongs_to_it_and_moves_with_it(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([*CHAIN, *GROUP], LINKS))
    frame = rect(alice.node("Frame"))
    alice.drag(alice.node("Ask"), (frame["x"] + 120, frame["y"] + 140))
    assert by_id(alice)["a"]["parent"] == "g"
    before = by_id(alice)["a"]
    alice.drag((frame["x"] + 300, frame["y"] + 30), (frame["x"] + 300, frame["y"] + 94))
    nodes = by_id(alice)
    assert nodes["g"]["y"] == 184
    assert nodes["a"]["y"] == before["y"] + 64
    alice.page.keyboard.press("Control+Shift+g")
    nodes = by_id(alice)
    assert "g" not in nodes
    assert nodes["a"]["parent"] is None


def test_the_selection_is_grouped_by_key(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(CHAIN, LINKS))
    alice.node("Ask").click()
    alice.page.keyboard.press("Control+a")
    alice.page.keyboard.press("Control+g")
    expect(alice.nodes).to_have_count(4)
    nodes = by_id(alice)
    group = next(node for node in nodes.values() if node["kind"] == "group")
    assert {nodes[name]["parent"] for name in "abc"} == {group["id"]}
    assert (group["x"], group["y"]) == (-16, -64)


def test_copies_keep_their_settings_and_paste_into_another_flow(flow_of: Flow, opened: Open) -> None:
    first, second = flow_of(CHAIN, LINKS), flow_of()
    alice = opened("alice", first, permissions=["clipboard-read", "clipboard-write"])
    alice.node("Ask").click()
    alice.page.keyboard.press("Control+a")
    alice.page.keyboard.press("Control+d")
    expect(alice.nodes).to_have_count(6)
    alice.settled()
    stored = alice.stored()
    assert [node["settings"] for node in stored["nodes"] if node["kind"] == "agent"] == [{"temperature": 0.2}] * 2
    assert len(stored["edges"]) == 4
    alice.page.keyboard.press("Control+c")
    expect(alice.page.locator("[data-node-id][data-selected]")).to_have_count(3)
    other = alice.open(second).live()
    other.page.locator("[data-canvas]").click(position={"x": 40, "y": 40})
    other.page.keyboard.press("Control+v")
    expect(other.nodes).to_have_count(3)
    expect(other.edges).to_have_count(2)


def test_copies_made_offline_keep_what_was_not_sent_yet(flow_of: Flow, opened: Open, network: Proxy) -> None:
    alice = opened("alice", flow_of(CHAIN, LINKS, on=network), on=network)
    alice.node("Plan").click()
    expect(alice.field("settings.model")).to_be_visible()
    lost(network, alice)
    alice.field("settings.model").fill("m-9")
    alice.field("description").fill("Written on the way")
    alice.page.locator("[data-canvas]").click(position={"x": 40, "y": 40})
    alice.node("Plan").click()
    alice.page.keyboard.press("Control+d")
    expect(alice.node("Plan")).to_have_count(2)
    back(network, alice)
    plans = [node for node in alice.stored()["nodes"] if node["label"] == "Plan"]
    assert [(node["description"], node["settings"]["model"]) for node in plans] == [("Written on the way", "m-9")] * 2


def test_the_keyboard_alone_draws_a_flow(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of())
    page = alice.page
    page.locator("[data-canvas]").focus()
    page.keyboard.press("/")
    page.keyboard.type("sensor")
    page.keyboard.press("Enter")
    expect(alice.nodes).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("skill")
    page.keyboard.press("Enter")
    expect(alice.nodes).to_have_count(2)
    expect(alice.node("Skill")).to_be_focused()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Tab")
    expect(alice.node("Sensor")).to_be_focused()
    page.keyboard.press(" ")
    page.keyboard.press("Escape")
    alice.node("Sensor").focus()
    page.keyboard.press("c")
    page.keyboard.type("skill")
    page.keyboard.press("Enter")
    expect(alice.edges).to_have_count(1)
    page.keyboard.press("Alt+ArrowRight")
    expect(alice.node("Skill")).to_be_focused()
    page.keyboard.press("Enter")
    expect(alice.field("label")).to_be_focused()
    alice.settled()
    page.keyboard.press("Escape")
    page.keyboard.press("Delete")
    expect(alice.nodes).to_have_count(1)


def test_tab_after_a_click_adds_behind_the_selection(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(CHAIN, LINKS))
    alice.node("Plan").click()
    alice.page.keyboard.press("Tab")
    alice.page.keyboard.type("api")
    alice.page.keyboard.press("Enter")
    expect(alice.nodes).to_have_count(4)
    assert next(node for node in by_id(alice).values() if node["kind"] == "api")["x"] == 400


def test_lock_keeps_my_own_hand_off(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(CHAIN, LINKS))
    alice.page.locator("[data-tool=lock]").click()
    x, y = alice.centre(alice.node("Plan"))
    alice.drag((x, y), (x + 100, y + 100))
    alice.page.keyboard.press("Delete")
    assert by_id(alice)["b"]["x"] == 200


def test_the_wheel_pans_and_zooms_at_the_pointer(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(CHAIN, LINKS))
    x, y = alice.centre(alice.node("Plan"))
    alice.page.mouse.move(x, y)
    alice.page.keyboard.down("Control")
    alice.page.mouse.wheel(0, -60)
    alice.page.keyboard.up("Control")
    expect(alice.page.locator("[data-zoom-text]")).to_have_text("118%")
    alice.page.evaluate(DRAWN)
    zoomed = alice.centre(alice.node("Plan"))
    assert zoomed == pytest.approx((x, y), abs=1)
    alice.page.mouse.wheel(30, 50)
    expect(alice.page.locator("[data-world]")).to_have_attribute("style", re.compile("scale"))
    alice.page.locator("[data-tool=zoom-reset]").click()
    expect(alice.page.locator("[data-zoom-text]")).to_have_text("100%")


def test_edits_made_without_a_server_arrive_when_it_is_back(
    flow_of: Flow, context_for: Callable[..., BrowserContext]
) -> None:
    with Server() as server:
        tab = EditorPage(context_for("alice", on=server, viewport=WINDOW))
        tab.page.goto("/")
        tab.open(str(tab.call("POST", "/flows", {"title": "Tough", "nodes": CHAIN, "edges": LINKS})["id"])).live()
        server.terminate()
        tab.live("offline")
        tab.node("Plan").click()
        for _ in range(3):
            tab.page.keyboard.press("ArrowDown")
        expect(tab.root).to_have_attribute("data-pending", "3")
        expect(tab.page.locator("[data-sync]")).to_contain_text("3 changes waiting")
        expect(tab.node("Plan")).to_have_attribute("data-waiting", "")
        server.start()
        tab.live().settled()
        expect(tab.page.locator("[data-sync]")).to_contain_text("All changes saved")
        assert by_id(tab)["b"]["y"] == 16
        assert server.verify().returncode == 0
