"""An edge whose end moves is the same edge: what is on it stays, whichever way it is split, joined or renamed."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.editor_page import EditorPage

Flow = Callable[..., str]
CHAIN = [
    {"id": "a", "kind": "input", "x": 0, "y": 0, "label": "Ask"},
    {"id": "b", "kind": "agent", "x": 400, "y": 0, "label": "Plan"},
    {"id": "n", "kind": "api", "x": 200, "y": 200, "label": "Fresh"},
]
LABELLED = {"id": "e1", "source": "a", "target": "b", "label": "asks for", "animated": True}


def kept(tab: EditorPage, id: str = "e1") -> dict[str, Any]:
    return next(edge for edge in tab.settled().stored()["edges"] if edge["id"] == id)


def drop_on_the_edge(tab: EditorPage) -> None:
    (ax, ay), (bx, by) = tab.centre(tab.port("Ask", "out")), tab.centre(tab.port("Plan", "in"))
    x, y = tab.centre(tab.node("Fresh"))
    tab.drag((x, y), ((ax + bx) / 2 - 40, (ay + by) / 2))


def insert_by_menu(tab: EditorPage) -> None:
    (ax, ay), (bx, _by) = tab.centre(tab.port("Ask", "out")), tab.centre(tab.port("Plan", "in"))
    tab.page.mouse.click(ax + (bx - ax) / 4, ay, button="right")
    tab.page.get_by_role("menuitem", name="Insert node").click()
    tab.page.keyboard.type("api")
    tab.page.keyboard.press("Enter")


@pytest.mark.parametrize("split", [drop_on_the_edge, insert_by_menu])
def test_a_split_edge_goes_on_as_its_first_half(flow_of: Flow, opened: Open, split: Callable[..., None]) -> None:
    alice = opened("alice", flow_of(CHAIN, [LABELLED]))
    split(alice)
    expect(alice.edges).to_have_count(2)
    edge = kept(alice)
    assert (edge["source"], edge["label"], edge["animated"]) == ("a", "asks for", True)
    (second,) = (one for one in alice.stored()["edges"] if one["id"] != "e1")
    assert (second["source"], second["target"]) == (edge["target"], "b")


def test_deleting_the_node_between_leaves_the_edge_as_it_was(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(CHAIN, [LABELLED | {"target": "n"}, {"id": "e2", "source": "n", "target": "b"}]))
    alice.node("Fresh").click()
    alice.page.keyboard.press("Control+Backspace")
    expect(alice.nodes).to_have_count(2)
    edge = kept(alice)
    assert (edge["source"], edge["target"], edge["label"], edge["animated"]) == ("a", "b", "asks for", True)
