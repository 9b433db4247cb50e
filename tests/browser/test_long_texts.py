"""Nothing is cut: text that is too long stays where it was typed, says by how much, and is sent once it fits."""

from playwright.sync_api import expect

from tests.browser.conftest import Draw
from tests.browser.inspector import choose, error_of, node_of


def test_what_is_pasted_and_too_long_is_told_and_kept_and_sent_once_it_fits(drawn: Draw) -> None:
    tab = choose(drawn(), "a")
    description = tab.field("description")
    description.focus()
    tab.page.keyboard.insert_text("🚂" + "x" * 5_000)
    expect(error_of(tab, "description")).to_contain_text("5,001 of 5,000 characters")
    expect(tab.page.locator("[data-sync]")).to_contain_text("1 field not saved")
    choose(tab, "b")
    tab.page.reload()
    choose(tab.live(), "a")
    expect(description).to_have_value("🚂" + "x" * 5_000)
    expect(error_of(tab, "description")).to_contain_text("5,001 of 5,000 characters")
    assert node_of(tab, "a")["description"] == ""
    description.press("End")
    description.press("Backspace")
    expect(error_of(tab, "description")).to_be_hidden()
    expect(tab.page.locator("#n-a[data-description]")).to_have_count(1)
    assert node_of(tab, "a")["description"] == "🚂" + "x" * 4_999


def test_too_long_a_name_on_the_canvas_waits_at_the_inspectors_label(drawn: Draw) -> None:
    tab = choose(drawn(), "a")
    tab.page.keyboard.press("F2")
    tab.page.keyboard.insert_text("y" * 2_001)
    expect(tab.page.locator(".reason")).to_contain_text("2,001 of 2,000 characters")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#n-a[data-renaming]")).to_have_count(1)
    tab.page.reload()
    choose(tab.live(), "a")
    expect(tab.field("label")).to_have_value("y" * 2_001)
    expect(error_of(tab, "label")).to_contain_text("2,001 of 2,000 characters")
    assert node_of(tab, "a")["label"] == "Plan"
    tab.field("label").fill("y" * 2_000)
    expect(tab.node("y" * 2_000)).to_have_count(1)


def test_too_long_a_name_that_is_given_up_leaves_nothing(drawn: Draw) -> None:
    tab = choose(drawn(), "a")
    tab.page.keyboard.press("F2")
    tab.page.keyboard.insert_text("y" * 2_001)
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator("[data-sync]")).to_contain_text("All changes saved")
    expect(tab.field("label")).to_have_value("Plan")


def test_too_long_a_title_stays_in_the_bar_and_is_sent_once_it_fits(drawn: Draw) -> None:
    tab = drawn()
    title = tab.page.locator("[data-flow-title]")
    title.fill("z" * 256)
    expect(tab.page.locator(".title-form .field-error")).to_have_text("256 of 255 characters. Shorten it to save.")
    title.blur()
    expect(title).to_have_value("z" * 256)
    expect(tab.page.locator("[data-sync]")).to_contain_text("1 field not saved")
    assert tab.settled().stored()["title"] == "Typed"
    title.fill("z" * 255)
    title.blur()
    expect(tab.page.locator(".title-form .field-error")).to_have_count(0)
    expect(tab.page.locator("[data-flow-heading]")).to_have_text("z" * 255)
    assert tab.settled().stored()["title"] == "z" * 255


def test_too_long_a_title_stays_in_its_dialog(drawn: Draw) -> None:
    page = drawn().page
    page.goto("/")
    page.locator(".card-drop summary").first.click()
    page.locator(".card-drop").first.get_by_text("Rename").click()
    page.locator("#rename-title").fill("z" * 256)
    page.locator("#dialog [type=submit]").click()
    expect(page.locator("#dialog .field-error")).to_have_text("256 of 255 characters. Shorten it to save.")
    expect(page.locator("#rename-title")).to_have_value("z" * 256)
    expect(page.locator("#rename-title")).to_be_focused()
    page.locator("#rename-title").fill("z" * 255)
    page.locator("#dialog [type=submit]").click()
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator(".card-title").first).to_have_text("z" * 255)
