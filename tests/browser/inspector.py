"""The inspector as a person uses it, on a flow of alice's that has something to inspect."""

from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.api import Api
from tests.browser.editor_page import EditorPage

NODES = [
    {"id": "a", "kind": "agent", "x": 0, "y": 0, "label": "Plan", "settings": {"temperature": 0.2, "model": "m-1"}},
    {"id": "b", "kind": "agent", "x": 200, "y": 0, "label": "Tell", "description": "At last"},
    {"id": "c", "kind": "api", "x": 400, "y": 0, "label": "Call", "settings": {"params": {"q": [1, {"r": None}]}}},
]
EDGES = [{"id": "e", "source": "a", "target": "b", "label": "then"}]
BLANKS_ARE_HERE = "() => performance.getEntriesByType('resource').some(({name}) => name.includes('/flows/inspectors'))"


def create(tab: EditorPage, nodes: object = NODES, edges: object = EDGES) -> EditorPage:
    """Open a new flow, and wait until the form needs nobody to be asked."""
    body = {"title": "Typed", "description": "By hand", "nodes": nodes, "edges": edges}
    tab.open(str(Api(tab.page.context).call("POST", "/flows", body)["id"])).live()
    tab.page.wait_for_function(BLANKS_ARE_HERE)
    return tab


def node_of(tab: EditorPage, id: str) -> dict[str, Any]:
    return next(node for node in tab.settled().stored()["nodes"] if node["id"] == id)


def form_of(tab: EditorPage, id: str) -> Locator:
    return tab.page.locator(f'[data-inspector-form][data-node="{id}"]')


def choose(tab: EditorPage, id: str) -> EditorPage:
    """Select a node, and wait for its form: until then the flow's is there, which has a description too."""
    tab.page.locator(f"#n-{id} .node-second").click()
    expect(form_of(tab, id)).to_be_visible()
    return tab


def choose_called(tab: EditorPage, label: str) -> EditorPage:
    return choose(tab, str(tab.node(label).get_attribute("data-node-id")))


def error_of(tab: EditorPage, name: str) -> Locator:
    return tab.page.locator(f'[data-field="{name}"] [data-field-error]')


def compose(tab: EditorPage, text: str) -> None:
    """Type text that an input method has not let go of yet."""
    devtools = tab.page.context.new_cdp_session(tab.page)
    for end in range(1, len(text) + 1):
        devtools.send("Input.imeSetComposition", {"text": text[:end], "selectionStart": end, "selectionEnd": end})
