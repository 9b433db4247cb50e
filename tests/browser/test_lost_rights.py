"""The right to edit goes while somebody types: what they typed stays, and is theirs to send when it comes back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Open
from tests.browser.editor_page import EditorPage

NAME = "A long, carefully typed name"


@pytest.fixture
def alice(flow_of: Callable[..., str], opened: Open) -> EditorPage:
    return opened("alice", flow_of(nodes=[{"id": "a", "kind": "agent", "x": 100, "y": 100, "label": "Old"}]))


@pytest.fixture
def bob(alice: EditorPage, opened: Open) -> EditorPage:
    return opened("bob", alice.flow)


@pytest.fixture
def become(alice: EditorPage, bob: EditorPage) -> Callable[[str], None]:
    """`become("viewer")`: bob has another role, and knows."""
    members = alice.call("GET", f"/flows/{alice.flow}/members")["items"]
    id = next(member["id"] for member in members if member["email"].startswith("bob"))

    def change(role: str) -> None:
        alice.call("PATCH", f"/flows/{alice.flow}/members/{id}", {"role": role})
        bob.live("live" if role == "editor" else "read-only")

    return change


def choose(tab: EditorPage) -> EditorPage:
    tab.page.locator("#n-a .node-second").click()
    expect(tab.page.locator("[data-inspector-form][data-node=a]")).to_be_visible()
    return tab


def error_of(tab: EditorPage, name: str) -> Locator:
    return tab.page.locator(f'#inspector [data-field="{name}"] [data-field-error]')


def deselect(tab: EditorPage) -> None:
    tab.page.mouse.click(700, 700)
    expect(tab.field("title")).to_be_visible()


def test_a_name_on_the_canvas_waits_at_the_inspectors_label(bob: EditorPage, become: Callable[[str], None]) -> None:
    choose(bob).page.keyboard.press("F2")
    bob.page.keyboard.type(NAME)
    become("viewer")
    expect(bob.page.locator("[data-renaming]")).to_have_count(0)
    expect(bob.page.locator("#n-a [data-node-label]")).to_have_text("Old")
    expect(bob.field("label")).to_have_value(NAME)
    assert not bob.field("label").is_editable()
    expect(error_of(bob, "label")).to_contain_text("not saved: Read-only: viewer")
    deselect(bob)
    bob.page.reload()
    choose(bob.live("read-only"))
    expect(bob.field("label")).to_have_value(NAME)
    become("editor")
    expect(bob.page.locator("[data-sync]")).to_contain_text("1 field not saved")
    expect(bob.field("label")).to_have_value(NAME)
    error_of(bob, "label").get_by_text("Try again").click()
    expect(bob.node(NAME)).to_have_count(1)
    expect(error_of(bob, "label")).to_be_hidden()
    assert bob.settled().stored()["nodes"][0]["label"] == NAME


def test_a_name_in_which_nothing_was_typed_leaves_nothing(bob: EditorPage, become: Callable[[str], None]) -> None:
    choose(bob).page.keyboard.press("F2")
    become("viewer")
    expect(bob.page.locator("[data-renaming]")).to_have_count(0)
    expect(bob.field("label")).to_have_value("Old")
    expect(error_of(bob, "label")).to_be_hidden()
    become("editor")
    expect(bob.page.locator("[data-sync]")).to_contain_text("All changes saved")


def test_a_title_stays_in_the_bar(bob: EditorPage, become: Callable[[str], None]) -> None:
    title = bob.page.locator("[data-flow-title]")
    title.fill(NAME)
    become("viewer")
    assert not title.is_editable()
    title.press("Enter")
    title.blur()
    expect(title).to_have_value(NAME)
    expect(title).to_have_attribute("aria-invalid", "true")
    expect(bob.page.locator("[data-flow-heading]")).to_have_text("Drawn together")
    expect(bob.field("title")).to_have_value(NAME)
    become("editor")
    expect(title).to_have_value(NAME)
    title.press("Enter")
    expect(bob.page.locator("[data-flow-heading]")).to_have_text(NAME)
    expect(title).not_to_have_attribute("aria-invalid", "true")
    expect(error_of(bob, "title")).to_be_hidden()
    assert bob.settled().stored()["title"] == NAME


def test_a_title_that_is_discarded_at_the_inspectors_is_gone_from_the_bar(
    bob: EditorPage, become: Callable[[str], None]
) -> None:
    title = bob.page.locator("[data-flow-title]")
    title.fill(NAME)
    become("viewer")
    title.blur()
    error_of(bob, "title").get_by_text("Discard").click()
    expect(title).to_have_value("Drawn together")
    expect(bob.field("title")).to_have_value("Drawn together")
    become("editor")
    expect(bob.page.locator("[data-sync]")).to_contain_text("All changes saved")


def test_the_list_of_people_says_the_role_that_one_has_now(bob: EditorPage, become: Callable[[str], None]) -> None:
    mine = bob.page.locator("#inspector .people-row", has_text="You").locator(".people-role")
    expect(mine).to_have_text("Can edit")
    become("viewer")
    expect(mine).to_have_text("Can view")
    become("editor")
    expect(mine).to_have_text("Can edit")
