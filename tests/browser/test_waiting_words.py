"""What only the server can word, such as the line below a node's label, is never shown as if it were saved."""

from playwright.sync_api import expect

from tests.browser.conftest import Away
from tests.browser.looks import fill, pick, second
from tests.browser.panel import back_at_once
from tests.proxy import Proxy

UNSAVED = "not saved yet"


def test_a_line_that_only_the_server_can_word_says_that_it_is_not_saved(away: Away, network: Proxy) -> None:
    alice = away()
    foot = alice.node("Plan").locator(".node-footer")
    pick(alice, "Plan")
    fill(alice, "settings.system_prompt", "Be brief.")
    expect(alice.root).to_have_attribute("data-pending", "1")
    expect(foot).not_to_contain_text(UNSAVED)

    fill(alice, "settings.temperature", "0.9")
    fill(alice, "settings.model", "m-2")

    expect(foot).to_contain_text(UNSAVED)
    expect(foot).to_have_attribute("data-unsaved", "")
    expect(second(alice, "Plan")).to_have_text("Agent")
    back_at_once(network, alice)
    expect(foot).to_have_text("m-20.9")
    expect(alice.page.locator("[data-unsaved]")).to_have_count(0)


def test_the_text_of_a_note_is_shown_as_typed_until_it_is_saved(away: Away, network: Proxy) -> None:
    alice = away()
    text = alice.node("Memo").locator(".note-text")
    pick(alice, "Memo")
    fill(alice, "settings.text", "As it *is*\n<b>now</b>")
    expect(text).to_have_text("As it *is*\n<b>now</b>", use_inner_text=True)
    alice.page.locator("[data-canvas]").focus()
    alice.page.keyboard.press("Control+z")
    expect(text.locator("em")).to_have_text("was")
    alice.page.keyboard.press("Control+Shift+z")
    back_at_once(network, alice)
    expect(text.locator("em")).to_have_text("is")
