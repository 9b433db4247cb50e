"""What was made inside a group that somebody deleted meanwhile is there, outside of any."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.editor_page import EditorPage
from tests.browser.panel import back, lost
from tests.browser.views import expect_agreement
from tests.proxy import Proxy
from tests.servers import Server

Flow = Callable[..., str]
GROUP = {"id": "g", "kind": "group", "x": 100, "y": 100, "width": 600, "height": 400, "label": "Grp"}
NODES = [
    GROUP,
    {"id": "m", "kind": "agent", "x": 150, "y": 200, "label": "M", "parent": "g", "description": "words"},
    {"id": "k", "kind": "agent", "x": 400, "y": 200, "label": "K", "parent": "g"},
]
LINKS = [{"id": "e", "source": "m", "target": "k"}]


def both(tab: EditorPage) -> None:
    tab.node("M").locator(".node-second").click()
    tab.node("K").locator(".node-second").click(modifiers=["Shift"])


def duplicate(tab: EditorPage) -> None:
    both(tab)
    tab.page.keyboard.press("Control+d")


def paste(tab: EditorPage) -> None:
    both(tab)
    tab.page.keyboard.press("Control+c")
    x, y = tab.centre(tab.node("Grp"))
    tab.page.mouse.move(x, y + 80)
    tab.page.keyboard.press("Control+v")


def drop(tab: EditorPage) -> None:
    x, y = tab.centre(tab.node("Grp"))
    tab.drag(tab.page.locator("[data-palette-kind=agent]"), (x, y + 120))


@pytest.mark.parametrize(("make", "nodes", "edges"), [(duplicate, 4, 2), (paste, 4, 2), (drop, 3, 1)])
def test_it_lands_without_its_group(
    opened: Open,
    flow_of: Flow,
    network: Proxy,
    behind: Server,
    make: Callable[[EditorPage], None],
    nodes: int,
    edges: int,
) -> None:
    flow = flow_of(NODES, LINKS, on=network)
    alice = opened("alice", flow, on=network, permissions=["clipboard-read", "clipboard-write"])
    bob = opened("bob", flow, on=behind)
    lost(network, alice)
    make(alice)
    expect(alice.nodes).to_have_count(nodes + 1)
    bob.operate({"kind": "remove_node", "id": "g"})
    back(network, alice)
    stored = expect_agreement(alice, bob)
    assert (len(stored["nodes"]), len(stored["edges"])) == (nodes, edges)
    assert {node["parent"] for node in stored["nodes"]} == {None}
    expect(alice.page.locator("[data-away-item]").filter(has_text="Not saved")).to_have_count(0)
