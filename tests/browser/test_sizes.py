"""A node is drawn as large as it is, also when its size changes more than once without its being drawn anew."""

from playwright.sync_api import expect

from tests.browser.conftest import Flow, Open
from tests.browser.looks import pick
from tests.browser.nodes import agent


def test_each_of_anothers_resizes_and_undo_are_shown(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([agent("a", 0, 0)])
    alice, bob = opened("alice", flow), opened("bob", flow)
    node = alice.page.locator("#n-a")
    for width in (320, 400):
        bob.operate({"kind": "resize_node", "id": "a", "width": width, "height": 160})
        expect(node).to_have_css("width", f"{width}px")
    pick(alice, "a")
    x, y = alice.centre(alice.page.locator(".handle[data-handle=se]"))
    alice.drag((x, y), (x + 64, y + 40))
    expect(node).to_have_css("width", "464px")
    alice.settled().page.keyboard.press("Control+z")
    expect(node).to_have_css("width", "400px")
    expect(node).to_have_css("height", "160px")
