"""A large flow's markup is kept in compressed pieces: an edit has one piece rendered again, and all has its bound."""

from dataclasses import replace
from typing import Any

import pytest

from flows.document import Document, Edge, FlowProperties, Node
from flows.rendering import fragment_cache, layers, whole
from flows.rendering.fragment_cache import PackedCache


def document(nodes: list[Node], edges: list[Edge]) -> Document:
    return Document(FlowProperties("Large", ""), nodes, edges)


@pytest.fixture
def nodes() -> list[Node]:
    """A few pieces of nodes, one of them a group that holds another."""
    made = [Node(f"n{i}", "agent", i, 0.5, 200, 80, f"Step {i}", "", "#336699", None, True, {}) for i in range(350)]
    return [*made, Node("g", "group", 0, 0, 400, 300, "Group", "", "#336699", None, True, {})]


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Take any flow for a large one, keep nothing from before, and note how many elements each piece renders."""
    pieces: list[int] = []
    render = layers._unkept

    def noted(one: Any, elements: list[Any]) -> bytes:
        pieces.append(len(elements))
        return render(one, elements)

    monkeypatch.setattr(layers, "MOST_KEPT", 0)
    monkeypatch.setattr(fragment_cache, "_packed", PackedCache())
    monkeypatch.setattr(layers, "_unkept", noted)
    return pieces


def test_the_same_as_from_fragments(nodes: list[Node], rendered: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    edges = [Edge("e", "n1", "n2", "out", "in", "then")]
    first, second = whole(document(nodes, edges)), whole(document(nodes, edges))
    monkeypatch.setattr(layers, "MOST_KEPT", 2_000)
    assert first == second == whole(document(nodes, edges))


def test_each_piece_is_rendered_once_and_again_when_it_shows_something_else(
    nodes: list[Node], rendered: list[int]
) -> None:
    whole(document(nodes, []))
    assert sorted(rendered) == [1, 50, 100, 100, 100]

    rendered.clear()
    whole(document(nodes, []))
    assert rendered == []

    nodes[120] = nodes[120].at(7, 7)
    assert b"Step 120" in whole(document(nodes, []))
    assert rendered == [100]

    rendered.clear()
    nodes[10] = nodes[10].edited({"parent": "g"})
    whole(document(nodes, []))
    assert sorted(rendered) == [1, 100], "the group tells how many it holds"

    rendered.clear()
    nodes[10] = nodes[10].edited({"settings": {"temperature": 1}})
    changed = replace(nodes[10], settings={"temperature": True})
    whole(document(nodes, []))
    nodes[10] = changed
    whole(document(nodes, []))
    assert rendered == [100, 100], "1 is not true"


def test_fragments_of_a_large_flow_are_not_kept(nodes: list[Node], rendered: list[int]) -> None:
    cache = layers.node_html.__closure__
    assert cache is not None
    (known,) = [cell.cell_contents for cell in cache if isinstance(cell.cell_contents, fragment_cache.FragmentCache)]
    fresh = [replace(node, label=f"Unseen {node.id}") for node in nodes]
    before = len(known)
    whole(document(fresh, []))
    assert len(known) == before


def test_room_is_bounded_and_what_was_not_asked_for_longest_goes() -> None:
    cache = PackedCache(room=3 * 1_256)
    for name in (b"a", b"b", b"c"):
        cache.put(name, bytes(1_000))
    assert cache.get(b"a") is not None
    cache.put(b"d", bytes(1_000))
    assert [name for name in (b"a", b"b", b"c", b"d") if cache.get(name) is None] == [b"b"]
    cache.put(b"d", bytes(1_001))
    assert [name for name in (b"a", b"c", b"d") if cache.get(name) is None] == [b"a"]
    cache.put(b"e", bytes(4_000))
    assert not any(cache.get(name) for name in (b"c", b"d", b"e")), "one that is larger than the room is not kept"
