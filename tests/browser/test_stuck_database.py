"""A device whose database does not open, because somebody holds on to it: nothing in it is taken for gone.

Nobody waits for ever either. A second page on the device holds it open while a newer version is asked for, so every
opening waits in line behind that.
"""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import WINDOW
from tests.browser.copies import KEPT
from tests.browser.editor_page import PATIENCE_MS, EditorPage
from tests.browser.inspector import choose
from tests.browser.panel import forgiven, lost, panel, pill
from tests.proxy import Proxy

NODES = [{"id": "a", "kind": "agent", "x": 0, "y": 0, "label": "Plan"}]
HOLD = """() => new Promise((resolve) => {
  const opening = indexedDB.open("helix");
  opening.onsuccess = () => {
    const held = opening.result;
    const newer = indexedDB.open("helix", held.version + 1);
    newer.onsuccess = () => newer.result.close();
    newer.onblocked = resolve;
    globalThis.letGo = () => held.close();
  };
})"""
CONTROLLED = """() => navigator.serviceWorker.controller
  || new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve))"""


def held(context: BrowserContext) -> Page:
    """Hold the device's database, in a page that has nothing else to do with it."""
    holder = context.new_page()
    holder.goto("/healthz")
    holder.evaluate(HOLD)
    return holder


def test_what_lies_in_it_is_not_taken_for_saved_and_is_sent_as_soon_as_it_can_be_read(
    context_for: Callable[..., BrowserContext], flow_of: Callable[..., str], network: Proxy
) -> None:
    context = context_for("alice", on=network, viewport=WINDOW)
    flow = flow_of(NODES, on=network)
    before = EditorPage(context, flow).live().settled()
    choose(before, "a").field("description").fill("x" * 5_001)
    lost(network, before)
    before.node("Plan").click()
    before.page.keyboard.press("ArrowRight")
    expect(before.root).to_have_attribute("data-pending", "1")
    assert before.page.evaluate(KEPT)["entries"] == 1
    before.page.close()
    network.accept()
    holder = held(context)

    tab = EditorPage(context, flow).live()

    expect(pill(tab)).to_have_text("Not stored on this device", timeout=PATIENCE_MS)
    expect(tab.root).to_have_attribute("data-pending", "")
    pill(tab).click()
    expect(panel(tab).locator("h2").first).to_have_text("Unsent changes")
    tab.page.keyboard.press("Escape")
    holder.evaluate("letGo()")
    expect(pill(tab)).to_have_text("1 field not saved", timeout=PATIENCE_MS)
    assert tab.settled().stored()["nodes"][0]["x"] == 8
    forgiven(tab)
    assert tab.complaints == []


def test_the_login_comes_all_the_same(context_for: Callable[..., BrowserContext], network: Proxy) -> None:
    context = context_for("alice", on=network, worker=True, viewport=WINDOW)
    page = context.new_page()
    page.goto("/")
    page.evaluate(CONTROLLED)
    tab = EditorPage(context)
    tab.page.goto("/")
    tab.open(str(tab.call("POST", "/flows", {"title": "Held", "nodes": NODES})["id"])).live().settled()
    holder = held(context)
    context.clear_cookies()

    page.goto("/login/", timeout=PATIENCE_MS)

    expect(page.locator("[data-demo-user=alice]")).to_be_visible()
    holder.evaluate("letGo()")
