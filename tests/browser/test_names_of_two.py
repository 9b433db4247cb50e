"""A name that two have in hand: whoever typed nothing changes nothing, and sees the other's name where they stand."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Open
from tests.browser.editor_page import EditorPage

THEIRS = {"kind": "edit_node", "id": "a", "set": {"label": "Bob's name"}}
SELECTED = "() => getSelection().toString()"


@pytest.fixture
def alice(flow_of: Callable[..., str], opened: Open) -> EditorPage:
    nodes = [{"id": "a", "kind": "agent", "x": 100, "y": 100, "label": "Old  name"}]
    return opened("alice", flow_of(nodes=nodes))


@pytest.fixture
def bob(alice: EditorPage, opened: Open) -> EditorPage:
    return opened("bob", alice.flow)


def naming(tab: EditorPage) -> Locator:
    """Press F2 on the node; return the field that its label has become."""
    tab.page.locator("#n-a .node-second").click()
    tab.page.keyboard.press("F2")
    label = tab.page.locator("#n-a [data-node-label]")
    expect(label).to_be_focused()
    return label


def title_of(tab: EditorPage) -> Locator:
    return tab.page.locator("[data-flow-title]")


def entitled(title: str) -> dict[str, Any]:
    return {"kind": "edit_flow", "set": {"title": title}}


# On the canvas.


@pytest.mark.parametrize("leave", ["Enter", "Escape", "a click"])
def test_a_name_in_which_nothing_was_typed_is_no_edit(alice: EditorPage, bob: EditorPage, leave: str) -> None:
    label = naming(alice)
    version = bob.operate(THEIRS)["version"]
    expect(label).to_have_text("Bob's name")
    assert alice.page.evaluate(SELECTED) == "Bob's name"
    if leave == "a click":
        alice.page.mouse.click(700, 700)
    else:
        alice.page.keyboard.press(leave)
    expect(alice.page.locator("[data-renaming]")).to_have_count(0)
    expect(label).to_have_text("Bob's name")
    stored = alice.settled().stored()
    assert (stored["version"], stored["nodes"][0]["label"]) == (version, "Bob's name")


def test_spaces_that_were_there_before_are_no_edit(alice: EditorPage) -> None:
    naming(alice)
    version = alice.stored()["version"]
    alice.page.keyboard.press("Enter")
    expect(alice.page.locator("[data-renaming]")).to_have_count(0)
    stored = alice.settled().stored()
    assert (stored["version"], stored["nodes"][0]["label"]) == (version, "Old  name")


def test_what_was_typed_and_taken_back_is_no_edit(alice: EditorPage, bob: EditorPage) -> None:
    label = naming(alice)
    alice.page.keyboard.press("End")
    alice.page.keyboard.type("r")
    version = bob.operate(THEIRS, {"kind": "move_node", "id": "a", "x": 300, "y": 100})["version"]
    expect(alice.page.locator("#n-a")).to_have_attribute("style", re.compile(r"translate\(300px"))
    expect(label).to_have_text("Old  namer")
    alice.page.keyboard.press("Backspace")
    expect(label).to_have_text("Bob's name")
    alice.page.keyboard.press("Enter")
    assert alice.settled().stored()["version"] == version


def test_what_is_typed_into_the_others_name_is_an_edit_of_it(alice: EditorPage, bob: EditorPage) -> None:
    label = naming(alice)
    bob.operate(THEIRS)
    expect(label).to_have_text("Bob's name")
    alice.page.keyboard.press("End")
    alice.page.keyboard.type("!")
    alice.page.keyboard.press("Enter")
    expect(bob.node("Bob's name!")).to_have_count(1)


# In the bar, and in the library's dialog.


def test_a_title_in_which_nothing_was_typed_is_no_edit(alice: EditorPage, bob: EditorPage) -> None:
    title = title_of(alice)
    title.press("Home")
    title.press_sequentially("x")
    title.press("Backspace")
    version = bob.operate(entitled("Drawn by Bob"))["version"]
    expect(title).to_have_value("Drawn by Bob")
    expect(title).to_be_focused()
    title.press("Enter")
    expect(title).not_to_be_focused()
    stored = alice.settled().stored()
    assert (stored["version"], stored["title"]) == (version, "Drawn by Bob")


def test_a_title_goes_on_from_the_others(alice: EditorPage, bob: EditorPage) -> None:
    title = title_of(alice)
    title.press("End")
    bob.operate(entitled("Drawn together by Bob"))
    expect(title).to_have_value("Drawn together by Bob")
    title.press("End")
    title.press_sequentially("!")
    bob.operate(entitled("Not under my typing"))
    expect(alice.page.locator("[data-flow-heading]")).to_have_text("Not under my typing")
    expect(title).to_have_value("Drawn together by Bob!")
    title.press("Enter")
    expect(title_of(bob)).to_have_value("Drawn together by Bob!")


def test_a_title_that_only_stood_in_its_dialog_is_no_edit(alice: EditorPage) -> None:
    page = alice.page
    page.goto("/")
    page.locator(".card-drop summary").first.click()
    page.locator(".card-drop").first.get_by_text("Rename").click()
    expect(page.locator("#rename-title")).to_have_value("Drawn together")
    version = alice.operate(entitled("Drawn by Bob"))["version"]
    page.locator("#dialog [type=submit]").click()
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator(".card-title").first).to_have_text("Drawn by Bob")
    assert alice.stored()["version"] == version
