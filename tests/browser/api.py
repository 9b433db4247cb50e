"""The API as a person calls it beside their pages."""

from typing import Any

from playwright.sync_api import BrowserContext

from tests.browser.editor_page import PATIENCE_MS


class Api:
    """The API as a context's person calls it, without a page."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Make one call, which succeeds."""
        token = next(cookie["value"] for cookie in self.context.cookies() if cookie["name"] == "csrftoken")
        answer = self.context.request.fetch(
            f"/api/v1{path}",
            method=method,
            data=body,
            headers={"X-CSRFToken": token},
            fail_on_status_code=True,
            timeout=PATIENCE_MS,
        )
        return answer.json() if answer.body() else None
