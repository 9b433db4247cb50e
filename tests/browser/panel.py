"""The pill in the bar and the panel under it, as a person reads them; and the network, gone and back again."""

from playwright.sync_api import Locator

from tests.browser.editor_page import EditorPage
from tests.proxy import Proxy

WITHOUT_NETWORK = ("ERR_", "ws://", "404 (Not Found)")


def pill(tab: EditorPage) -> Locator:
    return tab.page.locator("[data-sync]")


def panel(tab: EditorPage) -> Locator:
    return tab.page.locator("[data-waiting-panel]")


def waiting(tab: EditorPage) -> Locator:
    return panel(tab).locator("[data-waiting-item]")


def notes(tab: EditorPage) -> Locator:
    return panel(tab).locator("[data-away] [data-away-item]")


def lost(network: Proxy, *tabs: EditorPage) -> None:
    """The network is gone, and the pages know."""
    network.refuse()
    network.cut()
    for tab in tabs:
        tab.live("offline")


def back(network: Proxy, *tabs: EditorPage) -> None:
    """The network is there again, and everything has been answered."""
    network.accept()
    for tab in tabs:
        tab.live().settled()
        forgiven(tab)


def forgiven(tab: EditorPage) -> None:
    """Being without network is what the test is about."""
    tab.complaints[:] = [text for text in tab.complaints if not any(word in text for word in WITHOUT_NETWORK)]
