"""The log cannot be changed, is read in order, and whatever does not agree with it is found."""

import uuid
from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.principals import Person
from flows import log
from flows.commands import create_flow, delete_flow, submit
from flows.document import CreateFlow, MoveNode
from flows.errors import NotFound
from flows.log import (
    Author,
    changes_since,
    document_at,
    entries,
    fold,
    snapshots,
    verification,
    verify_all,
    verify_flow,
)
from flows.log.snapshots import take_snapshot
from flows.models import Change, Flow, FlowEdge, FlowNode, Snapshot
from flows.parsing import parse_flow
from flows.storage.store import load_document
from tests.flows.conftest import EDGES, NODES, Ask, label, move
from tests.flows.log_triggers import unlocked_log

pytestmark = pytest.mark.django_db

EVERY = log.SNAPSHOT_EVERY


class TestAppendOnly:
    """Nobody changes what was logged, not even with SQL."""

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE flows_change SET operation = '{}'",
            "UPDATE flows_change SET actor_id = NULL WHERE version = 1",
            "DELETE FROM flows_change",
            "DELETE FROM flows_change WHERE version = 1",
            *(["TRUNCATE flows_change CASCADE"] if connection.vendor == "postgresql" else []),
        ],
    )
    def test_the_database_refuses(self, flow: Flow, statement: str) -> None:
        connection.check_constraints()
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
        assert verify_flow(flow.pk) == []

    def test_the_orm_is_refused_too(self, flow: Flow) -> None:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Change.objects.filter(flow=flow).update(via="api")

    def test_a_person_with_changes_cannot_be_deleted(self, flow: Flow, alice: User) -> None:
        with pytest.raises(ProtectedError):
            alice.delete()


class TestReading:
    """Entries come ascending, with all that is known of them."""

    def test_nothing_of_an_unknown_flow(self, alice: User) -> None:
        assert changes_since(uuid.uuid4(), 0, 10) == []

    def test_entries_after_a_version(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, move("plan", 1), seq=7), ask(None, move("plan", 2), via="system")])
        first, second, third = changes_since(flow.pk, 0, 10)
        assert isinstance(first.record, CreateFlow) and len(first.record.nodes) == len(NODES)
        assert (first.via, first.inverse) == ("api", None)
        assert second.record == MoveNode("plan", 1, 0) and second.wire == move("plan", 1)
        assert (second.actor, second.client, second.seq, second.via) == (
            Author(alice.pk, "Alice"),
            "tab-of-hers",
            7,
            "socket",
        )
        assert second.inverse == '{"id":"plan","kind":"move_node","x":0,"y":0}'
        assert third.actor is None and third.head.actor is None
        assert [change.version for change in changes_since(flow.pk, 1, 1)] == [2]
        assert changes_since(flow.pk, 3) == []

    def test_it_is_one_query(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        submit(flow.pk, [ask((alice, bob)[i % 2], move("plan", i + 1)) for i in range(20)])
        with CaptureQueriesContext(connection) as queries:
            assert len(changes_since(flow.pk, 0, 100)) == 21
        assert len(queries) == 1

    def test_an_older_version(self, flow: Flow, alice: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, move("plan", x)) for x in (5, 6, 7)])
        assert [document_at(flow.pk, version).node("plan").x for version in (1, 2, 3, 4)] == [0, 5, 6, 7]  # type: ignore[union-attr]
        with pytest.raises(NotFound):
            document_at(flow.pk, 5)


class TestSnapshots:
    """Every 200 versions the fold is kept, made from the log alone."""

    def test_looking_back_begins_at_the_last_one(self, flow: Flow, alice: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, move("plan", x + 1)) for x in range(EVERY + 50)])
        take_snapshot(flow.pk, EVERY)
        assert verify_flow(flow.pk) == []
        with CaptureQueriesContext(connection) as queries:
            assert (node := document_at(flow.pk, EVERY + 2).node("plan")) and node.x == EVERY + 1
        assert f'"version" > {EVERY}' in queries[1]["sql"]
        assert document_at(flow.pk, EVERY - 1) != document_at(flow.pk, EVERY)

    def test_one_is_made_of_the_one_before(self, flow: Flow, alice: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, move("plan", x + 1)) for x in range(2 * EVERY)])
        take_snapshot(flow.pk, EVERY)
        with CaptureQueriesContext(connection) as queries:
            take_snapshot(flow.pk, 2 * EVERY)
        assert not any("flownode" in query["sql"] for query in queries)
        assert verify_flow(flow.pk) == []
        assert fold(flow.pk).document == load_document(flow.pk).document

    def test_a_version_that_is_not_there_gets_none(self, flow: Flow) -> None:
        take_snapshot(flow.pk, EVERY)
        assert not Snapshot.objects.exists()

    def test_making_one_twice_changes_nothing(self, flow: Flow, alice: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, move("plan", x + 1)) for x in range(EVERY)])
        take_snapshot(flow.pk, EVERY)
        take_snapshot(flow.pk, EVERY)
        assert Snapshot.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_it_is_made_after_the_commit(
        self, flow: Flow, alice: User, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshots, "_PAUSES", 0)
        monkeypatch.setattr(snapshots._Pace, "not_before", 0.0)
        for first in range(0, 2 * EVERY, 90):
            submit(flow.pk, [ask(alice, move("plan", x + 1)) for x in range(first, first + 90)])
            log.settle()
        assert list(Snapshot.objects.order_by("version").values_list("version", flat=True)) == [EVERY, 2 * EVERY]
        assert verify_flow(flow.pk) == []


def change_log(**fields: object) -> Callable[[Flow], None]:
    def damage(flow: Flow) -> None:
        with unlocked_log():
            Change.objects.filter(flow=flow, version=3).update(**fields)

    return damage


def lose_from_log(version: int) -> Callable[[Flow], None]:
    def damage(flow: Flow) -> None:
        with unlocked_log():
            Change.objects.filter(flow=flow, version=version).delete()

    return damage


def change_flow(**fields: object) -> Callable[[Flow], None]:
    return lambda flow: change(Flow.objects.filter(pk=flow.pk), **fields)


def change_node(**fields: object) -> Callable[[Flow], None]:
    return lambda flow: change(FlowNode.objects.filter(flow=flow, node_id="plan"), **fields)


def change(rows: object, **fields: object) -> None:
    assert rows.update(**fields) == 1  # type: ignore[attr-defined]


def lose(rows: object) -> None:
    assert rows.delete()[0] == 1  # type: ignore[attr-defined]


def copy_node(flow: Flow) -> None:
    node = FlowNode.objects.get(flow=flow, node_id="extra")
    node.pk, node.node_id = f"{flow.pk.hex}.copy", "copy"
    node.save(force_insert=True)


DAMAGE: dict[str, tuple[Callable[[Flow], None], str]] = {
    "an operation rewritten": (change_log(operation='{"id":"plan","kind":"move_node","x":9,"y":9}'), "version 3"),
    "an author rewritten": (change_log(actor=None), "version 3: the digest"),
    "an inverse rewritten": (change_log(inverse=None), "version 3: the digest"),
    "a digest rewritten": (change_log(digest="0" * 64), "version 3: the digest"),
    "an operation that is none": (change_log(operation="no JSON"), "cannot be folded"),
    "a version lost": (lose_from_log(3), "version 3: missing"),
    "the last version lost": (lose_from_log(5), "version: stored 5, by the log 4"),
    "another version": (change_flow(version=9), "version: stored 9"),
    "another digest": (change_flow(digest="0" * 64), "digest: stored"),
    "another title": (change_flow(title="Mine"), "title: stored 'Mine'"),
    "another description": (change_flow(description="Mine"), "description: stored"),
    "another search text": (change_flow(search_text="mine"), "search text: stored"),
    "another count of nodes": (change_flow(node_count=1), "node count: stored 1, by the log 5"),
    "another count of edges": (change_flow(edge_count=1), "edge count: stored 1, by the log 2"),
    "a node moved": (change_node(x=0.01), "node plan: stored otherwise"),
    "a node's setting changed": (change_node(settings={"temperature": 1}), "node plan: stored otherwise"),
    "a node freed": (
        lambda flow: change(FlowNode.objects.filter(flow=flow, node_id="send"), parent=None),
        "node send: stored otherwise",
    ),
    "an edge lost": (lambda flow: lose(FlowEdge.objects.filter(flow=flow, edge_id="e1")), "edge e1: by the log, but"),
    "a node lost": (
        lambda flow: lose(FlowNode.objects.filter(flow=flow, node_id="extra")),
        "node extra: by the log, but",
    ),
    "a node too many": (copy_node, "node copy: stored, but not by the log"),
    "a snapshot rewritten": (
        lambda flow: change(
            Snapshot.objects.filter(flow=flow), graph=Snapshot.objects.get().graph.replace("Plan", "P")
        ),
        "snapshot 4: not what the log folds to",
    ),
    "a snapshot that cannot be read": (
        lambda flow: change(Snapshot.objects.filter(flow=flow), graph="{}"),
        "snapshot 4: not what the log folds to",
    ),
    "a snapshot's digest": (lambda flow: change(Snapshot.objects.filter(flow=flow), digest=""), "snapshot 4: another"),
    "a snapshot of the future": (
        lambda flow: change(Snapshot.objects.filter(flow=flow), version=400),
        "snapshot 400: the log has no such version",
    ),
}


class TestVerification:
    """All is well, or it says what is not."""

    @pytest.fixture
    def edited(self, flow: Flow, alice: User, bob: User, ask: Ask) -> Flow:
        """A flow at version 5, with a snapshot of version 4."""
        extra = {"kind": "add_node", "node": {"id": "extra", "kind": "note", "x": 0, "y": 0}}
        asked = [ask(alice, move("plan", 5), seq=1), ask(bob, label("plan", "Plan it"), seq=1), ask(alice, extra)]
        submit(flow.pk, [*asked, ask(bob, label("extra", "More"))])
        take_snapshot(flow.pk, 4)
        return flow

    def test_an_unknown_flow(self, alice: User) -> None:
        with pytest.raises(NotFound):
            verify_flow(uuid.uuid4())

    def test_nothing_is_found_where_nothing_is_wrong(self, edited: Flow) -> None:
        assert verify_flow(edited.pk) == []

    @pytest.mark.parametrize("name", DAMAGE)
    def test_damage_is_found(self, edited: Flow, name: str) -> None:
        damage, found = DAMAGE[name]
        damage(edited)
        differences = verify_flow(edited.pk)
        assert any(difference.startswith(found) or found in difference for difference in differences), differences

    def test_every_flow_is_verified_deleted_ones_too(self, edited: Flow, alice: User) -> None:
        other = create_flow(Person(alice.pk), parse_flow(title="Other", nodes=NODES, edges=EDGES), via="api")
        delete_flow(Person(alice.pk), other.pk)
        change_flow(title="Mine")(other)
        found = dict(verify_all())
        assert set(found) == {edited.pk, other.pk}
        assert found[edited.pk] == [] and len(found[other.pk]) == 1
        assert list(verify_all([edited.pk])) == [(edited.pk, [])]

    def test_many_differences_are_summed_up(self, alice: User) -> None:
        nodes = [{"id": f"n{i}", "kind": "note", "x": 0, "y": 0} for i in range(9)]
        flow = create_flow(Person(alice.pk), parse_flow(title="Many", nodes=nodes), via="api")
        FlowNode.objects.filter(flow=flow).update(label="changed")
        assert verify_flow(flow.pk)[-1] == "and 4 more nodes"


class TestBounds:
    """The log is read in parts, by bytes too: one entry may hold a whole flow."""

    def test_a_reading_ends_by_size_and_always_gives_one(
        self, flow: Flow, alice: User, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        submit(flow.pk, [ask(alice, label("plan", f"{index}" * 100)) for index in range(1, 9)])
        for module in (snapshots, verification):
            monkeypatch.setattr(module, "READ_BYTES", 1)

        assert [change.version for change in changes_since(flow.pk, 0, size=1)] == [1]
        assert [change.version for change in changes_since(flow.pk, 1, size=500)] == [2, 3]
        assert [change.version for change in changes_since(flow.pk, 1, 1, size=500)] == [2]
        assert fold(flow.pk).document == load_document(flow.pk).document
        assert verify_flow(flow.pk) == []


def test_whatever_stops_a_snapshot_is_logged(
    flow: Flow, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_text: str) -> object:
        raise RuntimeError("a defect")

    monkeypatch.setattr(entries, "parse_json", broken)
    monkeypatch.setattr(snapshots.connection, "close", lambda: None)

    snapshots._take(flow.pk, 1)

    assert "snapshot_missed" in caplog.text and "a defect" in caplog.text


def test_after_a_snapshot_none_begins_for_long(monkeypatch: pytest.MonkeyPatch, flow: Flow) -> None:
    taken: list[int] = []
    monkeypatch.setattr(snapshots, "take_snapshot", lambda _, version: taken.append(version))
    monkeypatch.setattr(snapshots, "thin_snapshots", lambda *_: None)  # it would wait for the test's own transaction
    monkeypatch.setattr(snapshots.connection, "close", lambda: None)
    monkeypatch.setattr(snapshots._Pace, "not_before", 0.0)
    monkeypatch.setattr(snapshots, "_PAUSES", 10**9)
    for version in (EVERY, 2 * EVERY):
        snapshots.snapshot_if_due(flow.pk, version - 1, version)
        snapshots.settle()
    assert taken == [EVERY]
    monkeypatch.setattr(snapshots._Pace, "not_before", 0.0)
    snapshots.snapshot_if_due(flow.pk, 3 * EVERY - 1, 3 * EVERY)
    snapshots.settle()
    assert taken == [EVERY, 3 * EVERY]
