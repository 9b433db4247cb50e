"""An edit is on the canvas in the next frame, before the server has heard of it. Frames are counted, not timed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import EditorPage
from tests.browser.looks import pick
from tests.browser.nodes import TWO
from tests.proxy import Proxy

Deed = Callable[[EditorPage], object]
# How many frames begin between an event and the first change after which the page matches a selector.
COUNT_FRAMES = """([kind, selector]) => {
  let [frames, since] = [0, null];
  const tick = () => { frames += 1; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  addEventListener(kind, () => { since = frames; }, {capture: true});
  globalThis.framesUntilShown = new Promise((shown) => new MutationObserver((_changes, observer) => {
    if (since === null || !document.querySelector(selector)) return;
    observer.disconnect();
    shown(frames - since);
  }).observe(document.querySelector("[data-world]"), {subtree: true, childList: true, attributes: true}));
}"""


def press(key: str) -> Deed:
    return lambda tab: tab.page.keyboard.press(key)


def drop_a_connection(tab: EditorPage) -> None:
    tab.drag(tab.port("a", "out"), tab.node("b"))


@pytest.mark.parametrize(
    ("kind", "deed", "shown"),
    [
        ("keydown", press("ArrowRight"), "#n-a[style*='translate(8px, 0px)']"),
        ("keydown", press("Delete"), ":root:not(:has(#n-a))"),
        ("keydown", press("Control+d"), "[data-layer=nodes] > :nth-child(3)"),
        ("pointerup", drop_a_connection, "[data-edge-id][data-source=a] > .edge-line[d]"),
    ],
    ids=["moved", "deleted", "duplicated", "connected"],
)
def test_an_edit_is_shown_in_the_next_frame(
    kind: str, deed: Deed, shown: str, flow_of: Flow, opened: Open, network: Proxy
) -> None:
    alice = opened("alice", flow_of(TWO, on=network), on=network)
    pick(alice, "a")
    expect(alice.page.locator("#n-a[data-selected]")).to_be_visible()
    network.pause()
    alice.page.evaluate(COUNT_FRAMES, [kind, shown])
    deed(alice)
    assert alice.page.evaluate("framesUntilShown") <= 1
    expect(alice.root).to_have_attribute("data-pending", "1")
    network.resume()
    alice.settled()
    expect(alice.page.locator(shown)).to_have_count(1)
