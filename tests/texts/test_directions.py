"""People write from right to left too: whatever shows or takes their words follows those, not the page."""

import re

import pytest

from accounts.models import User
from accounts.principals import Person
from flows.commands import create_flow
from flows.document import Edge, Node
from flows.models import Flow
from flows.parsing import parse_flow
from flows.rendering import label_html, node_html
from tests.document.cast import a_node
from tests.pages.conftest import Enter

HEBREW = "תכנון הטיול"
OWN = re.compile(rf"<(\w+)([^<>]*)>\s*{HEBREW}")


@pytest.fixture
def hebrew(alice: User) -> Flow:
    alice.name = HEBREW
    alice.save()
    nodes = [
        {"id": "a", "kind": "agent", "x": 0, "y": 0, "label": HEBREW, "description": HEBREW},
        {"id": "b", "kind": "note", "x": 300, "y": 0, "label": HEBREW, "settings": {"text": HEBREW}},
    ]
    edges = [{"id": "e", "source": "a", "target": "c", "label": HEBREW}]
    nodes.append({"id": "c", "kind": "decision", "x": 600, "y": 0, "settings": {"branches": [HEBREW]}})
    record = parse_flow(title=HEBREW, description=HEBREW, nodes=nodes, edges=edges)
    return create_flow(Person(alice.pk), record, via="page")


def undirected(html: str) -> list[str]:
    """Return the elements whose text is a person's and whose direction is the page's."""
    shown = [f"<{tag}{rest}>" for tag, rest in OWN.findall(html) if not is_directed(tag, rest)]
    taken = [tag for tag in re.findall(r"<(?:input|textarea)[^<>]*>", html) if HEBREW in tag]
    return shown + [tag for tag in taken if 'dir="auto"' not in tag and 'type="hidden"' not in tag]


def is_directed(tag: str, attributes: str) -> bool:
    """Whether it says so itself; a title, a note's paragraph and a card's link lie in what does."""
    inside = tag == "title" or (tag == "p" and not attributes) or 'class="card-link"' in attributes
    return inside or tag == "bdi" or 'dir="auto"' in attributes


@pytest.mark.parametrize(
    "path", ["", "?node=a", "?edge=e", "inspector?node=b", "inspector?nodes=a,b", "rename", "members"]
)
def test_words_on_a_page_of_a_flow_keep_their_direction(hebrew: Flow, alice: User, enter: Enter, path: str) -> None:
    html = enter(alice).get(f"/flows/{hebrew.pk}/{path}").content.decode()
    assert HEBREW in html
    assert undirected(html) == []


@pytest.mark.parametrize("path", ["/", f"/?q={HEBREW}", "/?q=zzz"])
def test_words_in_the_library_keep_their_direction(hebrew: Flow, alice: User, enter: Enter, path: str) -> None:
    html = enter(alice).get(path).content.decode()
    assert HEBREW in html
    assert undirected(html) == []


def test_words_on_the_canvas_keep_their_direction() -> None:
    node: Node = a_node(kind="decision", label=HEBREW, settings={"branches": [HEBREW], "expression": HEBREW + "?"})
    html = node_html(node)
    for name in ("node-label", "node-second", "branch-name"):
        assert re.search(rf'class="{name}"[^<>]* dir="auto"', html)
    assert 'class="note-text" dir="auto"' in node_html(a_node(kind="note", settings={"text": HEBREW}))
    assert 'dir="auto"' in label_html(Edge("e", "a", "b", label=HEBREW))


def test_what_has_no_direction_is_found() -> None:
    assert undirected(f'<h2>{HEBREW}</h2><h2 dir="auto">{HEBREW}</h2><bdi>{HEBREW}</bdi>') == ["<h2>"]
    assert undirected(f'<input value="{HEBREW}">') == [f'<input value="{HEBREW}">']
