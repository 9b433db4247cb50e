"""Settings as rows, choices that depend on each other, values to choose from while an expression is typed."""

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import EditorPage
from tests.browser.inspector import choose, node_of

FIELDS = [{"name": "message", "title": "Message", "default": "Hello", "help": "kept"}, "note"]
NODES = [
    {"id": "in", "kind": "input", "x": 0, "y": 0, "label": "Order", "settings": {"fields": FIELDS}},
    {"id": "ask", "kind": "agent", "x": 220, "y": 0, "label": "Ask", "settings": {"prompt": "Hi"}},
    {
        "id": "way",
        "kind": "decision",
        "x": 440,
        "y": 0,
        "label": "Way",
        "settings": {"expression": "prev.ok", "branches": ["yes", "no"], "default_branch": "no"},
    },
    {
        "id": "call",
        "kind": "api",
        "x": 640,
        "y": 0,
        "label": "Call",
        "settings": {"url": "https://example.org", "params": {"n": 5, "q": "5"}},
    },
]
EDGES = [
    {"id": "e1", "source": "in", "target": "ask"},
    {"id": "e2", "source": "ask", "target": "way"},
    {"id": "e3", "source": "way", "target": "call", "source_port": "yes"},
]


@pytest.fixture
def alice(opened: Open, flow_of: Flow) -> EditorPage:
    return opened("alice", flow_of(NODES, EDGES))


def rows(tab: EditorPage, name: str) -> Locator:
    return tab.page.locator(f'[data-field="settings.{name}"] [data-rows]').first


def settings(tab: EditorPage, id: str) -> dict[str, Any]:
    found: dict[str, Any] = node_of(tab, id)["settings"]
    return found


def leave(tab: EditorPage) -> None:
    tab.field("label").focus()


def more(tab: EditorPage) -> None:
    tab.page.locator("#inspector [data-more] > summary").click()


# Rows.


def test_a_branch_that_is_renamed_takes_its_edges_along_and_the_list_of_defaults_follows(alice: EditorPage) -> None:
    choose(alice, "way")
    branches = rows(alice, "branches")
    branches.locator("input").first.fill("ja")
    alice.page.keyboard.press("Tab")

    assert settings(alice, "way")["branches"] == ["ja", "no"]
    assert {edge["id"]: edge["source_port"] for edge in alice.stored()["edges"]}["e3"] == "ja"
    options = alice.field("settings.default_branch").locator("option")
    expect(options).to_have_text(["The default output", "ja", "no"])


def test_rows_are_added_moved_and_removed_by_keyboard_alone(alice: EditorPage) -> None:
    choose(alice, "way")
    branches = rows(alice, "branches")
    branches.locator("input").nth(1).focus()
    alice.page.keyboard.press("Enter")
    alice.page.keyboard.type("later")
    alice.page.keyboard.press("Alt+ArrowUp")
    leave(alice)
    assert settings(alice, "way")["branches"] == ["yes", "later", "no"]

    branches.locator("input").nth(1).fill("")
    alice.page.keyboard.press("Backspace")
    expect(branches.locator("input").nth(1)).to_be_focused()
    leave(alice)
    assert settings(alice, "way")["branches"] == ["yes", "no"]


def test_a_pair_keeps_what_kind_of_value_it_has(alice: EditorPage) -> None:
    choose(alice, "call")
    params = rows(alice, "params")
    expect(params.locator("input").nth(1)).to_have_value("5")
    expect(params.locator("input").nth(3)).to_have_value('"5"')
    params.locator("input").nth(1).fill("7")
    params.get_by_role("button", name="Add a pair").click()
    alice.page.keyboard.type("text")
    alice.page.keyboard.press("Tab")
    alice.page.keyboard.type("{{ prev.text }}")
    leave(alice)

    assert settings(alice, "call")["params"] == {"n": 7, "q": "5", "text": "{{ prev.text }}"}


def test_a_key_that_is_there_twice_is_told_and_nothing_is_lost(alice: EditorPage) -> None:
    choose(alice, "call")
    params = rows(alice, "params")
    params.locator("input").nth(2).fill("n")
    leave(alice)

    expect(alice.page.locator('[data-field="settings.params"] [role=alert]', has_text="twice")).to_be_visible()
    assert settings(alice, "call")["params"] == {"n": 5, "q": "5"}


def test_a_field_of_a_form_keeps_what_the_rows_do_not_show(alice: EditorPage) -> None:
    choose(alice, "in")
    fields = rows(alice, "fields")
    fields.locator("select").nth(1).select_option("integer")
    fields.locator("summary").first.click()
    fields.locator(".row").first.get_by_role("switch").check()
    leave(alice)

    assert settings(alice, "in")["fields"] == [
        {"name": "message", "title": "Message", "default": "Hello", "help": "kept", "required": True},
        {"name": "note", "type": "integer"},
    ]


def test_the_text_behind_the_rows_is_there_and_what_does_not_fit_is_shown_as_it_is(alice: EditorPage) -> None:
    choose(alice, "call")
    toggle = alice.page.locator('[data-field="settings.params"] [data-raw-toggle]')
    toggle.click()
    field = alice.field("settings.params")
    expect(field).to_be_focused()
    field.fill("[1]")
    leave(alice)
    assert settings(alice, "call")["params"] == [1]
    expect(toggle).to_be_hidden()

    field.fill('{"a": true}')
    leave(alice)
    toggle.click()
    expect(rows(alice, "params").locator("input").nth(1)).to_have_value("true")


def test_what_another_person_adds_appears_and_the_focus_stays(opened: Open, flow_of: Flow) -> None:
    flow = flow_of(NODES, EDGES)
    alice, bob = opened("alice", flow), opened("bob", flow)
    choose(alice, "way")
    rows(alice, "branches").locator("input").nth(1).focus()
    choose(bob, "way")
    rows(bob, "branches").get_by_role("button", name="Add a branch").click()
    bob.page.keyboard.type("later")
    leave(bob)

    expect(rows(alice, "branches").locator("input")).to_have_count(3)
    expect(rows(alice, "branches").locator("input").nth(1)).to_be_focused()


# What depends on another setting.


def test_a_secret_is_asked_for_with_authentication_alone(alice: EditorPage) -> None:
    choose(alice, "call")
    expect(alice.field("settings.secret")).to_be_hidden()
    alice.field("settings.auth").select_option("basic")
    expect(alice.field("settings.secret")).to_be_visible()
    expect(alice.field("settings.username")).to_be_visible()
    alice.field("settings.auth").select_option("api_key")
    expect(alice.field("settings.username")).to_be_hidden()
    expect(alice.field("settings.key_name")).to_be_visible()


def test_a_join_is_a_word_or_a_number_and_too_many_inputs_are_told_with_what_mends_it(alice: EditorPage) -> None:
    choose(alice, "ask")
    more(alice)
    alice.field("settings.join").select_option("3")
    assert settings(alice, "ask")["join"] == 3
    problem = alice.page.locator('[data-field="settings.join"] [data-field-problem]')
    expect(problem).to_contain_text("It waits for 3 inputs, but only 1 come in.")
    problem.get_by_role("button").click()
    expect(problem).to_have_count(0)
    assert "join" not in settings(alice, "ask")
    expect(alice.field("settings.join")).to_have_value("arrived")


def test_people_are_asked_by_a_form_of_its_own(alice: EditorPage) -> None:
    choose(alice, "ask")
    more(alice)
    place = alice.page.locator('[data-field="settings.ask_first"]')
    place.get_by_role("switch").first.check()
    alice.page.keyboard.type("Send it?")
    place.locator("select").first.select_option("people")
    alice.page.keyboard.type("bob@example.com")
    leave(alice)

    assert settings(alice, "ask")["ask_first"] == {"question": "Send it?", "who": ["bob@example.com"]}


# Expressions.


def test_values_of_what_runs_before_complete_what_is_typed(alice: EditorPage) -> None:
    choose(alice, "ask")
    expect(alice.page.get_by_role("button", name="Enlarge Prompt", exact=True)).to_be_visible()  # so is completion
    prompt = alice.field("settings.prompt")
    prompt.fill("")
    prompt.press_sequentially("Dear {{ mess")
    options = alice.page.locator("[data-completions] [role=option]")
    expect(options).to_have_count(1)
    expect(options).to_contain_text("a field of Order")
    expect(prompt).to_have_attribute("aria-activedescendant", "completions-0")
    alice.page.keyboard.press("Enter")
    expect(prompt).to_have_value("Dear {{ input.message }}")
    expect(alice.page.locator("[data-preview-line]")).to_contain_text("Dear Hello")
    expect(alice.page.locator('[data-inspector-form][data-node="ask"]')).to_be_visible()

    alice.page.keyboard.press("End")
    alice.page.keyboard.press("Control+ ")
    expect(options.filter(has_text='nodes["in"].output')).to_have_count(1)
    alice.page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(alice.page.locator('[data-inspector-form][data-node="ask"]')).to_be_visible()


def test_a_long_text_has_room_in_a_dialog_and_goes_back_with_all_that_was_typed(alice: EditorPage) -> None:
    choose(alice, "ask")
    button = alice.page.get_by_role("button", name="Enlarge Prompt", exact=True)
    button.press("Enter")
    expect(alice.page.get_by_role("dialog", name="Prompt")).to_be_visible()
    alice.field("settings.prompt").press("End")
    alice.page.keyboard.type(" and more")
    alice.page.keyboard.press("Escape")

    expect(alice.page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()
    assert settings(alice, "ask")["prompt"] == "Hi and more"


# Who may not.


def test_who_may_not_edit_sees_rows_and_changes_nothing(opened: Open, flow_of: Flow) -> None:
    vera = opened("vera", flow_of(NODES, EDGES), state="read-only")
    choose(vera, "way")
    branches = rows(vera, "branches")
    expect(branches.locator("input").first).to_be_disabled()
    expect(branches.get_by_role("button")).to_have_count(0)
