"""A reader's own language, and people's words that run the other way, in a real browser."""

from playwright.sync_api import expect

from tests.browser.conftest import Flow, Open

HEBREW = "תכנון הטיול"
NODES = [
    {"id": "a", "kind": "agent", "x": 0, "y": 80, "label": HEBREW, "description": HEBREW},
    {"id": "b", "kind": "skill", "x": 400, "y": 80, "label": "Search"},
]
EDGES = [{"id": "e", "source": "a", "target": "b", "label": HEBREW}]


def test_scripts_and_forms_speak_the_readers_language(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(NODES), locale="de-DE")
    expect(alice.page.locator("html")).to_have_attribute("lang", "de")
    expect(alice.page.locator("[data-sync-text]")).to_have_text("Alle Änderungen gespeichert")
    alice.node("Search").click()
    expect(alice.page.locator("#inspector label[for=field-label]")).to_have_text("Beschriftung")


def test_a_language_is_chosen_with_the_keyboard(flow_of: Flow, opened: Open) -> None:
    page = opened("alice", flow_of(NODES)).page
    page.goto("/")
    page.get_by_label("Language").first.focus()
    page.keyboard.press("Enter")
    for _button in ("English", "Deutsch", "Español"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator("h1")).to_have_text("Flujos")
    assert page.url.endswith("/")


def test_words_that_run_from_right_to_left_do_so_wherever_they_stand(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(NODES, EDGES))
    alice.node(HEBREW).click()
    for place in ("[data-node-id=a] [data-node-label]", ".edge-label", "#field-label", "#field-description"):
        expect(alice.page.locator(place)).to_have_css("direction", "rtl")
    expect(alice.page.locator("[data-node-id=b] [data-node-label]")).to_have_css("direction", "ltr")
    alice.page.locator("[data-flow-title]").fill(HEBREW)
    expect(alice.page.locator("[data-flow-title]")).to_have_css("direction", "rtl")
    alice.settled()
