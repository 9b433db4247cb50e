"""axe finds nothing on the small pages: each is loaded once, and read light and dark, on a phone and on a desk."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.axe import OF_COLOUR, OF_SIZE, findings
from tests.browser.conftest import Context
from tests.browser.every_page import ACCOUNT, TRASH, WORK, World, furnished
from tests.browser.test_every_page import unfold
from tests.conftest import new_context
from tests.servers import Server

SIZES: tuple[ViewportSize, ...] = ({"width": 1280, "height": 900}, {"width": 390, "height": 844})
SCHEMES: tuple[tuple[Literal["light", "dark"], dict[str, Any]], ...] = (("light", {}), ("dark", OF_COLOUR))
PAGES = [
    *("flows:teams", "flows:team", "flows:invitation", "flows:team-invitation", "flows:members", "flows:audit"),
    *("flows:rename", "flows:save-template", "flows:purge", "runs:start"),
    *("runs:secrets", "runs:team-secrets", "runs:rules", "runs:notifications", "runs:triggers"),
]


@pytest.fixture(scope="module")
def world(server: Server, browser: Browser) -> Iterator[World]:
    context = new_context(browser, None, on=server)
    yield furnished(context, server)
    context.close()


def flaws(page: Page) -> list[str]:
    """Return what axe finds on a page at each width, of its colours in each scheme, and where it does not fit."""
    found = []
    for size in SIZES:
        page.set_viewport_size(size)
        found += [f"{page.url} {size['width']} {one}" for one in findings(page, OF_SIZE)]
    unfold(page)
    for size in SIZES:
        page.set_viewport_size(size)
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found.append(f"{page.url} is wider than {size['width']} px")
        for scheme, rules in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found += [f"{page.url} {size['width']} {scheme} {one}" for one in findings(page, rules)]
    return found


def test_axe_finds_nothing_on_the_pages_of_an_account(world: World) -> None:
    found = []
    for template in ACCOUNT.values():
        world.visit(template)
        found += flaws(world.page)
    assert found == []


def test_axe_finds_nothing_on_the_pages_of_teams_and_flows(world: World) -> None:
    found = []
    for template in (*(WORK[name] for name in PAGES), TRASH):
        world.visit(template)
        found += flaws(world.page)
    assert found == []


def test_axe_finds_nothing_behind_a_link(world: World, context_for: Context) -> None:
    page = context_for(None).new_page()
    page.goto(world.places["link"])
    found = flaws(page)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Continue").click()
    page.locator(".field-error, .form-error").first.wait_for()
    found += flaws(page)
    page.get_by_label("Password").fill("orchid")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Your name").wait_for()
    found += flaws(page)
    page.goto("/s/unknown")
    assert found + flaws(page) == []
