"""Three people work on one flow for a while; each undoes ten steps and redoes ten, and the flow is as it was before.

They move and name the same nodes, over each other's places and words, and delete what somebody else has moved. Whatever
one of them takes back, no property whose last writer was somebody else is written: that is read off the log.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.editor_page import EditorPage
from tests.browser.views import expect_agreement

Flow = Callable[..., str]
SEED, ROUNDS, STEPS = 5, 16, 10
NAMES = ("alice", "bob", "vera")
SHARED = [
    {"id": f"s{number}", "kind": "agent", "x": 200 * number, "y": 0, "label": f"s{number}"} for number in range(4)
]
OWN = [{"id": name, "kind": "skill", "x": 200 * at, "y": -160, "label": name} for at, name in enumerate(NAMES)]
SPARE = [{"id": f"{name}2", "kind": "skill", "x": 200 * at, "y": -280, "label": "x"} for at, name in enumerate(NAMES)]
LINKS = [{"id": f"e-{name}", "source": f"{name}2", "target": "s0"} for name in NAMES]


class Hand:
    """One of the three, with a chance of their own."""

    def __init__(self, name: str, tab: EditorPage) -> None:
        self.name, self.tab, self.page = name, tab, tab.page
        self.chance = random.Random(f"{SEED} {name}")
        self.steps = 0

    def work(self) -> None:
        """Make one step."""
        self.steps += 1
        act = (
            self.delete if self.steps == ROUNDS - 2 else self.chance.choice([self.nudge, self.rename, *[self.drag] * 3])
        )
        act()
        self.page.keyboard.press("Escape")
        self.tab.settled()

    def nudge(self) -> None:
        self.select(self.somewhere())
        self.page.keyboard.press(self.chance.choice(["ArrowDown", "Shift+ArrowDown"]))

    def rename(self) -> None:
        self.select(self.somewhere())
        self.page.keyboard.press("F2")
        self.page.keyboard.type(f"{self.name}{self.steps}")
        self.page.keyboard.press("Enter")

    def drag(self) -> None:
        x, y = self.tab.centre(self.page.locator(f"#n-{self.somewhere()} .node-second"))
        self.page.keyboard.down("Control")
        self.tab.drag((x, y), (x, y + self.chance.choice([-16, 16, 24])))
        self.page.keyboard.up("Control")

    def delete(self) -> None:
        self.select(f"{self.name}2")
        self.page.keyboard.press("Delete")
        expect(self.page.locator(f"#n-{self.name}2")).to_have_count(0)

    def somewhere(self) -> str:
        return self.chance.choice([self.name, self.name, f"s{self.chance.randrange(4)}"])

    def select(self, id: str) -> None:
        self.page.locator(f"#n-{id} .node-second").click()
        expect(self.page.locator(f"#n-{id}[data-selected]")).to_be_visible()

    def press(self, keys: str) -> None:
        self.page.keyboard.press(keys)
        self.tab.settled()


def test_ten_undone_and_ten_redone_by_each_of_three_leave_the_flow_as_it_was(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([*SHARED, *OWN, *SPARE], LINKS)
    alice = opened("alice", flow)
    vera = next(one["id"] for one in alice.call("GET", f"/flows/{flow}/members")["items"] if one["name"] == "Vera")
    alice.call("PATCH", f"/flows/{flow}/members/{vera}", {"role": "editor"})
    hands = [Hand("alice", alice), Hand("bob", opened("bob", flow)), Hand("vera", opened("vera", flow))]
    for _ in range(ROUNDS):
        for hand in hands:
            hand.work()
    before = document(alice)

    for _ in range(STEPS):
        for hand in hands:
            hand.press("Control+z")
    undone = document(alice)
    for _ in range(STEPS):
        for hand in hands:
            hand.press("Control+Shift+z")

    assert undone != before
    assert document(alice) == before
    expect_nobody_elses_edit_changed(alice)
    made = Counter((change["via"], change["actor"]["name"]) for change in changes(alice))
    assert {made[via, name.title()] for via in ("undo", "redo") for name in NAMES} == {STEPS}
    expect_agreement(*(hand.tab for hand in hands))


def document(tab: EditorPage) -> Any:
    stored = tab.stored()
    return [sorted(stored[what], key=lambda element: element["id"]) for what in ("nodes", "edges")]


def changes(tab: EditorPage) -> Any:
    return tab.call("GET", f"/flows/{tab.flow}/changes?limit=1000")["items"]


def expect_nobody_elses_edit_changed(tab: EditorPage) -> None:
    """Walk the log: what an undo or redo writes was last written by the same person."""
    writer: dict[tuple[str, str], str] = {}
    for change in changes(tab):
        for what in written(change["operation"]):
            last = writer.get(what, change["actor"]["name"])
            if change["via"] in ("undo", "redo"):
                assert last == change["actor"]["name"], (change, what)
            writer[what] = change["actor"]["name"]


def written(operation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What an operation writes: an element's existence, or one of its properties."""
    match operation["kind"]:
        case "batch":
            for part in operation["operations"]:
                yield from written(part)
        case "move_node":
            yield operation["id"], "place"
        case "edit_node":
            yield from ((operation["id"], name) for name in operation["set"])
        case "add_node" | "remove_node" | "add_edge" | "remove_edge" as kind:
            element = operation.get("node") or operation.get("edge") or operation
            yield f"{kind[-4:]} {element['id']}", "existence"
