"""Over plain http beyond loopback browsers have no locks: pages ask who is alive, and take nothing from the living."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import WINDOW
from tests.browser.copies import KEPT
from tests.browser.editor_page import EditorPage
from tests.browser.panel import back, lost
from tests.proxy import Proxy

Flow = Callable[..., str]
NODES = [{"id": "a", "kind": "agent", "x": 0, "y": 0, "label": "Ask"}]


@pytest.fixture
def device(context_for: Callable[..., BrowserContext], network: Proxy) -> BrowserContext:
    """Alice's browser, whose tabs share a device."""
    context = context_for("alice", on=network, viewport=WINDOW)
    context.add_init_script("delete Navigator.prototype.locks")
    return context


def nudge(tab: EditorPage, key: str) -> None:
    tab.page.bring_to_front()
    tab.node("Ask").click()
    tab.page.keyboard.press(key)


def test_a_page_takes_nothing_from_one_that_lives(device: BrowserContext, flow_of: Flow, network: Proxy) -> None:
    flow = flow_of(NODES, on=network)
    first, second = EditorPage(device, flow).live(), EditorPage(device, flow).live()
    assert first.page.evaluate("navigator.locks") is None
    lost(network, first, second)
    nudge(first, "ArrowRight")
    second.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    nudge(second, "ArrowDown")
    first.page.bring_to_front()
    first.page.keyboard.press("Control+z")
    back(network, first, second)
    expect(first.node("Ask")).to_have_attribute("data-y", "8")
    [asked] = first.stored()["nodes"]
    assert (asked["x"], asked["y"]) == (0, 8), "the nudge that was taken back stays so"


def test_words_in_somebodys_hand_are_nobody_elses(device: BrowserContext, flow_of: Flow, network: Proxy) -> None:
    flow = flow_of(NODES, on=network)
    first = EditorPage(device, flow).live()
    first.node("Ask").click()
    first.page.keyboard.press("F2")
    first.page.keyboard.type("Oops")
    second = EditorPage(device, flow).live().settled()
    first.page.bring_to_front()
    first.page.keyboard.press("Escape")
    first.settled()
    expect(second.node("Ask")).to_be_visible()
    assert first.stored()["version"] == 1


def test_what_a_closed_page_left_is_delivered_once(device: BrowserContext, flow_of: Flow, network: Proxy) -> None:
    flow = flow_of(NODES, on=network)
    first, second = EditorPage(device, flow).live(), EditorPage(device, flow).live()
    lost(network, first, second)
    nudge(first, "ArrowRight")
    assert first.page.evaluate(KEPT)["entries"] == 1
    first.page.close()
    second.page.bring_to_front()
    network.accept()
    second.live()
    third = EditorPage(device, flow).live()
    for tab in (second, third):
        expect(tab.node("Ask")).to_have_attribute("data-x", "8")
    third.settled()
    assert third.stored()["version"] == 2
