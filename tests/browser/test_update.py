"""A new release while edits wait: nothing of them is lost, and whoever has the page open is told, not forced."""

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import WINDOW
from tests.browser.copies import CONTROLLED, COPIED, KEPT, NODES
from tests.browser.editor_page import PATIENCE_MS, EditorPage
from tests.servers import Server


@pytest.fixture
def own() -> Iterator[Server]:
    """A server whose release can be another."""
    with Server() as server:
        yield server


def release(server: Server, name: str) -> None:
    """Stop the server, and start it with other static files."""
    manifest = server.data_dir / "static" / "staticfiles.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "hash": name}))
    server.start()


def nudge(tab: EditorPage) -> None:
    tab.page.locator("#n-a .node-second").click()
    tab.page.keyboard.press("ArrowRight")


def opened(context: BrowserContext) -> EditorPage:
    tab = EditorPage(context)
    tab.page.goto("/")
    tab.page.evaluate(CONTROLLED)
    tab.open(str(tab.call("POST", "/flows", {"title": "Across releases", "nodes": NODES})["id"])).live()
    tab.page.evaluate(COPIED, [f"/flows/{tab.flow}/", None])
    return tab


def test_edits_that_wait_outlive_a_new_release_and_the_page_says_so(
    context_for: Callable[..., BrowserContext], own: Server
) -> None:
    tab = opened(context_for("alice", on=own, worker=True, viewport=WINDOW))
    tab.page.evaluate("window.isSame = true")
    own.terminate()
    tab.live("offline")
    nudge(tab)
    expect(tab.root).to_have_attribute("data-pending", "1")

    release(own, "second")

    tab.live().settled()
    toast = tab.page.locator(".toast", has_text="Helix was updated")
    expect(toast).to_be_visible(timeout=PATIENCE_MS)
    assert tab.page.evaluate("window.isSame"), "nobody is made to reload"
    nudge(tab)
    assert tab.settled().stored()["nodes"][0]["x"] == 16

    own.terminate()
    tab.live("offline")
    nudge(tab)
    toast.get_by_role("button", name="Reload").click()
    tab.page.wait_for_function("!window.isSame")
    expect(tab.root).to_have_attribute("data-pending", "1")
    own.start()
    assert tab.live().settled().stored()["nodes"][0]["x"] == 24
    assert own.verify(tab.flow).returncode == 0


def test_edits_that_wait_in_one_tab_outlive_that_another_brings_the_new_release(
    context_for: Callable[..., BrowserContext], own: Server
) -> None:
    context = context_for("alice", on=own, worker=True, viewport=WINDOW)
    tab = opened(context)
    own.terminate()
    tab.live("offline")
    nudge(tab)
    assert tab.page.evaluate(KEPT)["entries"] == 1
    tab.page.close()

    release(own, "second")

    other = EditorPage(context)
    other.page.goto("/")
    expect(other.page.locator(f"#card-{tab.flow}")).to_contain_text("1 unsent change")
    again = EditorPage(context, tab.flow).live().settled()
    assert again.stored()["nodes"][0]["x"] == 8
    assert again.complaints == []
