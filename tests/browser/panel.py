"""The pill in the bar and the panel under it, as a person reads them; and the network, gone and back again."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.editor_page import EditorPage
from tests.browser.gestures import rename
from tests.browser.inspector import BLANKS_ARE_HERE
from tests.proxy import Proxy

WITHOUT_NETWORK = ("ERR_", "ws://")


def pill(tab: EditorPage) -> Locator:
    return tab.page.locator("[data-sync]")


def panel(tab: EditorPage) -> Locator:
    return tab.page.locator("[data-waiting-panel]")


def waiting(tab: EditorPage) -> Locator:
    return panel(tab).locator("[data-waiting-item]")


def notes(tab: EditorPage) -> Locator:
    return panel(tab).locator("[data-away] [data-away-item]")


def lost(network: Proxy, *tabs: EditorPage) -> None:
    """The network is gone, and the pages know; their forms have come before."""
    for tab in tabs:
        tab.page.wait_for_function(BLANKS_ARE_HERE)
    network.refuse()
    network.cut()
    for tab in tabs:
        tab.live("offline")


def back(network: Proxy, *tabs: EditorPage) -> None:
    """The network is there again, the browsers say so, and everything has been answered."""
    network.accept()
    for tab in tabs:
        back_at_once(network, tab)
        forgiven(tab)


def back_at_once(network: Proxy, tab: EditorPage, state: str = "live") -> None:
    """The network is there again, the browser says so, and everything has been answered."""
    restored(network, tab.page)
    tab.live(state).settled()


def restored(network: Proxy, page: Page) -> None:
    """The network is there again, and the browser says so; an attempt that just fails is not cut short by that."""
    network.accept()
    page.evaluate("dispatchEvent(new Event('online'))")


def forgiven(tab: EditorPage, *more: str) -> None:
    """Being without network is what the test is about, and whatever else it names."""
    known = (*WITHOUT_NETWORK, *more)
    tab.complaints[:] = [text for text in tab.complaints if not any(word in text for word in known)]


def refuse(alice: EditorPage, bob: EditorPage, network: Proxy) -> None:
    """Alice renames offline what bob deletes meanwhile; she is told of both when she is back."""
    lost(network, alice)
    rename(alice, "search", "Find")
    bob.operate({"kind": "remove_node", "id": "search"})
    back(network, alice)
    expect(pill(alice)).to_contain_text("2 notes")
