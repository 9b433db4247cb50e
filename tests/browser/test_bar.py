"""The bar above the canvas: which of a flow's views is shown, and room for all of it in every width."""

from itertools import pairwise

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import PATIENCE_MS, EditorPage
from tests.browser.test_runs import EDGES, NODES, drawer, pressed

LONG = "Wie eine Rechnung mit Anhängen gelesen, verglichen, genehmigt und am Ende des Monats bezahlt wird"
# Where each part begins and ends, and what is cut.
PARTS = """(bar) => {
  const parts = [".title-form", ".sync", ".bar-views", ".bar-end"].map((name) => bar.querySelector(name));
  const shown = parts.filter((part) => part.checkVisibility()).map((part) => part.getBoundingClientRect());
  const title = bar.querySelector(".flow-title");
  return {
    edges: shown.map(({left, right}) => [left, right]),
    room: bar.scrollWidth <= bar.clientWidth && bar.clientWidth === innerWidth,
    cut: title.scrollWidth > title.clientWidth && getComputedStyle(title).textOverflow,
    title: title.clientWidth,
  };
}"""


def view(tab: EditorPage, name: str) -> Locator:
    return tab.page.locator(f".bar-views [data-command={name}]")


def chosen(tab: EditorPage, name: str) -> None:
    """One view is shown, and the bar says so to everybody."""
    expect(tab.page.locator(".bar-views [aria-current]")).to_have_count(1)
    expect(view(tab, name)).to_have_attribute("aria-current", "true")
    expect(tab.page.locator("[data-runs-panel]:visible")).to_have_count(int(name == "runs"))
    expect(view(tab, "runs")).to_have_attribute("aria-expanded", "true" if name == "runs" else "false")


def test_which_view_is_shown_is_told_however_it_was_chosen(opened: Open, flow_of: Flow) -> None:
    alice = opened("alice", flow_of(NODES, EDGES))
    expect(alice.page.get_by_role("group", name="What is shown").get_by_role("button")).to_have_text(["Edit", "Runs"])
    chosen(alice, "edit")

    view(alice, "runs").click()
    chosen(alice, "runs")
    view(alice, "edit").click()
    chosen(alice, "edit")
    view(alice, "edit").click()
    chosen(alice, "edit")

    view(alice, "runs").focus()
    alice.page.keyboard.press("Enter")
    chosen(alice, "runs")
    expect(alice.page.locator("[data-runs-panel]")).to_be_focused()
    view(alice, "edit").focus()
    alice.page.keyboard.press("Space")
    chosen(alice, "edit")
    expect(view(alice, "edit")).to_be_focused()

    alice.page.locator("[data-canvas]").focus()
    alice.page.keyboard.press("r")
    chosen(alice, "runs")
    alice.page.keyboard.press("Escape")
    chosen(alice, "edit")


def test_the_view_stays_while_a_run_comes_and_goes(opened: Open, flow_of: Flow) -> None:
    alice = pressed(opened("alice", flow_of(NODES, EDGES)))
    expect(drawer(alice)).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
    chosen(alice, "edit")

    view(alice, "runs").click()
    alice.page.locator("[data-run-drawer] [data-drawer-close]").click()
    expect(drawer(alice)).not_to_be_visible()
    chosen(alice, "runs")
    alice.page.locator("[data-runs-panel] [data-run] a").click()
    expect(drawer(alice)).to_be_visible()
    chosen(alice, "runs")
    view(alice, "edit").click()
    chosen(alice, "edit")
    expect(drawer(alice)).to_be_visible()


@pytest.mark.parametrize("width", [390, 768, 1024, 1440])
def test_long_words_and_a_long_title_fit_into_the_bar(opened: Open, flow_of: Flow, width: int) -> None:
    alice = opened("alice", flow_of(), locale="de-DE", viewport={"width": width, "height": 800})
    alice.operate({"kind": "edit_flow", "set": {"title": LONG}})
    expect(alice.page.locator("[data-flow-title]")).to_have_value(LONG)
    bob = opened("bob", alice.flow)
    expect(alice.page.locator("[data-roster] [data-person]")).to_have_count(2)

    found = alice.page.locator(".bar").evaluate(PARTS)

    assert found["room"], found
    assert found["cut"] == "ellipsis" and found["title"] >= 40, found
    edges = found["edges"]
    assert edges[0][0] >= 0 and edges[-1][1] <= width, found
    if width >= 720:
        assert len(edges) == 4
        assert all(one[1] <= other[0] for one, other in pairwise(edges)), found
    if width == 1440:
        assert abs(sum(edges[2]) / 2 - width / 2) <= 2, found
    assert bob.complaints == []
