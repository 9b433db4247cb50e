"""What the writing door refuses, what it does, and what it remembers."""

import gc
import uuid
import weakref
from typing import Any

import pytest

from accounts.models import User
from accounts.principals import Person
from flows.access import Role
from flows.commands import Acked, ChangeHead, Refused, Versioned, commit, delete_flow, remove_member, set_member, submit
from flows.document import CreateFlow, MoveNode, Reason, ReplaceGraph
from flows.errors import NotFound
from flows.log import changes_since, verify_flow, whole_changes
from flows.models import Answer, Change, Flow
from flows.sentences import sentence
from flows.storage.store import load_document
from flows.submission import Submission
from tests.flows.conftest import Ask, label, move

pytestmark = pytest.mark.django_db


def refusal(answer: Acked | Refused) -> Refused:
    assert isinstance(answer, Refused), answer
    return answer


def in_memory(flow: Flow) -> Versioned:
    loaded = load_document(flow.pk)
    return Versioned(loaded.document, loaded.version)


class TestRefusals:
    """What is refused changes nothing, and says what it touched."""

    def test_a_flow_that_is_unknown_or_deleted(self, flow: Flow, alice: User, ask: Ask) -> None:
        with pytest.raises(NotFound):
            submit(uuid.uuid4(), [ask(alice, move("plan", 1))])
        delete_flow(Person(alice.pk), flow.pk)
        with pytest.raises(NotFound):
            submit(flow.pk, [ask(alice, move("plan", 1))])

    @pytest.mark.parametrize("who", ["vera", "charlie"])
    def test_somebody_who_may_not_write(self, flow: Flow, ask: Ask, who: str, request: pytest.FixtureRequest) -> None:
        person = request.getfixturevalue(who)
        receipt = submit(flow.pk, [ask(person, move("plan", 1), seq=1)])
        answer = refusal(receipt.answers[0])
        assert (answer.code, answer.nodes, answer.edges) == ("forbidden", {"plan"}, frozenset())
        assert (receipt.previous, receipt.version, receipt.changes) == (1, 1, ())
        assert not Answer.objects.exists()

    def test_an_account_that_was_deactivated(self, flow: Flow, bob: User, ask: Ask) -> None:
        User.objects.filter(pk=bob.pk).update(is_active=False)
        assert refusal(submit(flow.pk, [ask(bob, move("plan", 1))]).answers[0]).code == "forbidden"

    @pytest.mark.parametrize(
        "operation", [None, 7, "move", [], {}, {"kind": "move_node", "id": "plan", "x": float("nan"), "y": 0}]
    )
    def test_what_is_no_operation(self, flow: Flow, alice: User, ask: Ask, operation: object) -> None:
        assert refusal(submit(flow.pk, [ask(alice, operation)]).answers[0]).code == "invalid"

    def test_creating_a_flow_twice(self, flow: Flow, alice: User, ask: Ask) -> None:
        assert refusal(submit(flow.pk, [ask(alice, CreateFlow("Again", ""))]).answers[0]).code == "invalid"

    def test_what_the_rules_refuse_and_what_it_touched(self, flow: Flow, alice: User, ask: Ask) -> None:
        answers = commit(
            flow.pk,
            [
                ask(alice, move("nowhere", 1)),
                ask(alice, move("frame", 999_990)),
                ask(alice, {"kind": "add_edge", "edge": {"id": "e3", "source": "plan", "target": "plan"}}),
                ask(alice, {"kind": "remove_edge", "id": "e9"}),
            ],
            graph=in_memory(flow),
        ).answers
        assert [refusal(answer).code for answer in answers] == ["unknown_node", "invalid", "self_loop", "unknown_edge"]
        assert refusal(answers[0]).nodes == {"nowhere"}
        assert refusal(answers[1]).nodes == {"frame", "send"}, "its members moved on screen too"
        assert (refusal(answers[2]).nodes, refusal(answers[2]).edges) == ({"plan"}, {"e3"})
        assert refusal(answers[3]).edges == {"e9"}

    def test_who_may_not_write_is_told_only_what_they_named(self, flow: Flow, vera: User, ask: Ask) -> None:
        removal = ask(vera, {"kind": "remove_node", "id": "frame"})
        for graph in (None, in_memory(flow)):
            answer = refusal(commit(flow.pk, [removal], graph=graph).answers[0])
            assert (answer.nodes, answer.edges) == ({"frame"}, set())

    @pytest.mark.parametrize("who", ["alice", "vera"])
    def test_a_refusal_reads_no_rows_for_each_id(
        self, flow: Flow, alice: User, vera: User, who: str, ask: Ask, django_assert_max_num_queries: Any
    ) -> None:
        removals = [{"kind": "remove_node", "id": f"unknown-{index}"} for index in range(100)]
        asked = ask({"alice": alice, "vera": vera}[who], {"kind": "batch", "operations": removals})
        with django_assert_max_num_queries(12):
            answer = refusal(submit(flow.pk, [asked]).answers[0])
        assert len(answer.nodes) == 100

    def test_one_refusal_leaves_the_others_alone(
        self, flow: Flow, alice: User, bob: User, vera: User, ask: Ask
    ) -> None:
        receipt = submit(
            flow.pk, [ask(alice, move("plan", 5)), ask(vera, move("plan", 6)), ask(bob, label("plan", "Think"))]
        )
        assert receipt.answers[0] == Acked(2, fresh=True)
        assert refusal(receipt.answers[1]).code == "forbidden"
        assert receipt.answers[2] == Acked(3, fresh=True)
        assert verify_flow(flow.pk) == []


class TestRightsNow:
    """Rights are read inside the transaction, whatever the caller believed."""

    def test_a_role_that_was_taken_away(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        assert submit(flow.pk, [ask(bob, move("plan", 1))]).version == 2
        set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role.COMMENTER)
        assert refusal(submit(flow.pk, [ask(bob, move("plan", 2), seq=1)]).answers[0]).code == "forbidden"
        set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role.EDITOR)
        assert submit(flow.pk, [ask(bob, move("plan", 2), seq=1)]).answers[0] == Acked(3, fresh=True)
        remove_member(Person(alice.pk), flow.pk, user_id=bob.pk)
        assert refusal(submit(flow.pk, [ask(bob, move("plan", 3))]).answers[0]).code == "forbidden"

    def test_the_system_may_write(self, flow: Flow, ask: Ask) -> None:
        receipt = submit(flow.pk, [ask(None, move("plan", 1), via="system")])
        assert receipt.changes == (ChangeHead(2, None, None, None, "system"),)

    def test_staff_may_write_through_the_admin_only(self, flow: Flow, dora: User, vera: User, ask: Ask) -> None:
        assert refusal(submit(flow.pk, [ask(dora, move("plan", 1))]).answers[0]).code == "forbidden"
        assert refusal(submit(flow.pk, [ask(vera, move("plan", 1), via="admin")]).answers[0]).code == "forbidden"
        assert submit(flow.pk, [ask(dora, move("plan", 1), via="admin")]).answers[0] == Acked(2, fresh=True)


class TestEffects:
    """What was asked is done, once, with a version of its own."""

    def test_versions_are_dense_and_the_effect_is_net(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        receipt = submit(
            flow.pk,
            [
                ask(alice, move("plan", 10), seq=1),
                ask(bob, move("plan", 20), seq=1),
                ask(alice, move("send", 9), seq=2),
            ],
        )
        assert [answer.version for answer in receipt.answers if isinstance(answer, Acked)] == [2, 3, 4]
        assert [head.version for head in receipt.changes] == [2, 3, 4]
        assert receipt.changes[1] == ChangeHead(3, bob.pk, "tab-of-hers", 1, "socket")
        moved = receipt.effect.nodes["plan"]
        assert moved.before and moved.after and (moved.before.x, moved.after.x) == (0, 20)
        loaded = load_document(flow.pk)
        assert (loaded.version, loaded.digest, loaded.epoch) == (4, receipt.digest, receipt.epoch)
        assert loaded.document.node("plan") == moved.after

    def test_a_change_of_nothing_makes_no_version(self, flow: Flow, alice: User, ask: Ask) -> None:
        receipt = submit(flow.pk, [ask(alice, move("plan", 0)), ask(alice, {"kind": "batch", "operations": []})])
        assert receipt.answers == (Acked(1, fresh=False), Acked(1, fresh=False))
        assert receipt.effect.is_empty and receipt.version == 1

    def test_there_and_back_makes_two_versions_and_no_effect(self, flow: Flow, alice: User, ask: Ask) -> None:
        receipt = submit(flow.pk, [ask(alice, move("plan", 7)), ask(alice, move("plan", 0))])
        assert receipt.version == 3 and receipt.effect.is_empty
        assert verify_flow(flow.pk) == []

    def test_records_are_taken_as_they_are(self, flow: Flow, alice: User, ask: Ask) -> None:
        assert submit(flow.pk, [ask(alice, MoveNode("plan", 3, 4))]).version == 2
        refused = submit(flow.pk, [ask(alice, Refused("invalid", Reason.NOT_A_GRAPH))]).answers[0]
        assert refused == Refused("invalid", Reason.NOT_A_GRAPH)

    def test_the_flows_row_follows(self, flow: Flow, bob: User, ask: Ask) -> None:
        operations = [
            {"kind": "edit_flow", "set": {"title": "Ein Ausflug", "description": "ÜBER Land"}},
            {"kind": "remove_node", "id": "route"},
        ]
        submit(flow.pk, [ask(bob, operation) for operation in operations])
        row = Flow.objects.get(pk=flow.pk)
        assert (row.title, row.description, row.search_text) == ("Ein Ausflug", "ÜBER Land", "ein ausflug\nüber land")
        assert (row.version, row.node_count, row.edge_count, row.updated_by_id) == (3, 3, 0, bob.pk)
        assert row.updated_at > flow.updated_at

    def test_a_graph_in_memory_is_used_only_at_the_current_version(self, flow: Flow, alice: User, ask: Ask) -> None:
        old = load_document(flow.pk)
        submit(flow.pk, [ask(alice, {"kind": "remove_node", "id": "plan"})])
        stale = Versioned(old.document, old.version)
        answer = refusal(commit(flow.pk, [ask(alice, move("plan", 1))], graph=stale).answers[0])
        assert answer.code == "unknown_node"

    def test_a_graph_in_memory_is_not_changed(self, flow: Flow, alice: User, ask: Ask) -> None:
        held = load_document(flow.pk)
        receipt = commit(flow.pk, [ask(alice, move("plan", 1))], graph=Versioned(held.document, held.version))
        assert (plan := held.document.node("plan")) and plan.x == 0
        held.document.advance(receipt.effect)
        assert held.document == load_document(flow.pk).document


class TestMemory:
    """(flow, person, client, seq) names a submission for ever."""

    def test_a_resend_is_answered_as_before(self, flow: Flow, alice: User, ask: Ask) -> None:
        first = submit(flow.pk, [ask(alice, move("plan", 5), seq=1)])
        assert first.answers == (Acked(2, fresh=True),)
        submit(flow.pk, [ask(alice, move("plan", 50), seq=2)])
        again = submit(flow.pk, [ask(alice, move("plan", 5), seq=1)])
        assert again.answers == (Acked(2, fresh=False),) and again.version == 3 and not again.changes

    def test_a_resend_within_one_batch(self, flow: Flow, alice: User, ask: Ask) -> None:
        twice = [
            ask(alice, move("plan", 5), seq=1),
            ask(alice, move("plan", 6), seq=1),
            ask(alice, move("x", 1), seq=2),
        ]
        receipt = submit(flow.pk, [*twice, twice[-1]])
        assert receipt.answers[:2] == (Acked(2, fresh=True), Acked(2, fresh=False))
        assert receipt.answers[2] == receipt.answers[3] and refusal(receipt.answers[2]).code == "unknown_node"
        assert verify_flow(flow.pk) == []

    def test_a_refusal_stays_refused(self, flow: Flow, alice: User, ask: Ask) -> None:
        late = ask(alice, move("later", 5), seq=1)
        first = refusal(submit(flow.pk, [late]).answers[0])
        submit(flow.pk, [ask(alice, {"kind": "add_node", "node": {"id": "later", "kind": "note", "x": 0, "y": 0}})])
        assert submit(flow.pk, [late]).answers == (first,)

    def test_a_malformed_operation_stays_refused(self, flow: Flow, alice: User, ask: Ask) -> None:
        first = submit(flow.pk, [ask(alice, {"kind": "move_node", "id": "plan"}, seq=1)]).answers
        assert submit(flow.pk, [ask(alice, move("plan", 5), seq=1)]).answers == first
        assert refusal(first[0]).nodes == {"plan"}

    def test_a_change_of_nothing_stays_one(self, flow: Flow, alice: User, ask: Ask) -> None:
        nothing = ask(alice, move("plan", 0), seq=1)
        assert submit(flow.pk, [nothing]).answers == (Acked(1, fresh=False),)
        submit(flow.pk, [ask(alice, move("plan", 9))])
        assert submit(flow.pk, [nothing]).answers == (Acked(1, fresh=False),)
        assert load_document(flow.pk).version == 2

    def test_too_large_may_be_tried_again(self, flow: Flow, alice: User, ask: Ask) -> None:
        def prompt(length: int) -> dict[str, object]:
            return {"kind": "edit_node", "id": "plan", "set": {"settings": {"system_prompt": "x" * length}}}

        assert refusal(submit(flow.pk, [ask(alice, prompt(70_000), seq=1)]).answers[0]).code == "too_large"
        assert submit(flow.pk, [ask(alice, prompt(70), seq=1)]).answers == (Acked(2, fresh=True),)

    def test_names_of_others_are_their_own(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        asked = [ask(alice, move("plan", 1), seq=1), ask(bob, move("plan", 2), seq=1)]
        asked.append(ask(alice, move("plan", 3), seq=1, client="another-tab"))
        assert [answer.fresh for answer in submit(flow.pk, asked).answers if isinstance(answer, Acked)] == [True] * 3

    def test_somebody_who_lost_the_right_still_learns_what_was_done(
        self, flow: Flow, alice: User, bob: User, ask: Ask
    ) -> None:
        done = ask(bob, move("plan", 5), seq=1)
        submit(flow.pk, [done])
        remove_member(Person(alice.pk), flow.pk, user_id=bob.pk)
        assert submit(flow.pk, [done]).answers == (Acked(2, fresh=False),)

    def test_anonymous_submissions_are_never_the_same(self, flow: Flow, alice: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, move("plan", 1)), ask(alice, move("nowhere", 1)), ask(alice, move("plan", 1))])
        assert Answer.objects.count() == 0 and Change.objects.filter(flow=flow).count() == 2


class TestReplacement:
    """A whole graph is taken only on the version it was made from."""

    def graph(self, *ids: str) -> ReplaceGraph:
        from flows.document import NO_LIMITS, decode_graph

        nodes = [{"id": id, "kind": "agent", "x": 0, "y": 0} for id in ids]
        return ReplaceGraph(*decode_graph(nodes, [], NO_LIMITS))

    def test_a_stale_one_is_refused_and_not_remembered(self, flow: Flow, alice: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, move("plan", 1))])
        stale = ask(alice, self.graph("a"), seq=1, based_on=1)
        assert refusal(submit(flow.pk, [stale]).answers[0]).code == "version_conflict"
        current = ask(alice, self.graph("a"), seq=1, based_on=2)
        assert submit(flow.pk, [current]).answers == (Acked(3, fresh=True),)
        assert verify_flow(flow.pk) == []

    def test_one_that_does_not_say_is_refused(self, flow: Flow, alice: User, ask: Ask) -> None:
        assert refusal(submit(flow.pk, [ask(alice, self.graph("a"))]).answers[0]).code == "version_conflict"

    def test_two_on_the_same_version(self, flow: Flow, alice: User, bob: User, ask: Ask) -> None:
        asked = [ask(alice, self.graph("a"), based_on=1), ask(bob, self.graph("b"), based_on=1)]
        answers = submit(flow.pk, asked).answers
        assert answers[0] == Acked(2, fresh=True) and refusal(answers[1]).code == "version_conflict"

    def test_the_same_graph_makes_no_version(self, flow: Flow, alice: User, ask: Ask) -> None:
        document = load_document(flow.pk).document
        same = ReplaceGraph(tuple(document.nodes()), tuple(document.edges()))
        assert submit(flow.pk, [ask(alice, same, based_on=1)]).answers == (Acked(1, fresh=False),)

    def test_the_log_tells_it_whole(self, flow: Flow, alice: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, self.graph("plan", "new"), based_on=1)])
        (change,) = whole_changes(flow.pk, changes_since(flow.pk, 1), 1)
        record = change.record
        assert isinstance(record, ReplaceGraph) and [node.id for node in record.nodes] == ["plan", "new"]


class Held(dict[str, object]):
    """An operation whose end can be seen."""

    __slots__ = ("__weakref__",)


@pytest.mark.parametrize(
    "operation",
    [
        {"kind": "edit_node", "id": "plan", "set": {"label": "x" * 60_000}},
        {"kind": "edit_node", "id": "nobody", "set": {"label": "x"}},
        {"kind": "edit_node", "id": "plan", "set": {"label": "Plan"}},
        {"kind": "edit_node", "id": "plan", "set": {"label": "Other"}},
    ],
    ids=["malformed", "refused", "without effect", "done"],
)
@pytest.mark.parametrize("name", ["alice", "vera"])
def test_nothing_keeps_what_was_answered(
    flow: Flow, ask: Ask, operation: dict[str, object], name: str, request: pytest.FixtureRequest
) -> None:
    """No circle of exceptions that waits for a collection: whoever floods would be held in memory meanwhile."""
    asked = Held(operation)
    gone = weakref.ref(asked)
    gc.disable()
    try:
        submit(flow.pk, [ask(request.getfixturevalue(name), asked, seq=1)])
        del asked
        assert gone() is None
    finally:
        gc.enable()


class TestRememberedRefusals:
    def again(self, flow: Flow, asked: Submission) -> Refused:
        first = refusal(submit(flow.pk, [asked]).answers[0])
        again = refusal(submit(flow.pk, [asked]).answers[0])
        assert again == first
        return again

    def test_reason_and_values_are_kept_also_of_an_operation_in_a_batch(
        self, flow: Flow, alice: User, ask: Ask
    ) -> None:
        batch = {"kind": "batch", "operations": [move("plan", 1), move("nowhere", 1)]}
        kept = self.again(flow, ask(alice, batch, seq=1))
        assert "There is no node nowhere." in sentence(kept)
        kept = self.again(flow, ask(alice, {"kind": "resize_node", "id": "plan", "width": 0, "height": 1}, seq=2))
        assert sentence(kept).startswith("width: a number from")

    def test_the_sentence_is_made_for_the_reader(self, flow: Flow, alice: User, ask: Ask) -> None:
        kept = self.again(flow, ask(alice, move("nowhere", 1), seq=1))
        row = Answer.objects.get(flow=flow)
        assert (row.reason, row.details, row.message) == ("unknown_node", '{"id":"nowhere"}', "")
        assert kept.values == {"id": "nowhere"}

    def test_one_from_before_reasons_keeps_its_words(self, flow: Flow, alice: User, ask: Ask) -> None:
        named = {"flow": flow, "actor": alice, "client": "tab-of-hers", "seq": 1, "version": 1}
        Answer.objects.create(**named, code="unknown_node", message="there is no node x")
        kept = refusal(submit(flow.pk, [ask(alice, move("plan", 1), seq=1)]).answers[0])
        assert (kept.code, sentence(kept)) == ("unknown_node", "there is no node x")
