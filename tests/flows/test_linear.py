"""What anything costs grows at most as the flow does: no edit, no undo of one, no page.

Work is counted, not timed: rows read and written, statements, and calls of functions. What is done to a flow of a
thousand elements is done to one of three thousand, and may take three times as much of each; by night, of ten thousand.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from cProfile import Profile
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import tokens
from accounts.models import User
from accounts.principals import Person
from flows import limits
from flows.commands import (
    Refused,
    Submission,
    UndoRequest,
    Versioned,
    commit,
    create_flow,
    replace_graph,
    submit,
    work_budget,
)
from flows.commands import undo as undo_module
from flows.commands.undo_budget import UndoBudgets
from flows.log import settle
from flows.models import Flow
from flows.parsing import parse_flow
from flows.storage.store import load_document
from flows.submission import parse_graph, parse_operation
from tests.flows.counting import Rows
from tests.nightly import amount

pytestmark = pytest.mark.django_db

SMALL, LARGE = 1_000, amount(3_000, nightly=10_000)
GROWTH = LARGE / SMALL
FULL_GROWTH, FULL_SLACK, FULL_FEW = 10.0, 1.15, 40
SHARE = (FULL_SLACK - 1) / (FULL_GROWTH - FULL_SLACK)
"""How much of a cost may be quadratic in the small flow without being seen, at any growth: 1.7 %."""
SLACK = (1 + SHARE * GROWTH) / (1 + SHARE)
FEW = round(FULL_FEW * (SLACK - 1) * GROWTH / ((FULL_SLACK - 1) * FULL_GROWTH))
"""Rows, statements and hundreds of calls that do not depend on the flow, and may be a few more or less."""
ROWS_PER_STATEMENT = 400

Operation = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cost:
    """What something asked of the database and of Python."""

    read: int
    written: int
    statements: int
    calls: int

    def excess(self, small: "Cost") -> list[str]:
        """Name what grew more than the flow did."""
        names = ["read", "written", "calls", "statements"]
        room = {"calls": 100 * FEW, "statements": 8 + self.written // ROWS_PER_STATEMENT}
        growth = {"statements": 1.0}
        return [
            f"{name}: {getattr(small, name)} → {getattr(self, name)}"
            for name in names
            if getattr(self, name) > getattr(small, name) * growth.get(name, GROWTH * SLACK) + room.get(name, FEW)
        ]


@contextmanager
def costing() -> Iterator[list[Cost]]:
    """Count what the block costs."""
    found, profiler = list[Cost](), Profile()
    with Rows() as rows, CaptureQueriesContext(connection) as queries:
        profiler.enable()
        try:
            yield found
        finally:
            profiler.disable()
    calls = sum(entry.callcount for entry in profiler.getstats())
    found.append(Cost(rows.read, rows.written, len(queries) - rows.counted, calls))


class Alice:
    """Edits one flow of at most `size` nodes: `members` in one group, connected to one hub, and some two dozen others.

    What grows with the flow is exactly in proportion to `size`, so that no slack is taken up by what does not.
    """

    def __init__(self, alice: User, size: int) -> None:
        self.person, self.members = Person(alice.pk), size * 9 // 10
        self.nodes = [
            {"id": "hub", "kind": "agent", "x": 0, "y": 0},
            {"id": "spare", "kind": "agent", "x": 0, "y": 0},
            {"id": "g", "kind": "group", "x": 0, "y": 0},
            *({"id": f"d{i}", "kind": "group", "x": 0, "y": 0, **_inside(i)} for i in range(20)),
        ]
        self.nodes += [
            {
                "id": f"n{i}",
                "kind": "note" if i % 9 == 0 else "agent",
                "x": i,
                "y": 9,
                "parent": "g",
                "label": f"Node {i}",
            }
            for i in range(self.members)
        ]
        wired = [node["id"] for node in self.nodes if node["kind"] == "agent" and node["id"] not in ("hub", "spare")]
        self.edges = [{"id": f"h-{id}", "source": "hub", "target": id} for id in wired]
        self.edges += [{"id": f"c-{a}", "source": a, "target": b} for a, b in pairwise(wired)]
        new = parse_flow(title="Large", nodes=self.nodes, edges=self.edges)
        with costing() as cost:
            self.flow = create_flow(self.person, new, via="api")
        self.created = cost[0]

    def operations(self) -> dict[str, Operation]:
        some = [f"n{i}" for i in range(1, self.members) if i % 9 % 2][:400]
        return {
            "add_node": {"kind": "add_node", "node": {"id": "new", "kind": "group", "x": 0, "y": 0, "parent": "d19"}},
            "move_node": move("n1"),
            "move a group": move("g"),
            "resize_node": {"kind": "resize_node", "id": "g", "width": 900, "height": 900},
            "edit_node": {"kind": "edit_node", "id": "hub", "set": {"label": "Other", "enabled": False}},
            "edit_node parent": {"kind": "edit_node", "id": "n1", "set": {"parent": "d19"}},
            "edit_node parent of a group": {"kind": "edit_node", "id": "g", "set": {"parent": "d5"}},
            "a circle": {"kind": "edit_node", "id": "d0", "set": {"parent": "d19"}},
            "remove a hub": {"kind": "remove_node", "id": "hub"},
            "remove a group": {"kind": "remove_node", "id": "g"},
            "add_edge": {"kind": "add_edge", "edge": {"id": "e", "source": "hub", "target": "spare"}},
            "edit_edge": {"kind": "edit_edge", "id": "h-n1", "set": {"target": "spare"}},
            "remove_edge": {"kind": "remove_edge", "id": "h-n1"},
            "edit_flow": {"kind": "edit_flow", "set": {"title": "Another"}},
            "move and move back": batch([move("g"), move("g", 0), move("g", 9)]),
            "many moves": batch([move(id) for id in some]),
            "many edges at one node": batch(
                [{"kind": "add_edge", "edge": {"id": f"s{id}", "source": "spare", "target": id}} for id in some]
            ),
            "many edges moved": batch(
                [{"kind": "edit_edge", "id": f"h-{id}", "set": {"source": "spare"}} for id in some]
            ),
            "many removed": batch([{"kind": "remove_node", "id": id} for id in some]),
            "many put elsewhere": batch([{"kind": "edit_node", "id": id, "set": {"parent": "d19"}} for id in some]),
        }

    def replaced(self) -> Any:
        nodes = [{**node, "x": node["x"] + 1} for node in self.nodes]
        graph = parse_graph({"nodes": nodes, "edges": self.edges[1:]})
        version = Flow.objects.values_list("version", flat=True).get(pk=self.flow.pk)
        return lambda: replace_graph(self.person, self.flow.pk, graph, version=version, via="api")

    def submission(self, operation: Any) -> Submission:
        return Submission(operation=operation, principal=self.person, via="api")

    def ask(self, operation: Any, *, in_memory: bool) -> Callable[[], Any]:
        asked = [self.submission(operation)]
        if not in_memory:
            return lambda: submit(self.flow.pk, asked)
        loaded = load_document(self.flow.pk)
        return lambda: commit(self.flow.pk, asked, graph=Versioned(loaded.document, loaded.version))


def _inside(i: int) -> dict[str, str]:
    return {"parent": f"d{i - 1}"} if i else {}


def move(id: str, x: float = 5) -> Operation:
    return {"kind": "move_node", "id": id, "x": x, "y": 5}


def batch(operations: list[Operation]) -> Operation:
    return {"kind": "batch", "operations": operations}


def cost_of(act: Callable[[], Any]) -> tuple[Cost, Any]:
    with costing() as cost:
        result = act()
    return cost[0], result


@pytest.mark.parametrize(("small", "in_memory"), [(SMALL, False), (SMALL // 4, True)], ids=["over rows", "in memory"])
def test_every_edit_and_its_undo(
    alice: User, small: int, in_memory: bool, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(work_budget, "exhausted", lambda _: frozenset())  # what it costs is asked, not how often
    monkeypatch.setattr(work_budget, "pause", lambda _: 0.0)
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, lock_steps=100)  # the small one is prepared as well
    large = small * LARGE // SMALL
    costs = {size: _costs_of_edits(Alice(alice, size), in_memory, monkeypatch) for size in (small, large)}

    wrong = {name: found for name, cost in costs[large].items() if (found := cost.excess(costs[small][name]))}
    assert not wrong
    assert costs[large]["move_node"].read < 10 and costs[large]["move a group"].written > large * 0.9


def _costs_of_edits(alice: Alice, in_memory: bool, monkeypatch: pytest.MonkeyPatch) -> dict[str, Cost]:
    costs = {"create_flow": alice.created}
    before = load_document(alice.flow.pk).document
    edits = {name: alice.ask(parse_operation(one), in_memory=in_memory) for name, one in alice.operations().items()}
    for name in [*edits, "replace_graph"]:
        monkeypatch.setattr(undo_module, "_budgets", UndoBudgets())
        act = alice.replaced() if name == "replace_graph" else edits[name]
        if in_memory and name != "replace_graph":  # the flow has moved on
            act = alice.ask(parse_operation(alice.operations()[name]), in_memory=True)
        costs[name], receipt = cost_of(act)
        (answer,) = receipt.answers
        assert isinstance(answer, Refused) == (name == "a circle"), (name, answer)
        if isinstance(answer, Refused):
            continue
        costs[f"undo {name}"], receipt = cost_of(alice.ask(UndoRequest(), in_memory=in_memory))
        assert receipt.version > receipt.previous, (name, receipt.answers)
        assert receipt.effect.nodes or receipt.effect.edges or receipt.effect.flow
        assert alice.members > SMALL or load_document(alice.flow.pk).document == before, name
    settle()
    return costs


def test_every_page_and_reading(alice: User) -> None:
    costs = {size: _costs_of_pages(Alice(alice, size), alice) for size in (SMALL, LARGE)}

    wrong = {name: found for name, cost in costs[LARGE].items() if (found := cost.excess(costs[SMALL][name]))}
    assert not wrong
    assert costs[LARGE]["canvas"].read > LARGE


def _costs_of_pages(alice: Alice, user: User) -> dict[str, Cost]:
    browser, access = Client(), tokens.issue(user).access
    browser.force_login(user)
    program = Client(headers={"Authorization": f"Bearer {access}"})
    page, rest = f"/flows/{alice.flow.pk}", f"/api/v1/flows/{alice.flow.pk}"
    submit(alice.flow.pk, [alice.submission(parse_operation(move("g", 77)))])
    pages = {
        "library": (browser, "/"),
        "editor": (browser, f"{page}/"),
        "layout": (browser, f"{page}/layout.css"),
        "canvas": (browser, f"{page}/canvas"),
        "members": (browser, f"{page}/members"),
        "inspector": (browser, f"{page}/inspector"),
        "inspector of the hub": (browser, f"{page}/inspector?node=hub"),
        "inspector of a group": (browser, f"{page}/inspector?node=g"),
        "inspector of an edge": (browser, f"{page}/inspector?edge=h-n1"),
        "REST flows": (program, "/api/v1/flows"),
        "REST flow": (program, rest),
        "REST changes": (program, f"{rest}/changes"),
        "REST members": (program, f"{rest}/members"),
        "REST session": (program, f"{rest}/session"),
    }
    for client, address in pages.values():  # what is made once in a process is no part of it
        assert client.get(address).status_code == 200, address
    return {name: cost_of(partial(client.get, address))[0] for name, (client, address) in pages.items()}


def test_more_than_linear_is_seen() -> None:
    small = Cost(10_000, 10_000, 10, 1_000_000)
    rows, calls = int(10_000 * GROWTH), int(1_000_000 * GROWTH)

    assert not Cost(rows, rows, 12, calls).excess(small)
    assert Cost(2 * rows, rows, 10, calls).excess(small)
    assert Cost(rows, 2 * rows, 10, calls).excess(small)
    assert Cost(rows, rows, 10, 2 * calls).excess(small)
    assert Cost(rows, rows, 120, calls).excess(small)
    assert limits.current().nodes >= LARGE


def test_a_fortieth_that_is_quadratic_is_seen() -> None:
    """Forty calls for each element; with `looks`, one more for each thousand of the others."""

    def cost(size: int, *, looks: bool) -> Cost:
        def act() -> None:
            for _ in range(size * (40 + (size // SMALL if looks else 0))):
                len("")

        return cost_of(act)[0]

    assert not cost(LARGE, looks=False).excess(cost(SMALL, looks=False))
    assert cost(LARGE, looks=True).excess(cost(SMALL, looks=True))
