"""A flow of its own for every test, shared with the cast, a network that can be cut, tabs that must not complain."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.api import Api
from tests.browser.copies import CONTROLLED
from tests.browser.editor_page import EditorPage
from tests.browser.gestures import rename
from tests.browser.inspector import create
from tests.browser.kept_tabs import KeptTabs
from tests.browser.looks import EDGES, NODES
from tests.browser.nodes import PLAN
from tests.browser.panel import forgiven, lost
from tests.browser.profile import Profile
from tests.conftest import new_context
from tests.proxy import Proxy
from tests.servers import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

WINDOW = {"width": 1440, "height": 900}
Context = Callable[..., BrowserContext]
Device = Callable[..., BrowserContext]
Flow = Callable[..., str]
Open = Callable[..., EditorPage]
Apart = Callable[..., tuple[EditorPage, EditorPage]]
Away = Callable[..., EditorPage]
Draw = Callable[..., EditorPage]


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


@pytest.fixture(scope="session")
def _kept_tabs(browser: "Browser") -> Iterator[KeptTabs]:
    with KeptTabs(partial(new_context, browser)).watched() as tabs:
        yield tabs


@pytest.fixture(scope="session")
def _owners(browser: "Browser") -> Iterator[Callable[[Server | Proxy], Api]]:
    """`_owners(server)`: the API as alice calls it there, logged in once."""
    apis: dict[Server | Proxy, Api] = {}

    def owner(on: Server | Proxy) -> Api:
        if on not in apis:
            apis[on] = Api(new_context(browser, "alice", on=on))
        return apis[on]

    yield owner
    for api in apis.values():
        api.context.close()


@pytest.fixture
def flow_of(_owners: Callable[[Server | Proxy], Api], request: pytest.FixtureRequest) -> Flow:
    """`flow_of(nodes=…, edges=…)`: a new flow of alice's that bob edits and vera views; its id."""

    def create(nodes: Iterable[object] = (), edges: Iterable[object] = (), *, on: Server | Proxy | None = None) -> str:
        api = _owners(on or request.getfixturevalue("server"))
        flow = api.call("POST", "/flows", {"title": "Drawn together", "nodes": list(nodes), "edges": list(edges)})["id"]
        for name, role in (("bob", "editor"), ("vera", "viewer")):
            api.call("POST", f"/flows/{flow}/members", {"email": f"{name}@example.com", "role": role})
        return str(flow)

    return create


@pytest.fixture
def opened(_kept_tabs: KeptTabs, request: pytest.FixtureRequest) -> Iterator[Open]:
    """`opened("bob", flow)`: the flow in a browser of his own, live. In the end nobody may have complained.

    The browser may have shown other flows before, and remembers nothing of them but files; `context_for` has new ones.
    """
    tabs: list[EditorPage] = []
    with _kept_tabs.borrowed(request.session) as borrow:

        def open_tab(
            name: str, flow: str, *, state: str = "live", on: Server | Proxy | None = None, **options: object
        ) -> EditorPage:
            server = on or request.getfixturevalue("server")
            tabs.append(borrow(server, name, **{"viewport": WINDOW, **options}))
            return tabs[-1].open(flow).live(state)

        yield open_tab
        assert [complaint for tab in tabs for complaint in tab.complaints] == []


# Somebody whose network can be cut, or is.


@pytest.fixture
def apart(opened: Open, flow_of: Flow, network: Proxy, behind: Server) -> Apart:
    """`alice, bob = apart(nodes, edges)`: a new flow, open to her over `network` and to him with a better one."""

    def open_both(nodes: object, edges: object = ()) -> tuple[EditorPage, EditorPage]:
        flow = flow_of(nodes, edges, on=network)
        return opened("alice", flow, on=network), opened("bob", flow, on=behind)

    return open_both


@pytest.fixture
def renamed(opened: Open, flow_of: Flow, network: Proxy) -> Away:
    """`renamed()`: alice in a flow whose network has gone; she has called Plan Planner since."""

    def rename_offline() -> EditorPage:
        alice = opened("alice", flow_of([PLAN], on=network), on=network)
        lost(network, alice)
        rename(alice, "plan", "Planner")
        return alice

    return rename_offline


@pytest.fixture
def away(opened: Open, flow_of: Flow, network: Proxy) -> Iterator[Away]:
    """`away()`: somebody in a flow whose network has just gone; `away("bob", flow)` in a known one.

    What a page without network complains of is forgiven in the end.
    """
    tabs: list[EditorPage] = []

    def leave(
        name: str = "alice", flow: str = "", nodes: object = NODES, edges: object = EDGES, **options: object
    ) -> EditorPage:
        tab = opened(name, flow or flow_of(nodes, edges, on=network), on=network, **options)
        tabs.append(tab)
        lost(network, tab)
        return tab

    yield leave
    for tab in tabs:
        forgiven(tab)


@pytest.fixture
def drawn(network: Proxy, _kept_tabs: KeptTabs, request: pytest.FixtureRequest) -> Iterator[Draw]:
    """`drawn(nodes, edges)`: a new flow of alice's, opened by her over the bad network; no script may have failed."""
    tabs: list[EditorPage] = []
    with _kept_tabs.borrowed(request.session) as borrow:

        def draw(*nodes_and_edges: object) -> EditorPage:
            tabs.append(borrow(network, "alice", viewport=WINDOW))
            return create(tabs[-1], *nodes_and_edges)

        yield draw
        for tab in tabs:
            forgiven(tab)
        assert [complaint for tab in tabs for complaint in tab.complaints] == []


@pytest.fixture
def device(context_for: Context, network: Proxy) -> Device:
    """`device("alice")`: a browser that keeps pages, behind a network that can be cut."""

    def open_device(name: str, **options: Any) -> BrowserContext:
        context = context_for(name, on=network, worker=True, **{"viewport": WINDOW, **options})
        page = context.new_page()
        page.goto("/")
        page.evaluate(CONTROLLED)
        page.close()
        return context

    return open_device
