"""Import and export as programs see them."""

import dataclasses
from collections.abc import Callable
from queue import Queue
from threading import Thread
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.principals import Person, System
from flows import commands, rates
from flows.commands import Acked, Receipt, Refused, exports
from flows.commands.group_commit import GroupCommit
from flows.interchange.formats import FORMATS
from flows.interchange.pictures import drawing_process
from flows.log import verify_flow
from flows.models import Change, Flow
from flows.storage.store import load_document
from tests.interchange.conftest import Program
from web.errors import Problem

pytestmark = pytest.mark.django_db
RefusedBy = Callable[..., Any]

FILE: dict[str, Any] = {
    "title": "Support triage",
    "description": "From another tool",
    "nodes": [
        {"id": "g", "kind": "group", "x": 0, "y": 0},
        {"id": "a", "kind": "agent", "x": 10, "y": 50, "parent": "g", "settings": {"model": "test"}},
        {"id": "b", "kind": "output", "x": 400, "y": 50},
        {"id": "n", "kind": "note", "x": 400, "y": 200, "settings": {"text": "Hello"}},
    ],
    "edges": [{"id": "e", "source": "a", "target": "b"}, {"id": "f", "source": "b", "target": "gone"}],
}
REPORT = {
    "format": "json",
    "kept": {"nodes": 2, "edges": 1, "groups": 1, "notes": 1},
    "approximated": [],
    "dropped": [],
}


def file(**changes: object) -> bytes:
    """Return a file of JSON whose edges can all be held."""
    return orjson.dumps({**FILE, "edges": FILE["edges"][:1], **changes})


def count() -> int:
    return Flow.objects.count()


class TestANewFlow:
    def test_what_cannot_be_read_makes_nothing(self, as_alice: Program, refused: RefusedBy) -> None:
        answer = as_alice.post("/flows/import?format=json", b'{"title": "x",\n "nodes": [}')

        refused(answer, 422, "invalid")
        detail = orjson.loads(answer.content)["detail"]
        assert (detail["format"], detail["line"], type(detail["column"])) == ("json", 2, int)
        assert detail["message"]
        assert count() == 0

    def test_an_unknown_format(self, as_alice: Program, refused: RefusedBy) -> None:
        refused(as_alice.post("/flows/import?format=visio", file()), 422, "invalid")

    def test_it_is_made_and_told(self, as_alice: Program) -> None:
        answer = as_alice.post("/flows/import?format=json", orjson.dumps(FILE))

        assert answer.status_code == 201
        body = orjson.loads(answer.content)
        assert body["report"] == REPORT | {
            "dropped": [{"what": "edge", "where": "b → gone", "why": "It ends at something that is not in the file."}]
        }
        assert body["flow"] == orjson.loads(as_alice.get(f"/flows/{body['flow']['id']}").content)
        assert answer["Location"] == f"/api/v1/flows/{body['flow']['id']}"
        assert [node["id"] for node in body["flow"]["nodes"]] == ["g", "a", "b", "n"]

    def test_its_log_begins_with_its_creation(self, as_alice: Program) -> None:
        body = orjson.loads(as_alice.post("/flows/import", file()).content)

        (first,) = Change.objects.filter(flow_id=body["flow"]["id"])
        assert (first.version, first.via, orjson.loads(first.operation)["kind"]) == (1, "import", "create_flow")
        assert verify_flow(first.flow_id) == []

    def test_its_title_may_come_with_the_call(self, as_alice: Program) -> None:
        untitled = orjson.dumps({"nodes": FILE["nodes"]})

        titled = as_alice.post("/flows/import?title=From%20a%20file", untitled)
        plain = as_alice.post("/flows/import", untitled)
        own = as_alice.post("/flows/import?title=From%20a%20file", file())

        titles = [orjson.loads(answer.content)["flow"]["title"] for answer in (titled, plain, own)]
        assert titles == ["From a file", "Imported flow", "Support triage"]

    @pytest.mark.parametrize(
        "content_type", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""]
    )
    def test_whatever_its_content_type_says(self, as_alice: Program, content_type: str) -> None:
        answer = as_alice.client.generic(
            "POST",
            "/api/v1/flows/import",
            file(),
            content_type,
            HTTP_AUTHORIZATION=f"Bearer {as_alice.bearer()}",
        )

        assert answer.status_code == 201

    def test_it_is_too_large(self, as_alice: Program, refused: RefusedBy, settings: Settings) -> None:
        settings.HELIX_LIMITS = dataclasses.replace(settings.HELIX_LIMITS, import_bytes=len(file()))

        assert as_alice.post("/flows/import", file()).status_code == 201
        refused(as_alice.post("/flows/import", file() + b"\n"), 413, "too_large")
        assert count() == 1

    @pytest.mark.parametrize(("limit", "held"), [("nodes", 4), ("edges", 1)])
    def test_it_holds_more_than_a_flow_may(
        self, as_alice: Program, refused: RefusedBy, settings: Settings, limit: str, held: int
    ) -> None:
        settings.HELIX_LIMITS = dataclasses.replace(settings.HELIX_LIMITS, **{limit: held})
        assert as_alice.post("/flows/import", file()).status_code == 201

        settings.HELIX_LIMITS = dataclasses.replace(settings.HELIX_LIMITS, **{limit: held - 1})
        edges = [*FILE["edges"][:1]] * (2 if held == 1 else 1)
        refused(as_alice.post("/flows/import", file(edges=edges)), 422, "limit_reached")
        assert count() == 1


class TestIntoAFlow:
    def test_a_viewer_may_not(self, as_vera: Program, flow: Flow, refused: RefusedBy) -> None:
        refused(as_vera.post(f"/flows/{flow.pk}/import", file()), 403, "forbidden")
        assert load_document(flow.pk).version == 1

    def test_what_cannot_be_read_makes_no_version(self, as_bob: Program, flow: Flow, refused: RefusedBy) -> None:
        refused(as_bob.post(f"/flows/{flow.pk}/import", b"hello"), 422, "invalid")
        assert load_document(flow.pk).version == 1

    def test_it_comes_beside_what_is_there_as_one_version(self, as_bob: Program, flow: Flow) -> None:
        before = load_document(flow.pk).document

        answer = as_bob.post(f"/flows/{flow.pk}/import?format=json", file())

        assert answer.status_code == 200
        body = orjson.loads(answer.content)
        assert (body["version"], body["flow"]["version"], body["report"]) == (2, 2, REPORT)
        after = load_document(flow.pk).document
        new = [node for node in after.nodes() if before.node(node.id) is None]
        assert [node.kind for node in new] == ["group", "agent", "output", "note"]
        assert new[1].parent == new[0].id
        assert {node.id for node in new}.isdisjoint({"g", "a", "b", "n"})
        assert min(node.x for node in new) > max(node.x + node.width for node in before.nodes())
        assert min(node.y for node in new) == min(node.y for node in before.nodes())
        assert [(edge.source, edge.target) for edge in after.edges() if before.edge(edge.id) is None] == [
            (new[1].id, new[2].id)
        ]
        assert verify_flow(flow.pk) == []
        (change,) = Change.objects.filter(flow_id=flow.pk, version=2)
        assert (change.via, orjson.loads(change.operation)["kind"]) == ("import", "batch")

    def test_twice_the_same_file(self, as_bob: Program, flow: Flow) -> None:
        for _ in range(2):
            assert as_bob.post(f"/flows/{flow.pk}/import", file()).status_code == 200

        assert load_document(flow.pk).document.node_count == 2 + 8

    def test_undo_takes_all_of_it_back_and_redo_brings_it_again(self, as_bob: Program, flow: Flow) -> None:
        before = load_document(flow.pk).document
        as_bob.post(f"/flows/{flow.pk}/import", file())
        after = load_document(flow.pk).document

        assert as_bob.post(f"/flows/{flow.pk}/undo").status_code == 200
        assert load_document(flow.pk).document == before
        assert as_bob.post(f"/flows/{flow.pk}/redo").status_code == 200
        assert load_document(flow.pk).document == after
        assert verify_flow(flow.pk) == []

    @pytest.mark.parametrize(("limit", "most"), [("nodes", 6), ("edges", 2)])
    def test_there_is_room_or_nothing_is_done(
        self, as_bob: Program, flow: Flow, refused: RefusedBy, settings: Settings, limit: str, most: int
    ) -> None:
        settings.HELIX_LIMITS = dataclasses.replace(settings.HELIX_LIMITS, **{limit: most - 1})
        refused(as_bob.post(f"/flows/{flow.pk}/import", file()), 422, "limit_reached")
        assert load_document(flow.pk).version == 1

        settings.HELIX_LIMITS = dataclasses.replace(settings.HELIX_LIMITS, **{limit: most})
        assert as_bob.post(f"/flows/{flow.pk}/import", file()).status_code == 200


class TestExport:
    def test_the_body_that_makes_the_flow_again(self, as_vera: Program, flow: Flow) -> None:
        answer = as_vera.get(f"/flows/{flow.pk}/export?format=json")

        assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
        assert answer["Content-Disposition"] == 'attachment; filename="Weather.json"'
        assert answer["ETag"] == '"1"'
        assert "X-Helix-Report" not in answer
        again = as_vera.post("/flows", orjson.loads(answer.content))
        assert again.status_code == 201
        made = orjson.loads(again.content)
        assert load_document(UUID(made["id"])).document == load_document(flow.pk).document

    @pytest.mark.parametrize("format", FORMATS)
    def test_head_says_the_same(self, as_vera: Program, flow: Flow, format: str) -> None:
        address = f"/flows/{flow.pk}/export?format={format}"
        head, got = (as_vera.call(verb, address, HTTP_ACCEPT_ENCODING="gzip") for verb in ("head", "get"))

        assert head.headers == got.headers
        assert head.status_code == 200

    def test_as_it_was(self, as_bob: Program, flow: Flow, refused: RefusedBy) -> None:
        first = as_bob.get(f"/flows/{flow.pk}/export?format=json").content
        as_bob.patch(f"/flows/{flow.pk}", {"title": "Climate"})
        address = f"/flows/{flow.pk}/export?format=json&version="

        old = as_bob.get(address + "1")
        assert old.content == first
        assert old["Content-Disposition"] == 'attachment; filename="Weather.json"'
        assert b"Climate" in as_bob.get(address + "2").content
        for version in ("0", "3", "9007199254740991"):
            refused(as_bob.get(address + version), 404, "not_found")
        refused(as_bob.get(address + "-1"), 422, "invalid")

    @pytest.mark.parametrize(
        ("title", "name"),
        [
            ("Größe 🙂", "filename*=utf-8''Gr%C3%B6%C3%9Fe%20%F0%9F%99%82.json"),
            ('a/b\\c:"d"', 'filename="a b c d.json"'),
            ("...", 'filename="flow.json"'),
        ],
    )
    def test_its_name(self, as_bob: Program, flow: Flow, title: str, name: str) -> None:
        as_bob.patch(f"/flows/{flow.pk}", {"title": title})

        assert as_bob.get(f"/flows/{flow.pk}/export?format=json")["Content-Disposition"] == f"attachment; {name}"

    def test_it_counts_as_an_operation(
        self,
        as_vera: Program,
        flow: Flow,
        refused: RefusedBy,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda: 1_000.0))
        limits = dataclasses.replace(settings.HELIX_LIMITS, rest_operations_per_second=1, batch=1)
        settings.HELIX_LIMITS = limits
        for _ in range(limits.rest_operation_burst):
            assert as_vera.get(f"/flows/{flow.pk}/export?format=json").status_code == 200
        refused(as_vera.get(f"/flows/{flow.pk}/export?format=json"), 429, "rate_limited")

    def test_only_a_picture_waits_for_its_turn(
        self, as_vera: Program, flow: Flow, refused: RefusedBy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exports, "PATIENCE", 0.0)
        with commands.counted_export(System(), 1, is_picture=True):
            late = as_vera.get(f"/flows/{flow.pk}/export?format=png")
            refused(late, 429, "rate_limited")
            assert int(late["Retry-After"]) > 0
            assert as_vera.get(f"/flows/{flow.pk}/export?format=dot").status_code == 200
        assert as_vera.get(f"/flows/{flow.pk}/export?format=svg").status_code == 200

    def test_one_picture_of_each_person_waits(self) -> None:
        ended = Queue[str]()

        def draw(user_id: int) -> None:
            try:
                with commands.counted_export(Person(user_id), 1, is_picture=True):
                    ended.put(f"drawn {user_id}")
            except Problem as problem:
                ended.put(f"{problem.code} {user_id}")

        threads = [Thread(target=draw, args=(user_id,)) for user_id in (1, 1, 2)]
        with commands.counted_export(System(), 1, is_picture=True):
            for thread in threads:
                thread.start()
            assert ended.get(timeout=20) == "rate_limited 1"
        assert {ended.get(timeout=20) for _ in range(2)} == {"drawn 1", "drawn 2"}
        for thread in threads:
            thread.join(20)

    def test_the_program_that_draws_may_run_for_less_time_than_others_wait(self) -> None:
        assert drawing_process.PATIENCE < exports.PATIENCE

    def test_it_counts_before_the_flow_is_read(
        self, as_vera: Program, vera: User, flow: Flow, refused: RefusedBy, settings: Settings
    ) -> None:
        settings.HELIX_LIMITS = dataclasses.replace(settings.HELIX_LIMITS, rest_operations_per_second=1, batch=1)
        rates.count_operations(vera.pk, settings.HELIX_LIMITS.rest_operation_burst)
        refused(as_vera.get(f"/flows/{flow.pk}/export?version=999"), 429, "rate_limited")

    def test_ones_pictures_take_so_much_of_the_turn_and_no_more(
        self, as_vera: Program, vera: User, flow: Flow, refused: RefusedBy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exports, "STEPS_PER_SECOND", 10**12)
        assert as_vera.get(f"/flows/{flow.pk}/export?format=svg").status_code == 200
        refused(as_vera.get(f"/flows/{flow.pk}/export?format=svg"), 429, "rate_limited")
        with pytest.raises(Problem), commands.counted_export(Person(vera.pk), 1, is_picture=True):
            raise AssertionError("it was drawn")

    def test_a_picture_that_takes_too_long(
        self, as_vera: Program, flow: Flow, refused: RefusedBy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(drawing_process, "PATIENCE", 0.0)
        refused(as_vera.get(f"/flows/{flow.pk}/export?format=pdf"), 422, "limit_reached")

    @pytest.mark.parametrize("query", ["format=visio", "format=json&scale=5", "format=json&theme=blue"])
    def test_what_cannot_be_asked(self, as_vera: Program, flow: Flow, refused: RefusedBy, query: str) -> None:
        refused(as_vera.get(f"/flows/{flow.pk}/export?{query}"), 422, "invalid")


class TestALargeFile:
    """As large as a flow may be: one version, one step, and nothing of it is long under the lock."""

    NODES, EDGES = 10_000, 20_000

    def file(self) -> bytes:
        nodes = [{"id": f"g{n}", "kind": "group", "x": n, "y": 0, "parent": f"g{n - 1}" if n % 30 else None}
                 for n in range(2_000)]  # fmt: skip
        nodes += [{"id": f"n{n}", "kind": "agent", "x": n, "y": 9, "parent": f"g{n % 2_000}"} for n in range(7_998)]
        edges = [{"id": f"e{n}", "source": f"n{n % 7_998}", "target": f"n{(n % 7_998 + n // 7_998 + 1) % 7_998}"}
                 for n in range(self.EDGES - 1)]  # fmt: skip
        return orjson.dumps({"title": "Large", "nodes": nodes, "edges": edges})

    def test_comes_into_a_flow_and_goes_again(
        self, as_bob: Program, flow: Flow, steps_under_the_lock: list[int]
    ) -> None:
        before = load_document(flow.pk).document

        answer = as_bob.post(f"/flows/{flow.pk}/import?format=json", self.file())

        assert answer.status_code == 200, answer.content[:500]
        after = load_document(flow.pk)
        assert (after.version, after.document.node_count, after.document.edge_count) == (2, self.NODES, self.EDGES)
        assert steps_under_the_lock[-1] <= self.NODES + self.EDGES
        assert as_bob.post(f"/flows/{flow.pk}/undo").status_code == 200
        assert load_document(flow.pk).document == before


@pytest.fixture
def steps_under_the_lock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note how much work each transaction did."""
    steps: list[int] = []
    write = GroupCommit.write

    def noted(group: GroupCommit, answers: tuple[Acked | Refused, ...]) -> Receipt:
        steps.append(group.steps)
        return write(group, answers)

    monkeypatch.setattr(GroupCommit, "write", noted)
    return steps
