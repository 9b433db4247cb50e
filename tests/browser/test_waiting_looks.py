"""Whatever waits to be sent is on the canvas at once, and looks as the server will draw it; undo takes that back."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.conftest import Away
from tests.browser.editor_page import EditorPage, rect
from tests.browser.looks import edit_everything, fill, looks, paint, pick, second
from tests.browser.panel import back_at_once
from tests.proxy import Proxy

BADGE = """(node) => {
  const {left, top} = node.getBoundingClientRect();
  const {left: x, top: y, width, height, display} = getComputedStyle(node, "::after");
  const zoom = node.getBoundingClientRect().width / node.offsetWidth;
  const [l, t, w, h] = [x, y, width, height].map((text) => parseFloat(text) * zoom);
  const box = {left: left + node.clientLeft * zoom + l, top: top + node.clientTop * zoom + t};
  return {...box, right: box.left + w, bottom: box.top + h, display};
}"""


def test_what_waits_looks_as_the_server_draws_it(away: Away, network: Proxy) -> None:
    alice = away()
    edit_everything(alice)
    waiting = looks(alice)
    nodes, edges = waiting["nodes"], waiting["edges"]
    assert nodes["ask"]["flags"][:1] == [""]
    assert nodes["ask"]["name"] == "Question with a name that takes more than two lines, Input, off"
    assert nodes["plan"]["flags"][1] == nodes["plan"]["colour"] == "#22c55e"
    assert nodes["route"]["branches"] == ["yes", "no", "default"]
    assert nodes["box"]["count"] == ["2"]
    assert nodes["box"]["flags"][2] == ""
    assert edges["e3"]["flags"][1] == "yes", "the first of the branches that took the place of one"
    assert edges["e1"]["flags"][2:] == ["", None, "Question with a name that takes more than two lines to Route, edge"]
    assert [edges["e1"]["label"], edges["e2"]["label"]] == [["first"], ["otherwise"]]
    assert edges["e2"]["flags"][3] == ""

    back_at_once(network, alice)
    assert looks(alice) == waiting
    alice.page.reload()
    alice.live()
    assert looks(alice) == waiting


def test_a_page_opened_later_without_network_shows_it_too(away: Away, network: Proxy) -> None:
    alice = away()
    edit_everything(alice)
    waiting = looks(alice)
    alice.page.close()
    network.accept()
    again = EditorPage(alice.page.context, alice.flow).live().settled()
    assert looks(again) == waiting


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


def test_what_was_turned_off_and_on_again_is_on(away: Away) -> None:
    alice = away()
    pick(alice, "Ask")
    for is_off in (True, False):
        alice.page.locator("[data-canvas]").focus()
        pick(alice, "Ask")
        alice.node("Ask").click(button="right", position={"x": 20, "y": 12})
        alice.page.get_by_role("menuitem", name="Disable" if is_off else "Enable", exact=True).click()
        expect(alice.page.locator("[data-node-id=ask][data-disabled]")).to_have_count(int(is_off))
        expect(alice.page.locator("[data-edge-id=e1][data-disabled]")).to_have_count(int(is_off))
        expect(second(alice, "Ask")).to_have_text("Off" if is_off else "Input")


def test_a_colour_of_its_own_can_be_given_back(away: Away) -> None:
    alice = away()
    before = looks(alice)["nodes"]["plan"]
    paint(alice, "Plan", "#22c55e")
    assert looks(alice)["nodes"]["plan"]["colour"] == "#22c55e"
    paint(alice, "Plan", "#0ea5e9")
    assert looks(alice)["nodes"]["plan"] == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_while_everything_waits(away: Away, scheme: str) -> None:
    alice = away(color_scheme=scheme)
    edit_everything(alice)
    pick(alice, "Plan")
    fill(alice, "settings.temperature", "0.9")
    expect(alice.page.locator("[data-unsaved]")).to_have_count(1)
    assert findings(alice.page) == []


# What is new, and what goes.


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
    back_at_once(network, alice)
    assert looks(alice) == waiting


def test_a_group_that_goes_sets_its_members_free(away: Away, network: Proxy) -> None:
    alice = away()
    pick(alice, "Box")
    alice.page.keyboard.press("Delete")
    expect(alice.node("Box")).to_have_count(0)
    back_at_once(network, alice)
    expect(alice.node("Inside")).to_have_attribute("data-parent", "")


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
        box = rect(corner)
        assert badge["left"] >= box["x"] + box["width"] or badge["right"] <= box["x"]
