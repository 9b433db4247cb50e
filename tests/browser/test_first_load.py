"""What a first visit to the editor costs in counts and bytes, alike everywhere; `bench.first_load` has the times."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from bench.first_load import CREATE, Load, first_load, flow
from tests.servers import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, BrowserContext

REQUESTS = 30
SCRIPT_BYTES = 60 * 1024
PAGE_BYTES = 40 * 1024
"""Of a flow of 200 nodes."""

# A page that is not live after three seconds loads the rest before: here it waits, however slow the machine is.
PATIENT = """{
  const wait = setTimeout;
  globalThis.setTimeout = (act, delay, ...more) => wait(act, delay >= 3_000 ? 600_000 : delay, ...more);
}"""


@pytest.fixture(scope="module")
def visit(browser: "Browser", server: Server) -> "Iterator[Callable[[int], Load]]":
    """`visit(200)`: alice opens a flow of so many nodes in a browser that has nothing of it yet."""
    known = browser.new_context(base_url=server.url)
    page = known.new_page()
    page.goto("/login/")
    page.locator("[data-demo-user=alice]").click()
    page.wait_for_url(lambda url: "/login/" not in url)
    contexts: list[BrowserContext] = [known]

    def load(count: int) -> Load:
        address = f"{server.url}/flows/{page.evaluate(CREATE, flow(count))}/"
        contexts.append(browser.new_context(storage_state=known.storage_state()))
        contexts[-1].add_init_script(PATIENT)
        return first_load(contexts[-1], address)

    yield load
    for context in contexts:
        context.close()


def test_a_small_flow_is_live_after_few_requests_and_little_script(visit: "Callable[[int], Load]") -> None:
    load = visit(12)

    assert load.requests <= REQUESTS
    assert load.scripts <= SCRIPT_BYTES
    assert load.scripts < load.decoded / 2


def test_the_page_of_a_flow_of_200_nodes_is_small(visit: "Callable[[int], Load]") -> None:
    assert 0 < visit(200).html <= PAGE_BYTES
