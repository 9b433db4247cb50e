"""What lies on top is the same in every page, however it got there: patched step by step, or freshly loaded."""

from random import Random
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import EditorPage

ORDER = """() => Object.fromEntries(["groups", "edges", "labels", "nodes"].map((name) =>
  [name, Array.from(document.querySelector(`[data-layer=${name}]`).children, ({ id }) => id)]))"""
TEXT = f"JSON.stringify(({ORDER})())"
UNDO = """async (path) => {
  const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
  await fetch(path, {method: "POST", headers: {"X-CSRFToken": token}});
}"""


def node(id: str, kind: str = "agent", **more: object) -> dict[str, object]:
    return {"id": id, "kind": kind, "x": 100, "y": 100, "label": id, **more}


def same_as_fresh(tab: EditorPage, other: EditorPage) -> None:
    """Both show the same elements, each in its layer and its place."""
    tab.page.wait_for_function(f"(fresh) => {TEXT} === fresh", arg=other.page.evaluate(TEXT))


def test_a_frame_around_a_frame_lies_below_it_at_once(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([node("a", x=200, y=200)]))
    alice.operate(
        {"kind": "add_node", "node": node("inner", "group", x=150, y=150, width=300, height=200)},
        {"kind": "edit_node", "id": "a", "set": {"parent": "inner"}},
    )
    expect(alice.page.locator("#n-a[data-parent=inner]")).to_be_attached()
    alice.operate(
        {"kind": "add_node", "node": node("outer", "group", x=100, y=100, width=600, height=400)},
        {"kind": "edit_node", "id": "inner", "set": {"parent": "outer"}},
    )
    expect(alice.page.locator("#n-inner[data-parent=outer]")).to_be_attached()

    layers = alice.page.evaluate(ORDER)
    assert layers["groups"] == ["n-outer", "n-inner"]
    alice.page.locator("#n-inner").click(position={"x": 250, "y": 20})
    expect(alice.page.locator("#n-inner[data-selected]")).to_be_attached()


def test_a_note_lies_behind_what_stands_on_it(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([node("a", x=200, y=200), node("frame", "group", x=0, y=0, width=900, height=700)]))
    small, large = ((id, {"x": 150, "y": 150, "width": width, "height": 300}) for id, width in (("s", 300), ("l", 500)))
    for id, place in (small, large):
        alice.operate({"kind": "add_node", "node": node(id, "note", **place)})
        expect(alice.page.locator(f"#n-{id}")).to_be_attached()

    layers = alice.page.evaluate(ORDER)
    assert (layers["groups"], layers["nodes"]) == (["n-frame", "n-l", "n-s"], ["n-a"])
    alice.page.locator("#n-a").click()
    expect(alice.page.locator("#n-a[data-selected]")).to_be_attached()
    same_as_fresh(alice, opened("bob", alice.flow))


def test_what_is_added_together_lies_in_the_order_in_which_it_was_added(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([node("m")]))
    batch = [{"kind": "add_node", "node": node(id)} for id in ("z", "b", "y", "a")]
    alice.operate({"kind": "batch", "operations": batch})
    expect(alice.nodes).to_have_count(5)
    assert alice.page.evaluate(ORDER)["nodes"] == ["n-m", "n-z", "n-b", "n-y", "n-a"]


def test_an_edge_keeps_its_place_when_its_end_moves(flow_of: Flow, opened: Open) -> None:
    edges = [{"id": "e2", "source": "a", "target": "b"}, {"id": "e1", "source": "b", "target": "c"}]
    flow = flow_of([node("a"), node("b"), node("c")], edges)
    alice = opened("alice", flow)
    alice.operate({"kind": "edit_edge", "id": "e2", "set": {"target": "c"}})
    expect(alice.page.locator("#e-e2[data-target=c]")).to_be_attached()
    assert opened("alice", flow).page.evaluate(ORDER)["edges"] == ["e-e2", "e-e1"]
    assert alice.page.evaluate(ORDER)["edges"] == ["e-e2", "e-e1"]


class Chance:
    """Operations by chance, most of which can be done."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.nodes = ["a", "b", "c"]
        self.groups: list[str] = []
        self.count = 0

    def next(self) -> list[dict[str, Any]]:
        """Return the operations of one call."""
        return [getattr(self, self.random.choice(("add", "group", "edit", "connect", "remove", "home", "resize")))()]

    def add(self) -> dict[str, Any]:
        ids = self.new("n") + self.new("n")
        self.nodes += ids
        return {"kind": "batch", "operations": [{"kind": "add_node", "node": node(id)} for id in ids]}

    def group(self) -> dict[str, Any]:
        (id,) = self.new("g")
        self.groups.append(id)
        size = {"width": self.random.randrange(200, 900), "height": self.random.randrange(200, 700)}
        some = self.random.sample(self.nodes + self.groups[:-1], 1)
        home = [{"kind": "edit_node", "id": one, "set": {"parent": id}} for one in some]
        return {"kind": "batch", "operations": [{"kind": "add_node", "node": node(id, "group", **size)}, *home]}

    def edit(self) -> dict[str, Any]:
        return {"kind": "edit_node", "id": self.any(), "set": {"label": f"label {self.count}"}}

    def connect(self) -> dict[str, Any]:
        (id,) = self.new("e")
        source, target = self.random.sample(self.nodes, 2)
        return {"kind": "add_edge", "edge": {"id": id, "source": source, "target": target, "label": id}}

    def remove(self) -> dict[str, Any]:
        return {"kind": "remove_node", "id": self.any()}

    def home(self) -> dict[str, Any]:
        parent = self.random.choice([*self.groups, None])
        return {"kind": "edit_node", "id": self.any(), "set": {"parent": parent}}

    def resize(self) -> dict[str, Any]:
        size = {"width": self.random.randrange(200, 900), "height": self.random.randrange(200, 700)}
        return {"kind": "resize_node", "id": self.any(), **size}

    def any(self) -> str:
        return self.random.choice(self.nodes + self.groups * 2)

    def new(self, letter: str) -> list[str]:
        self.count += 1
        return [f"{self.random.choice('abcxyz')}{letter}{self.count}"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_patched_page_reads_as_one_freshly_loaded(flow_of: Flow, opened: Open, seed: int) -> None:
    flow = flow_of([node("a"), node("b"), node("c")])
    alice, chance = opened("alice", flow), Chance(seed)
    for _ in range(40):
        alice.operate(*chance.next())
        if chance.random.random() < 0.2:
            alice.page.evaluate(UNDO, f"/api/v1/flows/{flow}/undo")
    same_as_fresh(alice, opened("alice", flow))
