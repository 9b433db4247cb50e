"""What a browser shows, held against what the server would draw afresh and what REST tells."""

import secrets
import time
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.editor_page import DRAWN, EditorPage

# All that the server draws of a node and an edge; what a page adds for itself (focus, selection, style) is not in it.
DESCRIBE = """async (url) => {
  const html = url && await (await fetch(url, {cache: "no-store"})).text();
  const world = html ? new DOMParser().parseFromString(html, "text/html") : document.querySelector("[data-world]");
  const data = (element, ...names) => names.map((name) => element.dataset[name] ?? null);
  const all = (selector, within = world) => [...within.querySelectorAll(selector)];
  const words = (element) => element.textContent.replace(/\\s+/g, " ").trim();
  const own = ["kind", "x", "y", "width", "height", "parent", "label", "disabled", "colour"];
  const node = (element) => [...data(element, ...own),
    words(element), all("[data-port]", element).map((port) => data(port, "port", "direction").join(" "))];
  const label = (id) => all(`[data-label-of="${id}"]`).map(words);
  const edge = (element) => [...data(element, "source", "sourcePort", "target", "targetPort", "label", "disabled"),
    element.hasAttribute("data-animated"), element.getAttribute("aria-label"),
    element.querySelector(".edge-line").getAttribute("d"), label(element.dataset.edgeId)];
  return {
    nodes: Object.fromEntries(all("helix-node").map((element) => [element.dataset.nodeId, node(element)])),
    edges: Object.fromEntries(all("g[data-edge-id]").map((element) => [element.dataset.edgeId, edge(element)])),
  };
}"""
PATIENCE_MS = 30_000
# Nothing fades or glides any more. Chromium may never settle `finished` of what is over.
STILL = """async () => {
  const isMoving = (one) => one.playState === "running" && one.effect.getComputedTiming().iterations !== Infinity;
  while (document.getAnimations().some(isMoving)) await new Promise(requestAnimationFrame);
}"""


def still(page: Page) -> None:
    """Wait until nothing moves by itself any more, but for what never ends."""
    page.evaluate(STILL)


def view(tab: EditorPage) -> Any:
    """Return what is on the canvas now, by id."""
    tab.page.evaluate(DRAWN)
    return tab.page.evaluate(DESCRIBE, "")


def fresh(tab: EditorPage) -> Any:
    """Return what the server would draw for somebody who comes now."""
    return tab.page.evaluate(DESCRIBE, tab.root.get_attribute("data-canvas-url"))


def expect_agreement(*tabs: EditorPage) -> Any:
    """Expect each of these to show what the server draws afresh and REST tells; return the flow, with a title of ours.

    Versions arrive in order: who shows the title has all that came before it.
    """
    title = f"Seen by all, {secrets.token_hex(4)}"
    tabs[0].operate({"kind": "edit_flow", "set": {"title": title}})
    for tab in tabs:
        expect(tab.page.locator("[data-flow-title]")).to_have_value(title, timeout=PATIENCE_MS)
    stored = tabs[0].stored()
    whole = fresh(tabs[0])
    places = {
        node["id"]: [node["kind"], *(str(node[key]) for key in ("x", "y", "width", "height"))]
        for node in stored["nodes"]
    }
    assert {id: drawn[:5] for id, drawn in whole["nodes"].items()} == places
    assert whole["edges"].keys() == {edge["id"] for edge in stored["edges"]}
    for tab in tabs:
        end = time.monotonic() + PATIENCE_MS / 1000
        while (differing := difference(view(tab), whole)) and time.monotonic() < end:
            pass  # edges follow a drag of another person's for a moment after it was given up
        assert not differing, f"shown and drawn afresh: {differing}"
    return stored


def difference(one: Any, other: Any) -> dict[str, tuple[Any, Any]]:
    """Return what two views have otherwise, by id."""
    return {
        id: (one[what].get(id), other[what].get(id))
        for what in ("nodes", "edges")
        for id in one[what].keys() | other[what].keys()
        if one[what].get(id) != other[what].get(id)
    }
