"""The browser is killed while somebody types: the text is in the flow, or in the field where it was typed.

Text that is being composed (as with Chinese or Japanese input) is sent by no pause, so what is found of it after a
death was kept while it was typed.
"""

import pytest
from playwright.sync_api import expect

from tests.browser.editor_page import EditorPage
from tests.browser.inspector import choose, compose, create, error_of, node_of
from tests.browser.panel import lost
from tests.browser.profile import Profile
from tests.proxy import Proxy

TWO_FRAMES = """async () => {
  for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
}"""


def die(profile: Profile, tab: EditorPage) -> None:
    """Let two frames be seen, then kill every process of the browser."""
    tab.page.evaluate(TWO_FRAMES)
    assert profile.processes()
    with profile.killed_within(0):
        tab.page.wait_for_event("close")


@pytest.mark.parametrize("name", ["label", "description", "settings.system_prompt"])
def test_text_under_composition_survives_the_death_of_the_browser(profile: Profile, network: Proxy, name: str) -> None:
    tab = choose(create(EditorPage(profile.context)), "a")
    lost(network, tab)
    tab.field(name).fill("")
    tab.field(name).focus()
    compose(tab, "かな")
    die(profile, tab)
    network.accept()
    tab = EditorPage(profile.start(), tab.flow).live()
    node = node_of(tab, "a")
    assert node.get(name, node["settings"].get(name.removeprefix("settings."))) == "かな"


def test_a_name_on_the_canvas_survives_and_a_taken_back_one_does_not(profile: Profile, network: Proxy) -> None:
    tab = create(EditorPage(profile.context))
    lost(network, tab)
    choose(tab, "b").page.keyboard.press("F2")
    tab.page.keyboard.type("Not this")
    tab.page.keyboard.press("Escape")
    choose(tab, "a").page.keyboard.press("F2")
    compose(tab, "计划")
    die(profile, tab)
    network.accept()
    tab = EditorPage(profile.start(), tab.flow).live()
    assert (node_of(tab, "a")["label"], node_of(tab, "b")["label"]) == ("计划", "Tell")


def test_a_title_survives(profile: Profile, network: Proxy) -> None:
    tab = create(EditorPage(profile.context))
    lost(network, tab)
    tab.page.locator("[data-flow-title]").fill("Renamed in the bar")
    die(profile, tab)
    network.accept()
    tab = EditorPage(profile.start(), tab.flow).live().settled()
    assert tab.stored()["title"] == "Renamed in the bar"


def test_half_a_value_stands_where_it_was_typed(profile: Profile, network: Proxy) -> None:
    tab = choose(create(EditorPage(profile.context)), "c")
    params = tab.field("settings.params")
    kept = params.input_value()
    params.press("Control+a")
    params.press_sequentially('{"half": ')
    die(profile, tab)
    tab = choose(EditorPage(profile.start(), tab.flow).live(), "c")
    params = tab.field("settings.params")
    expect(params).to_have_value('{"half": ')
    expect(error_of(tab, "settings.params")).to_contain_text("Not valid JSON")
    assert node_of(tab, "c")["settings"] == {"params": {"q": [1, {"r": None}]}}
    tab.page.locator("[data-discard]").click()
    expect(params).to_have_value(kept)
    expect(error_of(tab, "settings.params")).to_be_hidden()
