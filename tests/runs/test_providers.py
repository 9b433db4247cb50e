"""Providers: who may register them, what is kept secret, which of them an agent asks, and what is left alone."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from flows.expressions import Json
from runs.errors import TaskFailure
from runs.kinds.agent import execute
from runs.models import Provider as Row
from runs.providers.asking import ask_chain
from runs.providers.commands import ProviderRecord, put_provider
from runs.providers.embedding import Embedder
from runs.providers.health import FAILURES, REST, let_another, may_call, note_answer, note_failure, state_of
from runs.providers.http import HttpModel
from runs.providers.registry import chain_for, default_model, http_model
from runs.providers.values import Ask, Call, Message, ProviderFailure
from tests.api.conftest import Program
from tests.runs.agents import Kept, attempt
from tests.runs.provider import Provider, Says, anthropic, openai, refused
from web.egress import networks

KEY = "sk-very-secret"
ACME = {
    "title": "Acme",
    "dialect": "openai",
    "base_url": "https://api.example.com/v1/",
    "key": KEY,
    "models": ["m-1", "m-2"],
}
Refused = Callable[..., Any]
Served = Callable[..., Provider]

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_dora(dora: User) -> Program:
    return Program(dora)


@pytest.fixture
def served(settings: Settings) -> Iterator[Served]:
    """Start a provider and register it under an id."""
    settings.HELIX_EGRESS_ALLOW = networks(["127.0.0.0/8"])
    with ExitStack() as started:

        def serve(id: str, *answers: Says, dialect: str = "openai", **more: Any) -> Provider:
            server = started.enter_context(Provider(list(answers)))
            given = {"models": ["m-1"], "key": KEY, **more}
            put_provider(id, ProviderRecord(title=id.title(), dialect=dialect, base_url=server.url, **given))
            return server

        yield serve


@pytest.fixture
def listener() -> Iterator[str]:
    """The address of somebody who takes a call and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


def asked(provider: str = "", model: str = "", **settings: Json) -> Any:
    return execute(attempt({"provider": provider, "model": model, **settings}, prev="Hello"))


def failure(provider: str, model: str = "") -> TaskFailure:
    with pytest.raises(TaskFailure) as failed:
        asked(provider, model)
    return failed.value


# who may, and what


@pytest.mark.parametrize("method", ["put", "delete"])
def test_staff_alone_register_providers(
    method: str, as_alice: Program, nobody: Program, as_dora: Program, refused: Refused
) -> None:
    body = ACME if method == "put" else None

    refused(as_alice.call(method, "/providers/acme", body), 403, "forbidden")
    refused(nobody.call(method, "/providers/acme", body), 401, "not_authenticated")
    assert not Row.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"dialect": "other"},
        {"base_url": "http://127.0.0.1:11434/v1"},
        {"base_url": "ftp://example.com"},
        {"base_url": "https://user:word@example.com"},
        {"fallback": ["acme"]},
        {"fallback": ["unknown"]},
        {"fallback": ["test", "test"]},
        {"default": "m-3"},
        {"models": "m-1"},
        {"title": ""},
        {"more": 1},
    ],
)
def test_what_is_no_provider_is_refused(change: dict[str, object], as_dora: Program, refused: Refused) -> None:
    refused(as_dora.put("/providers/acme", {**ACME, **change}), 422, "invalid")
    assert not Row.objects.exists()


@pytest.mark.parametrize("id", ["test", "Acme", "a b", "-a", "a" * 65])
def test_an_id_that_is_none_is_refused(id: str, as_dora: Program, refused: Refused) -> None:
    refused(as_dora.put(f"/providers/{id}", ACME), 422, "invalid")


def test_the_refusal_of_an_address_says_what_allows_it(as_dora: Program) -> None:
    answer = as_dora.put("/providers/ollama", {**ACME, "base_url": "http://127.0.0.1:11434/v1"})

    assert "HELIX_EGRESS_ALLOW" in answer.json()["message"]  # type: ignore[attr-defined]


def test_everybody_sees_which_there_are_and_staff_see_where(as_dora: Program, as_alice: Program) -> None:
    assert as_dora.put("/providers/acme", ACME).status_code == 201
    seen = {
        "id": "acme",
        "title": "Acme",
        "dialect": "openai",
        "models": ["m-1", "m-2"],
        "state": "ok",
        "checked_at": None,
    }
    test = {"id": "test", "title": "Test", "dialect": "test", "models": ["test"], "state": "ok", "checked_at": None}
    more = {"base_url": "https://api.example.com/v1", "has_key": True, "fallback": []}

    assert as_alice.get("/providers").json() == {  # type: ignore[attr-defined]
        "items": [test, seen],
        "default": {"provider": "test", "model": "test"},
    }
    assert as_dora.get("/providers").json()["items"] == [test, seen | more]  # type: ignore[attr-defined]


def test_a_key_is_kept_sealed_and_never_shown(as_dora: Program) -> None:
    created, listed = as_dora.put("/providers/acme", ACME), as_dora.get("/providers")

    assert KEY not in created.content.decode() + listed.content.decode()
    assert KEY not in json.dumps(list(Row.objects.values()), default=str)
    assert [one.model.key for one in chain_for("acme", "")] == [KEY]  # type: ignore[attr-defined]


def test_a_key_that_is_left_out_stays_and_an_empty_one_takes_it_away(as_dora: Program) -> None:
    as_dora.put("/providers/acme", ACME)
    without = {name: value for name, value in ACME.items() if name != "key"}

    assert as_dora.put("/providers/acme", without).json()["has_key"]  # type: ignore[attr-defined]
    assert not as_dora.put("/providers/acme", {**ACME, "key": ""}).json()["has_key"]  # type: ignore[attr-defined]


def test_a_key_copied_to_another_provider_opens_nowhere(as_dora: Program) -> None:
    as_dora.put("/providers/acme", ACME)
    as_dora.put("/providers/thief", {**ACME, "base_url": "https://thief.example.com"})
    Row.objects.filter(pk="thief").update(sealed=Row.objects.get(pk="acme").sealed)

    with pytest.raises(ProviderFailure, match="secret_missing"):
        chain_for("thief", "")


def test_the_default_is_one_and_falls_back_to_test(as_dora: Program) -> None:
    as_dora.put("/providers/acme", {**ACME, "default": "m-2"})
    as_dora.put("/providers/other", {**ACME, "default": "m-1"})

    assert (default_model().provider, default_model().model) == ("other", "m-1")
    assert Row.objects.exclude(default_model="").count() == 1
    assert as_dora.delete("/providers/other").status_code == 204
    assert (default_model().provider, default_model().model) == ("test", "test")


# which are asked


@pytest.mark.parametrize(("provider", "model"), [("nobody", ""), ("acme", "m-9")])
def test_what_nobody_offers_is_no_provider(provider: str, model: str, served: Served) -> None:
    server = served("acme", openai("Hi"))

    found = failure(provider, model)

    assert (found.code, found.is_retryable, server.asked) == ("no_provider", False, [])


def test_who_names_none_asks_the_default(served: Served) -> None:
    server = served("acme", openai("Hi"), models=["m-1", "m-2"], default="m-2")

    assert asked().value == "Hi"
    assert server.asked[0]["model"] == "m-2"
    assert asked("test").usage["calls"][0]["provider"] == "test"


def test_the_first_is_overloaded_the_second_is_cut_the_third_answers(served: Served) -> None:
    served("third", openai("Good ", "day"))
    served("second", anthropic("Go", stop=None, ends="cut"), dialect="anthropic")
    first = served("first", refused(429, f"too many with {KEY}"), fallback=["second", "third"])
    said, kept = list[str](), Kept()

    done = execute(attempt({"provider": "first"}, prev="Hello", said=said, kept=kept))

    assert done.value == "Good day"
    assert [(call["provider"], call["outcome"]) for call in done.usage["calls"]] == [  # type: ignore[union-attr,index,call-overload]
        ("first", "rate_limited"),
        ("second", "provider"),
        ("third", "done"),
    ]
    assert KEY not in json.dumps(kept.values) + json.dumps(done.usage)
    assert first.headers[0]["idempotency-key"] == "0.agent..1.model.1"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_is_refused_no_other_is_asked(status: int, served: Served) -> None:
    second = served("second", openai("Hi"))
    served("first", refused(status), fallback=["second"])

    assert (failure("first").code, second.asked) == ("provider", [])


def test_when_all_fail_the_last_failure_is_told_and_tried_again(served: Served) -> None:
    served("second", refused(429, retry_after="9"))
    served("first", refused(503), fallback=["second"])

    found = failure("first")

    assert (found.code, found.is_retryable, found.retry_after) == ("rate_limited", True, 9)
    assert [one["outcome"] for one in found.usage["calls"]] == ["provider", "rate_limited"]  # type: ignore[index, union-attr, call-overload]


def test_a_fallback_answers_with_a_model_of_its_own(served: Served) -> None:
    second = served("second", openai("Hi"), models=["own"])
    served("first", refused(500), fallback=["second"])

    assert asked("first", "m-1").value == "Hi"
    assert second.asked[0]["model"] == "own"


# what is left alone


def test_after_five_failures_it_is_left_alone_and_the_others_are_asked(served: Served) -> None:
    first = served("first", refused(500), fallback=["test"])

    for _try in range(FAILURES + 2):
        asked("first", "")

    assert len(first.asked) == FAILURES
    assert state_of(Row.objects.get(pk="first")) == "down"


def test_when_all_are_left_alone_a_later_try_is_told(served: Served) -> None:
    server = served("only", refused(500))
    for _try in range(FAILURES):
        failure("only")

    found = failure("only")

    assert (found.code, found.is_retryable, found.retry_after, len(server.asked)) == ("provider", True, 30, FAILURES)


def test_when_its_rest_is_over_one_call_tries_and_an_answer_heals(served: Served) -> None:
    served("first", openai("Hi"))
    now = timezone.now()
    Row.objects.filter(pk="first").update(failures=FAILURES, failed_at=now - REST)
    row = Row.objects.get(pk="first")

    assert [may_call(row, now), may_call(row, now)] == [True, False]
    note_failure(row, now)
    assert not may_call(Row.objects.get(pk="first"), now + REST - timedelta(seconds=1))
    note_answer(Row.objects.get(pk="first"), now)
    assert state_of(Row.objects.get(pk="first")) == "ok"
    assert may_call(Row.objects.get(pk="first"), now)


def test_a_failure_told_by_a_clock_that_was_ahead_is_rested_from_no_longer(served: Served) -> None:
    served("first", openai("Hi"))
    now = timezone.now()
    Row.objects.filter(pk="first").update(failures=FAILURES, failed_at=now + timedelta(hours=1))
    row = Row.objects.get(pk="first")

    assert state_of(row, now) == "degraded"
    assert [may_call(row, now), may_call(row, now)] == [True, False]


def test_a_refused_question_says_nothing_of_health(served: Served) -> None:
    served("first", refused(400))

    failure("first")

    assert state_of(Row.objects.get(pk="first")) == "ok"


def test_a_failure_degrades_until_the_next_answer(served: Served) -> None:
    served("first", refused(500), openai("Hi"))

    failure("first")
    assert state_of(Row.objects.get(pk="first")) == "degraded"
    asked("first")
    assert state_of(Row.objects.get(pk="first")) == "ok"


# what one flow asks for is held against nobody


HELLO = Ask(system="", messages=(Message("user", "Hello"),))
BROKEN_CALL = openai(
    finish="length", calls=[{"index": 0, "id": "1", "function": {"name": "x", "arguments": '{"text": "half'}}]
)


def rested(id: str) -> None:
    """Have a provider failed too often, and rested since."""
    Row.objects.filter(pk=id).update(failures=FAILURES, failed_at=timezone.now() - REST)


def hastily(provider: str) -> TaskFailure:
    """Ask with a node that leaves a tenth of a second."""
    work = attempt({"provider": provider}, prev="Hello")
    with pytest.raises(TaskFailure) as failed:
        execute(replace(work, step=replace(work.step, timeout_ms=100)))
    return failed.value


@pytest.mark.parametrize("words", [(), ("Half",)])
def test_an_impatient_flow_takes_a_provider_from_nobody(words: tuple[str, ...], served: Served) -> None:
    server = served("acme", *[openai(*words, finish=None, ends="wait")] * FAILURES, openai("Hi"))

    found = [hastily("acme") for _try in range(FAILURES)]

    assert {(one.code, one.is_retryable) for one in found} == {("timeout", True)}
    server.go_on.set()
    assert asked("acme").value == "Hi"


def test_who_cancels_says_nothing_of_a_provider(served: Served) -> None:
    server = served("acme", Says(ends="wait"))
    for _try in range(FAILURES):
        cancelled = threading.Event()

        def cancel(end: Callable[[], None], cancelled: threading.Event = cancelled) -> None:
            cancelled.set()
            end()

        with pytest.raises(TaskFailure) as failed:
            execute(attempt({"provider": "acme"}, prev="Hello", cancelled=cancelled, on_cancel=cancel))
        assert failed.value.code == "cancelled"

    assert state_of(Row.objects.get(pk="acme")) == "ok"
    assert server.asked == []


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(BROKEN_CALL, id="arguments up to max_tokens"),
        pytest.param(
            Says([{"error": {"message": "too many tools", "type": "invalid_request_error"}}]), id="told in the stream"
        ),
    ],
)
def test_an_answer_that_its_question_spoilt_says_nothing_of_a_provider(says: Says, served: Served) -> None:
    served("acme", *[says] * FAILURES, openai("Hi"))

    found = [failure("acme") for _try in range(FAILURES)]

    assert {(one.code, one.is_retryable) for one in found} == {("provider", True)}
    assert asked("acme").value == "Hi"


def test_a_model_that_does_not_embed_says_nothing_of_its_provider(served: Served) -> None:
    served("acme", Says(body={"data": [{"embedding": [1.0] * 5_000}]}))
    row = Row.objects.get(pk="acme")
    for _try in range(FAILURES):
        with pytest.raises(ProviderFailure):
            Embedder(row, http_model(row, "large")).embed("text", Call())

    assert state_of(Row.objects.get(pk="acme")) == "ok"


def test_a_provider_that_is_silent_for_a_fair_time_has_failed(listener: str, settings: Settings) -> None:
    settings.HELIX_EGRESS_ALLOW = networks(["127.0.0.0/8"])
    silent = HttpModel("Acme", "openai", listener, "m-1", KEY)

    with pytest.raises(ProviderFailure) as fair:
        silent.answer(HELLO, Call(seconds=0.2, fair=0.2))
    with pytest.raises(ProviderFailure) as short:
        silent.answer(HELLO, Call(seconds=0.2, fair=0.3))

    assert [(one.value.code, one.value.goes_on, one.value.counts) for one in (fair, short)] == [
        ("timeout", True, True),
        ("timeout", True, False),
    ]


def test_when_its_rest_is_over_an_impatient_call_is_not_the_one_that_tries(served: Served) -> None:
    server = served("acme", openai(finish=None, ends="wait"), openai("Hi"))
    rested("acme")
    patient = chain_for("acme", "")

    assert hastily("acme").code == "timeout"
    assert ask_chain(patient, HELLO, Call()).reply.text == "Hi"
    assert state_of(Row.objects.get(pk="acme")) == "ok"
    server.go_on.set()


def test_a_try_that_came_to_say_nothing_is_left_to_the_next(served: Served) -> None:
    served("acme", refused(400), openai("Hi"))
    rested("acme")

    assert failure("acme").code == "provider"
    assert asked("acme").value == "Hi"


def test_who_was_let_in_beside_a_try_takes_it_from_nobody(served: Served) -> None:
    served("acme", openai("Hi"))
    now = timezone.now()
    Row.objects.filter(pk="acme").update(failures=FAILURES, failed_at=now - REST)
    beside, trying = Row.objects.get(pk="acme"), Row.objects.get(pk="acme")

    assert [may_call(beside, now, is_fair=False), may_call(trying, now)] == [True, True]
    let_another(beside)
    assert not may_call(Row.objects.get(pk="acme"), now)
    let_another(trying)
    assert may_call(Row.objects.get(pk="acme"), now)


def test_an_agent_that_healed_a_provider_goes_on_with_it(served: Served) -> None:
    served("acme", openai("no JSON"), openai("7"))
    rested("acme")

    assert asked("acme", output_schema={"type": "integer"}).value == 7
