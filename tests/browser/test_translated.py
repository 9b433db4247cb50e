"""A page that the browser translates: what people wrote is marked as theirs, and what is drawn is never stored."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Open

NODES = [
    {"id": "a", "kind": "input", "x": 0, "y": 0, "label": "Ask"},
    {"id": "b", "kind": "agent", "x": 300, "y": 0, "label": "Plan"},
    {"id": "c", "kind": "agent", "x": 300, "y": 160, "label": "Tell"},
    {"id": "d", "kind": "decision", "x": 0, "y": 200, "label": "Route", "settings": {"branches": ["yes"]}},
    {"id": "m", "kind": "note", "x": 500, "y": 200, "label": "Memo", "settings": {"text": "As it *was*"}},
]
EDGES = [{"id": "e", "source": "a", "target": "b", "label": "then"}]
WORDS = "[data-node-label], [data-label-of], .branch-name, .note-text"
# What a translator does to a page, whether or not it was asked to leave something alone.
TRANSLATE = """(words) => {
  document.documentElement.lang = "fr";
  for (const element of document.querySelectorAll(`${words}, .node-second, .node-count`)) {
    const text = document.createElement("font");
    text.textContent = "traduit";
    element.replaceChildren(text);
  }
}"""
NOT_MARKED = """(words) => [...document.querySelectorAll(words)].filter(({translate}) => translate).length"""


def test_nothing_that_is_drawn_is_stored(flow_of: Callable[..., str], opened: Open) -> None:
    alice = opened("alice", flow_of(NODES, EDGES))
    before = alice.stored()
    alice.page.evaluate(TRANSLATE, WORDS)
    alice.page.mouse.click(*alice.centre(alice.page.locator("#l-e")))
    end = alice.centre(alice.page.locator("[data-end=target]"))
    alice.drag(end, alice.centre(alice.port("Tell", "in")))
    expect(alice.page.locator("#e-e")).to_have_attribute("data-target", "c")
    alice.node("Plan").click()
    alice.page.keyboard.press("F2")
    alice.page.keyboard.press("Enter")
    alice.page.keyboard.press("Control+d")
    expect(alice.nodes).to_have_count(6)
    after = alice.settled().stored()
    assert after["edges"] == [before["edges"][0] | {"target": "c"}]
    assert {node["label"] for node in after["nodes"]} == {"Ask", "Plan", "Tell", "Route", "Memo"}


def test_what_people_wrote_is_not_to_be_translated(flow_of: Callable[..., str], opened: Open) -> None:
    alice = opened("alice", flow_of(NODES, EDGES))
    assert alice.page.evaluate(NOT_MARKED, WORDS) == 0
    alice.node("Ask").click()
    alice.page.keyboard.press("Control+d")
    expect(alice.nodes).to_have_count(6)
    assert alice.page.evaluate(NOT_MARKED, WORDS) == 0
