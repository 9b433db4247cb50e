"""A flow of its own for every test, shared with the cast, and tabs that must not complain."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.editor_page import EditorPage
from tests.browser.profile import Profile
from tests.proxy import Proxy
from tests.servers import Server

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

WINDOW = {"width": 1440, "height": 900}
Open = Callable[..., EditorPage]


@contextmanager
def behind_proxy(**environment: str) -> Iterator[tuple[Server, Proxy]]:
    """A server of its own, with such settings, and a network in front of it that can be cut."""
    server = Server()
    with Proxy(server.port) as proxy:
        server.environment |= {"HELIX_ORIGINS": f"{server.url},{proxy.url}", **environment}
        with server:
            yield server, proxy


@pytest.fixture(scope="session")
def _behind_proxy() -> Iterator[tuple[Server, Proxy]]:
    with behind_proxy() as server_and_proxy:
        yield server_and_proxy


@pytest.fixture
def network(_behind_proxy: tuple[Server, Proxy]) -> Iterator[Proxy]:
    """A network that can be cut, in front of a server; whole again after each test."""
    _server, proxy = _behind_proxy
    yield proxy
    proxy.accept()
    proxy.resume()


@pytest.fixture
def behind(_behind_proxy: tuple[Server, Proxy]) -> Server:
    """The server behind `network`, for whoever has a better one."""
    return _behind_proxy[0]


@pytest.fixture
def profile(playwright: "Playwright", network: Proxy, tmp_path: Path) -> Iterator[Profile]:
    """Alice's browser on `network`, which can be killed and started again."""
    profile = Profile(playwright, tmp_path / "profile", url=network.url, name="alice", viewport=WINDOW)
    yield profile
    profile.close()


@pytest.fixture
def flow_of(context_for: Callable[..., BrowserContext]) -> Callable[..., str]:
    """`flow_of(nodes=…, edges=…)`: a new flow of alice's that bob edits and vera views; its id."""

    def create(nodes: object = (), edges: object = (), *, on: Proxy | None = None) -> str:
        alice = EditorPage(context_for("alice", on=on, viewport=WINDOW))
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
