"""A title that waits to be sent is shown wherever the flow is named."""

from tests.browser.conftest import Away
from tests.browser.looks import entitle, fill, shows_title
from tests.browser.panel import back_at_once
from tests.proxy import Proxy


def test_a_title_that_waits_is_shown_everywhere_and_undone(away: Away, network: Proxy) -> None:
    alice = away()
    entitle(alice, "Redrawn <i>offline</i>")
    shows_title(alice, "Redrawn <i>offline</i>")
    alice.page.locator("[data-canvas]").focus()
    alice.page.keyboard.press("Control+z")
    shows_title(alice, "Drawn together")
    alice.page.keyboard.press("Control+Shift+z")
    shows_title(alice, "Redrawn <i>offline</i>")
    back_at_once(network, alice)
    shows_title(alice, "Redrawn <i>offline</i>")


def test_what_the_inspector_calls_the_flow_is_its_title(away: Away) -> None:
    alice = away()
    alice.page.locator("[data-canvas]").click(position={"x": 900, "y": 600})
    fill(alice, "title", "Named at the side")
    shows_title(alice, "Named at the side")
