"""The admin in a real browser: it works under the same strict policy as every other page."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.watched import watched
from tests.servers import Server

ADDRESS = "dora@example.com"
PASSWORD = "staff and correct horse"


@pytest.fixture
def staff(server: Server, context_for: Callable[..., BrowserContext]) -> Iterator[Page]:
    """A page of an administrator made by `helix manage`; any violation of the policy fails the test."""
    command = [
        sys.executable,
        "-m",
        "helix.cli",
        "manage",
        "createsuperuser",
        "--noinput",
        "--email",
        "dora@example.com",
    ]
    environment = server.environment | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    subprocess.run([*command, "--data-dir", str(server.data_dir)], env=environment, check=False, capture_output=True)
    page, violations = watched(context_for(None))
    page.goto("/admin/")
    page.get_by_label("E-mail").fill(ADDRESS)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("form").filter(has=page.get_by_label("E-mail")).get_by_role("button").first.click()
    expect(page.get_by_role("heading", name="Site administration")).to_be_visible()
    yield page
    assert violations == []


def test_an_administrator_renames_a_flow_and_finds_it_in_the_log(staff: Page) -> None:
    staff.get_by_role("link", name="Flows", exact=True).last.click()
    staff.locator("#searchbar").fill("Customer support triage")  # there may be pages of others
    staff.locator("#searchbar").press("Enter")
    staff.get_by_role("row").filter(has_text="Customer support triage").get_by_role("link").first.click()
    expect(staff.get_by_text("First nodes")).to_be_visible()
    title = staff.get_by_label("Title")
    old = title.input_value()
    for wanted in ("Renamed by an administrator", old):
        staff.get_by_label("Title").fill(wanted)
        staff.get_by_role("button", name="Save and continue editing").click()
        expect(staff.locator(".messagelist .success")).to_contain_text(wanted)

    staff.goto("/admin/flows/change/")

    first = staff.locator("#result_list tbody tr").first
    expect(first).to_contain_text("edit_flow: title")
    expect(first).to_contain_text("admin")
    expect(first).to_contain_text("dora")
