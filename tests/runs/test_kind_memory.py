"""Memory: what is kept, for whom, how it is read and found, and that nothing is kept twice or without bound."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.principals import Person
from flows.models import Flow
from runs.commands import Claimed, cancel_run, lose, settle
from runs.errors import Fenced, TaskFailure
from runs.kinds import EXECUTORS, Work
from runs.models import MemoryEntry, Plan, Run
from runs.models import Provider as ProviderRow
from runs.plan import Json
from runs.secrets import seal
from runs.secrets.resolving import Secrets
from runs.values import decode
from runs.work.held_tasks import Hold
from runs.work.perform import work_of as performed_work
from tests.runs.hands import NOW, claim, go, make_flow, node
from tests.runs.provider import Provider, Says, refused
from tests.runs.steps import step, work_of
from web.egress import networks


def run_of(flow: Flow, actor: Any = None) -> Run:
    plan, _ = Plan.objects.get_or_create(flow=flow, version=flow.version, compiler=1, digest="", body="{}")
    return Run.objects.create(flow=flow, plan=plan, version=1, actor=actor, created_at=timezone.now())


class Memory:
    """One flow's memory, as the steps of one run use it: each call is another task, unless it says which."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def __call__(
        self,
        operation: str,
        prev: Json = None,
        /,
        *,
        task: str = "",
        names: dict[str, Json] | None = None,
        **given: Any,
    ) -> Json:
        work, _ends = work_of(step("memory", operation=operation, **given), prev, names=names)
        work = replace(work, run=self.run.pk, flow=self.run.flow_id, task=task or uuid4().hex)
        return EXECUTORS["memory"].execute(work).value

    def code(self, operation: str, prev: Json = None, /, **given: Any) -> str:
        with pytest.raises(TaskFailure) as failed:
            self(operation, prev, **given)
        assert failed.value.message
        return failed.value.code


@pytest.fixture
def memory(flow: Flow, alice: Any) -> Memory:
    return Memory(run_of(flow, alice))


@pytest.mark.parametrize(
    ("operation", "given", "code"),
    [
        ("steal", {}, "invalid_input"),
        ("get", {"scope": "world"}, "invalid_input"),
        ("get", {"key": "{{ input.gone }}"}, "expression"),
        ("put", {"value": "gone"}, "expression"),
        ("put", {"key": "x" * 201}, "invalid_input"),
    ],
)
def test_what_cannot_be_done_says_why(operation: str, given: dict[str, Any], code: str, memory: Memory) -> None:
    assert memory.code(operation, "value", **given) == code
    assert not MemoryEntry.objects.exists()


@pytest.mark.parametrize("operation", ["get", "put", "append", "forget"])
@pytest.mark.parametrize("key", ["a\0", "k" * 201])
def test_a_key_that_no_entry_has_is_told(key: str, operation: str, memory: Memory) -> None:
    assert memory.code(operation, key, key="{{ prev }}") == "invalid_input"


def test_a_value_is_kept_read_changed_and_forgotten(memory: Memory) -> None:
    value: Json = {"b": [1, None, "ü\0"], "a": 1.5}

    assert memory("get", key="k") is None
    assert memory("put", value, key="k") == value
    assert memory("get", key="k") == value
    memory("put", "other", key="k")
    memory("put", 2, key="l")
    assert memory("get", key="k") == "other"
    assert memory("get") == {"k": "other", "l": 2}
    assert memory("forget", key="k") == {"forgotten": 1}
    assert memory("get") == {"l": 2}
    assert memory("forget") == {"forgotten": 1}
    assert memory("get") == {}


def test_key_and_value_are_a_template_and_an_expression(memory: Memory) -> None:
    names: dict[str, Json] = {"input": {"id": 7}, "prev": {"answer": "yes"}}

    assert memory("put", {"answer": "yes"}, names=names, key="customer-{{ input.id }}", value="prev.answer") == "yes"
    assert memory("get", key="customer-7") == "yes"


def test_what_is_added_is_a_list_in_order(memory: Memory) -> None:
    for number in range(3):
        memory("append", number, key="k")

    assert memory("get", key="k") == [0, 1, 2]
    memory("put", "one", key="k")
    assert memory("get", key="k") == "one"


def test_a_task_that_is_done_again_keeps_nothing_twice(memory: Memory) -> None:
    memory("append", "first", key="k", task="a")
    memory("append", "second", key="k", task="b")
    memory("append", "mended", key="k", task="a")
    memory("put", "x", key="p", task="c")
    memory("put", "y", key="p", task="c")

    assert memory("get", key="k") == ["mended", "second"]
    assert memory("get", key="p") == "y"


def test_types_are_memories_apart(memory: Memory) -> None:
    for kind in ("key_value", "session", "vector_store"):
        memory("put", kind, key="k", type=kind)

    assert memory("get", key="k", type="session") == "session"
    memory("forget", type="session")
    assert memory("get", key="k", type="vector_store") == "vector_store"


def test_each_scope_sees_its_own(memory: Memory, flow: Flow, alice: Any, bob: Any) -> None:
    later, of_bob, of_nobody = Memory(run_of(flow, alice)), Memory(run_of(flow, bob)), Memory(run_of(flow))
    for scope in ("flow", "run", "person"):
        memory("put", scope, key="k", scope=scope)

    assert [later("get", key="k", scope=scope) for scope in ("flow", "run", "person")] == ["flow", None, "person"]
    assert [of_bob("get", key="k", scope=scope) for scope in ("flow", "run", "person")] == ["flow", None, None]
    assert of_nobody.code("get", scope="person") == "invalid_input"


def test_a_flow_sees_nothing_of_another(memory: Memory, alice: Any) -> None:
    other = Flow.objects.create(title="Other", epoch="x", created_at=timezone.now(), updated_at=timezone.now())
    memory("put", 1, key="k")

    assert Memory(run_of(other, alice))("get") == {}


def test_a_conversation_is_read_as_its_last_turns(memory: Memory) -> None:
    for number in range(30):
        memory("append", {"text": f"turn {number}"}, type="conversation", key="c")

    def texts(**given: Any) -> list[str]:
        found: Any = memory("get", type="conversation", key="c", **given)
        return [turn["text"] for turn in found]

    assert texts() == [f"turn {number}" for number in range(10, 30)]
    assert texts(turns=2) == ["turn 28", "turn 29"]
    assert texts(max_tokens=15) == ["turn 27", "turn 28", "turn 29"]
    assert texts(max_tokens=1) == ["turn 29"]
    assert memory("get", type="conversation", key="other") == []


PASSAGES = [
    "Orders can be sent back within 30 days.",
    "Shipping is free from 50 euros.",
    "The shop is closed on Sundays.",
    "Returned orders are paid back in a week.",
]


def test_entries_are_found_by_words_the_best_first(memory: Memory) -> None:
    for passage in PASSAGES:
        memory("append", {"text": passage, "secret": "closed"}, type="vector_store", index_fields=["text"])

    def found(question: str, **given: Any) -> list[str]:
        rows: Any = memory("search", question, type="vector_store", **given)
        assert all(0 < row["score"] <= 1 for row in rows)
        return [row["value"]["text"] for row in rows]

    assert found("How long can I send an ORDER back?")[0] == PASSAGES[0]
    assert found("shop closed sunday") == [PASSAGES[2]]
    assert found("Versand") == []
    assert found("?!") == []
    assert len(found("the orders shipping", limit=2)) == 2
    assert found("100% _ ' \" ; DROP TABLE") == []


def test_words_of_any_script_are_found(memory: Memory) -> None:
    for text in ("Die Straße ist gesperrt", "ОТКРЫТО до вечера", "注文 は 三十日"):
        memory("append", text, type="vector_store")

    for question, text in (
        ("STRASSE", "Die Straße ist gesperrt"),
        ("открыто", "ОТКРЫТО до вечера"),
        ("注文", "注文 は 三十日"),
    ):
        (row,) = memory("search", question, type="vector_store")  # type: ignore[union-attr,misc]
        assert row["value"] == text  # type: ignore[index,call-overload]


def test_a_full_memory_forgets_its_oldest(memory: Memory) -> None:
    for number in range(5):
        memory("append", number, key="k", max_entries=3)

    assert memory("get", key="k") == [2, 3, 4]


def test_a_flow_keeps_so_many_entries_and_bytes(memory: Memory, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, memory_entries=3, memory_bytes=20)

    memory("put", "x" * 8, key="a")
    memory("put", "x" * 8, key="b")
    assert memory.code("put", "x", key="c") == "too_large"
    memory("put", "x", key="b")
    memory("put", "x", key="c")
    assert memory.code("append", "x", key="c") == "too_large"
    memory("forget", key="c")
    memory("append", "x", key="c")


def test_what_is_read_at_once_is_at_most_one_value(memory: Memory, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, value_bytes=100)

    memory("append", "word " + "x" * 90, key="k")
    assert memory("get", key="k")
    memory("append", "word", key="k")
    assert memory.code("get", key="k") == "too_large"
    assert memory.code("get") == "too_large"
    assert memory.code("search", "word") == "too_large"
    assert memory.code("put", "x" * 99, key="l") == "too_large"


def test_what_a_run_and_a_flow_kept_goes_with_them(memory: Memory, flow: Flow) -> None:
    memory("put", 1, key="k", scope="run")
    memory("put", 1, key="k", scope="flow")

    memory.run.delete()

    assert [entry.scope for entry in MemoryEntry.objects.all()] == ["flow"]


# a worker that was stopped, taken over, and goes on


def held(claimed: Claimed) -> Work:
    return performed_work(claimed, Hold(claimed), Secrets(claimed.flow), lambda: False)


@pytest.mark.parametrize("operation", ["put", "append", "forget"])
def test_who_lost_the_task_writes_over_nothing_that_was_kept_since(operation: str, alice: Any) -> None:
    nodes = [
        node("one", "memory", operation=operation, key="k", value="'old'"),
        node("two", "memory", operation="put", key="k", value="'new'"),
    ]
    run = go(alice, make_flow(alice, nodes, "one>two"))
    stopped = claim(run, "one", worker="w1")
    assert lose(stopped.id, now=NOW)
    for name in ("one", "two"):
        again = claim(run, name, worker="w2")
        assert settle(again, EXECUTORS["memory"].execute(held(again)), now=NOW)

    with pytest.raises(Fenced):
        EXECUTORS["memory"].execute(held(stopped))

    assert [decode(entry.value) for entry in MemoryEntry.objects.all()] == ["new"]


def test_whose_run_was_cancelled_keeps_nothing_more(alice: Any) -> None:
    run = go(alice, make_flow(alice, [node("one", "memory", operation="put", key="k", value="1")]))
    work = held(claim(run, "one"))
    cancel_run(Person(alice.pk), run.pk, now=NOW)

    with pytest.raises(Fenced):
        EXECUTORS["memory"].execute(work)

    assert not MemoryEntry.objects.exists()


# found by meaning, with a real server that embeds

VECTORS = {
    "a cat sleeps": [3.0, 0.0, 0.1],
    "a kitten naps": [2.9, 0.2, 0.0],
    "taxes are due": [0.0, 5.0, 0.0],
    "sleeping pets": [1.0, 0.1, 0.1],
    "the cat pays taxes": [0.7, 0.7, 0.0],
}


def embedded(*numbers: float, **body: Any) -> Says:
    answer = {"data": [{"index": 0, "embedding": list(numbers)}], "usage": {"prompt_tokens": 3}}
    return Says(body=body or answer, headers={"Content-Type": "application/json"})


@contextmanager
def embedding(*answers: Says, models: Sequence[str] = ("embed",), **row: Any) -> Iterator[Provider]:
    with Provider(list(answers)) as server:
        registered = ProviderRow(
            id="local", title="Local", dialect="openai", base_url=server.url, updated_at=timezone.now()
        )
        registered.model_names = list(models)
        registered.sealed = seal("k3y", registered.sealed_about())
        for name, value in row.items():
            setattr(registered, name, value)
        registered.save()
        yield server


@pytest.fixture
def local(settings: Any) -> None:
    settings.HELIX_EGRESS_ALLOW = networks(["127.0.0.0/8"])


def store(memory: Memory, *texts: str) -> None:
    for text in texts:
        memory("append", text, key=text, type="vector_store", embedding_model="embed")


def ask(memory: Memory, question: str, **given: Any) -> list[tuple[str, float]]:
    wanted: dict[str, Any] = {"embedding_model": "embed", "type": "vector_store", **given}
    rows: Any = memory("search", question, **wanted)
    return [(row["key"], row["score"]) for row in rows]


@pytest.mark.usefixtures("local")
def test_entries_are_found_by_meaning_and_by_words(memory: Memory) -> None:
    texts = ["a cat sleeps", "a kitten naps", "taxes are due"]
    answers = [embedded(*VECTORS[text]) for text in [*texts, "sleeping pets", "the cat pays taxes", "sleeping pets"]]
    with embedding(*answers) as server:
        store(memory, *texts)
        similar = ask(memory, "sleeping pets")
        both = ask(memory, "the cat pays taxes", similarity=0.6)

        assert {key for key, _score in similar} == {"a cat sleeps", "a kitten naps"}
        assert all(0.9 < score <= 1 for _key, score in similar)
        assert {key for key, _score in both[:2]} == {"a cat sleeps", "taxes are due"}
        assert [key for key, _score in both] == sorted([key for key, _ in both], key=dict(both).__getitem__)[::-1]
        assert ask(memory, "sleeping pets", similarity=1) == []
    assert server.paths == ["/v1/embeddings"] * 6
    assert server.asked[0] == {"model": "embed", "input": ["a cat sleeps"]}
    assert server.headers[0]["authorization"] == "Bearer k3y"


@pytest.mark.usefixtures("local")
def test_an_answer_in_ollamas_own_form_is_read_and_its_tokens_are_counted(memory: Memory) -> None:
    with embedding(embedded(embeddings=[[1, 0]]), embedded(1.0, 0.0)):
        store(memory, "a cat sleeps")
        work, _ends = work_of(step("memory", operation="search", type="vector_store", embedding_model="embed"), "pets")
        done = EXECUTORS["memory"].execute(replace(work, run=memory.run.pk, flow=memory.run.flow_id))

    assert done.value == [{"key": "a cat sleeps", "value": "a cat sleeps", "score": 1.0}]
    assert done.usage == {"input_tokens": 3}


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    "wrong",
    [
        refused(500),
        refused(404),
        Says(body="nothing"),
        embedded(),
        embedded(0.0, 0.0),
        embedded(data=[{"embedding": ["a"]}]),
        embedded(data=[{"embedding": [1.0] * 5_000}]),
        embedded(data=[]),
        embedded(embeddings={}),
        Says(body="[]"),
        Says(body='{"data": [{"embedding": [1e999]}]}'),
    ],
)
def test_a_model_that_does_not_embed_leaves_the_words(wrong: Says, memory: Memory) -> None:
    with embedding(wrong):
        store(memory, "a cat sleeps", "taxes are due")
        assert [key for key, _score in ask(memory, "is the cat asleep?")] == ["a cat sleeps"]
    assert set(MemoryEntry.objects.values_list("embedded_by", "vector_bytes")) == {("", 0)}


@pytest.mark.usefixtures("local")
def test_a_provider_that_fails_is_left_alone(memory: Memory) -> None:
    with embedding(refused(500)) as server:
        store(memory, *(f"text {number}" for number in range(8)))

    assert len(server.asked) == 5
    assert MemoryEntry.objects.count() == 8


def test_without_a_provider_or_where_it_may_not_be_called_words_find(memory: Memory) -> None:
    store(memory, "a cat sleeps")
    assert [key for key, _score in ask(memory, "cat")] == ["a cat sleeps"]
    with embedding(embedded(1.0), models=["another"]) as server:
        assert [key for key, _score in ask(memory, "cat")] == ["a cat sleeps"]
        ProviderRow.objects.update(model_names=["embed"])
        assert [key for key, _score in ask(memory, "cat")] == ["a cat sleeps"]
        assert server.asked == []


@pytest.mark.usefixtures("local")
def test_a_default_provider_that_names_no_models_embeds_with_any(memory: Memory) -> None:
    with embedding(embedded(1.0, 0.0), models=[], default_model="talk"):
        store(memory, "a cat sleeps")

    assert list(MemoryEntry.objects.values_list("embedded_by", "vector_bytes")) == [("embed", 8)]


@pytest.mark.usefixtures("local")
def test_vectors_of_other_models_lengths_and_memories_are_not_compared(memory: Memory) -> None:
    with embedding(
        embedded(1.0, 0.0), embedded(1.0, 0.0), embedded(1.0, 0.0, 0.0), embedded(1.0, 0.0), models=["embed", "b"]
    ):
        memory("append", "other model", key="m", type="vector_store", embedding_model="b")
        memory("append", "other type", key="t", type="session", embedding_model="embed")
        memory("append", "other length", key="l", type="vector_store", embedding_model="embed")

        assert ask(memory, "anything") == []


@pytest.mark.usefixtures("local")
def test_vectors_count_among_the_bytes_of_a_flow(memory: Memory, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, memory_bytes=100)
    with embedding(embedded(*[1.0] * 20)):
        store(memory, "a")
        with pytest.raises(TaskFailure, match="too_large"):
            store(memory, "b")


@pytest.mark.usefixtures("local")
def test_a_run_that_is_cancelled_waits_for_no_vector(memory: Memory) -> None:
    with embedding(embedded(1.0)):
        work, _ends = work_of(step("memory", operation="append", key="k", embedding_model="embed"), "text")
        work.cancelled.set()
        with pytest.raises(TaskFailure, match="cancelled"):
            EXECUTORS["memory"].execute(replace(work, run=memory.run.pk, flow=memory.run.flow_id))
    assert not MemoryEntry.objects.exists()
