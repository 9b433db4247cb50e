"""A flow goes for good in one way only, leaves one entry behind, and whatever else is missing is found."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from accounts.models import User
from accounts.principals import Administrator, Person, Scope, TokenBearer
from flows.access import Role
from flows.commands import (
    create_flow,
    delete_flow,
    purge_flow,
    purging,
    restore_flow,
    set_member,
    star_flow,
    submit,
    title_in_trash,
)
from flows.commands.purging import begin_purge, finish_purge, purge_old
from flows.errors import Forbidden, NotFound
from flows.housekeeping import keep_house
from flows.library import library
from flows.library_query import Scope as LibraryScope
from flows.limits import Limits
from flows.log import verification, verify_all, verify_flow, verify_installation
from flows.log.anchor import compare_with_anchor, write_anchor
from flows.log.snapshots import take_snapshot
from flows.models import Answer, AuditEntry, Change, Flow, PersonStorage, Purging, Snapshot, Usage
from flows.parsing import parse_flow
from runs.commands import purging as purging_of_runs
from runs.commands import start_run
from runs.models import Run
from tests.api.conftest import GRAPH
from tests.flows.conftest import Ask, move
from tests.flows.log_triggers import unlocked_log
from tests.runs.staged import staged_run
from web.errors import Problem

pytestmark = pytest.mark.django_db
REFUSED = {"kind": "edit_node", "id": "nowhere", "set": {"label": "x"}}


@pytest.fixture
def trashed(alice: User, bob: User, vera: User, ask: Ask) -> Flow:
    """A flow with all that belongs to one, in the trash; and another that must stay as it is."""
    flow = create_flow(Person(alice.pk), parse_flow(title="Weather", **GRAPH), via="api")
    set_member(Person(alice.pk), flow.pk, person=bob.email, role=Role.EDITOR)
    set_member(Person(alice.pk), flow.pk, person=vera.email, role=Role.VIEWER)
    submit(flow.pk, [ask(alice, move("n1", 1), seq=1), ask(bob, move("n1", 2), seq=1), ask(bob, REFUSED, seq=2)])
    take_snapshot(flow.pk, 2)
    staged_run(alice, flow, "/answer")
    star_flow(Person(bob.pk), flow.pk, is_starred=True)
    other = create_flow(Person(bob.pk), parse_flow(title="Other", **GRAPH), via="api")
    staged_run(bob, other, "/retry")
    delete_flow(Person(alice.pk), flow.pk)
    return flow


def rows_of(flow_id: UUID) -> dict[str, int]:
    """Count what there is of a flow in any table that names it."""
    found = {
        model._meta.label: model._default_manager.filter(**{field.name: flow_id}).count()
        for model in apps.get_models()
        for field in model._meta.fields
        if isinstance(field, models.ForeignKey) and field.related_model is Flow and model is not AuditEntry
    }
    return {name: count for name, count in found.items() if count}


def all_is_well() -> bool:
    return verify_installation() == [] and not any(differences for _flow, differences in verify_all())


class TestWhoMay:
    @pytest.mark.parametrize(("who", "error"), [("bob", NotFound), ("vera", NotFound), ("charlie", NotFound)])
    def test_only_its_owners(
        self, trashed: Flow, who: str, error: type[Exception], request: pytest.FixtureRequest
    ) -> None:
        with pytest.raises(error):
            purge_flow(Person(request.getfixturevalue(who).pk), trashed.pk)
        assert Flow.objects.filter(pk=trashed.pk).exists()

    def test_nor_a_token_that_may_less(self, trashed: Flow, alice: User) -> None:
        with pytest.raises(NotFound):
            purge_flow(TokenBearer(alice.pk, scope=Scope.WRITE), trashed.pk)

    def test_one_that_is_not_in_the_trash_stays(self, flow: Flow, alice: User, bob: User) -> None:
        with pytest.raises(Problem) as refusal:
            purge_flow(Person(alice.pk), flow.pk)
        assert refusal.value.code == "wrong_state"
        with pytest.raises(Forbidden):
            purge_flow(Person(bob.pk), flow.pk)
        assert verify_flow(flow.pk) == [] and not Purging.objects.exists()

    def test_what_is_no_flow_is_not_found(self, alice: User) -> None:
        with pytest.raises(NotFound):
            purge_flow(Person(alice.pk), uuid4())


class TestWhatGoes:
    def test_all_of_it_and_nothing_else(self, trashed: Flow, alice: User, bob: User) -> None:
        other = Flow.objects.get(title="Other")
        before = rows_of(other.pk)
        assert {"flows.Change", "flows.Answer", "flows.Snapshot", "flows.Star", "runs.Run", "runs.Plan"} <= set(
            rows_of(trashed.pk)
        )

        purge_flow(Person(alice.pk), trashed.pk)

        assert rows_of(trashed.pk) == {} and not Flow.objects.filter(pk=trashed.pk).exists()
        assert rows_of(other.pk) == before
        assert not Purging.objects.exists()
        assert all_is_well()
        with pytest.raises(NotFound):
            restore_flow(Person(alice.pk), trashed.pk)

    def test_one_entry_tells_where_its_log_ended(self, trashed: Flow, alice: User) -> None:
        version, digest = Flow.objects.values_list("version", "digest").get(pk=trashed.pk)
        purge_flow(Person(alice.pk), trashed.pk)
        entry = AuditEntry.objects.get(action="flow_purged")
        assert (entry.flow_id, entry.actor_id) == (trashed.pk, alice.pk)
        assert entry.told == {"version": version, "digest": digest}

    def test_people_get_back_what_it_took_of_theirs(self, trashed: Flow, alice: User, bob: User) -> None:
        Usage.objects.filter(flow=trashed, user=bob).update(untold=7)
        PersonStorage.objects.filter(user=bob).update(storage=models.F("storage") - 7)
        purge_flow(Person(alice.pk), trashed.pk)
        left = Usage.objects.get(user=bob).storage
        assert dict(PersonStorage.objects.values_list("user", "storage")) == {alice.pk: 0, bob.pk: left}

    def test_inside_a_transaction_that_fails_it_stays(self, trashed: Flow, alice: User) -> None:
        with pytest.raises(RuntimeError), transaction.atomic():
            begin_purge(trashed.pk, None)
            raise RuntimeError
        assert verify_flow(trashed.pk) == [] and Flow.objects.filter(pk=trashed.pk).exists()
        assert restore_flow(Person(alice.pk), trashed.pk).deleted_at is None


class TestInPieces:
    """A long log goes a little at a time, and whatever stops that in between is made good."""

    @pytest.fixture
    def stopped(self, trashed: Flow, alice: User, monkeypatch: pytest.MonkeyPatch) -> Flow:
        """The flow, whose purge fails after some of its log is gone, as when the process is killed there."""
        monkeypatch.setattr(purging, "ROWS_AT_ONCE", 1)
        deleted, delete_some = [], purging.delete_some

        def twice(rows: Any, limit: int) -> bool:
            if len(deleted) == 2:
                raise MemoryError
            deleted.append(rows.model)
            return delete_some(rows, limit)

        with monkeypatch.context() as broken:
            broken.setattr(purging, "delete_some", twice)
            purge_flow(Person(alice.pk), trashed.pk)
        assert Change.objects.filter(flow=trashed).exists() and not Change.objects.filter(flow=trashed, version=1)
        return trashed

    def test_each_transaction_deletes_a_few_rows(
        self, trashed: Flow, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(purging, "ROWS_AT_ONCE", 2)
        sizes, delete_rows = [], purging.delete_rows

        def counted(rows: Any) -> None:
            sizes.append(rows.count())
            delete_rows(rows)

        for module in (purging, purging_of_runs):
            monkeypatch.setattr(module, "delete_rows", counted)
        purge_flow(Person(alice.pk), trashed.pk)
        assert rows_of(trashed.pk) == {} and all_is_well()
        large = [size for size in sizes if size > 2]
        assert len(sizes) > 10 and not large

    def test_meanwhile_it_is_nobodys_and_all_is_well(self, stopped: Flow, alice: User, dora: User) -> None:
        for principal in (Person(alice.pk), Administrator(dora.pk)):
            with pytest.raises(NotFound):
                restore_flow(principal, stopped.pk)
            with pytest.raises(NotFound):
                purge_flow(principal, stopped.pk)
            with pytest.raises(NotFound):
                title_in_trash(principal, stopped.pk)
        assert library(Person(alice.pk), scope=LibraryScope.TRASH).items == ()
        assert all_is_well()

    def test_the_housekeeper_finishes_it_with_one_entry(self, stopped: Flow) -> None:
        keep_house()
        assert rows_of(stopped.pk) == {} and not Flow.objects.filter(pk=stopped.pk).exists()
        assert not Purging.objects.exists() and AuditEntry.objects.filter(action="flow_purged").count() == 1
        assert all_is_well()

    def test_one_that_does_not_end_is_found(self, stopped: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
        entry = AuditEntry.objects.get(action="flow_purged")
        assert verify_flow(stopped.pk) == []
        monkeypatch.setattr(verification, "LONGEST_PURGE", timedelta(0))
        assert verify_flow(stopped.pk) == [f"its purge began on {entry.at:%Y-%m-%d} and has not ended"]

    def test_epochs_of_the_others_are_changed(self, stopped: Flow) -> None:
        other = Flow.objects.get(title="Other")
        call_command("change_epochs")
        assert Flow.objects.get(pk=other.pk).epoch != other.epoch

    def test_open_runs_end_before_anything_of_theirs_goes(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        flow = create_flow(Person(alice.pk), parse_flow(title="Weather", **GRAPH), via="api")
        run = start_run(Person(alice.pk), flow.pk).run
        assert run.state in Run.OPEN
        delete_flow(Person(alice.pk), flow.pk)
        states, delete_rows = set(), purging_of_runs.delete_rows

        def noted(rows: Any) -> None:
            states.update(Run.objects.filter(pk=run.pk).values_list("state", flat=True))
            delete_rows(rows)

        monkeypatch.setattr(purging_of_runs, "delete_rows", noted)
        purge_flow(Person(alice.pk), flow.pk)
        assert states == {Run.State.CANCELLED} and rows_of(flow.pk) == {}

    def test_two_who_finish_it_are_not_in_each_others_way(self, stopped: Flow) -> None:
        finish_purge(stopped.pk)
        finish_purge(stopped.pk)
        assert rows_of(stopped.pk) == {} and all_is_well()


@pytest.mark.django_db(transaction=True)
def test_every_piece_leaves_what_the_database_takes(
    trashed: Flow, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes lie in each other, edges hang on them: what refers to what is asked at each commit."""
    node = {"kind": "agent", "x": 0, "y": 0, "label": "x"}
    groups = [{"id": f"g{depth}", "kind": "group", "x": 0, "y": 0, "width": 400, "height": 400} for depth in range(3)]
    nodes = [*groups, *({**node, "id": f"m{number}", "parent": f"g{number}"} for number in range(3))]
    edges = [{"id": "e", "source": "m0", "source_port": "out", "target": "m1", "target_port": "in"}]
    flow = create_flow(Person(alice.pk), parse_flow(title="Nested", nodes=nodes, edges=edges), via="api")
    delete_flow(Person(alice.pk), flow.pk)
    monkeypatch.setattr(purging, "ROWS_AT_ONCE", 1)
    for one in (flow, trashed):
        purge_flow(Person(alice.pk), one.pk)
        assert rows_of(one.pk) == {} and not Flow.objects.filter(pk=one.pk).exists()
    assert not Purging.objects.exists() and all_is_well()


class TestByItself:
    def test_what_is_in_the_trash_for_too_long_goes(self, trashed: Flow, alice: User) -> None:
        now = timezone.now()
        assert purge_old(now + timedelta(days=29)) == 0
        assert purge_old(now + timedelta(days=31)) == 1
        assert AuditEntry.objects.get(action="flow_purged").actor_id is None
        assert Flow.objects.get().title == "Other" and all_is_well()

    def test_where_nothing_is_kept_it_goes_at_once_and_never_returns(
        self, trashed: Flow, alice: User, settings: Any
    ) -> None:
        settings.HELIX_LIMITS = Limits(trash_days=0)
        with pytest.raises(NotFound):
            restore_flow(Person(alice.pk), trashed.pk)
        keep_house()
        assert not Flow.objects.filter(pk=trashed.pk).exists()

    @pytest.mark.parametrize(("text", "days"), [("0", 0), ("7", 7)])
    def test_days_are_a_setting(self, text: str, days: int) -> None:
        assert Limits.from_environment({"HELIX_LIMIT_TRASH_DAYS": text}).trash_days == days
        with pytest.raises(ValueError):
            Limits.from_environment({"HELIX_LIMIT_NODES": "0"})

    def test_who_comes_too_late_does_not_get_it_back(self, trashed: Flow, alice: User, dora: User) -> None:
        Flow.objects.filter(pk=trashed.pk).update(deleted_at=timezone.now() - timedelta(days=30, seconds=1))
        with pytest.raises(NotFound):
            restore_flow(Person(alice.pk), trashed.pk)
        assert restore_flow(Administrator(dora.pk), trashed.pk).deleted_at is None


class TestNoOtherWay:
    @pytest.mark.parametrize("table", ["flows_change", "flows_answer"])
    def test_a_log_goes_only_while_its_own_flow_is_named(self, trashed: Flow, table: str) -> None:
        other = Flow.objects.get(title="Other")
        Purging.objects.create(flow=other.pk)
        connection.check_constraints()
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE flow_id <> %s", [other.pk if _on_postgresql() else other.pk.hex])
        Purging.objects.all().delete()

    def test_nothing_is_changed_even_then(self, trashed: Flow) -> None:
        Purging.objects.create(flow=trashed.pk)
        connection.check_constraints()
        for rows in (Change.objects.filter(flow=trashed), Answer.objects.filter(flow=trashed)):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                rows.update(client="theirs")
        assert any("named as being purged" in difference for difference in verify_installation())

    def test_the_audit_log_never_goes(self, trashed: Flow) -> None:
        Purging.objects.create(flow=trashed.pk)
        connection.check_constraints()
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            AuditEntry.objects.filter(flow=trashed.pk)._raw_delete("default")  # type: ignore[attr-defined]


class TestVerification:
    def test_a_flow_that_went_another_way_is_missed(self, flow: Flow) -> None:
        flow_id = flow.pk
        with unlocked_log():
            Change.objects.filter(flow=flow).delete()
            Snapshot.objects.filter(flow=flow).delete()
            flow.delete()
            assert any("the flow is gone" in difference for difference in verify_flow(flow_id))

    def test_one_that_is_back_though_it_was_purged_is_found(self, trashed: Flow, alice: User) -> None:
        held = Flow.objects.get(pk=trashed.pk)
        purge_flow(Person(alice.pk), trashed.pk)
        held.save(force_insert=True)
        assert any("was purged, but it is there" in difference for difference in verify_flow(held.pk))

    def test_an_anchor_from_before_lets_it_go(self, trashed: Flow, alice: User, tmp_path: Path) -> None:
        write_anchor(tmp_path / "anchor")
        purge_flow(Person(alice.pk), trashed.pk)
        assert list(compare_with_anchor(tmp_path / "anchor")) == []


def _on_postgresql() -> bool:
    return connection.vendor == "postgresql"
