"""A field of the inspector that two have in hand: it goes along with the other as long as I only stand in it.

What I have typed in is never replaced under me; that somebody else was there is said beside it, with what they wrote.
"""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FloatRect, Locator, expect

from tests.browser.conftest import Open
from tests.browser.editor_page import EditorPage, rect, without_timers_of
from tests.browser.inspector import compose
from tests.browser.views import still

SENTENCES = "One two three. They took a while. Really."
TYPED_AND_TAKEN_BACK = "() => document.execCommand('insertText', false, 'x') && document.execCommand('delete')"
PLACES = """() => {
  const parts = ["label", ".section-title", ".field-help", ".input", ".select", ".textarea", ".slider"];
  const all = document.querySelectorAll(parts.map((part) => `#inspector ${part}`));
  return Array.from(all, (part) => part.getBoundingClientRect()).map(({x, y, width, height}) => [x, y, width, height]);
}"""
UNSENT = without_timers_of(400)
"""What is typed goes out when the field is left, and not after a pause."""
CARET = "field => [field.selectionStart, field.selectionEnd]"


@pytest.fixture
def alice(flow_of: Callable[..., str], opened: Open) -> EditorPage:
    nodes = [
        {"id": "a", "kind": "agent", "x": 100, "y": 100, "label": "Plan", "settings": {"model": "m-1"}},
        {"id": "b", "kind": "agent", "x": 400, "y": 100, "label": "Tell"},
    ]
    return choose(opened("alice", flow_of(nodes=nodes)))


@pytest.fixture
def bob(alice: EditorPage, opened: Open) -> EditorPage:
    return opened("bob", alice.flow)


def choose(tab: EditorPage, id: str = "a") -> EditorPage:
    tab.page.locator(f"#n-{id} .node-second").click()
    expect(tab.page.locator(f'[data-inspector-form][data-node="{id}"]')).to_be_visible()
    return tab


def sign(tab: EditorPage, name: str = "description") -> Locator:
    return tab.page.locator(f'[data-field="{name}"] [data-meanwhile]')


def wrote(tab: EditorPage, **changes: object) -> int:
    return int(tab.operate({"kind": "edit_node", "id": "a", "set": changes})["version"])


def node_of(tab: EditorPage) -> dict[str, Any]:
    return next(node for node in tab.settled().stored()["nodes"] if node["id"] == "a")


# Where I merely stand.


def test_a_field_in_which_i_stand_takes_in_what_others_write(alice: EditorPage, bob: EditorPage) -> None:
    description = alice.field("description")
    description.focus()
    wrote(bob, description=SENTENCES)
    expect(description).to_have_value(SENTENCES)
    expect(description).to_be_focused()
    expect(sign(alice)).to_have_count(0)
    description.press("Control+End")
    description.press_sequentially("!")
    expect(alice.page.locator("#n-a")).to_have_attribute("data-description", SENTENCES + "!")


def test_the_caret_stays_with_the_text_it_was_at(alice: EditorPage, bob: EditorPage) -> None:
    wrote(bob, description="One two")
    description = alice.field("description")
    expect(description).to_have_value("One two")
    description.evaluate("field => { field.focus(); field.setSelectionRange(3, 7); }")
    wrote(bob, description="One two three")
    expect(description).to_have_value("One two three")
    assert description.evaluate(CARET) == [3, 7]
    wrote(bob, description="Zero, One two three")
    expect(description).to_have_value("Zero, One two three")
    wrote(bob, description="No")
    expect(description).to_have_value("No")
    assert description.evaluate(CARET) == [2, 2]


def test_numbers_and_choices_in_which_i_stand_take_it_in_too(alice: EditorPage, bob: EditorPage) -> None:
    alice.field("settings.temperature").focus()
    wrote(bob, settings={"temperature": 0.25})
    expect(alice.field("settings.temperature")).to_have_value("0.25")
    alice.field("settings.provider").focus()
    wrote(bob, settings={"provider": "ollama"})
    expect(alice.field("settings.provider")).to_have_value("ollama")


def test_what_was_typed_and_taken_back_is_no_edit(alice: EditorPage, bob: EditorPage) -> None:
    description = alice.field("description")
    description.focus()
    alice.page.evaluate(TYPED_AND_TAKEN_BACK)
    version = wrote(bob, description=SENTENCES)
    expect(description).to_have_value(SENTENCES)
    description.press("Tab")
    assert alice.settled().stored()["version"] == version
    assert node_of(alice)["description"] == SENTENCES


# Where I type.


def test_who_wrote_meanwhile_is_said_and_theirs_can_be_had(alice: EditorPage, bob: EditorPage) -> None:
    description = alice.field("description")
    description.press_sequentially("Mine")
    wrote(bob, description=SENTENCES)
    expect(sign(alice)).to_contain_text(f"Bob changed this while you were typing: “{SENTENCES}”")
    expect(description).to_have_value("Mine")
    expect(description).to_be_focused()
    assert sign(alice).locator("p").get_attribute("id") in (description.get_attribute("aria-describedby") or "").split()
    description.press_sequentially(" too")
    expect(alice.page.locator("#n-a")).to_have_attribute("data-description", "Mine too")
    expect(sign(alice)).to_be_visible()
    still(alice.page)
    assert Axe().run(alice.page, context="#inspector").response["violations"] == []

    description.press("Tab")
    expect(sign(alice).get_by_text("Use Bob’s")).to_be_focused()
    alice.page.keyboard.press("Enter")
    expect(sign(alice)).to_have_count(0)
    expect(description).to_have_value(SENTENCES)
    expect(description).to_be_focused()
    assert node_of(alice)["description"] == SENTENCES
    alice.page.locator("[data-tool=undo]").click()
    expect(description).to_have_value("Mine too")


def test_mine_can_be_kept(alice: EditorPage, bob: EditorPage) -> None:
    alice.page.evaluate(UNSENT)
    description = alice.field("description")
    description.press_sequentially("Mine")
    wrote(bob, description=SENTENCES)
    sign(alice).get_by_text("Keep mine").click()
    expect(sign(alice)).to_have_count(0)
    expect(description).to_have_value("Mine")
    description.press("Tab")
    assert node_of(alice)["description"] == "Mine"


def test_mine_can_be_kept_even_when_it_was_sent_before_theirs(alice: EditorPage, bob: EditorPage) -> None:
    description = alice.field("description")
    description.press_sequentially("Mine")
    expect(bob.page.locator("#n-a")).to_have_attribute("data-description", "Mine")
    wrote(bob, description=SENTENCES)
    alice.page.mouse.move(*alice.centre(sign(alice).get_by_text("Keep mine")))
    alice.page.mouse.down()
    wrote(bob, label="Planned")
    expect(alice.field("label")).to_have_value("Planned")
    alice.page.mouse.up()
    expect(description).to_have_value("Mine")
    description.press("Tab")
    expect(bob.page.locator("#n-a")).to_have_attribute("data-description", "Mine")
    assert node_of(alice)["description"] == "Mine"


def test_it_is_settled_when_what_i_typed_is_what_they_wrote_or_is_taken_back(
    alice: EditorPage, bob: EditorPage
) -> None:
    model = alice.field("settings.model")
    model.press("End")
    compose(alice, "0")  # which is sent when it is done
    wrote(bob, settings={"model": "theirs"})
    expect(sign(alice, "settings.model")).to_be_visible()
    wrote(bob, settings={"model": "m-10"})
    expect(sign(alice, "settings.model")).to_have_count(0)
    expect(model).to_have_value("m-10")


def test_what_i_write_myself_and_what_others_write_elsewhere_is_nothing_to_tell(
    alice: EditorPage, bob: EditorPage
) -> None:
    description = alice.field("description")
    description.focus()
    for word in ("One ", "two ", "three"):
        description.press_sequentially(word)
        wrote(bob, label=f"Plan {word.strip()}", settings={"temperature": 0.5})
        expect(alice.field("label")).to_have_value(f"Plan {word.strip()}")
        expect(alice.page.locator("#n-a")).to_have_attribute("data-description", description.input_value())
    expect(alice.page.locator("[data-meanwhile]")).to_have_count(0)


def test_another_selection_has_its_own_fields(alice: EditorPage, bob: EditorPage) -> None:
    alice.page.evaluate(UNSENT)
    alice.field("description").press_sequentially("Mine")
    wrote(bob, description=SENTENCES)
    expect(sign(alice)).to_be_visible()
    choose(alice, "b")
    expect(alice.page.locator("[data-meanwhile]")).to_have_count(0)
    assert node_of(alice)["description"] == "Mine"


# Who is in it.


def test_who_else_is_in_a_field_is_said_without_moving_or_covering_anything(alice: EditorPage, bob: EditorPage) -> None:
    expect(alice.page.locator("[data-enlarge]").first).to_be_visible()
    expect(alice.page.locator("[data-problems]")).to_be_visible()
    before = alice.page.evaluate(PLACES)
    choose(bob)
    for name in ("settings.provider", "settings.model", "settings.temperature", "description"):
        bob.field(name).focus()
        tag = alice.page.locator(f'[data-field="{name}"] .editing-tag')
        expect(tag).to_have_text("Bob is editing")
        assert alice.page.evaluate(PLACES) == before
        shown = rect(tag)
        assert [place for place in before if overlap(place, shown)] == []


def overlap(place: list[float], tag: FloatRect) -> bool:
    left, top, width, height = place
    is_beside = left + width <= tag["x"] or tag["x"] + tag["width"] <= left
    return not is_beside and top + height > tag["y"] and tag["y"] + tag["height"] > top


# Undo where nothing is typed but only chosen.


def test_the_flows_undo_takes_back_a_choice_in_which_the_focus_still_is(alice: EditorPage) -> None:
    provider = alice.field("settings.provider")
    before = provider.input_value()
    provider.focus()
    provider.select_option("ollama")
    alice.settled()
    provider.press("Control+z")
    expect(provider).to_have_value(before)
    expect(provider).to_be_focused()
    assert node_of(alice)["settings"] == {"model": "m-1"}
    provider.press("Control+Shift+z")
    expect(provider).to_have_value("ollama")
