"""Without network: what was open on this device opens again, is worked on, and is sent later; all of it one person's.

"No network" is a proxy that refuses or is silent, so pages, the worker and sockets all meet the same.
"""

import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import WINDOW
from tests.browser.editor_page import EditorPage
from tests.browser.test_typing import BLANKS_ARE_HERE
from tests.browser.test_waiting_looks import back, entitle, fill, looks, paint, shows_title
from tests.pages.test_look import findings
from tests.proxy import Proxy
from tests.servers import Server

Device = Callable[..., BrowserContext]
NODES = [
    {"id": "a", "kind": "agent", "x": 0, "y": 0, "label": "Plan"},
    {"id": "b", "kind": "skill", "x": 300, "y": 160, "label": "Search"},
]
UNKNOWN = "/flows/00000000-0000-4000-8000-000000000000/"
CONTROLLED = """() => navigator.serviceWorker.controller
  || new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve))"""
COPIED = """async ([path, release]) => {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const copy = await caches.match(path);
    const found = copy?.headers.get("X-Helix-Release");
    if (copy && (!release || found === release)) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const worker = navigator.serviceWorker.controller?.state;
  throw new Error(`no copy of ${path}, worker ${worker}, kept ${await caches.keys()}`);
}"""
KEPT = """async () => {
  const pages = (await caches.keys()).filter((name) => name.startsWith("pages-"));
  const found = await Promise.all(pages.map(async (name) => (await caches.open(name)).keys()));
  const opening = indexedDB.open("helix");
  await new Promise((resolve) => { opening.onsuccess = resolve });
  const database = opening.result;
  const count = (store) => new Promise((resolve) => {
    database.transaction(store).objectStore(store).count().onsuccess = (event) => resolve(event.target.result);
  });
  const ofFlows = found.flat().filter(({url}) => /flows\\/[0-9a-f-]{36}/.test(url));
  const kept = {pages: ofFlows.length, frames: await count("frames"), entries: await count("entries")};
  database.close();
  return kept;
}"""


@pytest.fixture
def device(context_for: Callable[..., BrowserContext], network: Proxy) -> Device:
    """`device("alice")`: a browser that keeps pages, behind a network that can be cut."""

    def open_device(name: str, **options: Any) -> BrowserContext:
        context = context_for(name, on=network, worker=True, **{"viewport": WINDOW, **options})
        page = context.new_page()
        page.goto("/")
        page.evaluate(CONTROLLED)
        page.close()
        return context

    return open_device


def new_flow(context: BrowserContext, title: str = "Drawn on the train") -> str:
    tab = EditorPage(context)
    tab.page.goto("/")
    flow = str(tab.call("POST", "/flows", {"title": title, "nodes": NODES})["id"])
    tab.page.close()
    return flow


def opened(context: BrowserContext, flow: str) -> EditorPage:
    """A flow opened while there is network: it is live, and its copy is there."""
    tab = EditorPage(context, flow).live()
    tab.page.evaluate(COPIED, [f"/flows/{flow}/", None])
    return tab


def lose(network: Proxy) -> None:
    network.refuse()
    network.cut()


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
    one, other = first.bounding_box(), second.bounding_box()
    assert one
    assert other
    return round(other["x"] - one["x"]), round(other["y"] - one["y"])


def nothing_but(page: Page, *titles: str) -> None:
    """The page says that there is no connection, and which flows open all the same."""
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    expect(page.locator("[data-kept] a")).to_have_text(list(titles))
    expect(page.locator("[data-none]")).to_be_visible(visible=not titles)


# Opening.


def test_what_was_never_opened_here_leads_to_what_was(device: Device, network: Proxy) -> None:
    context = device("alice")
    flow, title = new_flow(context, "Ünter <b>way</b> 🚂"), "Ünter <b>way</b> 🚂"
    never = new_flow(context, "Never opened")
    opened(context, flow).page.close()
    lose(network)
    page = context.new_page()
    for address in (f"/flows/{never}/", UNKNOWN, "/", "/?q=train", f"/flows/{flow}/members"):
        page.goto(address)
        nothing_but(page, title)

    page.locator("[data-kept] a").click()

    expect(page.locator("[data-flow-heading]")).to_have_text(title)
    network.accept()
    expect(page.locator("#editor")).to_have_attribute("data-connection", "live")


def test_a_flow_opens_as_it_was_left(device: Device, network: Proxy) -> None:
    context = device("alice")
    flow = new_flow(context)
    tab = opened(context, flow)
    tab.add("agent", "Added here", (600, 500)).settled()
    tab.operate(
        {"kind": "edit_node", "id": "a", "set": {"label": "Renamed elsewhere"}},
        {"kind": "move_node", "id": "b", "x": 360, "y": 240},
    )
    expect(tab.node("Renamed elsewhere")).to_be_visible()
    expect(tab.node("Search")).to_have_attribute("data-x", "360")
    lose(network)

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
    opened(context, flow).page.close()
    lose(network)
    tab = EditorPage(context, flow)
    expect(tab.root).to_have_attribute("data-connection", "offline")
    draw(tab, "Underground")
    for _again in range(2):
        expect(named(tab, "Underground")).to_be_visible()
        expect(tab.root).not_to_have_attribute("data-pending", "0")
        tab.page.close()
        tab = EditorPage(context, flow)

    network.accept()

    tab.live().settled()
    assert [node["label"] for node in tab.stored()["nodes"]] == ["Plan", "Search", "Underground"]
    tab.page.reload()
    expect(tab.live().nodes).to_have_count(3)


def test_what_waits_looks_the_same_after_a_reload(device: Device, network: Proxy) -> None:
    context = device("alice")
    tab = opened(context, new_flow(context))
    tab.page.wait_for_function(BLANKS_ARE_HERE)
    lose(network)
    expect(tab.root).to_have_attribute("data-connection", "offline")
    entitle(tab, "Through the tunnel")
    paint(tab, "Plan", "#22c55e")
    tab.field("enabled").uncheck()
    fill(tab, "settings.model", "m-2")
    waiting = looks(tab)
    assert waiting["nodes"]["a"]["colour"] == "#22c55e"

    tab.page.reload()

    expect(tab.root).to_have_attribute("data-connection", "offline")
    expect(tab.root).not_to_have_attribute("data-pending", "0")
    shows_title(tab, "Through the tunnel")
    expect(tab.node("Plan").locator(".node-footer")).to_contain_text("not saved yet")
    assert looks(tab) == waiting
    back(tab, network)
    shows_title(tab, "Through the tunnel")
    assert looks(tab) == waiting


def test_a_silent_network_keeps_nobody_waiting(device: Device, network: Proxy) -> None:
    context = device("alice")
    flow = new_flow(context)
    opened(context, flow).page.close()
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
    opened(context, flow).page.close()
    lose(network)
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
    tab = opened(context, flow)
    tab.page.evaluate(COPIED, [f"/flows/{flow}/canvas", None])
    lose(network)

    tab.page.reload()

    expect(tab.root).to_have_attribute("data-connection", "offline")
    expect(tab.node("Beyond the first screen")).to_be_visible()


# Whose it is.


def test_logging_out_leaves_nothing(device: Device, network: Proxy) -> None:
    context = device("alice")
    flow = new_flow(context)
    tab = opened(context, flow)
    tab.add("agent", "Added here", (600, 500)).settled()
    assert tab.page.evaluate(KEPT)["frames"] > 0
    tab.page.goto("/")

    tab.page.locator(".avatar-ring").click()
    tab.page.get_by_role("button", name="Log out").click()

    expect(tab.page.get_by_role("heading", name="Log in")).to_be_visible()
    assert tab.page.evaluate(KEPT) == {"pages": 0, "frames": 0, "entries": 0}
    lose(network)
    tab.page.goto(f"/flows/{flow}/")
    nothing_but(tab.page)


def test_logging_out_without_a_worker_leaves_nothing_either(device: Device) -> None:
    context = device("alice")
    tab = opened(context, new_flow(context))
    tab.add("agent", "Added here", (600, 500)).settled()
    tab.page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.unregister())")
    context.add_init_script("delete Navigator.prototype.serviceWorker")
    tab.page.goto("/")

    tab.page.locator(".avatar-ring").click()
    tab.page.get_by_role("button", name="Log out").click()

    expect(tab.page.get_by_role("heading", name="Log in")).to_be_visible()
    expect_nothing_kept(tab.page)


def test_logging_out_without_network_clears_the_device(device: Device, network: Proxy) -> None:
    context = device("alice")
    tab = opened(context, new_flow(context))
    tab.page.goto("/")
    lose(network)

    tab.page.locator(".avatar-ring").click()
    tab.page.get_by_role("button", name="Log out").click()

    nothing_but(tab.page)
    assert tab.page.evaluate(KEPT)["pages"] == 0


def test_nobody_finds_the_pages_of_who_was_here_before(device: Device, network: Proxy) -> None:
    context, other = device("alice"), device("bob")
    flow = new_flow(context)
    tab = opened(context, flow)
    tab.add("agent", "Hers alone", (600, 500)).settled()
    tab.page.close()
    context.add_cookies(other.cookies())  # type: ignore[arg-type]
    page = context.new_page()

    page.goto("/")

    assert page.evaluate(KEPT) == {"pages": 0, "frames": 0, "entries": 0}
    lose(network)
    page.goto(f"/flows/{flow}/")
    nothing_but(page)


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
def test_who_may_not_see_a_flow_any_more_keeps_no_copy(device: Device, network: Proxy, is_open: bool) -> None:
    alice, bob = device("alice"), device("bob")
    flow = new_flow(alice)
    owner = EditorPage(alice, flow).live()
    member = owner.call("POST", f"/flows/{flow}/members", {"email": "bob@example.com", "role": "editor"})["id"]
    tab = opened(bob, flow)
    if not is_open:
        tab.page.goto("/")

    owner.call("DELETE", f"/flows/{flow}/members/{member}")

    if is_open:
        expect(tab.root).to_have_attribute("data-connection", "offline")
    else:
        assert tab.page.goto(f"/flows/{flow}/").status == 404  # type: ignore[union-attr]
    expect_nothing_kept(tab.page)
    lose(network)
    tab.page.goto(f"/flows/{flow}/")
    nothing_but(tab.page)


def expect_nothing_kept(page: Page) -> None:
    """Wait until no page of a flow and no frame is kept."""
    expect_kept = f"""async () => {{
      for (const end = Date.now() + 20_000; Date.now() < end;) {{
        const kept = await ({KEPT})();
        if (!kept.frames && !kept.pages) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }}
      throw new Error("something is left");
    }}"""
    page.evaluate(expect_kept)


# What needs a connection says so.


def test_what_needs_a_connection_says_so(device: Device, network: Proxy) -> None:
    context = device("alice")
    new_flow(context)
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("console", lambda message: failures.append(message.text) if "htmx" in message.text else None)
    page.goto("/")
    lose(network)

    page.locator(".card-drop summary").first.click()
    page.locator(".card-drop").first.get_by_text("Rename").click()
    expect(page.locator(".toast")).to_have_text(re.compile("This needs a connection"))
    page.locator("[name=q]").fill("train")
    expect(page.locator(".toast")).to_have_count(1)
    assert failures == []

    page.locator(".toast [data-toast-close]").click()
    page.get_by_role("button", name="New flow").first.click()
    expect(page.locator(".toast")).to_have_text(re.compile("You are offline"))
    expect(page.locator(".card-title").first).to_be_visible()


def test_a_page_that_is_older_than_the_login_still_counts(device: Device) -> None:
    context = device("alice")
    new_flow(context, "Copied by an old page")
    page = context.new_page()
    page.goto("/?q=old+page")
    before = page.locator(".card").count()
    page.evaluate(
        "() => fetch('/login/demo/', {method: 'POST', body: new URLSearchParams({user: 'alice', csrfmiddlewaretoken:"
        " document.querySelector('[name=csrfmiddlewaretoken]').value})})"
    )

    page.locator(".card-drop summary").first.click()
    page.locator(".card-drop").first.get_by_text("Duplicate").click()

    expect(page.locator(".card")).to_have_count(before + 1)
    page.get_by_role("button", name="New flow").first.click()
    page.wait_for_url("**/flows/**")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_without_connection(device: Device, network: Proxy, scheme: str) -> None:
    context = device("alice", color_scheme=scheme)
    opened(context, new_flow(context)).page.close()
    lose(network)
    page = context.new_page()
    page.goto("/")
    expect(page.locator("[data-kept] a")).to_be_visible()
    assert findings(page) == []


# How much is kept.


def test_the_last_fifty_flows_are_kept(device: Device, network: Proxy) -> None:
    context = device("alice")
    tab = opened(context, new_flow(context, "Flow 0"))
    for number in range(1, 51):
        flow = tab.call("POST", "/flows", {"title": f"Flow {number}"})["id"]
        tab.page.evaluate("(path) => fetch(path).then(({ok}) => ok)", f"/flows/{flow}/")
    lose(network)
    tab.page.goto("/")
    nothing_but(tab.page, *(f"Flow {number}" for number in range(50, 0, -1)))


def test_a_new_release_replaces_the_files_once_no_copy_needs_them(context_for: Callable[..., BrowserContext]) -> None:
    with Server() as server:
        context = context_for("alice", on=server, worker=True, viewport=WINDOW)
        flow = new_flow(context)
        tab = EditorPage(context, flow).live()
        # Opened before there was a worker: it has the page fetched again for its copy.
        first = tab.page.evaluate(COPIED, [f"/flows/{flow}/", None])
        manifest = server.data_dir / "static" / "staticfiles.json"
        for release in ("second", "third"):
            server.terminate()
            manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "hash": release}))
            server.start()
            tab.open(flow).live()
            tab.page.evaluate(COPIED, [f"/flows/{flow}/", release])
        names = set(tab.page.evaluate("caches.keys()"))
        assert "files-third" in names
        assert f"files-{first}" not in names
