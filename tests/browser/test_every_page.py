"""Every page, and every dialog and menu on it: the content policy holds, and no script fails.

A page that is new belongs into `tests.browser.every_page`, or one of these tests says so.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import WINDOW, Context
from tests.browser.editor_page import PATIENCE_MS, EditorPage
from tests.browser.every_page import ACCOUNT, NO_PAGES, NODES, OUTSIDE, TRASH, WORK, World, arrived, furnished, names
from tests.browser.test_guests import came
from tests.browser.watched import watch
from tests.conftest import new_context
from tests.servers import Server

OPENERS = '[hx-get][hx-target="#dialog"]'
Opened = Callable[[str], None]


def test_every_address_is_walked_or_shows_no_page() -> None:
    walked = {*OUTSIDE, *ACCOUNT, *WORK}

    assert names() - walked - NO_PAGES == set()
    assert (walked | NO_PAGES) - names() == set(), "there is no such address any more"


@pytest.fixture(scope="module")
def _watched_world(server: Server, browser: Browser) -> Iterator[tuple[World, list[str]]]:
    context = new_context(browser, None, on=server, viewport=WINDOW)
    said = watch(context)
    yield furnished(context, server), said
    context.close()


@pytest.fixture
def world(_watched_world: tuple[World, list[str]]) -> Iterator[World]:
    """Somebody new with one of everything; nothing she opens may complain."""
    world, said = _watched_world
    yield world
    complaints = said.copy()
    said.clear()
    assert complaints == []


def shown(page: Page, address: str) -> None:
    """Open a page and all that is on it."""
    arrived(page, address, page.goto(address))
    explore(page)


def explore(page: Page) -> None:
    """Open every menu and fold on a page, and every dialog with its own folds."""
    expect(page.get_by_role("heading").first).to_be_attached()
    unfold(page)
    for at in range(page.locator(OPENERS).count()):
        page.locator(OPENERS).nth(at).dispatch_event("click")
        dialog = page.locator("#dialog[open]")
        expect(dialog).to_be_visible(timeout=PATIENCE_MS)
        unfold(page)
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        unfold(page)


def unfold(page: Page) -> None:
    page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")


def test_the_pages_of_an_account(world: World) -> None:
    for template in ACCOUNT.values():
        world.visit(template)
        explore(world.page)


def test_the_pages_of_the_work(world: World) -> None:
    for template in (*WORK.values(), TRASH, "/api/v1/docs"):
        if template != WORK["flows:editor"]:
            world.visit(template)
            explore(world.page)


def test_the_page_to_try_graphql(context_for: Context) -> None:
    with Server(environment={"HELIX_DEBUG": "1"}) as server:
        context = context_for("alice", on=server)
        said = watch(context)
        shown(context.new_page(), "/api/graphql")
        context.close()
    assert said == []


def test_the_editor_its_panels_and_dialogs(world: World) -> None:
    tab = EditorPage(world.page.context, world.places["flow"]).live()
    page = tab.page
    explore(page)
    for node in NODES:
        page.keyboard.press("Escape")
        page.locator(f"#n-{node['id']}").focus()
        page.keyboard.press("Enter")
        expect(page.locator(f"[data-inspector-form][data-node={node['id']}]")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.press("Escape")
    for keys, found in KEYS.items():
        page.keyboard.press("Escape")
        page.locator("[data-canvas]").focus()
        page.keyboard.press(keys)
        expect(page.locator(found)).to_be_visible(timeout=PATIENCE_MS)
        page.keyboard.press("Escape")
    for place in ("[data-canvas]", "#n-ask", "#n-box"):
        page.locator(place).click(button="right", position={"x": 20, "y": 20})
        expect(page.get_by_role("menu")).to_be_visible()
        page.keyboard.press("Escape")
    tab.page.locator("[data-sync]").click()
    expect(page.locator("[data-waiting-panel]")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("[data-command=runs]").first.click()
    page.locator("[data-runs-list] a").first.click()
    expect(page.locator("[data-run-drawer]")).to_be_visible()
    for one in page.locator("[data-run-drawer] [role=tab]").all():
        one.click()
        expect(one).to_have_attribute("aria-selected", "true")
    assert tab.complaints == []


KEYS = {
    "?": "[data-help][open]",
    "Control+k": "[data-commands]",
    "Control+f": "[role=combobox]:focus",
    "/": "[role=combobox]:focus",
    "Control+e": "#dialog[open]",
    "Control+Enter": "[data-run-drawer]",
}


def test_the_pages_of_somebody_who_is_not_logged_in(world: World, context_for: Context) -> None:
    context = context_for(None, viewport=WINDOW)
    said = watch(context)
    page = context.new_page()
    for template in OUTSIDE.values():
        shown(page, world.address(template))
    tab = came(context, {"url": world.places["link"]}, "orchid").live()
    unfold(tab.page)
    for path in ("members", "runs/", f"runs/{world.places['run']}/", "export"):
        shown(page, f"/flows/{world.places['flow']}/{path}")
    assert said == tab.complaints == []


def test_the_pages_of_what_went_wrong(world: World) -> None:
    page = world.page
    for address, status in (("/nothing/", 404), ("/workers/", 403), ("/s/unknown", 404), ("/?q=%00", None)):
        answer = page.goto(address)
        assert answer and status in {answer.status, None}
        expect(page.get_by_role("heading").first).to_be_visible()
    page.goto("/teams/")
    page.locator("[name=csrfmiddlewaretoken]").evaluate_all("all => all.forEach((one) => one.remove())")
    page.evaluate("document.querySelector('.team-line').submit()")
    expect(page.get_by_role("heading").first).to_be_visible()


def test_the_administration(server: Server, context_for: Callable[..., BrowserContext]) -> None:
    command = [sys.executable, "-m", "helix.cli", "createadmin", "--email", "erin@example.com", "--name", "Erin"]
    command += ["--password", "staff and correct horse", "--data-dir", str(server.data_dir)]
    subprocess.run(command, env=server.environment, check=True, capture_output=True)
    context = context_for(None, viewport=WINDOW)
    said = watch(context)
    page = context.new_page()
    page.goto("/admin/")
    page.get_by_label("E-mail").fill("erin@example.com")
    page.get_by_label("Password", exact=True).fill("staff and correct horse")
    page.locator("form").filter(has=page.get_by_label("E-mail")).get_by_role("button").first.click()
    expect(page.get_by_role("heading", name="Site administration")).to_be_visible()
    links = page.locator("#content-main a").evaluate_all("all => all.map((one) => one.getAttribute('href'))")
    lists = [one for one in dict.fromkeys(links) if one.count("/") == 4]
    assert len(lists) > 15
    for address in lists:
        shown(page, address)
        row = page.locator("#result_list tbody th a, #result_list tbody td a").first
        forms = [row.get_attribute("href")] if row.count() else []
        forms += [f"{address}add/"] if f"{address}add/" in links else []
        for form in forms:
            shown(page, str(form))
    for address in ("/workers/", "/admin/password_change/", "/admin/accounts/"):
        shown(page, address)
    assert said == []
