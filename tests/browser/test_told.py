"""What is told of work that met that of others: the truth, in people's words, with one click that puts it right."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Open
from tests.browser.editor_page import AT_ONCE_MS, EditorPage
from tests.browser.inspector import choose, choose_called
from tests.browser.panel import back, lost, notes, pill
from tests.browser.views import expect_agreement
from tests.proxy import Proxy
from tests.servers import Server

Flow = Callable[..., str]


def node(id: str, label: str, x: int = 100, y: int = 100, **more: object) -> dict[str, object]:
    return {"id": id, "kind": "agent", "x": x, "y": y, "label": label, **more}


def edit(id: str, **changes: object) -> dict[str, object]:
    return {"kind": "edit_node", "id": id, "set": changes}


def told(tab: EditorPage) -> Locator:
    """Open the list of notes."""
    expect(pill(tab)).to_contain_text("note")
    pill(tab).click()
    return notes(tab)


def set_branches(tab: EditorPage, label: str, *names: str) -> None:
    choose_called(tab, label).field("settings.branches").fill("\n".join(names))
    tab.page.keyboard.press("Tab")


def test_what_i_deleted_late_is_not_said_to_be_somebody_elses_doing(
    opened: Open, flow_of: Flow, network: Proxy, behind: Server
) -> None:
    flow = flow_of([node("a", "One"), node("b", "Two", 400)], on=network)
    alice, bob = opened("alice", flow, on=network), opened("bob", flow, on=behind)
    lost(network, alice)
    alice.node("Two").click()
    alice.page.keyboard.press("Delete")
    bob.operate(edit("b", description="Written meanwhile"))
    back(network, alice)
    [told_of] = [told(alice)]
    expect(told_of).to_have_count(1)
    expect(told_of).to_contain_text("You deleted Two after Bob changed it")
    told_of.get_by_role("button", name="Restore it").click()
    expect(alice.node("Two")).to_be_visible()
    alice.settled()
    assert next(node for node in alice.stored()["nodes"] if node["id"] == "b")["description"] == "Written meanwhile"


def test_late_branches_take_a_connection_that_one_click_brings_back(
    opened: Open, flow_of: Flow, network: Proxy, behind: Server
) -> None:
    decision = {**node("d", "Dec"), "kind": "decision", "settings": {"branches": ["yes", "no"]}}
    flow = flow_of([decision, node("z", "Zed", 500)], on=network)
    alice, bob = opened("alice", flow, on=network), opened("bob", flow, on=behind)
    lost(network, alice)
    set_branches(alice, "Dec", "yes", "no", "maybe")
    set_branches(bob, "Dec", "yes", "no", "later")
    expect(bob.port("Dec", "later")).to_be_visible()
    bob.settled().connect("Dec", "Zed", "later").settled()
    back(network, alice)
    hers = told(alice)
    expect(hers).to_have_count(1)
    expect(hers).to_contain_text("You changed Dec after Bob")
    expect(hers).to_contain_text("Branches: “yes, no, later” is now “yes, no, maybe”")
    expect(hers).to_contain_text("Bob’s connections were deleted too: Dec → Zed")

    expect(bob.edges).to_have_count(0)
    his = told(bob)
    expect(his).to_have_count(1)
    expect(his).to_contain_text("Alice changed Dec after you")
    expect(his).to_contain_text("Your connections were deleted too: Dec → Zed")
    his.get_by_role("button", name="Restore mine").click()
    expect(bob.edges).to_have_count(1)
    bob.settled()
    stored = expect_agreement(alice, bob)
    assert [edge["source_port"] for edge in stored["edges"]] == ["later"]
    bob.page.keyboard.press("Escape")
    bob.page.keyboard.press("Control+z")
    expect(bob.edges).to_have_count(0)
    assert bob.settled().stored()["nodes"][0]["settings"]["branches"] == ["yes", "no", "maybe"], "one step"


HIDDEN = """(is) => {
  for (const [name, value] of [["visibilityState", is ? "hidden" : "visible"], ["hidden", is]])
    Object.defineProperty(document, name, {get: () => value, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


SEEN = """(version) => Object.values(JSON.parse(localStorage.getItem("helix.seen") ?? "{}")).at(-1) === version"""


def describe(tab: EditorPage, label: str, text: str) -> None:
    choose_called(tab, label).field("description").fill(text)
    tab.page.keyboard.press("Tab")
    tab.settled()
    tab.page.keyboard.press("Escape")


def toasts(tab: EditorPage) -> Locator:
    return tab.page.locator("[data-toasts] .toast")


def test_what_is_deleted_while_nobody_looks_is_in_the_list(opened: Open, flow_of: Flow, behind: Server) -> None:
    flow = flow_of([node("a", "One"), node("b", "Two", 400)], on=behind)
    alice, bob = opened("alice", flow, on=behind), opened("bob", flow, on=behind)
    describe(alice, "One", "An afternoon's words")
    alice.page.evaluate(HIDDEN, True)
    bob.operate({"kind": "remove_node", "id": "a"})
    expect(pill(alice)).to_contain_text("1 note")
    expect(toasts(alice)).to_have_count(0, timeout=AT_ONCE_MS)
    alice.page.evaluate(HIDDEN, False)
    alice.page.reload()
    hers = told(alice.live())
    expect(hers).to_contain_text("Bob deleted One")
    hers.get_by_role("button", name="Restore it").click()
    expect(alice.node("One")).to_be_visible()
    expect(hers).to_have_count(0)


def test_a_toast_that_nobody_acts_on_leaves_its_note(opened: Open, flow_of: Flow, behind: Server) -> None:
    names = ["One", "Two", "Three", "Four"]
    flow = flow_of([node(name, name, 40 + 200 * index) for index, name in enumerate(names)], on=behind)
    alice, bob = opened("alice", flow, on=behind), opened("bob", flow, on=behind)
    for name in names:
        describe(alice, name, f"About {name}")
    for pair in (names[:2], names[2:]):  # of more at once the list alone tells, and a toast goes by itself
        if pair[0] == "Three":
            toasts(alice).filter(has_text="changed Two after").hover()  # so it stays
        bob.operate(*(edit(name, description="His") for name in pair))
        for name in pair:
            expect(toasts(alice).filter(has_text=f"changed {name} after")).to_be_visible()
    expect(toasts(alice)).to_have_count(3)
    expect(toasts(alice).filter(has_text=re.compile("changed (One|Two) after"))).to_have_count(1)
    expect(pill(alice)).to_contain_text("4 notes")
    hers = told(alice)
    expect(toasts(alice)).to_have_count(0, timeout=AT_ONCE_MS)
    expect(hers).to_have_count(4)
    hers.filter(has_text="Bob changed One after you").get_by_role("button", name="Restore mine").click()
    expect(hers).to_have_count(3)
    assert alice.settled().stored()["nodes"][0]["description"] == "About One"


def test_a_toast_that_was_acted_on_or_closed_leaves_none(opened: Open, flow_of: Flow, behind: Server) -> None:
    flow = flow_of([node("a", "One"), node("b", "Two", 400)], on=behind)
    alice, bob = opened("alice", flow, on=behind), opened("bob", flow, on=behind)
    describe(alice, "One", "Hers")
    describe(alice, "Two", "Hers")
    bob.operate(edit("a", description="His"), edit("b", description="His"))
    toasts(alice).filter(has_text="One").get_by_role("button", name="Restore mine").click()
    toasts(alice).filter(has_text="Two").get_by_role("button", name="Close").click()
    expect(toasts(alice)).to_have_count(0, timeout=AT_ONCE_MS)
    expect(pill(alice)).to_contain_text("All changes saved")
    assert [node["description"] for node in alice.settled().stored()["nodes"]] == ["Hers", "His"]


def test_who_may_not_write_any_more_is_told_so_and_keeps_the_note(opened: Open, flow_of: Flow, behind: Server) -> None:
    flow = flow_of([node("a", "One")], on=behind)
    alice, bob = opened("alice", flow, on=behind), opened("bob", flow, on=behind)
    describe(bob, "One", "His")
    alice.operate(edit("a", description="Hers"))
    expect(pill(bob)).to_contain_text("1 note")
    members = alice.call("GET", f"/flows/{flow}/members")["items"]
    him = next(member["id"] for member in members if member["email"] == "bob@example.com")
    alice.call("PATCH", f"/flows/{flow}/members/{him}", {"role": "viewer"})
    pill(bob.live("read-only")).click()
    notes(bob).get_by_role("button", name="Restore mine").click()
    expect(toasts(bob).filter(has_text="Not done: Read-only: viewer")).to_be_visible()
    expect(notes(bob)).to_have_count(1)


def test_what_brings_a_node_back_stands_before_what_is_to_be_written_to_it(
    opened: Open, flow_of: Flow, network: Proxy, behind: Server
) -> None:
    flow = flow_of([node("a", "One"), node("g", "Grp", 400)], on=network)
    alice, bob = opened("alice", flow, on=network), opened("bob", flow, on=behind)
    lost(network, alice)
    choose(alice, "a").field("description").fill("An hour of thought")
    alice.page.keyboard.press("Escape")
    bob.operate({"kind": "remove_node", "id": "a"})
    back(network, alice)
    toasts(alice).hover()  # so it stays
    expect(pill(alice)).to_contain_text("2 notes")
    expect(toasts(alice)).to_have_count(1)
    pill(alice).click()
    expect(toasts(alice)).to_have_count(0, timeout=AT_ONCE_MS)
    for action in ("Restore it", "Try again"):
        notes(alice).first.get_by_role("button", name=action).click()
    expect(notes(alice)).to_have_count(0)
    one = next(node for node in alice.settled().stored()["nodes"] if node["id"] == "a")
    assert one["description"] == "An hour of thought"


def test_what_i_wrote_elsewhere_meanwhile_is_not_taken_by_my_late_device_in_silence(
    opened: Open, flow_of: Flow, network: Proxy, behind: Server
) -> None:
    flow = flow_of([node("a", "One"), node("b", "Two", 400)], on=network)
    phone, desk = opened("alice", flow, on=network), opened("alice", flow, on=behind)
    lost(network, phone)
    choose(phone, "a").field("description").fill("Short")
    phone.page.keyboard.press("Tab")
    phone.field("description").fill("Short note")
    phone.page.keyboard.press("Escape")
    describe(desk, "One", "Two paragraphs, later")
    describe(desk, "Two", "Never met")
    back(network, phone)
    mine = told(phone)
    expect(mine).to_have_count(1)
    expect(mine).to_contain_text("You also changed One on another device or in another tab")
    expect(mine).to_contain_text("Description: “Two paragraphs, later” is now “Short note”")
    mine.get_by_role("button", name="Use the other version").click()
    expect(mine).to_have_count(0)
    phone.settled()
    texts = [node["description"] for node in expect_agreement(phone, desk)["nodes"]]
    assert texts == ["Two paragraphs, later", "Never met"]


def test_one_pages_own_edits_are_no_news_to_its_heir(opened: Open, flow_of: Flow, network: Proxy) -> None:
    """The page sent half of it and was reloaded; the next one sent the rest, and went on."""
    flow = flow_of([node("a", "One")], on=network)
    alice = opened("alice", flow, on=network)
    describe(alice, "One", "At first")
    lost(network, alice)
    choose(alice, "a").field("description").fill("Offline")
    alice.page.keyboard.press("Escape")
    network.accept()
    alice.page.reload()
    back(network, alice)
    describe(alice, "One", "By its heir")
    lost(network, alice)
    choose(alice, "a").field("description").fill("By its heir, offline")
    alice.page.keyboard.press("Escape")
    back(network, alice)
    alice.page.wait_for_function(SEEN, arg=alice.stored()["version"])
    expect(pill(alice)).to_contain_text("All changes saved")
    expect(notes(alice)).to_have_count(0)
