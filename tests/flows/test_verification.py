"""Whatever somebody with a database shell may do is found, and named: with the triggers away, but without the key."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from accounts.audit import Action, record
from accounts.models import User
from accounts.origin import Origin, coming_from
from accounts.principals import Administrator, Person, System
from flows.access import Role
from flows.commands import (
    UndoRequest,
    change_epoch,
    create_flow,
    delete_flow,
    remove_member,
    restore_flow,
    set_member,
    submit,
)
from flows.document import chain, parse_json
from flows.log import entries, verify_all, verify_flow, verify_installation
from flows.log.anchor import NoAnchor, compare_with_anchor, write_anchor
from flows.log.digests import LogKey
from flows.log.entries import chained, changes_since
from flows.log.snapshots import take_snapshot
from flows.models import Answer, AuditEntry, AuditHead, Change, Flow, FlowEdge, FlowNode, Membership, Snapshot, Usage
from flows.parsing import parse_flow
from flows.storage import append_only
from tests.flows.conftest import Ask, label, move
from tests.flows.log_triggers import unlocked_log

pytestmark = pytest.mark.django_db
ON_POSTGRESQL = connection.vendor == "postgresql"


@pytest.fixture
def edited(flow: Flow, alice: User, bob: User, dora: User, ask: Ask) -> Flow:
    """A flow at version 4 with three members, two answers and a snapshot, that was deleted and restored."""
    submit(flow.pk, [ask(alice, move("plan", 5), seq=1), ask(bob, move("ghost", 1), seq=1)])
    submit(flow.pk, [ask(bob, move("plan", 5), seq=2), ask(bob, label("plan", "Plan it"), seq=3)])
    submit(flow.pk, [ask(alice, label("plan", "Plan them"), seq=2)])
    take_snapshot(flow.pk, 3)
    with coming_from(lambda: Origin("9.9.9.9", "Firefox", "admin")):
        delete_flow(Administrator(dora.pk), flow.pk)
    restore_flow(Administrator(dora.pk), flow.pk)
    return Flow.objects.get(pk=flow.pk)


@contextmanager
def done_behind_its_back() -> Iterator[None]:
    """Do something to the database with no trigger and no foreign key in the way, and take it back."""
    connection.check_constraints()
    with transaction.atomic():
        if ON_POSTGRESQL:
            run("SET CONSTRAINTS ALL IMMEDIATE")
            run("SET LOCAL session_replication_role = replica")
        with unlocked_log():
            yield
        transaction.set_rollback(True)


def run(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def flow_key(flow: Flow) -> object:
    return Flow._meta.pk.get_db_prep_value(flow.pk, connection)


def set_flow(**fields: object) -> Callable[[Flow], None]:
    return lambda flow: one(Flow.objects.filter(pk=flow.pk).update(**fields))


def set_member_of(name: str, **fields: object) -> Callable[[Flow], None]:
    return lambda flow: one(Membership.objects.filter(flow=flow, user__name=name).update(**fields))


def set_answer(**fields: object) -> Callable[[Flow], None]:
    return lambda flow: one(Answer.objects.filter(flow=flow, code="").update(**fields))


def one(count: int) -> None:
    assert count == 1


def remove(flow: Flow, *tables: str) -> None:
    for table in tables:
        run(f"DELETE FROM {table} WHERE flow_id = %s", flow_key(flow))
    run("DELETE FROM flows_flow WHERE id = %s", flow_key(flow))


EVERYTHING = (
    *("flows_flowedge", "flows_flownode", "flows_membership", "flows_usage", "flows_snapshot", "flows_answer"),
    "flows_change",
)


def roll_back(flow: Flow) -> None:
    """Take the last version back as cleanly as can be done without the key: log, rows, counts."""
    kept, gone = changes_since(flow.pk, 2)
    author, size = kept.actor and kept.actor.id, entries.size_of(gone.operation, gone.inverse, gone.left_alone)
    one(Change.objects.filter(flow=flow, version=4).delete()[0])
    one(FlowNode.objects.filter(flow=flow, node_id="plan").update(label="Plan it"))
    one(Usage.objects.filter(flow=flow, user__name="Alice").update(storage=F("storage") - size))
    set_flow(version=3, digest=kept.digest, updated_at=kept.created_at, updated_by=author)(flow)
    set_flow(storage=flow.storage - size)(flow)


def recompute(key: LogKey | None, since: int = 1) -> Callable[[Flow], None]:
    """Forge an operation and make every digest from there on anew, as anybody can who knows how."""

    def damage(flow: Flow) -> None:
        Change.objects.filter(flow=flow, version=since).update(via="page")
        digest = ""
        for change in changes_since(flow.pk, 0):
            fields = chained(
                flow.pk,
                change.head,
                operation=change.operation,
                inverse=change.inverse,
                created_at=change.created_at,
            )
            if change.version >= since:
                digest = chain(digest, fields) if key is None else key.chain(digest, fields)
                one(Change.objects.filter(flow=flow, version=change.version).update(digest=digest))
            else:
                digest = change.digest
            Snapshot.objects.filter(flow=flow, version=change.version).update(digest=digest)
        set_flow(digest=digest, keyed_from=1 if key else flow.version + 1)(flow)

    return damage


def reorder_snapshot(flow: Flow) -> None:
    snapshot = Snapshot.objects.get(flow=flow)
    graph: Any = parse_json(snapshot.graph)
    graph["nodes"].reverse()
    one(Snapshot.objects.filter(flow=flow).update(graph=json.dumps(graph)))


def swap_ordinals(model: type[FlowNode] | type[FlowEdge]) -> Callable[[Flow], None]:
    def damage(flow: Flow) -> None:
        first, second = model.objects.filter(flow=flow).order_by("ordinal")[:2]
        one(model.objects.filter(pk=first.pk).update(ordinal=second.ordinal))
        one(model.objects.filter(pk=second.pk).update(ordinal=first.ordinal))

    return damage


def swap_keys(flow: Flow) -> None:
    """Have each of two edges stand under the other's key, so that the next edit of one changes the other."""
    first, second = FlowEdge.objects.filter(flow=flow)[:2]
    for old, new in ((first.key, "-"), (second.key, first.key), ("-", second.key)):
        one(FlowEdge.objects.filter(pk=old).update(key=new))


def join_another_flow(flow: Flow) -> None:
    edge = FlowEdge.objects.filter(flow=flow)[0]
    one(FlowEdge.objects.filter(pk=edge.pk).update(source=f"{'0' * 32}.{edge.source_id[33:]}"))


def one_answer_more(flow: Flow) -> None:
    kept = Answer.objects.filter(flow=flow).first()
    assert kept is not None
    kept.pk, kept.seq = None, 99
    kept.save(force_insert=True)


def rewrite_audit_entry(**fields: object) -> Callable[[Flow], None]:
    return lambda flow: one(AuditEntry.objects.filter(flow_id=flow.pk, action="flow_deleted").update(**fields))


def drop_last_audit_entry(flow: Flow) -> None:
    """Take the restoration back, with its trace."""
    *_, deleted, restored = AuditEntry.objects.filter(flow_id=flow.pk).order_by("number")
    one(AuditEntry.objects.filter(pk=restored.pk).delete()[0])
    one(AuditHead.objects.update(number=deleted.number, digest=deleted.digest))
    set_flow(deleted_at=deleted.at)(flow)


DAMAGE: dict[str, tuple[Callable[[Flow], None], str]] = {
    "the flow removed": (remove, "the flow is gone, but not its changes"),
    "the flow removed with all that hangs on it": (
        lambda flow: remove(flow, *EVERYTHING),
        "the flow is gone, but not its audit entries",
    ),
    "its log orphaned, with no trace elsewhere": (
        lambda flow: remove(flow, *(set(EVERYTHING) - {"flows_change"}), "flows_auditentry"),
        "the flow is gone, but not its changes",
    ),
    "the last version rolled back cleanly": (roll_back, "the seal does not fit"),
    "the chain recomputed without a key": (recompute(None), "the seal does not fit"),
    "the chain recomputed with another key": (recompute(LogKey("theirs")), "version 1: the digest does not follow"),
    "the chain's end recomputed with another key": (
        recompute(LogKey("theirs"), since=3),
        "version 3: the digest does not follow",
    ),
    "the seal removed": (set_flow(seal=""), "the seal does not fit"),
    "the flow said to be from before there was a key": (set_flow(keyed_from=9), "the seal does not fit"),
    "a role raised": (set_member_of("Vera", role="owner"), "member"),
    "a member removed": (lambda flow: one(Membership.objects.filter(flow=flow, role="viewer").delete()[0]), "member"),
    "a member put in": (
        lambda flow: Membership(flow=flow, user=User.objects.get(name="Dora"), role="owner").save(),
        "none",
    ),
    "the time of joining": (set_member_of("Bob", created_at="2020-01-01T00:00:00Z"), "since 2020"),
    "deleted": (set_flow(deleted_at="2026-01-01T00:00:00Z"), "deleted: stored 2026-01-01"),
    "an answer turned round": (set_answer(code="invalid", reason="in_words"), "the answers: not those"),
    "an answer given to another version": (set_answer(version=1), "the answers: not those"),
    "the time of an answer": (set_answer(created_at="2026-01-01T00:00:00Z"), "the answers: not those"),
    "an answer forgotten": (lambda flow: one(Answer.objects.filter(flow=flow, code="").delete()[0]), "the answers:"),
    "an answer put in": (one_answer_more, "the answers: not those"),
    "another epoch": (set_flow(epoch="forged"), "epoch: stored forged"),
    "the time of creation": (set_flow(created_at="2026-01-01T00:00:00Z"), "created: stored"),
    "the time of the last change": (set_flow(updated_at=F("updated_at") - timedelta(days=1)), "changed: stored"),
    "the author of the last change": (set_flow(updated_by=None), "changed by: stored None"),
    "the order inside a snapshot": (reorder_snapshot, "snapshot 3: not what the log folds to"),
    "two nodes in each other's place": (swap_ordinals(FlowNode), "the nodes: stored in another order"),
    "two edges in each other's place": (swap_ordinals(FlowEdge), "the edges: stored in another order"),
    "two edges under each other's key": (swap_keys, "stored under another key"),
    "an edge from a node of another flow": (join_another_flow, "names a node of another flow"),
    "storage counted down": (set_flow(storage=1), "storage: 1 bytes are counted"),
    "a person's storage counted down": (
        lambda flow: one(Usage.objects.filter(flow=flow, user__name="Bob").update(storage=1)),
        ": 1 bytes are counted",
    ),
    "the storage of snapshots": (set_flow(snapshot_storage=1), "of snapshots: 1 bytes are counted"),
    "something that is no answer to anything": (
        lambda flow: one(Change.objects.filter(flow=flow, version=2).update(left_alone="[[")),
        "version 2: the digest does not follow",
    ),
    "an inverse that is none": (
        lambda flow: one(Change.objects.filter(flow=flow, version=2).update(inverse="[[")),
        "version 2: the digest does not follow",
    ),
    "an operation that lacks its keys": (
        lambda flow: one(Change.objects.filter(flow=flow, version=2).update(operation='{"kind":"move_node"}')),
        "version 2: the log cannot be folded any further",
    ),
    "a detail that is no object": (
        lambda flow: one(AuditEntry.objects.filter(flow_id=flow.pk, action="flow_created").update(detail="[")),
        "the rights cannot be read",
    ),
    "an action that there is not": (
        lambda flow: one(AuditEntry.objects.filter(flow_id=flow.pk, action="flow_created").update(action="x")),
        "there is no action x",
    ),
}


class TestOfAFlow:
    """What is found in one flow hides nothing in the others."""

    def test_nothing_is_found_where_nothing_is_wrong(self, edited: Flow) -> None:
        assert verify_flow(edited.pk) == [] and verify_installation() == []
        with done_behind_its_back():
            assert verify_flow(edited.pk) == []

    def test_what_came_back_within_one_transaction_may_keep_its_place(
        self, edited: Flow, alice: User, ask: Ask
    ) -> None:
        first = FlowNode.objects.filter(flow=edited).order_by("ordinal")[0].node_id
        deletion = {"kind": "remove_node", "id": first}
        receipt = submit(edited.pk, [ask(alice, deletion, seq=8), ask(alice, UndoRequest(), seq=9)])

        assert receipt.version == edited.version + 2
        assert verify_flow(edited.pk) == []

    @pytest.mark.parametrize("name", DAMAGE)
    def test_damage_is_found_and_hides_no_other(self, edited: Flow, alice: User, name: str) -> None:
        other = create_flow(Person(alice.pk), parse_flow(title="Other"), via="api")
        damage, expected = DAMAGE[name]
        with done_behind_its_back():
            set_flow(title="Forged")(other)
            damage(edited)
            found = dict(verify_all())

        assert any(expected in difference for difference in found[edited.pk]), found[edited.pk]
        assert found[other.pk] == ["title: stored 'Forged', by the log 'Other'"]

    @pytest.mark.parametrize("damage", [roll_back, recompute(None)], ids=["rolled back", "recomputed"])
    def test_the_seal_alone_finds_what_is_done_cleanly(self, edited: Flow, damage: Callable[[Flow], None]) -> None:
        with done_behind_its_back():
            damage(edited)
            (found,) = verify_flow(edited.pk)

        assert found.startswith("the seal does not fit")

    def test_damage_in_one_place_hides_none_in_another(self, edited: Flow) -> None:
        with done_behind_its_back():
            Change.objects.filter(flow=edited, version=2).update(operation="{}")
            Change.objects.filter(flow=edited, version=4).update(via="page")
            set_member_of("Bob", role="owner")(edited)
            set_flow(epoch="forged")(edited)
            found = "\n".join(verify_flow(edited.pk))

        for part in (
            "version 2: the log cannot be folded",
            "version 4: the digest",
            "member",
            "epoch",
            "version 2: the d",
        ):
            assert part in found

    def test_many_wrong_digests_are_summed_up(self, edited: Flow, alice: User, ask: Ask) -> None:
        submit(edited.pk, [ask(alice, move("plan", x)) for x in range(20, 30)])
        with done_behind_its_back():
            recompute(LogKey("theirs"))(Flow.objects.get(pk=edited.pk))

            assert "and 9 more digests that do not follow" in verify_flow(edited.pk)


IN_THE_AUDIT_LOG: dict[str, tuple[Callable[[Flow], None], str]] = {
    "an entry rewritten": (
        lambda flow: one(AuditEntry.objects.filter(flow_id=flow.pk, action="flow_deleted").update(actor=None)),
        "the digest does not follow",
    ),
    "an entry removed": (
        lambda flow: one(AuditEntry.objects.filter(flow_id=flow.pk, action="flow_deleted").delete()[0]),
        ": missing",
    ),
    "the last entry removed": (
        lambda flow: one(AuditEntry.objects.filter(flow_id=flow.pk, action="flow_undeleted").delete()[0]),
        "but was written up to",
    ),
    "the last entry removed, its deed too, and the head put back": (drop_last_audit_entry, "seal does not fit"),
    "its object rewritten": (rewrite_audit_entry(object="team:1"), "the digest does not follow"),
    "its address rewritten": (rewrite_audit_entry(address="6.6.6.6"), "the digest does not follow"),
    "its address removed": (rewrite_audit_entry(address=""), "the digest does not follow"),
    "its program rewritten": (rewrite_audit_entry(agent="curl"), "the digest does not follow"),
    "its program removed": (rewrite_audit_entry(agent=""), "the digest does not follow"),
    "the head removed": (lambda _flow: one(AuditHead.objects.all().delete()[0]), "the audit log's head is missing"),
    "the seal removed": (lambda _flow: one(AuditHead.objects.update(seal="")), "seal does not fit"),
    "another key": (lambda _flow: one(AuditHead.objects.update(key="theirs")), "another key (fingerprint theirs)"),
}


@pytest.mark.parametrize("name", IN_THE_AUDIT_LOG)
def test_damage_in_the_audit_log_is_found(edited: Flow, name: str) -> None:
    damage, expected = IN_THE_AUDIT_LOG[name]
    with done_behind_its_back():
        damage(edited)
        append_only.install(connection)
        found = verify_installation()

    assert any(expected in difference for difference in found), found


if ON_POSTGRESQL:
    DISARMING = [
        ["ALTER TABLE flows_change DISABLE TRIGGER flows_change_append_only"],
        [
            "CREATE OR REPLACE FUNCTION flows_change_is_append_only() RETURNS trigger LANGUAGE plpgsql "
            "AS $$ BEGIN RETURN NEW; END $$"
        ],
    ]
    REPLACING = ["INSERT INTO {table} SELECT * FROM {table} ON CONFLICT ({key}) DO UPDATE SET {key} = excluded.{key}"]
    IN_THE_WAY = "dense_version|submitted_once"
else:
    DISARMING = [
        [
            "DROP TRIGGER flows_change_no_delete",
            "CREATE TRIGGER flows_change_no_delete BEFORE DELETE ON flows_change WHEN 0 "
            "BEGIN SELECT RAISE(ABORT, 'the log of a flow is append-only'); END",
        ]
    ]
    REPLACING = [
        "INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1",
        "REPLACE INTO {table} SELECT * FROM {table} LIMIT 1",
        "INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT ({key}) DO UPDATE SET {key} = excluded.{key}",
    ]
    IN_THE_WAY = "append-only"
COUNTED = ("version", "seq")


class TestTriggers:
    """They are there, they are ours, and nothing gets past them."""

    NAMES = [name for table in append_only.KEYS for name in append_only._triggers(connection, table)]

    @pytest.mark.parametrize("name", NAMES)
    def test_one_that_is_gone_is_missed(self, edited: Flow, name: str) -> None:
        table = next(table for table in append_only.KEYS if name.startswith(f"{table}_"))
        with transaction.atomic():
            run(f"DROP TRIGGER {name}" + (f" ON {table}" if ON_POSTGRESQL else ""))
            assert [difference for difference in verify_installation() if name in difference]
            transaction.set_rollback(True)
        assert verify_installation() == []

    @pytest.mark.parametrize("statements", DISARMING)
    def test_one_that_does_nothing_is_found(self, edited: Flow, statements: list[str]) -> None:
        connection.check_constraints()
        with transaction.atomic():
            if ON_POSTGRESQL:
                run("SET CONSTRAINTS ALL IMMEDIATE")
            for statement in statements:
                run(statement)
            assert any("flows_change_" in difference for difference in verify_installation())
            transaction.set_rollback(True)

    @pytest.mark.parametrize("table", append_only.KEYS)
    @pytest.mark.parametrize("statement", REPLACING)
    def test_nothing_is_replaced(self, edited: Flow, table: str, statement: str) -> None:
        connection.check_constraints()
        key = append_only.KEYS[table][0][0]
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            run(statement.format(table=table, key=key))

    @pytest.mark.parametrize("key", append_only.KEYS["flows_change"][1:])
    def test_nor_by_another_key(self, edited: Flow, key: tuple[str, ...]) -> None:
        """What is the same in another way than by its id: SQLite would remove the row that is in the way."""
        connection.check_constraints()
        columns = [field.column for field in Change._meta.concrete_fields if field.column != "id"]
        values = [column if column in key else "1000" if column in COUNTED else column for column in columns]
        verb = "INSERT" if ON_POSTGRESQL else "INSERT OR REPLACE"
        statement = f"{verb} INTO flows_change ({', '.join(columns)}) SELECT {', '.join(values)} FROM flows_change"
        with pytest.raises(DatabaseError, match=IN_THE_WAY), transaction.atomic():
            run(f"{statement} WHERE client IS NOT NULL LIMIT 1")

    @pytest.mark.parametrize("table", append_only.KEYS)
    @pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET flow_id = flow_id"])
    def test_nothing_is_changed_or_removed(self, edited: Flow, table: str, statement: str) -> None:
        connection.check_constraints()
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            run(statement.format(table))


class TestKey:
    """Digests are made with a key that is nowhere in the database."""

    def test_another_key_makes_other_digests(self) -> None:
        one, other = LogKey("one"), LogKey("other")
        assert one.chain("", {"a": 1}) == LogKey("one").chain("", {"a": 1}) != other.chain("", {"a": 1})
        assert one.seal("flow", 1) != one.seal("audit", 1) and one.fingerprint != other.fingerprint

    def test_a_server_with_another_key_is_told(self, edited: Flow, settings: Any) -> None:
        settings.HELIX_LOG_KEY = "another"
        found = verify_installation()
        assert any(f"fingerprint {LogKey('another').fingerprint}" in one or "another key" in one for one in found)
        assert any("digest does not follow" in one for one in verify_flow(edited.pk))


class TestAuditFromBefore:
    """Entries from before there were objects, addresses and programs have the digests that they were given then."""

    KEY = "the key of then"
    FLOW = UUID("8f14e45f-ceea-467f-a8f9-5b1d3e0c2a41")
    ENTRIES = (
        ("2025-03-01T09:00:00+00:00", "system", "flow_created", '{"epoch":"e1","roles":{}}'),
        (
            "2025-03-01T09:05:00.250000+00:00",
            "admin",
            "flow_deleted",
            '{"after":"2025-03-01T09:05:00.250000+00:00","before":null}',
        ),
    )
    DIGESTS = (
        "808aef1cc9adace30a164e7bfa01f971f8a700e6857b3f1960b7058d6df73e99",
        "f21992ff62b78f462a66a4444716065ba4c02aa25b74ec020a2ca1a4ada0a8ef",
    )

    @pytest.fixture(autouse=True)
    def before(self, db: None, settings: Any) -> None:
        settings.HELIX_LOG_KEY = self.KEY
        key = LogKey(self.KEY)
        for number, (entry, digest) in enumerate(zip(self.ENTRIES, self.DIGESTS, strict=True), 1):
            at, via, action, detail = entry
            AuditEntry.objects.create(
                number=number, at=at, via=via, action=action, flow_id=self.FLOW, detail=detail, digest=digest
            )
        head = AuditHead(id=1, number=number, digest=digest, key=key.fingerprint)
        head.seal = key.seal("audit", head.number, head.digest, head.key)
        AuditHead.objects.all().delete()
        head.save(force_insert=True)

    def test_they_are_verified_as_before(self) -> None:
        assert verify_installation() == []

    def test_new_ones_follow_them(self, alice: User) -> None:
        with coming_from(lambda: Origin("9.9.9.9", "Firefox", "page")):
            record(Action.TEAM_CREATED, actor=alice.pk, object="team:1")
        assert AuditEntry.objects.latest("number").number == 3
        assert verify_installation() == []

    @pytest.mark.parametrize("field", ["object", "address", "agent"])
    def test_nothing_can_be_added_to_them(self, field: str) -> None:
        with done_behind_its_back():
            one(AuditEntry.objects.filter(number=1).update(**{field: "forged"}))
            append_only.install(connection)
            found = verify_installation()
        assert found == ["audit entry 1: the digest does not follow from what is logged"]


class TestFromBefore:
    """A log from before there was a key goes on keyed, and its old part is as safe as the new."""

    @pytest.fixture
    def old(self, edited: Flow) -> Flow:
        """A flow as an earlier release left it."""
        with unlocked_log():
            recompute(None)(edited)
            AuditEntry.objects.all().delete()
        for model in (AuditHead, Usage):
            model.objects.all().delete()  # type: ignore[attr-defined]
        set_flow(seal="", keyed_from=1, answers_digest="", storage=0, snapshot_storage=0)(edited)
        import_module("flows.migrations.0007_key_logs").key_logs(apps, SimpleNamespace(connection=connection))
        return Flow.objects.get(pk=edited.pk)

    def test_it_is_taken_over_as_it_is(self, old: Flow) -> None:
        assert verify_installation() == [] and verify_flow(old.pk) == []
        assert AuditEntry.objects.get().action == "flow_recorded"

    def test_it_goes_on(self, old: Flow, alice: User, bob: User, ask: Ask) -> None:
        submit(old.pk, [ask(alice, label("plan", "On"), seq=8), ask(alice, move("ghost", 1), seq=9)])
        remove_member(Person(alice.pk), old.pk, user_id=bob.pk)
        assert verify_installation() == [] and verify_flow(old.pk) == []

    @pytest.mark.parametrize("goes_on", [True, False])
    def test_its_old_part_cannot_be_made_anew(self, old: Flow, alice: User, ask: Ask, goes_on: bool) -> None:
        if goes_on:
            submit(old.pk, [ask(alice, label("plan", "On"))])
        with done_behind_its_back():
            Change.objects.filter(flow=old, version=1).update(via="socket")
            digest = ""
            for change in changes_since(old.pk, 0, 4):
                fields = {"operation": change.operation, "inverse": change.inverse, "created_at": change.created_at}
                digest = chain(digest, chained(old.pk, change.head, **fields))  # type: ignore[arg-type]
                Change.objects.filter(flow=old, version=change.version).update(digest=digest)
            set_flow(digest=digest)(old)
            found = verify_flow(old.pk)

        assert any("seal" in one or "version 5: the digest" in one for one in found), found


class TestAnchor:
    """Heads kept elsewhere: what was put back whole, seal and all, is found by them alone."""

    def test_what_stands_is_taken_for_right(self, edited: Flow, alice: User, ask: Ask, tmp_path: Path) -> None:
        write_anchor(tmp_path / "anchor")
        submit(edited.pk, [ask(alice, move("plan", 9))])
        assert list(compare_with_anchor(tmp_path / "anchor")) == []

    def test_a_flow_put_back_whole(self, edited: Flow, alice: User, ask: Ask, tmp_path: Path) -> None:
        before = Flow.objects.filter(pk=edited.pk).values().get()
        usage = list(Usage.objects.filter(flow=edited).values())
        submit(edited.pk, [ask(alice, {"kind": "add_node", "node": {"id": "new", "kind": "note", "x": 0, "y": 0}})])
        write_anchor(tmp_path / "anchor")
        with done_behind_its_back():
            Change.objects.filter(flow=edited, version=5).delete()
            FlowNode.objects.filter(flow=edited, node_id="new").delete()
            set_flow(**{name: value for name, value in before.items() if name != "id"})(edited)
            for row in usage:
                Usage.objects.filter(pk=row["id"]).update(storage=row["storage"])
            assert verify_flow(edited.pk) == []
            (found,) = compare_with_anchor(tmp_path / "anchor")

        assert found.startswith(f"{edited.pk}: version 5 is not the one")

    def test_audit_entries_taken_back(self, edited: Flow, alice: User, vera: User, tmp_path: Path) -> None:
        remove_member(Person(alice.pk), edited.pk, user_id=vera.pk)
        write_anchor(tmp_path / "anchor")
        with done_behind_its_back():
            AuditEntry.objects.filter(action="member_removed").delete()
            (found,) = compare_with_anchor(tmp_path / "anchor")

        assert found.startswith("installation: audit entry")

    @pytest.mark.parametrize("forged", ["", "[]", "{}", None])
    def test_a_file_that_is_none_of_ours(self, edited: Flow, tmp_path: Path, forged: str | None) -> None:
        path = tmp_path / "anchor"
        write_anchor(path)
        path.write_text(path.read_text().replace('"audit"', '"audio"') if forged is None else forged)
        with pytest.raises(NoAnchor):
            list(compare_with_anchor(path))


def test_the_epoch_is_changed_by_command(edited: Flow) -> None:
    change_epoch(System(), edited.pk)
    assert Flow.objects.get(pk=edited.pk).epoch != edited.epoch
    assert verify_flow(edited.pk) == [] and verify_installation() == []


def test_a_role_given_twice_is_one_entry(edited: Flow, alice: User, bob: User) -> None:
    before = AuditEntry.objects.count()
    set_member(Person(alice.pk), edited.pk, person=bob.pk, role=Role.EDITOR)
    assert AuditEntry.objects.count() == before and verify_flow(edited.pk) == []
