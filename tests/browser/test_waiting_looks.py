"""Whatever waits to be sent is on the canvas at once, and looks as the server will draw it; refusal and undo undo that.

What only the server can word, such as the line below a node's label, is never shown as if it were saved.
"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Open
from tests.browser.editor_page import EditorPage
from tests.browser.test_typing import BLANKS_ARE_HERE
from tests.browser.test_waiting import forgiven, lost, rename
from tests.browser.views import DRAWN
from tests.pages.test_look import findings
from tests.proxy import Proxy
from tests.servers import Server

Flow = Callable[..., str]
Away = Callable[..., EditorPage]
NODES = [
    {"id": "box", "kind": "group", "x": 40, "y": 320, "label": "Box"},
    {"id": "in", "kind": "skill", "x": 80, "y": 380, "label": "Inside", "parent": "box"},
    {"id": "ask", "kind": "input", "x": 80, "y": 90, "label": "Ask"},
    {"id": "route", "kind": "decision", "x": 320, "y": 80, "label": "Route", "settings": {"branches": ["old"]}},
    {"id": "plan", "kind": "agent", "x": 560, "y": 80, "label": "Plan", "settings": {"temperature": 0.2}},
    {"id": "say", "kind": "output", "x": 560, "y": 260, "label": "Say"},
    {"id": "memo", "kind": "note", "x": 420, "y": 380, "label": "Memo", "settings": {"text": "As it *was*"}},
]
EDGES = [
    {"id": "e1", "source": "ask", "target": "route"},
    {"id": "e2", "source": "route", "target": "plan", "source_port": "default", "label": "else"},
    {"id": "e3", "source": "route", "target": "say", "source_port": "old"},
]
UNSAVED = "not saved yet"
# All that is drawn of nodes and edges, but for the lines that only the server can word.
LOOKS = """() => {
  const world = document.querySelector("[data-world]");
  const all = (selector, within = world) => [...within.querySelectorAll(selector)];
  const texts = (selector, within) => all(selector, within).map((element) => element.textContent);
  const own = (element, ...names) => names.map((name) => element.getAttribute(name));
  const node = (element) => ({
    flags: own(element, "data-disabled", "data-colour", "data-collapsed", "data-parent", "aria-label"),
    colour: getComputedStyle(element).getPropertyValue("--colour"),
    label: texts("[data-node-label]", element), count: texts(".node-count", element),
    branches: texts(".branch-name", element),
    ports: all("[data-port]", element)
      .map((port) => own(port, "data-port", "data-direction", "title")),
  });
  const edge = (element) => ({
    flags: own(element, "data-source", "data-source-port", "data-disabled", "data-animated", "aria-label"),
    label: texts(`[data-label-of="${element.dataset.edgeId}"]`),
    d: element.querySelector(".edge-line").getAttribute("d"),
  });
  return {
    nodes: Object.fromEntries(all("helix-node").map((element) => [element.dataset.nodeId, node(element)])),
    edges: Object.fromEntries(all("g[data-edge-id]").map((element) => [element.dataset.edgeId, edge(element)])),
  };
}"""
BADGE = """(node) => {
  const {left, top} = node.getBoundingClientRect();
  const {left: x, top: y, width, height, display} = getComputedStyle(node, "::after");
  const zoom = node.getBoundingClientRect().width / node.offsetWidth;
  const [l, t, w, h] = [x, y, width, height].map((text) => parseFloat(text) * zoom);
  const box = {left: left + node.clientLeft * zoom + l, top: top + node.clientTop * zoom + t};
  return {...box, right: box.left + w, bottom: box.top + h, display};
}"""


@pytest.fixture
def away(opened: Open, flow_of: Flow, network: Proxy) -> Away:
    """`away()`: somebody in a flow whose network has just gone; `away("bob", flow)` in a known one."""

    def leave(
        name: str = "alice", flow: str = "", nodes: object = NODES, edges: object = EDGES, **options: object
    ) -> EditorPage:
        tab = opened(name, flow or flow_of(nodes, edges, on=network), on=network, **options)
        tab.page.wait_for_function(BLANKS_ARE_HERE)
        lost(tab, network)
        return tab

    return leave


def back(tab: EditorPage, network: Proxy, state: str = "live") -> None:
    """The network is there again, and the browser says so."""
    network.accept()
    tab.page.evaluate("dispatchEvent(new Event('online'))")
    tab.live(state).settled()


def looks(tab: EditorPage) -> Any:
    tab.page.evaluate(DRAWN)
    return tab.page.evaluate(LOOKS)


def by_id(tab: EditorPage, id: str) -> Locator:
    return tab.page.locator(f'[data-node-id="{id}"]')


def edge(tab: EditorPage, id: str) -> Locator:
    return tab.page.locator(f'[data-edge-id="{id}"]')


def second(tab: EditorPage, label: str) -> Locator:
    return tab.node(label).locator(".node-second")


def pick(tab: EditorPage, label: str) -> None:
    tab.node(label).click(position={"x": 20, "y": 12})


def pick_edge(tab: EditorPage, id: str) -> None:
    tab.page.mouse.click(*tab.centre(edge(tab, id).locator(".edge-line")))


def fill(tab: EditorPage, name: str, text: str) -> None:
    tab.field(name).fill(text)
    tab.field(name).blur()


def paint(tab: EditorPage, label: str, colour: str) -> None:
    pick(tab, label)
    tab.page.locator(f'#inspector [name=colour][value="{colour}"]').check(force=True)


def edit_everything(tab: EditorPage) -> None:
    """One edit of each sort that the canvas shows."""
    rename(tab, "Ask", "Question with a name that takes more than two lines")
    pick(tab, "Ask")
    tab.field("enabled").uncheck()
    paint(tab, "Plan", "#22c55e")
    pick(tab, "Route")
    fill(tab, "settings.branches", "yes\nno")
    pick_edge(tab, "e2")
    fill(tab, "label", "otherwise")
    tab.field("animated").check()
    pick_edge(tab, "e1")
    fill(tab, "label", "first")
    tab.drag(tab.node("Memo"), (tab.centre(tab.node("Inside"))[0] + 120, tab.centre(tab.node("Inside"))[1] + 60))
    pick(tab, "Box")
    tab.field("settings.collapsed").check()


# Refused.


def test_what_is_refused_looks_as_it_did_before(
    away: Away, opened: Open, flow_of: Flow, network: Proxy, behind: Server
) -> None:
    flow = flow_of(NODES, EDGES, on=network)
    alice, bob = opened("alice", flow, on=behind), away("bob", flow)
    before = looks(bob)
    edit_everything(bob)
    assert looks(bob) != before
    alice.call("PATCH", f"/flows/{flow}/members/{member(alice, 'bob')}", {"role": "viewer"})

    back(bob, network, "read-only")
    assert looks(bob) == before
    forgiven(bob)


def member(tab: EditorPage, name: str) -> int:
    people = tab.call("GET", f"/flows/{tab.flow}/members")["items"]
    return next(int(one["id"]) for one in people if one["email"] == f"{name}@example.com")


def test_a_refused_title_is_the_old_one_again(
    away: Away, opened: Open, flow_of: Flow, network: Proxy, behind: Server
) -> None:
    flow = flow_of(NODES, on=network)
    alice, bob = opened("alice", flow, on=behind), away("bob", flow)
    entitle(bob, "Drawn by Bob")
    shows_title(bob, "Drawn by Bob")
    alice.call("PATCH", f"/flows/{flow}/members/{member(alice, 'bob')}", {"role": "viewer"})

    back(bob, network, "read-only")
    shows_title(bob, "Drawn together")
    forgiven(bob)


# Waiting, then saved.


def test_what_waits_looks_as_the_server_draws_it(away: Away, network: Proxy) -> None:
    alice = away()
    edit_everything(alice)
    waiting = looks(alice)
    nodes, edges = waiting["nodes"], waiting["edges"]
    assert nodes["ask"]["flags"][:1] == [""]
    assert nodes["ask"]["flags"][4] == "Question with a name that takes more than two lines, Input, off"
    assert nodes["plan"]["flags"][1] == nodes["plan"]["colour"] == "#22c55e"
    assert nodes["route"]["branches"] == ["yes", "no", "default"]
    assert nodes["box"]["count"] == ["2"]
    assert nodes["box"]["flags"][2] == ""
    assert edges.keys() == {"e1", "e2"}
    assert edges["e1"]["flags"][2:] == ["", None, "Question with a name that takes more than two lines → Route"]
    assert [edges["e1"]["label"], edges["e2"]["label"]] == [["first"], ["otherwise"]]
    assert edges["e2"]["flags"][3] == ""

    back(alice, network)
    assert looks(alice) == waiting
    alice.page.reload()
    alice.live()
    assert looks(alice) == waiting
    forgiven(alice)


def test_a_page_opened_later_without_network_shows_it_too(away: Away, network: Proxy) -> None:
    alice = away()
    edit_everything(alice)
    waiting = looks(alice)
    alice.page.close()
    network.accept()
    again = EditorPage(alice.page.context, alice.flow).live().settled()
    assert looks(again) == waiting
    forgiven(alice)


def test_undo_of_what_was_never_sent_draws_it_as_before(away: Away) -> None:
    alice = away()
    before = looks(alice)
    edit_everything(alice)
    after = looks(alice)
    count = int(alice.root.get_attribute("data-pending") or 0)
    alice.page.locator("[data-canvas]").focus()
    for _step in range(count):
        alice.page.keyboard.press("Control+z")
    expect(alice.root).to_have_attribute("data-pending", "0")
    assert looks(alice) == before

    for _step in range(count):
        alice.page.keyboard.press("Control+Shift+z")

    assert looks(alice) == after
    forgiven(alice)


def test_what_was_turned_off_and_on_again_is_on(away: Away) -> None:
    alice = away()
    pick(alice, "Ask")
    for is_off in (True, False):
        alice.page.locator("[data-canvas]").focus()
        pick(alice, "Ask")
        alice.node("Ask").click(button="right", position={"x": 20, "y": 12})
        alice.page.get_by_role("menuitem", name="Turn off" if is_off else "Turn on").click()
        expect(alice.page.locator("[data-node-id=ask][data-disabled]")).to_have_count(int(is_off))
        expect(alice.page.locator("[data-edge-id=e1][data-disabled]")).to_have_count(int(is_off))
        expect(second(alice, "Ask")).to_have_text("Off" if is_off else "Input")
    forgiven(alice)


def test_a_colour_of_its_own_can_be_given_back(away: Away) -> None:
    alice = away()
    before = looks(alice)["nodes"]["plan"]
    paint(alice, "Plan", "#22c55e")
    assert looks(alice)["nodes"]["plan"]["colour"] == "#22c55e"
    paint(alice, "Plan", "#0ea5e9")
    assert looks(alice)["nodes"]["plan"] == before
    forgiven(alice)


# Branches.


def test_new_branches_take_connections_before_anybody_hears_of_them(away: Away, network: Proxy) -> None:
    alice = away()
    pick(alice, "Route")
    fill(alice, "settings.branches", "old\nurgent")
    alice.connect("Route", "Plan", port="urgent")
    expect(alice.port("Route", "urgent")).to_have_attribute("data-connected", "")
    back(alice, network)
    assert ["route", "urgent", "plan"] in ends(alice)
    forgiven(alice)


def test_a_branch_that_goes_takes_its_connection_along(away: Away, network: Proxy) -> None:
    alice = away()
    pick(alice, "Route")
    fill(alice, "settings.branches", "")
    expect(edge(alice, "e3")).to_have_count(0)
    expect(by_id(alice, "say").locator("[data-connected]")).to_have_count(0)
    expect(alice.edges).to_have_count(2)
    back(alice, network)
    assert ends(alice) == [["ask", "out", "route"], ["route", "default", "plan"]]
    forgiven(alice)


def ends(tab: EditorPage) -> list[list[str]]:
    return [[one["source"], one["source_port"], one["target"]] for one in tab.stored()["edges"]]


# What only the server can word.


def test_a_line_that_only_the_server_can_word_says_that_it_is_not_saved(away: Away, network: Proxy) -> None:
    alice = away()
    foot = alice.node("Plan").locator(".node-footer")
    pick(alice, "Plan")
    fill(alice, "settings.system_prompt", "Be brief.")
    expect(alice.root).to_have_attribute("data-pending", "1")
    expect(foot).not_to_contain_text(UNSAVED)

    fill(alice, "settings.temperature", "0.9")
    fill(alice, "settings.model", "m-2")

    expect(foot).to_contain_text(UNSAVED)
    expect(foot).to_have_attribute("data-unsaved", "")
    expect(second(alice, "Plan")).to_have_text("Agent")
    back(alice, network)
    expect(foot).to_have_text("m-20.9")
    expect(alice.page.locator("[data-unsaved]")).to_have_count(0)
    forgiven(alice)


def test_the_text_of_a_note_is_shown_as_typed_until_it_is_saved(away: Away, network: Proxy) -> None:
    alice = away()
    text = alice.node("Memo").locator(".note-text")
    pick(alice, "Memo")
    fill(alice, "settings.text", "As it *is*\n<b>now</b>")
    expect(text).to_have_text("As it *is*\n<b>now</b>", use_inner_text=True)
    alice.page.locator("[data-canvas]").focus()
    alice.page.keyboard.press("Control+z")
    expect(text.locator("em")).to_have_text("was")
    alice.page.keyboard.press("Control+Shift+z")
    back(alice, network)
    expect(text.locator("em")).to_have_text("is")
    forgiven(alice)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_while_everything_waits(away: Away, scheme: str) -> None:
    alice = away(color_scheme=scheme)
    edit_everything(alice)
    pick(alice, "Plan")
    fill(alice, "settings.temperature", "0.9")
    expect(alice.page.locator("[data-unsaved]")).to_have_count(1)
    assert findings(alice.page) == []
    forgiven(alice)


# What is new.


def test_what_is_placed_offline_looks_like_its_kind(away: Away, network: Proxy) -> None:
    alice = away(nodes=[], edges=[])
    for number, kind in enumerate(("agent", "decision", "note", "group")):
        alice.drag(alice.page.locator(f"[data-palette-kind={kind}]"), (340 + 190 * number, 300))
        alice.page.keyboard.press("Escape")
    expect(alice.nodes).to_have_count(4)
    pick(alice, "Decision")
    fill(alice, "settings.branches", "yes\nno")
    paint(alice, "Agent", "#22c55e")
    alice.connect("Decision", "Agent", port="no")
    waiting = looks(alice)
    assert {tuple(node["branches"]) for node in waiting["nodes"].values()} == {(), ("yes", "no", "default")}
    back(alice, network)
    assert looks(alice) == waiting
    forgiven(alice)


def test_a_group_that_goes_sets_its_members_free(away: Away, network: Proxy) -> None:
    alice = away()
    pick(alice, "Box")
    alice.page.keyboard.press("Delete")
    expect(alice.node("Box")).to_have_count(0)
    back(alice, network)
    expect(alice.node("Inside")).to_have_attribute("data-parent", "")
    forgiven(alice)


# The title.


def test_a_title_that_waits_is_shown_everywhere_and_undone(away: Away, network: Proxy) -> None:
    alice = away()
    entitle(alice, "Redrawn <i>offline</i>")
    shows_title(alice, "Redrawn <i>offline</i>")
    alice.page.locator("[data-canvas]").focus()
    alice.page.keyboard.press("Control+z")
    shows_title(alice, "Drawn together")
    alice.page.keyboard.press("Control+Shift+z")
    shows_title(alice, "Redrawn <i>offline</i>")
    back(alice, network)
    shows_title(alice, "Redrawn <i>offline</i>")
    forgiven(alice)


def test_what_the_inspector_calls_the_flow_is_its_title(away: Away) -> None:
    alice = away()
    alice.page.locator("[data-canvas]").click(position={"x": 900, "y": 600})
    fill(alice, "title", "Named at the side")
    shows_title(alice, "Named at the side")
    forgiven(alice)


def entitle(tab: EditorPage, title: str) -> None:
    field = tab.page.locator("[data-flow-title]")
    field.fill(title)
    field.press("Enter")


def shows_title(tab: EditorPage, title: str) -> None:
    expect(tab.page.locator("[data-flow-title]")).to_have_value(title)
    expect(tab.page.locator("[data-flow-heading]")).to_have_text(title)
    expect(tab.page).to_have_title(f"{title} · Helix")


# The badge.


@pytest.mark.parametrize("steps", [0, 2])
def test_the_badge_of_what_waits_is_not_under_a_handle(away: Away, steps: int) -> None:
    alice = away()
    for percent in ("80%", "64%")[:steps]:
        alice.page.locator("[data-tool=zoom-out]").click()
        expect(alice.page.locator("[data-zoom-text]")).to_have_text(percent)
    pick(alice, "Plan")
    alice.page.keyboard.press("ArrowRight")
    expect(alice.node("Plan")).to_have_attribute("data-waiting", "")
    corners = alice.page.locator(".handle:is([data-handle=ne], [data-handle=nw])")
    expect(corners).to_have_count(2)
    badge = alice.node("Plan").evaluate(BADGE)
    for corner in corners.all():
        box = corner.bounding_box()
        assert box
        assert badge["left"] >= box["x"] + box["width"] or badge["right"] <= box["x"]
    forgiven(alice)
