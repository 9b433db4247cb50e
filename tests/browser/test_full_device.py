"""A device that keeps nothing, because it is full or does not allow it: nothing is called safe that is not.

Full is Chromium's own quota, set to a byte before anything is kept. Refusing is a browser without IndexedDB.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Locator, expect

from tests.browser.conftest import WINDOW
from tests.browser.editor_page import EditorPage
from tests.proxy import Proxy

NODES = [{"id": "a", "kind": "agent", "x": 0, "y": 0, "label": "Plan"}]
KEPT = """() => new Promise((resolve) => {
  const opening = indexedDB.open("helix");
  opening.onsuccess = () => {
    const database = opening.result;
    database.transaction("entries").objectStore("entries").count().onsuccess = ({target}) => {
      database.close();
      resolve(target.result);
    };
  };
})"""


@dataclass
class Device:
    """Alice's browser; `room()` makes room on it."""

    tab: EditorPage
    origin: str
    devtools: CDPSession

    def room(self) -> None:
        self.devtools.send("Storage.overrideQuotaForOrigin", {"origin": self.origin})

    @property
    def pill(self) -> Locator:
        return self.tab.page.locator("[data-sync]")


@pytest.fixture
def device(
    context_for: Callable[..., BrowserContext], network: Proxy, request: pytest.FixtureRequest
) -> Iterator[Device]:
    """A flow of alice's, open on a device that keeps nothing."""
    context = context_for(None, on=network, viewport=WINDOW)
    if getattr(request, "param", "full") == "refusing":
        context.add_init_script("Object.defineProperty(window, 'indexedDB', {value: undefined})")
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    if getattr(request, "param", "full") == "full":
        devtools.send("Storage.overrideQuotaForOrigin", {"origin": network.url, "quotaSize": 1})
    page.goto("/login/")
    page.locator("[data-demo-user=alice]").click()
    page.wait_for_url(lambda url: "/login/" not in url)
    tab = EditorPage(context)
    tab.page.goto("/")
    tab.open(str(tab.call("POST", "/flows", {"title": "Kept nowhere", "nodes": NODES})["id"])).live()
    yield Device(tab, network.url, devtools)
    assert [text for text in tab.complaints if "ERR_" not in text and "ws://" not in text] == []


both = pytest.mark.parametrize("device", ["full", "refusing"], indirect=True)


def nudge(tab: EditorPage) -> None:
    tab.page.locator("#n-a .node-second").click()
    tab.page.keyboard.press("ArrowRight")


def lose(network: Proxy, tab: EditorPage) -> None:
    network.refuse()
    network.cut()
    tab.live("offline")


@both
def test_without_a_connection_nothing_can_be_changed_and_the_reason_is_said(device: Device, network: Proxy) -> None:
    tab = device.tab
    lose(network, tab)
    expect(device.pill).to_contain_text("Read-only: not stored on this device")
    expect(tab.page.locator("[data-palette-kind]").first).to_be_disabled()
    nudge(tab)
    expect(tab.root).to_have_attribute("data-pending", "0")
    device.pill.click()
    expect(tab.page.locator("[data-waiting-panel]")).to_contain_text("This device cannot store changes")
    network.accept()
    tab.live()
    expect(tab.page.locator("[data-palette-kind]").first).to_be_enabled()
    nudge(tab)
    assert tab.settled().stored()["nodes"][0]["x"] == 8


@both
def test_with_a_connection_work_goes_on_and_what_is_on_its_way_is_not_called_safe(
    device: Device, network: Proxy
) -> None:
    tab = device.tab
    network.pause()
    nudge(tab)
    expect(device.pill).to_have_text("Not stored on this device")
    with tab.page.expect_event("dialog") as asked:
        tab.page.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    expect(tab.page.locator("#n-a")).to_have_attribute("data-selected", "")
    network.resume()
    tab.settled()
    expect(device.pill).to_have_text("Saved, not stored on this device")
    assert tab.stored()["nodes"][0]["x"] == 8


def test_what_was_made_just_before_the_connection_went_is_told_and_sent(device: Device, network: Proxy) -> None:
    tab = device.tab
    network.pause()
    nudge(tab)
    expect(device.pill).to_have_text("Not stored on this device")
    lose(network, tab)
    expect(device.pill).to_have_text("Not stored on this device: 1 change")
    network.resume()
    network.accept()
    tab.live().settled()
    assert tab.stored()["nodes"][0]["x"] == 8


def test_when_there_is_room_again_what_waits_is_kept_and_one_can_go_on(device: Device, network: Proxy) -> None:
    tab = device.tab
    network.pause()
    nudge(tab)
    expect(device.pill).to_have_text("Not stored on this device")
    lose(network, tab)
    assert tab.page.evaluate(KEPT) == 0
    device.room()
    expect(device.pill).to_have_text("Offline, 1 change waiting")
    assert tab.page.evaluate(KEPT) == 1
    nudge(tab)
    expect(device.pill).to_have_text("Offline, 2 changes waiting")
    network.resume()
    network.accept()
    tab.live().settled()
    expect(device.pill).to_have_text("All changes saved")
    assert tab.stored()["nodes"][0]["x"] == 16
