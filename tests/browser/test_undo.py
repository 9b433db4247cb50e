"""Undo and redo in the editor: by button and by key, mine alone, also after a reload."""

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Open
from tests.browser.editor_page import EditorPage
from tests.browser.panel import back, lost
from tests.proxy import Proxy
from tests.servers import Server

Flow = Callable[..., str]
CHAIN = [
    {"id": "a", "kind": "input", "x": 0, "y": 0, "label": "Ask"},
    {"id": "b", "kind": "agent", "x": 200, "y": 0, "label": "Plan"},
    {"id": "c", "kind": "output", "x": 420, "y": 0, "label": "Tell"},
]
LINKS = [{"id": "e1", "source": "a", "target": "b"}, {"id": "e2", "source": "b", "target": "c"}]


def tool(tab: EditorPage, name: str) -> Locator:
    return tab.page.locator(f"[data-tool={name}]")


def is_possible(tab: EditorPage, name: str, *, possible: bool) -> None:
    expect(tool(tab, name)).to_have_attribute("aria-disabled", "false" if possible else "true")


def test_mine_goes_back_and_theirs_stays(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(CHAIN, LINKS)
    alice, bob = opened("alice", flow), opened("bob", flow)
    is_possible(alice, "undo", possible=False)
    is_possible(alice, "redo", possible=False)

    alice.node("Plan").click()
    alice.page.keyboard.press("Delete")
    expect(alice.edges).to_have_count(0)
    alice.settled()
    bob.operate({"kind": "edit_node", "id": "c", "set": {"label": "Say"}})
    expect(alice.node("Say")).to_be_visible()

    alice.page.keyboard.press("Control+z")
    for tab in (alice, bob):
        expect(tab.node("Plan")).to_be_visible()
        expect(tab.edges).to_have_count(2)
        expect(tab.node("Say")).to_be_visible()
    is_possible(alice, "undo", possible=True)

    alice.page.reload()
    alice.live()
    is_possible(alice, "undo", possible=False)
    tool(alice, "redo").click()
    expect(alice.node("Plan")).to_have_count(0)
    expect(bob.node("Plan")).to_have_count(0)
    alice.page.keyboard.press("Control+z")
    expect(alice.node("Plan")).to_be_visible()
    alice.page.keyboard.press("Control+y")
    expect(alice.node("Plan")).to_have_count(0)
    alice.page.keyboard.press("Control+Shift+z")
    expect(alice.page.locator("[data-toasts]")).to_contain_text("nothing")


def test_what_is_left_alone_is_said_and_a_new_edit_ends_redo(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(CHAIN, LINKS)
    alice, bob = opened("alice", flow), opened("bob", flow)
    alice.operate({"kind": "edit_node", "id": "b", "set": {"label": "Mine", "description": "Mine"}})
    bob.operate({"kind": "edit_node", "id": "b", "set": {"label": "His"}})
    expect(alice.node("His")).to_be_visible()
    is_possible(alice, "undo", possible=True)

    tool(alice, "undo").click()
    expect(alice.page.locator("[data-toasts]")).to_contain_text("His (label)")
    is_possible(alice, "redo", possible=True)
    alice.node("Ask").click()
    alice.page.keyboard.press("ArrowDown")
    is_possible(alice, "redo", possible=False)
    assert alice.settled().stored()["nodes"][1]["label"] == "His"


def test_keys_while_typing_are_the_fields_own(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(CHAIN, LINKS))
    alice.node("Plan").click()
    field = alice.field("label")
    field.fill("Think")
    expect(alice.node("Think")).to_be_visible()
    alice.settled()
    field.press("Control+z")
    assert {change["via"] for change in alice.call("GET", f"/flows/{alice.flow}/changes")["items"]} == {"api", "socket"}


def test_a_late_undo_takes_back_nothing_that_was_done_on_another_device(
    flow_of: Flow, opened: Open, network: Proxy, behind: Server
) -> None:
    flow = flow_of(CHAIN, LINKS, on=network)
    here, there = opened("alice", flow, on=network), opened("alice", flow, on=behind)
    here.operate({"kind": "edit_node", "id": "a", "set": {"label": "Ask here"}})
    expect(here.node("Ask here")).to_be_visible()
    network.pause()
    here.page.keyboard.press("Control+z")
    there.node("Plan").click()
    there.page.keyboard.press("ArrowRight")
    there.settled()
    network.resume()
    here.settled()
    expect(here.page.locator("[data-toasts]")).to_contain_text("you have since changed the flow")
    for tab in (here, there):
        expect(tab.node("Ask here")).to_be_visible()
        expect(tab.node("Plan")).to_have_attribute("data-x", "208")


def test_what_was_undone_on_both_sides_of_a_return_is_redone_in_turn(
    flow_of: Flow, opened: Open, network: Proxy
) -> None:
    alice = opened("alice", flow_of(CHAIN, LINKS, on=network), on=network)
    plan = alice.node("Plan")
    plan.click()
    alice.page.keyboard.press("ArrowRight")
    alice.settled()
    lost(network, alice)
    alice.page.keyboard.press("ArrowDown")
    alice.page.keyboard.press("Control+z")
    back(network, alice)
    alice.page.keyboard.press("Control+z")
    expect(plan).to_have_attribute("data-x", "200")
    alice.page.keyboard.press("Control+y")
    expect(plan).to_have_attribute("data-x", "208")
    expect(plan).to_have_attribute("data-y", "0")
    alice.page.keyboard.press("Control+y")
    expect(plan).to_have_attribute("data-y", "8")
    alice.settled()
    is_possible(alice, "redo", possible=False)
