"""Tabs that one test after another opens flows in: the browser keeps what it has fetched and compiled.

A first visit costs a browser three times what the next one does. Between two tests a tab leaves the flow, and nothing
of it stays: no storage, no key or button that is held, no second page. A tab to which a test has done what would
stay (a route, a script at each start, another window …) is closed, and so is one whose login has changed, or whose
test failed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any, Literal
from weakref import WeakSet

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page
from playwright.sync_api import Error as PlaywrightError

from tests.browser.editor_page import EditorPage
from tests.proxy import Proxy
from tests.servers import Server

STAYS: dict[type, tuple[str, ...]] = {
    Page: (
        *("add_init_script", "emulate_media", "expose_binding", "expose_function", "on", "once", "route"),
        *("route_web_socket", "set_default_navigation_timeout", "set_default_timeout", "set_extra_http_headers"),
        "set_viewport_size",
    ),
    BrowserContext: (
        *("add_cookies", "add_init_script", "clear_cookies", "expose_binding", "expose_function", "grant_permissions"),
        *("new_cdp_session", "on", "once", "route", "route_web_socket", "set_default_navigation_timeout"),
        *("set_default_timeout", "set_extra_http_headers", "set_geolocation", "set_offline"),
    ),
}
STORED = "local_storage,indexeddb,cache_storage,service_workers"
HELD = ("Shift", "Control", "Alt", "Meta", "Space")
BUTTONS: tuple[Literal["left", "middle", "right"], ...] = ("left", "middle", "right")
USES = 40
"""So often is a tab used: a page that never ends grows."""
IDLE = 6
"""So many tabs wait for the next test."""


class KeptTab:
    """A tab of somebody's who is logged in, and what it takes to make it as good as new."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.tab = EditorPage(context)
        self.devtools: CDPSession = context.new_cdp_session(self.tab.page)
        self.login = self._login()
        self.uses = 0

    def leave(self) -> bool:
        """Leave the flow, and return whether another test may have this tab."""
        self.uses += 1
        with suppress(PlaywrightError):  # the page, the browser or the server may be gone
            self._forget()
            return self.uses < USES and self._login() == self.login
        return False

    def _forget(self) -> None:
        page = self.tab.page
        for other in self.context.pages:
            if other is not page:
                other.close()
        for key in HELD:
            page.keyboard.up(key)
        for button in BUTTONS:
            page.mouse.up(button=button)
        page.mouse.move(-1, -1)
        page.goto("/healthz")
        page.evaluate("sessionStorage.clear()")
        origin = page.evaluate("origin")
        self.devtools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": STORED})
        self.tab.complaints = []

    def _login(self) -> Any:
        return sorted((one["name"], one["value"]) for one in self.context.cookies())


class KeptTabs:
    """The tabs that no test uses now, each with whose it is, where and how it is shown; the oldest first."""

    def __init__(self, new_context: Callable[..., BrowserContext]) -> None:
        self._new_context = new_context
        self._idle: list[tuple[object, KeptTab]] = []
        self._spent: WeakSet[BrowserContext] = WeakSet()

    @contextmanager
    def borrowed(self, by: pytest.Session) -> Iterator[Callable[..., EditorPage]]:
        """Hand out tabs to a test, and take them back in the end; those of a test that failed are closed."""
        failed, is_well = by.testsfailed, False
        used: list[tuple[object, KeptTab]] = []

        def borrow(server: Server | Proxy, name: str, **options: object) -> EditorPage:
            key = (server, name, repr(sorted(options.items())))
            kept = self._idle_of(key) or KeptTab(self._new_context(name, on=server, **options))
            self._spent.discard(kept.context)
            used.append((key, kept))
            return kept.tab

        try:
            yield borrow
            is_well = by.testsfailed == failed
        finally:
            for key, kept in used:
                self._take_back(key, kept, is_well=is_well)

    def _idle_of(self, key: object) -> KeptTab | None:
        at = next((at for at, (of, _kept) in enumerate(self._idle) if of == key), None)
        return None if at is None else self._idle.pop(at)[1]

    def _take_back(self, key: object, kept: KeptTab, *, is_well: bool) -> None:
        if not is_well or kept.context in self._spent or not kept.leave():
            kept.context.close()
            return
        self._idle.append((key, kept))
        if len(self._idle) > IDLE:
            self._idle.pop(0)[1].context.close()

    @contextmanager
    def watched(self) -> Iterator["KeptTabs"]:
        """Notice from now on what is done to a tab that would stay."""
        originals = [(kind, name, getattr(kind, name)) for kind, names in STAYS.items() for name in names]
        for kind, name, original in originals:
            setattr(kind, name, self._noticing(original))
        yield self
        for kind, name, original in originals:
            setattr(kind, name, original)

    def _noticing(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def call(of: Any, *arguments: Any, **options: Any) -> Any:
            self._spent.add(of.context if isinstance(of, Page) else of)
            return original(of, *arguments, **options)

        return call
