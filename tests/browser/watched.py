"""What a browser complains of: what a page's content policy forbids, errors in the console, scripts that fail."""

from typing import Any

from playwright.sync_api import BrowserContext, Page

REPORT = """addEventListener("securitypolicyviolation", ({violatedDirective, blockedURI, target}) =>
  console.error(`policy: ${violatedDirective} ${blockedURI} ${target?.outerHTML?.slice(0, 200) ?? ""}`));"""


def watch(context: BrowserContext) -> list[str]:
    """Return a list that fills with what any page of a browser complains of from now on.

    How a page itself is answered, 404 or 422, is what a test asks for, and no complaint.
    """
    said: list[str] = []

    def heard(message: Any) -> None:
        page, place = message.page.url if message.page else "", message.location.get("url", "")
        is_own_answer = "Failed to load resource" in message.text and place.partition("#")[0] == page.partition("#")[0]
        if message.type == "error" and not is_own_answer:
            said.append(f"{page}: {message.text} {place}")

    context.add_init_script(REPORT)
    context.on("console", heard)
    context.on("weberror", lambda error: said.append(str(error.error)))
    return said


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """Return a page, and what it complains of."""
    said = watch(context)
    return context.new_page(), said
