"""A flow with a bit of everything that is drawn, edits of each sort, and how it all looks."""

from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.editor_page import DRAWN, EditorPage
from tests.browser.gestures import rename

NODES = [
    {"id": "box", "kind": "group", "x": 40, "y": 320, "label": "Box"},
    {"id": "in", "kind": "skill", "x": 80, "y": 380, "label": "Inside", "parent": "box"},
    {"id": "ask", "kind": "input", "x": 80, "y": 90, "label": "Ask"},
    {"id": "route", "kind": "decision", "x": 320, "y": 80, "label": "Route", "settings": {"branches": ["old"]}},
    {"id": "plan", "kind": "agent", "x": 560, "y": 80, "label": "Plan", "settings": {"temperature": 0.2}},
    {"id": "say", "kind": "output", "x": 560, "y": 260, "label": "Say"},
    {"id": "memo", "kind": "note", "x": 420, "y": 380, "label": "Memo", "settings": {"text": "As it *was*"}},
]
EDGES = [
    {"id": "e1", "source": "ask", "target": "route"},
    {"id": "e2", "source": "route", "target": "plan", "source_port": "default", "label": "else"},
    {"id": "e3", "source": "route", "target": "say", "source_port": "old"},
]
# All that is drawn of nodes and edges, but for the lines that only the server can word.
LOOKS = """() => {
  const world = document.querySelector("[data-world]");
  const all = (selector, within = world) => [...within.querySelectorAll(selector)];
  const texts = (selector, within) => all(selector, within).map((element) => element.textContent);
  const own = (element, ...names) => names.map((name) => element.getAttribute(name));
  const node = (element) => ({
    flags: own(element, "data-disabled", "data-colour", "data-collapsed", "data-parent"),
    // A script adds how many edges there are, and whether it is selected.
    name: element.getAttribute("aria-label").replace(/, \\d+ in, \\d+ out|, selected/g, ""),
    colour: getComputedStyle(element).getPropertyValue("--colour"),
    label: texts("[data-node-label]", element), count: texts(".node-count", element),
    branches: texts(".branch-name", element),
    ports: all("[data-port]", element)
      .map((port) => own(port, "data-port", "data-direction", "title")),
  });
  const edge = (element) => ({
    flags: own(element, "data-source", "data-source-port", "data-disabled", "data-animated", "aria-label"),
    label: texts(`[data-label-of="${element.dataset.edgeId}"]`),
    d: element.querySelector(".edge-line").getAttribute("d"),
  });
  return {
    nodes: Object.fromEntries(all("helix-node").map((element) => [element.dataset.nodeId, node(element)])),
    edges: Object.fromEntries(all("g[data-edge-id]").map((element) => [element.dataset.edgeId, edge(element)])),
  };
}"""


def looks(tab: EditorPage) -> Any:
    tab.page.evaluate(DRAWN)
    return tab.page.evaluate(LOOKS)


def edge(tab: EditorPage, id: str) -> Locator:
    return tab.page.locator(f'[data-edge-id="{id}"]')


def second(tab: EditorPage, label: str) -> Locator:
    return tab.node(label).locator(".node-second")


def pick(tab: EditorPage, label: str) -> None:
    tab.node(label).click(position={"x": 20, "y": 12})


def pick_edge(tab: EditorPage, id: str) -> None:
    tab.page.mouse.click(*tab.centre(edge(tab, id).locator(".edge-line")))


def fill(tab: EditorPage, name: str, text: str) -> None:
    tab.field(name).fill(text)
    tab.field(name).blur()


def paint(tab: EditorPage, label: str, colour: str) -> None:
    pick(tab, label)
    tab.page.locator(f'#inspector [name=colour][value="{colour}"]').press("Space")  # fields above may still change


def edit_everything(tab: EditorPage) -> None:
    """One edit of each sort that the canvas shows."""
    rename(tab, "ask", "Question with a name that takes more than two lines")
    pick(tab, "Ask")
    tab.field("enabled").uncheck()
    paint(tab, "Plan", "#22c55e")
    pick(tab, "Route")
    fill(tab, "settings.branches", "yes\nno")
    pick_edge(tab, "e2")
    fill(tab, "label", "otherwise")
    tab.field("animated").check()
    pick_edge(tab, "e1")
    fill(tab, "label", "first")
    tab.drag(tab.node("Memo"), (tab.centre(tab.node("Inside"))[0] + 120, tab.centre(tab.node("Inside"))[1] + 60))
    pick(tab, "Box")
    tab.field("settings.collapsed").check()


def entitle(tab: EditorPage, title: str) -> None:
    field = tab.page.locator("[data-flow-title]")
    field.fill(title)
    field.press("Enter")


def shows_title(tab: EditorPage, title: str) -> None:
    expect(tab.page.locator("[data-flow-title]")).to_have_value(title)
    expect(tab.page.locator("[data-flow-heading]")).to_have_text(title)
    expect(tab.page).to_have_title(f"{title} · Helix")
