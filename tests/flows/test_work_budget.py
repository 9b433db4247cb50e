"""How much one person may have done in the long run: the others' edits are not behind theirs all the time."""

import dataclasses
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.principals import Person, System
from flows.access import Role
from flows.commands import (
    Acked,
    Refused,
    Submission,
    create_flow,
    duplicate_flow,
    import_flow,
    imports,
    replace_graph,
    set_member,
    submit,
    work_budget,
)
from flows.commands.work_budget import BURST_SECONDS, READ, WRITTEN
from flows.models import Flow
from flows.parsing import parse_flow
from flows.rates import count_operations
from flows.submission import parse_graph, parse_operation
from tests.flows.conftest import Ask, move
from tests.flows.counting import Rows
from web.errors import Problem

pytestmark = pytest.mark.django_db

MEMBERS = 40
MOVE = (2 + READ + WRITTEN) * (MEMBERS + 1)
"""What a move of the group costs: everything in it is read from its row, asked for and written."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands at `now`."""
    stands = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(work_budget, "time", SimpleNamespace(monotonic=lambda: stands.now, sleep=time.sleep))
    return stands


@pytest.fixture
def grouped(alice: User, bob: User, clock: SimpleNamespace) -> Flow:
    nodes: list[dict[str, Any]] = [{"id": "g", "kind": "group", "x": 0, "y": 0}]
    nodes += [{"id": f"n{i}", "kind": "agent", "x": i, "y": 0, "parent": "g"} for i in range(MEMBERS)]
    flow = create_flow(Person(alice.pk), parse_flow(title="Grouped", nodes=nodes, edges=[]), via="api")
    set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.EDITOR)
    return flow


@pytest.fixture
def rate(settings: Settings, clock: SimpleNamespace) -> Callable[[int], None]:
    def to(steps: int) -> None:
        settings.HELIX_LIMITS = dataclasses.replace(settings.HELIX_LIMITS, work_steps_per_second=steps)

    return to


def test_at_the_limit_and_one_past_it(
    grouped: Flow, alice: User, ask: Ask, rate: Callable[[int], None], clock: SimpleNamespace
) -> None:
    asked = ask(alice, move("g", 2), client="alices-laptop", seq=2)
    rate(MOVE // BURST_SECONDS)
    assert submit(grouped.pk, [ask(alice, move("g", 1))]).answers == (Acked(2, fresh=True),)
    (refused,) = submit(grouped.pk, [asked]).answers
    assert isinstance(refused, Refused) and refused.code == "rate_limited"

    clock.now += BURST_SECONDS
    assert submit(grouped.pk, [asked]).answers == (Acked(3, fresh=True),), "and nothing was remembered"


def test_with_something_left_one_may_go_on(grouped: Flow, alice: User, ask: Ask, rate: Callable[[int], None]) -> None:
    rate(MOVE // BURST_SECONDS + 1)
    answers = [submit(grouped.pk, [ask(alice, move("g", x))]).answers[0] for x in (1, 2, 3)]
    assert [type(answer) for answer in answers] == [Acked, Acked, Refused]


def test_others_go_on(grouped: Flow, alice: User, bob: User, ask: Ask, rate: Callable[[int], None]) -> None:
    rate(1)
    submit(grouped.pk, [ask(alice, move("g", 1))])
    system = Submission(operation=parse_operation(move("g", 9)), principal=System(), via="system")
    answers = submit(grouped.pk, [ask(alice, move("g", 2)), ask(bob, move("g", 3)), system]).answers
    assert [type(answer) for answer in answers] == [Refused, Acked, Acked]


def test_nothing_is_read_for_who_may_not(grouped: Flow, alice: User, ask: Ask, rate: Callable[[int], None]) -> None:
    rate(1)
    submit(grouped.pk, [ask(alice, move("g", 1))])
    before = work_budget.seconds_to_wait(alice.pk)
    submit(grouped.pk, [ask(alice, move("g", 2))] * 20)
    assert work_budget.seconds_to_wait(alice.pk) == before


def test_what_is_refused_costs_what_it_reads(grouped: Flow, alice: User, ask: Ask, rate: Callable[[int], None]) -> None:
    rate(1)
    outside = move("g", 2_000_000 - 1_000_000)
    answers = [submit(grouped.pk, [ask(alice, outside)]).answers[0] for _ in range(3)]
    assert [answer.code for answer in answers if isinstance(answer, Refused)] == ["invalid", *["rate_limited"] * 2]


def test_a_circle_is_found_without_reading_what_lies_in_it(grouped: Flow, alice: User, ask: Ask) -> None:
    inner = {"kind": "add_node", "node": {"id": "inner", "kind": "group", "x": 0, "y": 0, "parent": "g"}}
    submit(grouped.pk, [ask(alice, inner)])
    with Rows() as rows:
        (refused,) = submit(grouped.pk, [ask(alice, circle("g", "inner"))]).answers
    assert isinstance(refused, Refused) and refused.code == "invalid"
    assert rows.read < 15


def circle(id: str, parent: str) -> dict[str, Any]:
    return {"kind": "edit_node", "id": id, "set": {"parent": parent}}


def test_a_call_says_when_to_come_again(
    grouped: Flow, alice: User, ask: Ask, rate: Callable[[int], None], clock: SimpleNamespace
) -> None:
    rate(5)
    submit(grouped.pk, [ask(alice, move("g", 1))])
    with pytest.raises(Problem) as refused:
        count_operations(alice.pk)
    assert refused.value.code == "rate_limited" and refused.value.retry_after is not None
    clock.now += refused.value.retry_after + 0.1
    count_operations(alice.pk)


def test_making_a_flow_and_copying_one_are_work(
    grouped: Flow, alice: User, rate: Callable[[int], None], clock: SimpleNamespace
) -> None:
    made = WRITTEN * (MEMBERS + 1)
    rate(made // BURST_SECONDS)
    duplicate_flow(Person(alice.pk), grouped.pk, via="api")
    for refused in (
        lambda: duplicate_flow(Person(alice.pk), grouped.pk, via="api"),
        lambda: create_flow(Person(alice.pk), parse_flow(title="One more"), via="api"),
    ):
        with pytest.raises(Problem, match="rate_limited"):
            refused()

    clock.now += BURST_SECONDS
    create_flow(Person(alice.pk), parse_flow(title="One more"), via="api")


def test_what_waited_for_its_turn_is_not_done_once_nothing_is_left(
    grouped: Flow, alice: User, rate: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def turn_after_another_of_hers(actor: int) -> Iterator[None]:
        work_budget.spend(actor, 10**9)
        yield

    monkeypatch.setattr(imports, "turn_to_prepare", turn_after_another_of_hers)
    monkeypatch.setattr(imports, "read_file", None)
    with pytest.raises(Problem, match="rate_limited"):
        import_flow(Person(alice.pk), b"{}", "json")
    submitting = sys.modules[submit.__module__]
    monkeypatch.setattr(submitting, "turn_to_prepare", turn_after_another_of_hers)
    monkeypatch.setattr(submitting, "_prepare", None)
    work_budget.spend(alice.pk, -(10**10))
    graph = replace_graph(Person(alice.pk), grouped.pk, parse_graph({"nodes": [], "edges": []}), version=1, via="api")
    (refused,) = graph.answers
    assert isinstance(refused, Refused) and refused.code == "rate_limited"
