"""Two people draw a flow together, a third looks on: the product's first promise, in real browsers."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.editor_page import EditorPage, rect
from tests.browser.looks import pick
from tests.browser.nodes import agent

Flow = Callable[..., str]
TWO = [
    {"id": "a", "kind": "agent", "x": 0, "y": 0, "label": "Plan"},
    {"id": "b", "kind": "output", "x": 300, "y": 8, "label": "Tell"},
]
EDGE = {"id": "e", "source": "a", "target": "b"}
STEPS = [
    ("input", "Ask", (420, 300)),
    ("agent", "Plan", (620, 300)),
    ("decision", "Route", (820, 300)),
    ("skill", "Fix", (1020, 180)),
    ("api", "Page", (1020, 300)),
    ("output", "Tell", (1020, 420)),
    ("sensor", "Watch", (420, 480)),
    ("memory", "Recall", (620, 480)),
    ("transform", "Shape", (820, 480)),
    ("loop", "Each", (820, 620)),
]
EDGES = [
    ("Ask", "Plan", "out"),
    ("Plan", "Route", "out"),
    ("Route", "Fix", "default"),
    ("Route", "Page", "default"),
    ("Route", "Tell", "default"),
    ("Watch", "Recall", "out"),
    ("Recall", "Shape", "out"),
    ("Shape", "Tell", "out"),
    ("Recall", "Each", "out"),
]


def test_a_flow_of_ten_nodes_is_drawn_by_two_and_seen_by_a_third(flow_of: Flow, opened: Open) -> None:
    flow = flow_of()
    alice, bob = opened("alice", flow), opened("bob", flow)
    vera = opened("vera", flow, state="read-only")
    for number, (kind, label, at) in enumerate(STEPS):
        (alice, bob)[number % 2].add(kind, label, at)
        for tab in (alice, bob):
            expect(tab.nodes).to_have_count(number + 1)
    for number, (source, target, port) in enumerate(EDGES):
        drawer = (alice, bob)[number % 2]
        expect(drawer.edges).to_have_count(number)
        drawer.connect(source, target, port)
    for tab in (alice, bob, vera):
        tab.settled()
        expect(tab.nodes).to_have_count(10)
        expect(tab.edges).to_have_count(9)
    stored = alice.stored()
    assert sorted(node["label"] for node in stored["nodes"]) == sorted(label for _kind, label, _at in STEPS)
    labels = {node["id"]: node["label"] for node in stored["nodes"]}
    assert sorted(
        (labels[edge["source"]], labels[edge["target"]], edge["source_port"]) for edge in stored["edges"]
    ) == sorted(EDGES)
    for node in stored["nodes"]:
        for tab in (alice, bob, vera):
            expect(tab.node(node["label"])).to_have_attribute("data-x", str(node["x"]))


def test_a_drag_is_seen_while_it_happens_and_is_one_version(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(TWO, [EDGE])
    alice, bob = opened("alice", flow), opened("bob", flow)
    expect(alice.page.locator("[data-person]")).to_have_count(2)
    before = rect(bob.node("Plan"))
    line = bob.page.locator("[data-edge-id=e] .edge-line")
    path = line.get_attribute("d")
    version = alice.stored()["version"]
    x, y = alice.centre(alice.node("Plan"))
    alice.drag((x, y), (x, y + 160), drop=False)
    expect(bob.page.locator("[data-cursor]")).to_have_count(1)
    expect(bob.node("Plan")).to_have_attribute("style", re.compile(r"translate\(0px, 160px\)"))
    expect(line).not_to_have_attribute("d", path or "")
    assert alice.stored()["version"] == version, "nothing is stored before the drop"
    alice.page.mouse.up()
    alice.settled()
    expect(bob.node("Plan")).to_have_attribute("data-y", "160")
    after = rect(bob.node("Plan"))
    assert after["y"] - before["y"] == 160
    assert alice.stored()["version"] == version + 1


def test_others_selection_wears_their_name(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(TWO)
    alice, bob = opened("alice", flow), opened("bob", flow)
    alice.node("Plan").click()
    expect(bob.page.locator(".outline .tag")).to_have_text("Alice")
    assert not bob.page.locator("[data-selected]").count(), "what is hers is not mine"
    alice.page.keyboard.press("Escape")
    expect(bob.page.locator(".outline")).to_have_count(0)


def test_a_refused_edit_snaps_back_and_says_why(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(TWO, [EDGE])
    alice = opened("alice", flow)
    alice.node("Plan").click()
    field = alice.field("settings.temperature")
    expect(field).to_be_visible()
    field.fill("7")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(alice.page.locator('[data-field="settings.temperature"] [data-field-error]')).to_contain_text("0 to 1")
    alice.settled()
    assert alice.stored()["nodes"][0]["settings"] == {}


def test_a_move_of_what_somebody_deleted_is_refused_and_the_node_goes(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(TWO, [EDGE])
    alice, bob = opened("alice", flow), opened("bob", flow)
    x, y = alice.centre(alice.node("Plan"))
    alice.drag((x, y), (x, y + 80), drop=False)
    bob.node("Plan").click()
    bob.page.keyboard.press("Delete")
    expect(bob.nodes).to_have_count(1)
    expect(alice.edges).to_have_count(0)
    expect(alice.node("Plan")).to_be_visible()
    alice.page.mouse.up()
    alice.settled()
    expect(alice.nodes).to_have_count(1)
    expect(alice.page.locator("[data-toasts]")).to_contain_text("Not moved: Bob deleted “Plan”")
    assert [node["id"] for node in alice.stored()["nodes"]] == ["b"]


@pytest.mark.parametrize("way", ["drop", "escape"])
def test_what_another_changes_of_a_node_does_not_take_it_out_of_my_hand(way: str, flow_of: Flow, opened: Open) -> None:
    flow = flow_of(TWO, [EDGE])
    alice, bob = opened("alice", flow), opened("bob", flow)
    plan = alice.page.locator("#n-a")
    x, y = alice.centre(plan)
    alice.drag((x, y), (x, y + 160), drop=False)
    held = re.compile(r"translate\(0px, 160px\)")
    expect(plan).to_have_attribute("style", held)
    bob.operate(
        {"kind": "edit_node", "id": "a", "set": {"label": "Renamed"}},
        {"kind": "move_node", "id": "a", "x": -80, "y": 80},
        {"kind": "edit_flow", "set": {"title": "Renamed too"}},
    )
    expect(alice.page.locator("[data-flow-title]")).to_have_value("Renamed too")
    expect(plan.locator("[data-node-label]")).to_have_text("Renamed")
    expect(plan).to_have_attribute("style", held)
    expect(alice.page.locator("#n-a[data-dragging]")).to_have_count(1)
    if way == "escape":
        alice.page.keyboard.press("Escape")
    alice.page.mouse.up()
    x, y = {"drop": (0, 160), "escape": (-80, 80)}[way]
    for tab in (alice, bob):
        expect(tab.page.locator("#n-a")).to_have_attribute("style", re.compile(rf"translate\({x}px, {y}px\)"))
        expect(tab.node("Renamed")).to_be_visible()
    node = alice.settled().stored()["nodes"][0]
    assert (node["label"], node["x"], node["y"]) == ("Renamed", x, y)


def test_what_a_program_writes_appears_without_a_reload(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(TWO)
    alice = opened("alice", flow)
    vera = opened("vera", flow, state="read-only")
    alice.operate(
        {"kind": "add_node", "node": {"id": "c", "kind": "api", "x": 0, "y": 200, "label": "By program"}},
        {"kind": "move_node", "id": "b", "x": 400, "y": 40},
        {"kind": "edit_flow", "set": {"title": "Renamed by a program"}},
    )
    for tab in (alice, vera):
        expect(tab.node("By program")).to_be_visible()
        expect(tab.node("Tell")).to_have_attribute("data-x", "400")
        expect(tab.page.locator("[data-flow-title]")).to_have_value("Renamed by a program")


def test_what_i_type_is_not_disturbed(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(TWO)
    alice, bob = opened("alice", flow), opened("bob", flow)
    alice.node("Plan").click()
    expect(alice.field("label")).to_have_value("Plan")
    alice.field("description").focus()
    alice.page.keyboard.type("Half a sen")
    bob.operate({"kind": "edit_node", "id": "a", "set": {"label": "Renamed", "description": "His words"}})
    expect(alice.field("label")).to_have_value("Renamed")
    alice.page.keyboard.type("tence")
    expect(alice.field("description")).to_have_value("Half a sentence")
    expect(alice.field("description")).to_be_focused()
    alice.field("label").focus()
    alice.settled()
    assert alice.stored()["nodes"][0]["description"] == "Half a sentence"


def test_a_viewer_sees_all_and_can_change_nothing(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(TWO, [EDGE])
    vera = opened("vera", flow, state="read-only")
    version = vera.stored()["version"]
    expect(vera.page.locator("[data-sync]")).to_contain_text("Read-only")
    expect(vera.page.locator("[data-palette-kind]").first).to_be_disabled()
    x, y = vera.centre(vera.node("Plan"))
    vera.drag((x, y), (x + 80, y + 80))
    vera.node("Plan").click()
    for key in ("Delete", "ArrowLeft", "Control+d", "Control+g", "F2", "/"):
        vera.page.keyboard.press(key)
    expect(vera.node("Plan")).to_have_attribute("data-x", "0")
    expect(vera.nodes).to_have_count(2)
    expect(vera.root).to_have_attribute("data-pending", "0")
    assert vera.stored()["version"] == version


def test_a_role_taken_away_ends_editing_at_once(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(TWO)
    alice, bob = opened("alice", flow), opened("bob", flow)
    bob_id = next(
        member["id"] for member in alice.call("GET", f"/flows/{flow}/members")["items"] if member["name"] == "Bob"
    )
    alice.call("PATCH", f"/flows/{flow}/members/{bob_id}", {"role": "viewer"})
    bob.live("read-only")
    alice.call("DELETE", f"/flows/{flow}/members/{bob_id}")
    bob.live("offline")
    expect(bob.page.locator("[data-toasts]")).to_contain_text("no longer have access")
    forget_late_requests(bob)


def test_what_is_typed_while_the_right_goes_is_not_lost_silently(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(TWO)
    alice, bob = opened("alice", flow), opened("bob", flow)
    bob.node("Plan").click()
    bob.field("label").fill("Planhalf")
    bob.settled()
    expect(bob.node("Planhalf")).to_be_visible()
    member = next(one["id"] for one in alice.call("GET", f"/flows/{flow}/members")["items"] if one["name"] == "Bob")
    alice.call("PATCH", f"/flows/{flow}/members/{member}", {"role": "viewer"})
    bob.live("read-only")
    expect(bob.field("label")).not_to_be_focused()
    expect(bob.field("label")).not_to_be_editable()
    expect(bob.field("label")).to_have_value("Planhalf")


def forget_late_requests(tab: EditorPage) -> None:
    """What a page asks for a moment after it is live may come when the flow is gone: 404."""
    tab.complaints[:] = [
        one for one in tab.complaints if not ("404" in one and one.endswith(("/offers", "/inspector")))
    ]


def test_a_flow_that_was_deleted_takes_no_more_edits_and_says_so_once(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(TWO)
    alice = opened("alice", flow)
    alice.call("DELETE", f"/flows/{flow}")
    alice.live("offline")
    expect(alice.page.get_by_text("This flow is no longer available.")).to_have_count(1)
    expect(alice.page.locator("[data-palette-kind]").first).to_be_disabled()
    x, y = alice.centre(alice.node("Plan"))
    alice.drag((x, y), (x + 80, y + 80))
    expect(alice.root).to_have_attribute("data-pending", "0")
    expect(alice.page.locator("[data-sync]")).to_contain_text("Read-only")
    forget_late_requests(alice)


def test_a_decision_grows_with_the_branches_it_is_given(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([{"id": "d", "kind": "decision", "x": 0, "y": 0, "label": "Route"}])
    alice = opened("alice", flow)
    alice.node("Route").click()
    alice.field("settings.branches").fill("\n".join(f"branch {number}" for number in range(8)))
    alice.field("settings.branches").blur()
    expect(alice.port("Route", "branch 7")).to_have_count(1)
    alice.settled()
    assert alice.stored()["nodes"][0]["height"] == 228


def test_who_has_no_room_in_the_bar_is_counted(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(TWO)
    for name in ("alice", "bob"):
        opened(name, flow)
    phone = opened("vera", flow, state="read-only", viewport={"width": 390, "height": 844})
    expect(phone.page.locator("[data-person]")).to_have_count(3)
    expect(phone.page.locator("[data-person]:visible")).to_have_count(1)
    expect(phone.page.locator("[data-roster] .more:visible")).to_have_text(["+1"])
    phone.page.set_viewport_size({"width": 1440, "height": 900})
    expect(phone.page.locator("[data-person]:visible")).to_have_count(3)
    expect(phone.page.locator("[data-roster] .more:visible")).to_have_count(0)


def test_an_edge_is_named_by_its_ends_also_when_they_get_other_names(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(TWO, [EDGE])
    alice, bob = opened("alice", flow), opened("bob", flow)
    expect(bob.page.locator("[data-edge-id=e]")).to_have_attribute("aria-label", "Plan to Tell, edge")
    alice.operate({"kind": "edit_node", "id": "b", "set": {"label": "Say"}})
    for tab in (alice, bob):
        expect(tab.page.locator("[data-edge-id=e]")).to_have_attribute("aria-label", "Plan to Say, edge")


def test_each_of_anothers_resizes_and_undo_are_shown(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([agent("a", 0, 0)])
    alice, bob = opened("alice", flow), opened("bob", flow)
    node = alice.page.locator("#n-a")
    for width in (320, 400):
        bob.operate({"kind": "resize_node", "id": "a", "width": width, "height": 160})
        expect(node).to_have_css("width", f"{width}px")
    pick(alice, "a")
    x, y = alice.centre(alice.page.locator(".handle[data-handle=se]"))
    alice.drag((x, y), (x + 64, y + 40))
    expect(node).to_have_css("width", "464px")
    alice.settled().page.keyboard.press("Control+z")
    expect(node).to_have_css("width", "400px")
    expect(node).to_have_css("height", "160px")
