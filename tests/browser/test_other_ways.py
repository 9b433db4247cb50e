"""The other ways to what is tried elsewhere: the other end of an edge, the other direction, the other key or theme."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.editor_page import EditorPage, rect
from tests.browser.test_keys import MAC

Flow = Callable[..., str]
NODES = [
    {"id": "ask", "kind": "input", "x": 0, "y": 0, "label": "Ask"},
    {"id": "hear", "kind": "input", "x": 0, "y": 160, "label": "Hear"},
    {"id": "plan", "kind": "agent", "x": 240, "y": 40, "label": "Plan"},
    {"id": "tell", "kind": "output", "x": 480, "y": 0, "label": "Tell"},
    {"id": "show", "kind": "output", "x": 480, "y": 160, "label": "Show"},
]
EDGES = [
    {"id": "e1", "source": "ask", "target": "plan"},
    {"id": "e2", "source": "plan", "target": "tell"},
    {"id": "e3", "source": "plan", "target": "show"},
]


@pytest.fixture
def alice(flow_of: Flow, opened: Open) -> EditorPage:
    return opened("alice", flow_of(NODES, EDGES))


def edges(tab: EditorPage) -> set[tuple[str, str, str]]:
    return {(edge["id"], edge["source"], edge["target"]) for edge in tab.settled().stored()["edges"]}


def test_an_edge_begins_elsewhere(alice: EditorPage) -> None:
    ask, plan = rect(alice.node("Ask")), rect(alice.node("Plan"))
    middle = (
        (ask["x"] + ask["width"] + plan["x"]) / 2,
        (ask["y"] + ask["height"] / 2 + plan["y"] + plan["height"] / 2) / 2,
    )
    alice.page.mouse.click(*middle)
    expect(alice.page.locator("[data-edge-id=e1][data-selected]")).to_have_count(1)
    alice.drag(alice.page.locator(".edge-end[data-end=source]"), alice.node("Hear"))
    expect(alice.page.locator("[data-edge-id=e1][data-source=hear]")).to_have_count(1)
    assert ("e1", "hear", "plan") in edges(alice)


def test_an_input_is_connected_backwards(alice: EditorPage) -> None:
    alice.drag(alice.port("Plan", "in"), alice.node("Hear"))
    expect(alice.page.locator("[data-edge-id][data-source=hear][data-target=plan]")).to_have_count(1)
    assert len(edges(alice)) == 4


def test_backspace_deletes_too(alice: EditorPage) -> None:
    alice.node("Plan").click()
    alice.page.keyboard.press("Backspace")
    expect(alice.node("Plan")).to_have_count(0)
    assert edges(alice) == set()


def test_alt_and_arrows_walk_along_the_flow_and_beside_it(alice: EditorPage) -> None:
    alice.node("Plan").click()
    press = alice.page.keyboard.press
    press("Alt+ArrowRight")
    expect(alice.node("Tell")).to_be_focused()
    press("Alt+ArrowDown")
    expect(alice.node("Show")).to_be_focused()
    press("Alt+ArrowUp")
    expect(alice.node("Tell")).to_be_focused()
    press("Alt+ArrowLeft")
    expect(alice.node("Plan")).to_be_focused()


@pytest.mark.parametrize(
    ("key", "edge"),
    [
        ("ArrowLeft", lambda node: node["x"]),
        ("ArrowRight", lambda node: node["x"] + node["width"]),
        ("ArrowDown", lambda node: node["y"] + node["height"]),
    ],
)
def test_keys_align_to_every_side(key: str, edge: Callable[[dict[str, float]], float], alice: EditorPage) -> None:
    alice.node("Plan").click()
    alice.node("Show").click(modifiers=["Shift"])
    alice.page.keyboard.press(f"Control+Shift+{key}")
    alice.settled()
    boxes = [node for node in alice.stored()["nodes"] if node["id"] in {"plan", "show"}]
    assert len({edge(box) for box in boxes}) == 1


def test_on_a_mac_keys_go_with_command(alice: EditorPage) -> None:
    alice.page.add_init_script(MAC)
    alice.open(alice.flow).live()
    selected = alice.page.locator("helix-node[data-selected]")
    alice.node("Plan").click()
    alice.page.keyboard.press("Control+d")
    expect(alice.nodes).to_have_count(5)
    alice.page.keyboard.press("Meta+d")
    expect(alice.nodes).to_have_count(6)
    alice.page.keyboard.press("Meta+z")
    expect(alice.nodes).to_have_count(5)
    alice.page.keyboard.press("Meta+a")
    expect(selected).to_have_count(5)


def test_the_wheel_with_command_zooms(alice: EditorPage) -> None:
    x, y = alice.centre(alice.page.locator("[data-canvas]"))
    alice.page.mouse.move(x, y)
    alice.page.keyboard.down("Meta")
    alice.page.mouse.wheel(0, -100)
    expect(alice.page.locator("[data-zoom-text]")).not_to_have_text("100%")
    alice.page.keyboard.up("Meta")


def test_panels_are_drawers_where_there_is_less_room(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(NODES, EDGES), viewport={"width": 800, "height": 700})
    for name in ("palette", "inspector"):
        button, drawer = alice.page.locator(f".bar [data-tool={name}]"), alice.page.locator(f"[data-panel={name}]")
        expect(button).to_have_attribute("aria-expanded", "false")
        button.click()
        expect(button).to_have_attribute("aria-expanded", "true")
        expect(drawer).to_be_in_viewport()
        button.click()
        expect(button).to_have_attribute("aria-expanded", "false")
        expect(drawer).not_to_be_in_viewport()


def test_the_bar_leads_back_to_the_library(alice: EditorPage) -> None:
    alice.page.get_by_role("link", name="Back to all flows").click()
    expect(alice.page).to_have_url(re.compile(r"/$"))
    expect(alice.page.locator(f"#card-{alice.flow}")).to_be_visible()


def test_without_a_choice_the_theme_is_the_systems(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(NODES, EDGES), color_scheme="dark")
    canvas = alice.page.locator("[data-canvas]")
    expect(canvas).to_have_css("background-color", "rgb(15, 17, 21)")
    alice.page.emulate_media(color_scheme="light")
    expect(canvas).to_have_css("background-color", "rgb(246, 247, 249)")
