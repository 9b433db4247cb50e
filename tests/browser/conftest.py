"""A flow of its own for every test, shared with the cast, and tabs that must not complain."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.editor_page import EditorPage

WINDOW = {"width": 1440, "height": 900}
Open = Callable[..., EditorPage]


@pytest.fixture
def flow_of(context_for: Callable[..., BrowserContext]) -> Callable[..., str]:
    """`flow_of(nodes=…, edges=…)`: a new flow of alice's that bob edits and vera views; its id."""

    def create(nodes: object = (), edges: object = ()) -> str:
        alice = EditorPage(context_for("alice", viewport=WINDOW))
        alice.page.goto("/")
        flow = alice.call("POST", "/flows", {"title": "Drawn together", "nodes": list(nodes), "edges": list(edges)})[
            "id"
        ]
        for name, role in (("bob", "editor"), ("vera", "viewer")):
            alice.call("POST", f"/flows/{flow}/members", {"email": f"{name}@example.com", "role": role})
        alice.page.close()
        return str(flow)

    return create


@pytest.fixture
def opened(context_for: Callable[..., BrowserContext]) -> Iterator[Open]:
    """`opened("bob", flow)`: the flow in a browser of his own, live. In the end nobody may have complained."""
    tabs: list[EditorPage] = []

    def open_tab(name: str, flow: str, *, state: str = "live", **options: object) -> EditorPage:
        tab = EditorPage(context_for(name, **{"viewport": WINDOW, **options}), flow)
        tabs.append(tab)
        return tab.live(state)

    yield open_tab
    assert [complaint for tab in tabs for complaint in tab.complaints] == []
