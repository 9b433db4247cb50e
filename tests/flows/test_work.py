"""How much one submission may do, and one transaction: too much is refused as a whole, what is long is parted."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from accounts.principals import Person
from flows.commands import Acked, Receipt, RedoRequest, Refused, UndoRequest, Versioned, commit, create_flow, submit
from flows.document import CreateFlow, Reason
from flows.log import fold, verify_flow
from flows.models import Flow, FlowNode
from flows.parsing import parse_flow
from flows.storage.store import load_document
from tests.flows.conftest import Ask, label, move

pytestmark = pytest.mark.django_db

LOCK = "SELECT id, title, description, version"
MEMBERS = 40
MOVE = 2 * (MEMBERS + 1)
"""Steps of a move of the group: everything in it is read and written."""


@pytest.fixture
def grouped(alice: User) -> Flow:
    nodes: list[dict[str, Any]] = [{"id": "g", "kind": "group", "x": 0, "y": 0}]
    nodes += [{"id": f"n{i}", "kind": "agent", "x": i, "y": 0, "parent": "g"} for i in range(MEMBERS)]
    return create_flow(Person(alice.pk), parse_flow(title="Grouped", nodes=nodes, edges=[]), via="api")


@pytest.fixture
def steps(settings: Settings) -> Callable[[int], None]:
    """Set `WORK_STEPS`."""

    def to(most: int) -> None:
        settings.HELIX_LIMITS = dataclasses.replace(settings.HELIX_LIMITS, work_steps=most)

    return to


def batch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "batch", "operations": list(operations)}


class TestOneSubmission:
    def test_at_the_limit_and_one_past_it(
        self, grouped: Flow, alice: User, ask: Ask, steps: Callable[[int], None]
    ) -> None:
        steps(MOVE - 1)
        before = load_document(grouped.pk)
        asked = ask(alice, move("g", 9), client="alices-laptop", seq=1)
        (refused,) = submit(grouped.pk, [asked]).answers
        assert isinstance(refused, Refused)
        assert (refused.code, refused.reason) == ("limit_reached", Reason.TOO_MUCH_WORK)
        assert load_document(grouped.pk) == before
        assert verify_flow(grouped.pk) == []

        steps(MOVE)
        (again,) = submit(grouped.pk, [asked]).answers
        assert isinstance(again, Refused) and again.reason == Reason.TOO_MUCH_WORK, "a name has one answer"
        assert submit(grouped.pk, [ask(alice, move("g", 9), client="alices-laptop", seq=2)]).answers == (
            Acked(2, fresh=True),
        )

    def test_a_batch_is_undone_as_a_whole_and_the_others_are_done(
        self, grouped: Flow, alice: User, ask: Ask, steps: Callable[[int], None]
    ) -> None:
        steps(5 * MOVE)
        silly = batch(label("n1", "Mine"), *(move("g", x) for x in range(1, 20)))
        receipt = submit(
            grouped.pk, [ask(alice, label("n2", "Two")), ask(alice, silly), ask(alice, label("n3", "Three"))]
        )

        assert [getattr(answer, "code", "acked") for answer in receipt.answers] == ["acked", "limit_reached", "acked"]
        document = load_document(grouped.pk).document
        assert [node.label for id in ("n1", "n2", "n3") if (node := document.node(id))] == ["Agent", "Two", "Three"]
        assert verify_flow(grouped.pk) == []

    def test_in_memory_its_author_is_shown_what_it_names(
        self, grouped: Flow, alice: User, ask: Ask, steps: Callable[[int], None]
    ) -> None:
        steps(MOVE // 4)
        held = load_document(grouped.pk)
        receipt = commit(grouped.pk, [ask(alice, move("g", 9))], graph=Versioned(held.document, held.version))
        (refused,) = receipt.answers
        assert isinstance(refused, Refused) and refused.nodes == {"g"}
        assert held.document == load_document(grouped.pk).document

    def test_an_undo_of_what_was_allowed_is_allowed(
        self, grouped: Flow, alice: User, bob: User, ask: Ask, steps: Callable[[int], None]
    ) -> None:
        steps(6 * MOVE)
        before = load_document(grouped.pk).document
        submit(grouped.pk, [ask(alice, batch(*(move("g", x) for x in range(1, 6))))])
        assert submit(grouped.pk, [ask(alice, UndoRequest())]).version == 3
        assert load_document(grouped.pk).document == before
        assert submit(grouped.pk, [ask(alice, RedoRequest())]).version == 4

    def test_a_long_step_is_taken_back_in_parts(
        self, grouped: Flow, alice: User, ask: Ask, steps: Callable[[int], None]
    ) -> None:
        before = load_document(grouped.pk).document
        for x in range(1, 31):
            submit(grouped.pk, [ask(alice, move("g", x), step="one gesture")])
        steps(40 * MOVE)
        undone = 0
        while isinstance(submit(grouped.pk, [ask(alice, UndoRequest())]).answers[0], Acked):
            undone += 1
        assert 1 < undone < 30
        assert load_document(grouped.pk).document == before
        assert verify_flow(grouped.pk) == []


class TestOneTransaction:
    """Submissions that are much work together are parted, so that others have the lock in between."""

    def test_many_moves_of_a_group(self, grouped: Flow, alice: User, ask: Ask, steps: Callable[[int], None]) -> None:
        steps(2 * MOVE)
        asked = [ask(alice, move("g", x), client="alices-laptop", seq=x) for x in range(1, 8)]
        with CaptureQueriesContext(connection) as queries:
            receipt = submit(grouped.pk, asked)
        locks = [query for query in queries if query["sql"].startswith(LOCK)]

        assert len(locks) == 4
        assert receipt.answers == tuple(Acked(version, fresh=True) for version in range(2, 9))
        assert (receipt.previous, receipt.version, len(receipt.changes)) == (1, 8, 7)
        document = fold(grouped.pk, 1).document
        document.advance(receipt.effect)
        assert document == load_document(grouped.pk).document
        assert [answer.version for answer in submit(grouped.pk, asked).answers] == list(range(2, 9))  # type: ignore[union-attr]

    def test_what_others_do_in_between_is_not_in_the_receipt(
        self, grouped: Flow, alice: User, ask: Ask, steps: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from flows.commands.submit import _joined

        steps(MOVE)
        first = submit(grouped.pk, [ask(alice, move("g", 1))])
        submit(grouped.pk, [ask(alice, label("n1", "Between"))])
        last = submit(grouped.pk, [ask(alice, move("g", 2))])
        whole: Receipt = _joined([first, last])

        assert whole.answers == (*first.answers, *last.answers)
        assert (whole.previous, whole.version, whole.effect, whole.changes) == (3, 4, last.effect, last.changes)

    def test_one_batch_of_little_work_is_one_transaction(self, grouped: Flow, alice: User, ask: Ask) -> None:
        with CaptureQueriesContext(connection) as queries:
            submit(grouped.pk, [ask(alice, move(f"n{i}", 9)) for i in range(MEMBERS)])
        assert len([query for query in queries if query["sql"].startswith(LOCK)]) == 1


def test_a_replaced_graph_is_read_and_checked_before_the_lock(grouped: Flow, alice: User) -> None:
    from flows.commands import replace_graph
    from flows.submission import parse_graph

    nodes = [{"id": f"m{i}", "kind": "agent", "x": i, "y": 0} for i in range(30)]
    with CaptureQueriesContext(connection) as queries:
        receipt = replace_graph(
            Person(alice.pk), grouped.pk, parse_graph({"nodes": nodes, "edges": []}), version=1, via="api"
        )
    statements = [query["sql"] for query in queries]
    lock = max(i for i, sql in enumerate(statements) if sql.startswith(LOCK))  # the first one only looks

    assert receipt.answers == (Acked(2, fresh=True),)
    assert not [sql for sql in statements[lock:] if sql.startswith("SELECT") and "flownode" in sql]
    assert [sql for sql in statements[:lock] if "flownode" in sql]
    assert verify_flow(grouped.pk) == []


def test_a_flow_that_was_nested_too_deep_opens_is_edited_and_taken_apart(
    alice: User, ask: Ask, settings: Settings, client: Any
) -> None:
    limits = settings.HELIX_LIMITS
    settings.HELIX_LIMITS = dataclasses.replace(limits, nesting=500)
    nodes = [
        {"id": f"g{i}", "kind": "group", "x": 0, "y": 0, **({"parent": f"g{i - 1}"} if i else {})} for i in range(400)
    ]
    new = parse_flow(title="Deep", nodes=[*nodes, {"id": "n", "kind": "agent", "x": 0, "y": 0}], edges=[])
    assert isinstance(new, CreateFlow)
    deep = create_flow(Person(alice.pk), new, via="api")
    settings.HELIX_LIMITS = limits
    client.force_login(alice)
    for page in ("", "canvas", "layout.css", "inspector?node=g399"):
        assert client.get(f"/flows/{deep.pk}/{page}").status_code == 200

    def put(id: str, parent: str | None) -> Any:
        return ask(alice, {"kind": "edit_node", "id": id, "set": {"parent": parent}})

    with CaptureQueriesContext(connection) as queries:
        (circle,) = submit(deep.pk, [put("g0", "g399")]).answers
    assert isinstance(circle, Refused) and circle.reason == Reason.GROUP_IN_ITSELF
    assert len(queries) < 15, "its ancestors are read by one query"
    asked = [move("g0", 5), label("n", "Edited"), {"kind": "edit_node", "id": "n", "set": {"parent": "g399"}}]
    receipt = submit(deep.pk, [*(ask(alice, one) for one in asked), put("g50", None), put("g390", "g10")])
    assert [type(answer) for answer in receipt.answers] == [Acked] * 5
    assert FlowNode.objects.get(flow=deep, node_id="g390").parent_id == f"{deep.pk.hex}.g10"
    (deeper,) = submit(deep.pk, [put("g10", "g300")]).answers
    assert isinstance(deeper, Refused) and (deeper.code, deeper.reason) == ("limit_reached", Reason.NESTED_TOO_DEEP)
    assert verify_flow(deep.pk) == []
