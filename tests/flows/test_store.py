"""Rows are the fold of what was done: as few as possible are read and written, and they read the same anywhere."""

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.acting import as_system
from accounts.models import User
from accounts.principals import Person
from flows.access import Role
from flows.commands import Acked, Versioned, commit, create_flow, delete_flow, replace_graph, set_member, submit
from flows.document import RemoveNode
from flows.errors import NotFound
from flows.log import fold, verify_flow
from flows.models import Flow, FlowEdge, FlowNode
from flows.parsing import parse_flow
from flows.storage.store import consistent_read, load_document
from flows.storage.stored_graph import StoredGraph
from flows.submission import parse_graph
from tests.conftest import person
from tests.document.random_operations import random_operation
from tests.flows.conftest import Ask, label, move
from tests.flows.counting import Rows
from web.text import hides_something

pytestmark = pytest.mark.django_db

LARGE = 10_000
TEXTS = {
    "emoji": "🙂‍↔️ 👩‍👩‍👧 e\u0301",
    "right to left": "مرحبا \u202e abc",
    "markup": "<script>alert(1)</script> & ' \" %s %(x)s {{ }} --",
    "odd": "__proto__\r\n\t\x7f\u2028\ufeff\uffff",
    "astral": "𝒳 \U0010fffd",
}


class TestCost:
    """What one edit costs does not depend on how large the flow is."""

    @pytest.fixture(scope="class")
    @classmethod
    def alice(cls, class_db: None) -> User:
        return person("alice")

    @pytest.fixture(scope="class")
    @classmethod
    def large(cls, alice: User) -> Flow:
        """Ten thousand nodes in one chain."""
        nodes = [{"id": f"n{i}", "kind": "agent", "x": i * 10, "y": 0.25} for i in range(LARGE)]
        edges = [{"id": f"e{i}", "source": f"n{i}", "target": f"n{i + 1}"} for i in range(LARGE - 1)]
        return create_flow(Person(alice.pk), parse_flow(title="Large", nodes=nodes, edges=edges), via="api")

    def test_one_move_reads_and_writes_one_node(self, large: Flow, alice: User, ask: Ask) -> None:
        with Rows() as rows, CaptureQueriesContext(connection) as queries:
            receipt = submit(large.pk, [ask(alice, move("n5000", 1), seq=1)])
        assert receipt.answers == (Acked(2, fresh=True),)
        assert len(queries) <= 12, [query["sql"] for query in queries]
        assert rows.read <= 5, "the flow, a role, the node"
        assert rows.written <= 5, "the node, the log, the flow, what the person has written in it and in all"

    def test_a_batch_asks_for_all_it_needs_at_once(self, large: Flow, alice: User, ask: Ask) -> None:
        asked = [ask(alice, move(f"n{i}", 1), seq=i + 1) for i in range(0, 50)]
        asked += [ask(alice, {"kind": "remove_node", "id": f"n{i}"}, seq=i + 1) for i in range(100, 120)]
        edges = [{"id": f"x{i}", "source": f"n{i}", "target": f"n{i + 5}"} for i in range(300, 320)]
        asked += [ask(alice, {"kind": "add_edge", "edge": edge}, seq=int(edge["source"][1:])) for edge in edges]
        with Rows() as rows, CaptureQueriesContext(connection) as queries:
            receipt = submit(large.pk, asked)
        assert receipt.version == 91 and len(receipt.effect.nodes) == 70
        assert len(queries) <= 20, len(queries)
        assert rows.read < 300
        assert verify_flow(large.pk) == []

    @pytest.mark.parametrize("in_memory", [False, True], ids=["over rows", "in memory"])
    def test_a_hundred_edits_take_no_more_statements_than_one(
        self, large: Flow, alice: User, bob: User, ask: Ask, in_memory: bool
    ) -> None:
        set_member(Person(alice.pk), large.pk, person=bob.email, role=Role.EDITOR)
        counts = []
        for number in (1, 100):
            held, seq = load_document(large.pk), count(1_000 * number)
            graph = Versioned(held.document, held.version) if in_memory else None
            moves = [move(f"n{i}", -number) for i in range(number)]
            asked = [ask((alice, bob)[i % 2], one, client="a-program", seq=next(seq)) for i, one in enumerate(moves)]
            with CaptureQueriesContext(connection) as queries:
                assert len(commit(large.pk, asked, graph=graph).changes) == number
            counts.append(sum(_statements(query["sql"]) for query in queries))
        most = 9 if connection.vendor == "postgresql" else 10  # there two of them are one
        assert counts[0] == counts[1] <= most - in_memory, queries.captured_queries

    def test_more_ids_than_a_statement_takes(self, large: Flow) -> None:
        graph = StoredGraph(Flow.objects.get(pk=large.pk))
        graph.prefetch([RemoveNode(f"n{index}") for index in range(40_000)])

        assert [edge.id for edge in graph.edges_of("n5000")] == ["e4999", "e5000"]
        assert graph.node("n39999") is None and graph.edges_of("n39999") == []

    def test_nothing_is_read_beside_a_graph_in_memory(self, flow: Flow, alice: User, ask: Ask) -> None:
        held = load_document(flow.pk)
        with CaptureQueriesContext(connection) as queries:
            commit(flow.pk, [ask(alice, move("frame", 1), seq=1)], graph=Versioned(held.document, held.version))
        assert not [query for query in queries if query["sql"].startswith("SELECT") and "flownode" in query["sql"]]


def _statements(logged: str) -> int:
    """Return how many statements a logged one stands for; PostgreSQL's driver sends many rows as one, in a pipeline."""
    if logged.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")):
        return 0
    times, many, _statement = logged.partition(" times: ")
    return int(times) if many and connection.vendor == "sqlite" else 1


class TestRows:
    """Whatever is done, the rows hold the same flow as the document."""

    @pytest.mark.parametrize("seed", range(6))
    def test_random_edits(self, flow: Flow, alice: User, ask: Ask, seed: int) -> None:
        rng, applied = random.Random(seed), 0
        for _round in range(12):
            document = load_document(flow.pk).document
            asked = [ask(alice, random_operation(rng, document)) for _ in range(rng.randint(1, 12))]
            receipt = submit(flow.pk, asked)
            document.advance(receipt.effect)
            assert load_document(flow.pk).document == document == fold(flow.pk).document
            applied += len(receipt.changes)
        assert applied > 30
        assert verify_flow(flow.pk) == []

    def test_what_lies_on_top_stays_there(self, flow: Flow, alice: User, ask: Ask) -> None:
        added = [{"kind": "add_node", "node": {"id": id, "kind": "note", "x": 0, "y": 0}} for id in ("z", "a")]
        submit(flow.pk, [ask(alice, operation) for operation in (*added, label("plan", "Plan again"))])
        ids = [node.id for node in load_document(flow.pk).document.nodes()]
        assert ids == ["plan", "route", "send", "frame", "z", "a"]

    def test_a_group_goes_and_its_members_stay(self, flow: Flow, alice: User, ask: Ask) -> None:
        submit(flow.pk, [ask(alice, {"kind": "remove_node", "id": "frame"})])
        assert list(FlowNode.objects.filter(flow=flow, node_id="send").values_list("parent", flat=True)) == [None]

    def test_edges_exchange_their_ends(self, alice: User) -> None:
        nodes = [{"id": id, "kind": "agent", "x": 0, "y": 0} for id in "abc"]
        edges = [{"id": "e1", "source": "a", "target": "b"}, {"id": "e2", "source": "b", "target": "c"}]
        flow = create_flow(Person(alice.pk), parse_flow(title="Exchange", nodes=nodes, edges=edges), via="api")
        edges[0]["id"], edges[1]["id"] = "e2", "e1"
        receipt = replace_graph(
            Person(alice.pk), flow.pk, parse_graph({"nodes": nodes, "edges": edges}), version=1, via="api"
        )
        assert receipt.answers == (Acked(2, fresh=True),)
        assert verify_flow(flow.pk) == []

    def test_nodes_change_places_with_new_ones(self, alice: User, flow: Flow) -> None:
        nodes = [{"id": "plan", "kind": "group", "x": 0, "y": 0}, {"id": "n", "kind": "api", "x": 0, "y": 0}]
        receipt = replace_graph(
            Person(alice.pk), flow.pk, parse_graph({"nodes": nodes, "edges": []}), version=1, via="api"
        )
        assert receipt.answers == (Acked(2, fresh=True),)
        assert set(FlowNode.objects.filter(flow=flow).values_list("node_id", "kind")) == {
            ("plan", "group"),
            ("n", "api"),
        }
        assert not FlowEdge.objects.filter(flow=flow).exists()
        assert verify_flow(flow.pk) == []

    @pytest.mark.parametrize("name", TEXTS)
    def test_texts_are_kept_as_they_are(self, flow: Flow, alice: User, ask: Ask, name: str) -> None:
        text = TEXTS[name]
        settings = {"system_prompt": text, "model": text}
        changes = {"label": text, "description": text, "settings": settings}
        asked = [ask(alice, {"kind": "edit_node", "id": "plan", "set": changes})]
        title = "Texts" if hides_something(text) else text
        asked.append(ask(alice, {"kind": "edit_flow", "set": {"title": title, "description": text}}))
        assert [type(answer) for answer in submit(flow.pk, asked).answers] == [Acked, Acked]
        document = load_document(flow.pk).document
        assert (node := document.node("plan")) and (node.label, node.description) == (text, text)
        assert node.settings == {"temperature": 0.2, **settings}
        assert document.properties.title == title
        assert verify_flow(flow.pk) == []

    @pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x\udfff"])
    def test_texts_that_cannot_be_kept_are_refused(self, flow: Flow, alice: User, ask: Ask, text: str) -> None:
        operations = [label("plan", text), {"kind": "edit_flow", "set": {"title": text}}]
        operations.append({"kind": "edit_node", "id": "plan", "set": {"settings": {"model": text}}})
        answers = submit(flow.pk, [ask(alice, operation, seq=i + 1) for i, operation in enumerate(operations)]).answers
        assert [getattr(answer, "code", "") for answer in answers] == ["invalid"] * 3

    def test_numbers_are_kept_as_they_are(self, flow: Flow, alice: User, ask: Ask) -> None:
        filters = [1, 1.0, 0.1, -0.0, 1e-7, 123456789.125, 2**53, True, None, [], {}]
        node = {"id": "s", "kind": "sensor", "x": 0.1 + 0.2, "y": -1_000_000, "settings": {"filters": filters}}
        receipt = submit(flow.pk, [ask(alice, {"kind": "add_node", "node": node})])
        stored = load_document(flow.pk).document.node("s")
        assert stored == receipt.effect.nodes["s"].after
        assert stored and repr((stored.x, stored.y)) == "(0.3, -1000000)"


class TestReading:
    """A flow is read as it was at one instant."""

    def test_an_unknown_flow(self, flow: Flow, alice: User) -> None:
        delete_flow(Person(alice.pk), flow.pk)
        with pytest.raises(NotFound):
            load_document(flow.pk)

    def test_it_takes_three_queries(self, flow: Flow) -> None:
        with CaptureQueriesContext(connection) as queries:
            loaded = load_document(flow.pk)
        assert len(queries) == 3
        assert (loaded.version, loaded.document.node_count, loaded.document.edge_count) == (1, 4, 2)
        assert loaded.document.properties.title == "Plan a trip"


@pytest.mark.django_db(transaction=True)
def test_reading_holds_up_no_writer_and_sees_none(flow: Flow, alice: User, ask: Ask) -> None:
    @as_system
    def write() -> int:
        try:
            return submit(flow.pk, [ask(alice, move("plan", 5))]).version
        finally:
            connection.close()

    with consistent_read(), ThreadPoolExecutor() as pool:
        before = load_document(flow.pk)
        assert pool.submit(write).result(timeout=10) == 2
        assert load_document(flow.pk) == before
    assert load_document(flow.pk).version == 2


def test_what_is_equal_in_a_flow_is_one_object(flow: Flow) -> None:
    document = load_document(flow.pk).document
    nodes = {node.id: node for node in document.nodes()}
    (first, _), ids = document.edges(), {id(node.id) for node in nodes.values()}
    assert {id(first.source), id(first.target), id(nodes["send"].parent)} <= ids
    assert nodes["send"].settings is nodes["frame"].settings
    assert nodes["plan"].y is nodes["route"].y
