"""axe on a page as it stands, put in once past the page's content policy."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.views import still

SCRIPT: str = Axe().axe_script
RUN = """async (options) => {
  const preload = {assets: ["media"]};  // no rule that is on asks for sheets, and a page may be without a network
  const {violations} = await axe.run(document, {resultTypes: ["violations"], preload, ...options});
  return violations.flatMap(({id, nodes}) =>
    nodes.map(({html, failureSummary}) => `${id}: ${html.slice(0, 200)} ${failureSummary.slice(0, 200)}`));
}"""
# The one rule that WCAG 2.2 has added is off by itself.
RULES = {"rules": {"target-size": {"enabled": True}}}
OF_COLOUR = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""The rules that ask how something is coloured; no other depends on the scheme."""

OF_SIZE = {"runOnly": {"type": "rule", "values": ["target-size"]}}
"""What to ask while menus are shut: an open one covers what is under it."""


def findings(page: Page, options: dict[str, Any] = RULES) -> list[str]:
    """Return what axe finds once the page stands still: half a fade has half the contrast."""
    still(page)
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(SCRIPT)
    found: list[str] = page.evaluate(RUN, options)
    return found
