"""The command palette, find, the list of keys, and what Mod+S says: everything is found by its name."""

import json
import re

from playwright.sync_api import Locator, expect

from tests.browser.axe import findings
from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import AT_ONCE_MS, EditorPage, rect
from tests.browser.nodes import PLAN, REPLY, SEARCH
from tests.browser.panel import forgiven
from tests.browser.test_company import overlaps
from tests.browser.test_everyone import PHONE
from tests.browser.views import still

TWO_OVER_EACH_OTHER = json.dumps(
    {
        "title": "Two",
        "nodes": [
            {"id": "x", "kind": "skill", "x": 0, "y": 0, "label": "One"},
            {"id": "y", "kind": "skill", "x": 40, "y": 20, "label": "Two"},
        ],
        "edges": [],
    }
).encode()
EDGE = {"id": "e", "source": "plan", "target": "search", "label": "when asked"}
BOX = [
    {"id": "box", "kind": "group", "x": 100, "y": 500, "label": "Box", "settings": {"collapsed": True}},
    {
        "id": "in",
        "kind": "agent",
        "x": 140,
        "y": 580,
        "label": "Inside",
        "parent": "box",
        "description": "Writes the réfund letter",
        "settings": {"system_prompt": "Always mention the order number."},
    },
]
# Each combination of keys on the canvas, but for the browser's own events, and Esc, which it may have too.
LISTED = """() => [...document.querySelectorAll("[data-help] section")]
  .filter((section) => !["Outline", "Mouse"].includes(section.querySelector("h3").textContent))
  .flatMap((section) => [...section.querySelectorAll("dl > div")])
  .filter((row) => !["copy", "cut", "paste", "select-none"].includes(row.dataset.shortcut))
  .flatMap((row) => [...row.querySelectorAll(".keys")])
  .map((keys) => [...keys.children].map((key) => key.textContent))
  .flatMap((keys) => {
    const held = keys.filter((key) => ["Ctrl", "Shift", "Alt"].includes(key));
    return keys.filter((key) => !held.includes(key)).map((key) => [...held, key]);
  })"""
# Whether the page takes a key that is pressed on a node.
TAKEN = """([key, code, more]) => {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  (document.querySelector("helix-node") ?? document.querySelector("[data-canvas]")).focus();
  const press = new KeyboardEvent("keydown", {key, code, bubbles: true, cancelable: true, ...more});
  return !document.activeElement.dispatchEvent(press);
}"""
CALLED = {"Del": "Delete", "Esc": "Escape", "⌫": "Backspace", "−": "-", "←": "ArrowLeft", "→": "ArrowRight"} | {
    "↑": "ArrowUp",
    "↓": "ArrowDown",
    "Space": " ",
}
MODIFIERS = {"Ctrl": "ctrlKey", "Shift": "shiftKey", "Alt": "altKey"}


def commands(tab: EditorPage) -> Locator:
    return tab.page.locator("[data-commands]")


def find(tab: EditorPage) -> Locator:
    return tab.page.locator("[data-find]")


def chosen(what: Locator) -> Locator:
    return what.locator("[role=option][aria-selected=true]")


def test_the_palette_runs_commands_goes_to_nodes_and_opens_flows(flow_of: Flow, opened: Open) -> None:
    other = flow_of([PLAN])
    alice = opened("alice", flow_of([PLAN, SEARCH, REPLY, *BOX], [EDGE]))
    page = alice.page
    alice.call("PATCH", f"/flows/{other}", {"title": "Quarterly numbers"})
    alice.node("Plan").click(position={"x": 8, "y": 8})
    alice.field("label").focus()
    page.keyboard.press("Control+k")
    field = commands(alice).get_by_role("combobox")
    expect(field).to_be_focused()
    keyed = commands(alice).locator("[role=option]", has=page.locator("kbd"))
    shown = dict(
        keyed.evaluate_all("all => all.map((one) => [one.dataset.value, one.querySelector('kbd').textContent])")
    )
    listed = page.locator("[data-help] [data-shortcut]").evaluate_all(
        "all => all.map((row) => ['command:' + row.dataset.shortcut,"
        " [...row.querySelector('.keys').children].map((key) => key.textContent).join('+')])"
    )
    assert shown == {key: keys for key, keys in listed if key != "command:commands"}
    assert findings(page) == []

    field.fill("zoom to")
    expect(chosen(commands(alice))).to_contain_text("Zoom to 100%")
    page.keyboard.press("Enter")
    expect(commands(alice)).to_be_hidden()
    expect(page.locator("[data-zoom-text]")).to_have_text("100%")

    page.keyboard.press("Control+k")
    expect(commands(alice).get_by_role("group").first).to_have_attribute("aria-label", "Recent")
    expect(chosen(commands(alice))).to_contain_text("Zoom to 100%")
    field.fill("reply")
    page.keyboard.press("Enter")
    expect(alice.node("Reply")).to_be_focused()
    expect(alice.node("Reply")).to_have_attribute("data-selected", "")
    expect(alice.node("Reply")).to_be_in_viewport()

    page.keyboard.press("Control+k")
    field.fill("quarterly")
    expect(chosen(commands(alice))).to_contain_text("Quarterly numbers")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(other))


def test_what_cannot_be_done_now_is_not_done(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([PLAN, SEARCH])
    alice, vera = opened("alice", flow), opened("vera", flow, state="read-only")
    expect(alice.page.locator("[data-roster] [data-person]")).to_have_count(2)
    alice.page.keyboard.press("Control+k")
    option = commands(alice).locator("[data-value='command:duplicate']")
    expect(option).to_have_attribute("aria-disabled", "true")
    option.click(force=True)
    expect(commands(alice)).to_be_visible()
    commands(alice).get_by_role("combobox").fill("follow vera")
    alice.page.keyboard.press("Enter")
    expect(alice.page.locator("[data-following]")).to_contain_text("Following Vera")
    alice.page.keyboard.press("Escape")
    expect(alice.page.locator("[data-following]")).to_have_count(0)

    vera.page.keyboard.press("Control+k")
    for name in ("add", "paste", "undo", "import"):
        expect(commands(vera).locator(f"[data-value='command:{name}']")).to_have_attribute("aria-disabled", "true")
    commands(vera).get_by_role("combobox").fill("nothing is called so")
    expect(commands(vera)).to_contain_text("Nothing found")
    vera.page.keyboard.press("Enter")
    vera.page.keyboard.press("Escape")
    expect(commands(vera)).to_be_hidden()


def test_find_looks_into_labels_descriptions_settings_and_edges(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([PLAN, SEARCH, REPLY, *BOX], [EDGE])
    alice, bob = opened("alice", flow), opened("bob", flow)
    page = alice.page
    page.keyboard.press("Control+f")
    field = find(alice).get_by_role("combobox")
    expect(field).to_be_focused()
    for text, title in [("order NUMBER", "Inside"), ("refund", "Inside"), ("when asked", "Plan → Search")]:
        field.fill(text)
        expect(find(alice).get_by_role("status")).to_have_text("1 of 1")
        expect(chosen(find(alice))).to_contain_text(title)
    expect(page.locator("[data-edge-id=e]")).to_have_attribute("data-selected", "")
    expect(field).to_be_focused()
    assert findings(page) == []

    field.fill("pl")
    expect(find(alice).get_by_role("option")).to_have_count(2)
    expect(alice.node("Plan")).to_have_attribute("data-selected", "")
    page.keyboard.press("Enter")
    expect(find(alice).get_by_role("status")).to_have_text("2 of 2")
    expect(alice.node("Reply")).to_have_attribute("data-selected", "")
    page.keyboard.press("Enter")
    expect(alice.node("Plan")).to_have_attribute("data-selected", "")
    page.keyboard.press("Shift+Enter")
    expect(alice.node("Reply")).to_have_attribute("data-selected", "")
    find(alice).get_by_role("button", name="Select all results").click()
    expect(page.locator("[data-node-id][data-selected]")).to_have_count(2)

    bob.operate({"kind": "edit_node", "id": "search", "set": {"label": "Explain"}})
    expect(find(alice).get_by_role("option")).to_have_count(3)
    field.press("Escape")
    expect(find(alice)).to_be_hidden()
    page.keyboard.press("Control+f")
    expect(field).to_have_value("pl")


def test_mod_s_says_that_everything_is_saved(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    alice.node("Plan").click(position={"x": 8, "y": 8})
    alice.field("label").fill("Planner")
    alice.page.keyboard.press("Control+s")
    expect(alice.page.locator(".toast")).to_contain_text("Everything is saved already.")
    assert alice.stored()["nodes"][0]["label"] == "Planner"


def test_every_key_that_the_help_lists_is_taken_and_none_of_the_browser(flow_of: Flow, opened: Open) -> None:
    nodes = [{"id": f"n{at}", "kind": "skill", "x": 200 * at, "y": 0, "label": f"Node {at}"} for at in range(6)]
    alice = opened("alice", flow_of(nodes))
    listed = alice.page.evaluate(LISTED)
    assert len(listed) > 30
    with alice.page.expect_console_message(lambda message: "/runs/start" in message.location["url"]):
        assert [keys for keys in listed if not alice.page.evaluate(TAKEN, pressed(keys))] == []
    forgiven(alice, "/runs/start")  # there is nothing to start in such a flow
    assert [key for key in "wtlr" if alice.page.evaluate(TAKEN, [key, f"Key{key.upper()}", {"ctrlKey": True}])] == []


def pressed(keys: list[str]) -> list[object]:
    """Return the event's key, code and modifiers for keys as they are called in the list."""
    held = {MODIFIERS[key]: True for key in keys if key in MODIFIERS}
    key = CALLED.get(keys[-1], keys[-1])
    code = f"Digit{key}" if key.isdigit() else f"Key{key}" if len(key) == 1 and key.isalpha() else key
    return [key if "shiftKey" in held else key.lower() if len(key) == 1 else key, code, held]


def test_on_a_phone_both_are_reached_by_touch_and_fit(flow_of: Flow, opened: Open) -> None:
    phone = opened("alice", flow_of([PLAN, SEARCH]), **PHONE)
    for command, open_part in (("commands", commands(phone)), ("find", find(phone))):
        phone.page.locator(".drop.phone-only > summary").tap()
        phone.page.locator(f".drop.phone-only [data-command={command}]").tap()
        field = open_part.get_by_role("combobox")
        expect(field).to_be_focused()
        field.fill("Search")
        option = open_part.get_by_role("option", name="Search").last
        expect(option).to_be_visible()
        box = rect(open_part)
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert findings(phone.page) == []
        option.tap()
        expect(phone.node("Search")).to_have_attribute("data-selected", "")


def test_lock_locks_the_panel_too_and_what_is_off_looks_off(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH]))
    page = alice.page
    alice.node("Plan").click(position={"x": 8, "y": 8})
    alice.field("label").fill("Planner")
    page.locator("[data-tool=lock]").click()
    alice.settled()
    assert alice.stored()["nodes"][0]["label"] == "Planner", "what was typed before is kept"
    expect(alice.field("label")).not_to_be_editable()
    expect(alice.field("settings.provider")).to_be_disabled()
    expect(page.locator("[data-flow-title]")).not_to_be_editable()
    expect(page.locator("[data-palette-kind=agent]")).to_be_disabled()
    expect(page.locator("[data-tool=undo]")).to_be_disabled()
    alice.node("Search").click(position={"x": 8, "y": 8})
    expect(alice.field("label")).to_have_value("Search")
    expect(alice.field("label")).not_to_be_editable()
    assert findings(page) == []
    page.locator("[data-tool=lock]").click()
    expect(alice.field("label")).to_be_editable()
    expect(page.locator("[data-tool=undo]")).to_be_enabled()
    alice.field("label").fill("Seek")
    alice.field("label").blur()
    alice.settled()
    assert alice.stored()["nodes"][1]["label"] == "Seek"
    assert alice.stored()["nodes"][0]["label"] == "Planner"


def test_the_share_dialog_copies_the_link(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([PLAN])
    alice = opened("alice", flow, permissions=["clipboard-read", "clipboard-write"])
    alice.page.keyboard.press("Control+k")
    commands(alice).get_by_role("combobox").fill("share")
    alice.page.keyboard.press("Enter")
    dialog = alice.page.locator("#dialog")
    dialog.get_by_role("button", name="Copy link").click()
    expect(dialog.locator("[data-copy-link]")).to_have_text("Link copied")
    assert alice.page.evaluate("navigator.clipboard.readText()") == alice.page.url
    assert findings(alice.page) == []


def test_what_is_pasted_or_imported_over_something_may_be_arranged(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, SEARCH], [EDGE]))
    page = alice.page
    alice.node("Search").click(position={"x": 8, "y": 8})
    page.keyboard.press("Control+c")
    page.mouse.move(*alice.centre(alice.node("Plan")))
    page.keyboard.press("Control+v")
    expect(alice.nodes).to_have_count(3)
    toast = page.locator(".toast", has_text="Some of the new nodes overlap.")
    toast.get_by_role("button", name="Arrange all").click()
    expect(page.locator("[role=status]", has_text="Done: Auto-layout")).to_be_attached()
    for node in alice.settled().stored()["nodes"]:
        for way in ("x", "y"):
            expect(page.locator(f"#n-{node['id']}")).to_have_attribute(f"data-{way}", str(node[way]))
    still(page)
    assert overlaps([rect(one) for one in alice.nodes.all()]) == []
    page.keyboard.press("Control+z")
    page.mouse.move(1000, 700)
    page.keyboard.press("Control+v")
    expect(alice.nodes).to_have_count(4)
    expect(toast).to_have_count(0, timeout=AT_ONCE_MS)

    file = {"name": "two.json", "mimeType": "application/json", "buffer": TWO_OVER_EACH_OTHER}
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Control+k")
        commands(alice).get_by_role("combobox").fill("import file")
        page.keyboard.press("Enter")
    chooser.value.set_files(file)  # type: ignore[arg-type]
    page.locator(".import-report").get_by_role("button", name="Close").last.click()
    expect(toast.get_by_role("button", name=re.compile("^Arrange"))).to_be_visible()
