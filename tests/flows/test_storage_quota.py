"""What flows and people take is counted edit by edit, and bounded; what replaces a graph takes what it changes."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.principals import Person
from flows.commands import Acked, Refused, UndoRequest, create_flow, duplicate_flow, submit
from flows.document import Rejected, ReplaceGraph, encode_edge, encode_node
from flows.errors import FlowReason
from flows.limits import Limits
from flows.log import changes_since, document_at, fold, verify_flow, verify_installation, whole_changes
from flows.log.snapshots import LARGEST_GAP, SNAPSHOT_EVERY, take_snapshot, thin_snapshots
from flows.models import Answer, Flow, PersonStorage, Snapshot, Usage
from flows.parsing import parse_flow
from flows.storage.store import load_document
from tests.flows.conftest import EDGES, NODES, Ask, label, move

pytestmark = pytest.mark.django_db


def stored(flow: Flow) -> int:
    return Flow.objects.values_list("storage", flat=True).get(pk=flow.pk)


def limit(settings: Any, **limits: int) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, **limits)


def reason(answer: Acked | Refused) -> tuple[str, object]:
    assert isinstance(answer, Refused)
    return answer.code, answer.reason


def test_a_flow_has_room_up_to_its_limit_and_no_more(
    flow: Flow, alice: User, bob: User, ask: Ask, settings: Any
) -> None:
    sizes = [stored(flow)]
    for text in ("a" * 100, "b" * 100, "c" * 100):
        submit(flow.pk, [ask(bob, label("plan", text))])
        sizes.append(stored(flow))
    takes = sizes[3] - sizes[2]
    limit(settings, storage_per_flow=sizes[3] + takes)

    (done,) = submit(flow.pk, [ask(bob, label("plan", "d" * 100))]).answers
    assert done == Acked(5, fresh=True) and stored(flow) == sizes[3] + takes

    limit(settings, storage_per_flow=stored(flow) + takes - 1)
    for who in (alice, bob):
        (refused,) = submit(flow.pk, [ask(who, label("plan", "e" * 100), seq=1)]).answers
        assert reason(refused) == ("limit_reached", FlowReason.FLOW_FULL)
    assert not Answer.objects.exists()
    assert verify_flow(flow.pk) == []

    limit(settings, storage_per_flow=stored(flow) + 10 * takes)
    (done,) = submit(flow.pk, [ask(bob, label("plan", "e" * 100), seq=1)]).answers
    assert done == Acked(6, fresh=True), "the seq was not used up"


def test_a_person_has_room_up_to_their_limit_in_all_flows_together(
    flow: Flow, alice: User, bob: User, ask: Ask, settings: Any
) -> None:
    mine = create_flow(Person(bob.pk), parse_flow(title="Mine", nodes=NODES, edges=EDGES), via="api")
    submit(flow.pk, [ask(bob, label("plan", "a" * 100)), ask(bob, label("plan", "b" * 100))])
    before = sum(Usage.objects.filter(user=bob).values_list("storage", flat=True))
    submit(mine.pk, [ask(bob, label("plan", "a" * 100)), ask(bob, label("plan", "b" * 100))])
    both = sum(Usage.objects.filter(user=bob).values_list("storage", flat=True))
    submit(mine.pk, [ask(bob, label("plan", "c" * 100))])
    used = sum(Usage.objects.filter(user=bob).values_list("storage", flat=True))
    assert before < both < used
    takes = used - both

    limit(settings, storage_per_person=used + takes)
    (done,) = submit(mine.pk, [ask(bob, label("plan", "d" * 100))]).answers
    assert done == Acked(5, fresh=True)
    (refused,) = submit(flow.pk, [ask(bob, label("plan", "c" * 100))]).answers
    assert reason(refused) == ("limit_reached", FlowReason.PERSON_FULL)
    with pytest.raises(Rejected) as rejected:
        create_flow(Person(bob.pk), parse_flow(title="More"), via="api")
    assert (rejected.value.code, rejected.value.reason) == ("limit_reached", FlowReason.PERSON_FULL)

    limit(settings, storage_per_person=used + 2 * takes - 1)
    (refused,) = submit(flow.pk, [ask(bob, label("plan", "c" * 100))]).answers
    assert reason(refused) == ("limit_reached", FlowReason.PERSON_FULL)
    limit(settings, storage_per_person=used + 2 * takes)
    (done,) = submit(flow.pk, [ask(bob, label("plan", "c" * 100))]).answers
    assert done == Acked(4, fresh=True)
    assert submit(flow.pk, [ask(alice, label("plan", "A"))]).answers == (Acked(5, fresh=True),), "hers is another"


def test_a_flow_larger_than_the_limit_is_not_made(alice: User, settings: Any) -> None:
    limit(settings, storage_per_flow=2000)
    nodes = [{"id": "a", "kind": "note", "x": 0, "y": 0, "label": "x" * 1800}]
    with pytest.raises(Rejected):
        create_flow(Person(alice.pk), parse_flow(title="Large", nodes=nodes), via="api")
    assert not Flow.objects.exists() and not Usage.objects.exists()


def test_a_full_flow_can_be_duplicated(flow: Flow, bob: User, ask: Ask, settings: Any) -> None:
    for number in range(20):
        submit(flow.pk, [ask(bob, label("plan", f"{number}" * 200))])
    limit(settings, storage_per_flow=stored(flow))
    assert reason(submit(flow.pk, [ask(bob, UndoRequest())]).answers[0])[0] == "limit_reached"
    copy = duplicate_flow(Person(bob.pk), flow.pk, via="page")
    assert submit(copy.pk, [ask(bob, label("plan", "On"))]).answers == (Acked(2, fresh=True),)


def test_refusals_take_room_too_until_there_is_none(flow: Flow, bob: User, ask: Ask, settings: Any) -> None:
    submit(flow.pk, [ask(bob, move("ghost", 1), seq=1)])
    takes = stored(flow)
    submit(flow.pk, [ask(bob, move("ghost", 1), seq=2)])
    takes = stored(flow) - takes
    limit(settings, storage_per_flow=stored(flow) + takes)
    for seq in range(3, 30):
        submit(flow.pk, [ask(bob, move("ghost", 1), seq=seq)])
    assert Answer.objects.count() == 3 and verify_flow(flow.pk) == []


def test_the_sentence_says_what_to_do(flow: Flow, bob: User, client: Client, settings: Any) -> None:
    limit(settings, storage_per_flow=1000)
    client.force_login(bob)
    answer = client.post(
        f"/api/v1/flows/{flow.pk}/operations",
        {"operations": [label("plan", "x")]},
        content_type="application/json",
    ).json()
    (result,) = answer["results"]
    assert result["code"] == "limit_reached" and "Duplicate the flow" in result["message"]
    assert "1,000 bytes" in result["message"]


@pytest.mark.parametrize(("versions", "others"), [(10, 0), (600, 0), (10, 300)])
def test_counting_reads_no_log_and_no_other_flow(flow: Flow, bob: User, ask: Ask, versions: int, others: int) -> None:
    made = Flow.objects.bulk_create([Flow(title="Other", updated_at=flow.updated_at) for _ in range(others)])
    Usage.objects.bulk_create([Usage(flow=one, user=bob, storage=1) for one in made])
    submit(flow.pk, [ask(bob, move("plan", x + 1)) for x in range(versions)])
    with CaptureQueriesContext(connection) as queries:
        submit(flow.pk, [ask(bob, move("plan", -1), seq=1)])
    assert not [query["sql"] for query in queries if "SUM(" in query["sql"].upper()]
    assert len(queries) <= 14


def told_and_untold(user: User) -> tuple[int, int]:
    total = PersonStorage.objects.filter(user=user).values_list("storage", flat=True).first() or 0
    return total, sum(Usage.objects.filter(user=user).values_list("untold", flat=True))


def test_what_could_not_be_told_counts_here_and_is_told_next_time(
    flow: Flow, bob: User, ask: Ask, settings: Any
) -> None:
    submit(flow.pk, [ask(bob, label("plan", "a" * 100))])
    (used, _), takes = told_and_untold(bob), stored(flow)
    PersonStorage.objects.filter(user=bob).update(storage=0)
    Usage.objects.filter(user=bob, flow=flow).update(untold=used)
    assert verify_installation() == []

    submit(flow.pk, [ask(bob, label("plan", "b" * 100))])
    takes = stored(flow) - takes
    assert told_and_untold(bob) == (used + takes, 0)

    PersonStorage.objects.filter(user=bob).update(storage=used)
    Usage.objects.filter(user=bob, flow=flow).update(untold=takes)
    limit(settings, storage_per_person=used + 2 * takes - 1)
    (refused,) = submit(flow.pk, [ask(bob, label("plan", "c" * 100))]).answers
    assert reason(refused) == ("limit_reached", FlowReason.PERSON_FULL)
    assert verify_installation() == []
    PersonStorage.objects.filter(user=bob).update(storage=1)
    assert verify_installation() == [f"person {bob.pk}: 1 bytes are counted, in flows {used}"]


def test_what_is_taken_back_is_not_counted(flow: Flow, bob: User, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    before, usages = stored(flow), list(Usage.objects.values_list("user", "storage"))

    def broken(*_: object) -> None:
        raise RuntimeError("the process ends here")

    with monkeypatch.context() as patch:
        patch.setattr("flows.commands.group_commit.seal_of", broken)
        with pytest.raises(RuntimeError):
            submit(flow.pk, [ask(bob, move("plan", 1))])
    assert (stored(flow), list(Usage.objects.values_list("user", "storage"))) == (before, usages)
    assert verify_flow(flow.pk) == []


class TestReplacedGraphs:
    """The log holds what they change, and tells them whole."""

    @pytest.fixture
    def large(self, alice: User) -> Flow:
        """Three hundred nodes with long labels."""
        nodes = [{"id": f"n{i}", "kind": "note", "x": i, "y": 0, "label": f"{i} " * 200} for i in range(300)]
        return create_flow(Person(alice.pk), parse_flow(title="Large", nodes=nodes), via="api")

    def replaced(self, flow: Flow, id: str, text: str) -> ReplaceGraph:
        document = load_document(flow.pk).document
        nodes = [replace(node, label=text) if node.id == id else node for node in document.nodes()]
        return ReplaceGraph(tuple(reversed(nodes)), tuple(document.edges()))

    def test_six_replacements_take_what_they_change(self, large: Flow, alice: User, ask: Ask) -> None:
        first = stored(large)
        for number in range(6):
            asked = ask(alice, self.replaced(large, "n7", f"now {number}"), based_on=number + 1)
            assert submit(large.pk, [asked]).answers == (Acked(number + 2, fresh=True),)
        assert stored(large) - first < first / 2
        assert verify_flow(large.pk) == []

    def test_they_are_read_out_whole_and_in_order(self, large: Flow, alice: User, ask: Ask, client: Client) -> None:
        wanted = [self.replaced(large, "n7", "once")]
        submit(large.pk, [ask(alice, wanted[0], based_on=1)])
        submit(large.pk, [ask(alice, move("n8", 9, 9))])
        wanted.append(self.replaced(large, "n9", "twice"))
        submit(large.pk, [ask(alice, wanted[1], based_on=3)])
        client.force_login(alice)
        items = client.get(f"/api/v1/flows/{large.pk}/changes").json()["items"]
        told = [items[1]["operation"], items[3]["operation"]]
        assert [one["kind"] for one in told] == ["replace_graph"] * 2
        for one, graph in zip(told, wanted, strict=True):
            assert one["nodes"] == [encode_node(node) for node in graph.nodes]
            assert one["edges"] == [encode_edge(edge) for edge in graph.edges]

    def test_a_reading_ends_by_the_size_of_the_whole(self, large: Flow, alice: User, ask: Ask) -> None:
        for number in range(3):
            submit(large.pk, [ask(alice, self.replaced(large, "n7", f"{number}"), based_on=number + 1)])
        changes = changes_since(large.pk, 1)
        assert [one.version for one in whole_changes(large.pk, changes, 1)] == [2]
        size = len(next(whole_changes(large.pk, changes, 1)).operation)
        assert [one.version for one in whole_changes(large.pk, changes, size + 1)] == [2, 3]

    def test_undo_and_redo_of_one(self, large: Flow, alice: User, bob: User, ask: Ask) -> None:
        before = load_document(large.pk).document
        submit(large.pk, [ask(alice, self.replaced(large, "n7", "mine"), based_on=1)])
        submit(large.pk, [ask(None, label("n9", "theirs"), via="system")])
        assert submit(large.pk, [ask(alice, UndoRequest())]).version == 4
        after = load_document(large.pk).document
        assert after.node("n7") == before.node("n7") and (node := after.node("n9")) and node.label == "theirs"
        assert fold(large.pk).document == after and verify_flow(large.pk) == []

    def test_who_replaced_something_away_is_named(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        document = load_document(flow.pk).document
        less = ReplaceGraph(tuple(node for node in document.nodes() if node.id == "route"), ())
        submit(flow.pk, [ask(alice, less, based_on=1)])
        (answer,) = submit(flow.pk, [ask(bob, move("plan", 1), seq=1)]).answers
        assert reason(answer)[1] is FlowReason.NODE_DELETED_BY

    def test_nobody_submits_a_difference(self, flow: Flow, bob: User, client: Client) -> None:
        client.force_login(bob)
        operation = {"kind": "graph_difference", "nodes": [], "edges": []}
        answer = client.post(
            f"/api/v1/flows/{flow.pk}/operations", {"operations": [operation]}, content_type="application/json"
        ).json()
        assert answer["results"][0]["code"] == "invalid"

    def test_settings_that_look_like_one_are_none(self, flow: Flow, alice: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, label("plan", '"kind":"graph_difference"'))])
        (change,) = changes_since(flow.pk, 1)
        assert not change.is_difference and next(whole_changes(flow.pk, [change], 1)) is change


class TestThinning:
    """Old snapshots go, and any version stays within reach."""

    def test_the_older_the_fewer(self, flow: Flow) -> None:
        newest = 400 * SNAPSHOT_EVERY
        Snapshot.objects.bulk_create(
            Snapshot(flow=flow, version=version, digest="", graph="{}")
            for version in range(SNAPSHOT_EVERY, newest + 1, SNAPSHOT_EVERY)
        )
        Flow.objects.filter(pk=flow.pk).update(snapshot_storage=400 * len("{}"))
        thin_snapshots(flow.pk, newest)

        left = list(Snapshot.objects.order_by("version").values_list("version", flat=True))
        gaps = [later - earlier for earlier, later in zip([0, *left], left, strict=False)]
        assert left[-8:] == list(range(newest - 7 * SNAPSHOT_EVERY, newest + 1, SNAPSHOT_EVERY))
        assert max(gaps) <= LARGEST_GAP and len(left) < 50
        assert gaps == sorted(gaps, reverse=True)
        assert Flow.objects.get(pk=flow.pk).snapshot_storage == len(left) * len("{}")

    def test_thinning_bit_by_bit_leaves_the_same(self, flow: Flow) -> None:
        for version in range(SNAPSHOT_EVERY, 300 * SNAPSHOT_EVERY + 1, SNAPSHOT_EVERY):
            Snapshot.objects.create(flow=flow, version=version, digest="", graph="{}")
            Flow.objects.filter(pk=flow.pk).update(snapshot_storage=F("snapshot_storage") + len("{}"))
            if version % (10 * SNAPSHOT_EVERY) == 0:
                thin_snapshots(flow.pk, version)
        bit_by_bit = set(Snapshot.objects.values_list("version", flat=True))
        gaps = [b - a for a, b in zip([0, *sorted(bit_by_bit)], sorted(bit_by_bit), strict=False)]
        assert max(gaps) <= LARGEST_GAP

    def test_any_version_is_read_from_what_is_left(self, flow: Flow, alice: User, ask: Ask) -> None:
        for first in range(0, 1000, 200):
            submit(flow.pk, [ask(alice, move("plan", x + 1)) for x in range(first, first + 200)])
            take_snapshot(flow.pk, first + 200)
        Snapshot.objects.filter(version__in=(200, 600)).delete()
        Flow.objects.filter(pk=flow.pk).update(
            snapshot_storage=sum(len(graph) for graph in Snapshot.objects.values_list("graph", flat=True))
        )
        for version in (2, 199, 200, 201, 600, 601, 1001):
            assert (node := document_at(flow.pk, version).node("plan")) and node.x == version - 1
        assert verify_flow(flow.pk) == []


def test_limits_have_the_contracts_defaults() -> None:
    assert (Limits().storage_per_flow, Limits().storage_per_person) == (256 << 20, 2 << 30)


def test_what_is_shown_in_the_admin(flow: Flow, alice: User, dora: User, client: Client) -> None:
    Usage.objects.filter(user=alice).update(storage=3 << 20)
    Flow.objects.filter(pk=flow.pk).update(storage=5 << 20, snapshot_storage=1 << 20)
    client.force_login(dora)
    assert "3.0\xa0MB" in client.get("/admin/flows/usage/").content.decode()
    assert "6.0\xa0MB" in client.get("/admin/flows/flow/").content.decode()
