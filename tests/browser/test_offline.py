"""Without network: what was open on this device opens again, is worked on, and is sent later.

"No network" is a proxy that refuses or is silent, so pages, the worker and sockets all meet the same.
"""

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Device
from tests.browser.copies import COPIED, KEPT, copied, new_flow, nothing_but
from tests.browser.editor_page import PATIENCE_MS, EditorPage, rect
from tests.browser.inspector import BLANKS_ARE_HERE
from tests.browser.looks import entitle, fill, looks, paint, shows_title
from tests.browser.panel import back_at_once, lost, restored
from tests.proxy import Proxy

UNKNOWN = "/flows/00000000-0000-4000-8000-000000000000/"
SOME = re.compile("[1-9]")


def draw(tab: EditorPage, label: str) -> None:
    """Add a node and name it, whether anybody hears of it or not."""
    tab.drag(tab.page.locator("[data-palette-kind=agent]"), (600, 500))
    tab.page.keyboard.press("F2")
    tab.page.keyboard.type(label)
    tab.page.keyboard.press("Enter")
    expect(named(tab, label)).to_be_visible()


def named(tab: EditorPage, label: str) -> Locator:
    return tab.page.locator("[data-node-label]", has_text=label)


def offset(first: Locator, second: Locator) -> tuple[float, float]:
    """How far apart two corners are on the screen."""
    one, other = rect(first), rect(second)
    return round(other["x"] - one["x"]), round(other["y"] - one["y"])


def test_what_was_never_opened_here_leads_to_what_was(device: Device, network: Proxy) -> None:
    context = device("alice")
    flow, title = new_flow(context, "Ünter <b>way</b> 🚂"), "Ünter <b>way</b> 🚂"
    never = new_flow(context, "Never opened")
    copied(context, flow).page.close()
    lost(network)
    page = context.new_page()
    for address in (f"/flows/{never}/", UNKNOWN, "/", "/?q=train", f"/flows/{flow}/members"):
        page.goto(address)
        nothing_but(page, title)

    page.locator("[data-kept] a").click()

    expect(page.locator("[data-flow-heading]")).to_have_text(title)
    restored(network, page)
    expect(page.locator("#editor")).to_have_attribute("data-connection", "live", timeout=PATIENCE_MS)


def test_a_flow_opens_as_it_was_left(device: Device, network: Proxy) -> None:
    context = device("alice")
    flow = new_flow(context)
    tab = copied(context, flow)
    tab.add("agent", "Added here", (600, 500)).settled()
    tab.operate(
        {"kind": "edit_node", "id": "a", "set": {"label": "Renamed elsewhere"}},
        {"kind": "move_node", "id": "b", "x": 360, "y": 240},
    )
    expect(tab.node("Renamed elsewhere")).to_be_visible()
    expect(tab.node("Search")).to_have_attribute("data-x", "360")
    lost(network)

    tab.page.reload()

    for _again in range(2):
        expect(tab.root).to_have_attribute("data-connection", "offline")
        expect(tab.nodes).to_have_count(3)
        expect(tab.node("Added here")).to_be_visible()
        expect(tab.node("Renamed elsewhere")).to_be_visible()
        assert offset(tab.node("Renamed elsewhere"), tab.node("Search")) == (360, 240)
        tab.page.close()
        tab = EditorPage(context, flow)


def test_what_is_changed_meanwhile_survives_and_is_sent(device: Device, network: Proxy) -> None:
    context = device("alice")
    flow = new_flow(context)
    copied(context, flow).page.close()
    lost(network)
    tab = EditorPage(context, flow)
    expect(tab.root).to_have_attribute("data-connection", "offline")
    draw(tab, "Underground")
    for _again in range(2):
        expect(named(tab, "Underground")).to_be_visible()
        expect(tab.root).to_have_attribute("data-pending", SOME)
        assert tab.page.evaluate(KEPT)["entries"] == 2, "the node and its name"
        tab.page.close()
        tab = EditorPage(context, flow)

    network.accept()

    tab.live().settled()
    assert [node["label"] for node in tab.stored()["nodes"]] == ["Plan", "Search", "Underground"]
    tab.page.reload()
    expect(tab.live().nodes).to_have_count(3)


def test_what_waits_looks_the_same_after_a_reload(device: Device, network: Proxy) -> None:
    context = device("alice")
    tab = copied(context, new_flow(context))
    tab.page.wait_for_function(BLANKS_ARE_HERE)
    lost(network)
    expect(tab.root).to_have_attribute("data-connection", "offline")
    entitle(tab, "Through the tunnel")
    paint(tab, "Plan", "#22c55e")
    tab.field("enabled").uncheck()
    fill(tab, "settings.model", "m-2")
    waiting = looks(tab)
    assert waiting["nodes"]["a"]["colour"] == "#22c55e"

    tab.page.reload()

    expect(tab.root).to_have_attribute("data-connection", "offline")
    expect(tab.root).to_have_attribute("data-pending", SOME)
    shows_title(tab, "Through the tunnel")
    expect(tab.node("Plan").locator(".node-footer")).to_contain_text("not saved yet")
    assert looks(tab) == waiting
    back_at_once(network, tab)
    shows_title(tab, "Through the tunnel")
    assert looks(tab) == waiting


def test_a_silent_network_keeps_nobody_waiting(device: Device, network: Proxy) -> None:
    context = device("alice")
    flow = new_flow(context)
    copied(context, flow).page.close()
    network.pause()

    tab = EditorPage(context, flow)

    expect(tab.node("Plan")).to_be_visible()
    draw(tab, "In the tunnel")
    network.resume()
    tab.live().settled()


class BadGateway(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(502)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def test_a_proxy_without_a_server_is_no_network(device: Device, network: Proxy) -> None:
    context = device("alice")
    flow = new_flow(context)
    copied(context, flow).page.close()
    lost(network)
    with ThreadingHTTPServer(("127.0.0.1", network.port), BadGateway) as gateway:
        Thread(target=gateway.serve_forever, daemon=True).start()
        tab = EditorPage(context, flow)
        expect(tab.node("Plan")).to_be_visible()
        assert tab.page.goto(UNKNOWN).status == 502  # type: ignore[union-attr]
        gateway.shutdown()


def test_a_large_flow_opens_whole(device: Device, network: Proxy) -> None:
    context = device("alice")
    tab = EditorPage(context)
    tab.page.goto("/")
    near = [{"id": f"n{i}", "kind": "note", "x": i % 50 * 30, "y": i // 50 * 20} for i in range(2_000)]
    nodes = [{"id": "far", "kind": "skill", "x": 2_050, "y": 0, "label": "Beyond the first screen"}, *near]
    flow = str(tab.call("POST", "/flows", {"title": "Large", "nodes": nodes})["id"])
    tab.page.close()
    tab = copied(context, flow)
    tab.page.evaluate(COPIED, [f"/flows/{flow}/canvas", None])
    lost(network)

    tab.page.reload()

    expect(tab.root).to_have_attribute("data-connection", "offline")
    expect(tab.node("Beyond the first screen")).to_be_visible(timeout=PATIENCE_MS)
