"""Models over HTTP: two dialects, an answer word by word, and every way in which it may not come."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from runs.providers.http import HttpModel
from runs.providers.values import Ask, Call, Message, ProviderFailure, Reply, Tool, ToolCall
from tests.runs.provider import Provider, Says, anthropic, openai, refused
from web.egress import networks

KEY = "sk-very-secret"
SCHEMA = {"type": "object", "properties": {"topic": {"type": "string"}}}
SEARCH = Tool("search", "Search the web.", {"type": "object", "properties": {"q": {"type": "string"}}})
CALLED = ToolCall("c1", "search", {"q": "tea"})
SPEAKS = {"openai": openai, "anthropic": anthropic}


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    settings.HELIX_EGRESS_ALLOW = networks(["127.0.0.0/8"])


@pytest.fixture(params=["openai", "anthropic"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def provider() -> Iterator[Callable[..., Provider]]:
    started = list[Provider]()

    def start(*answers: Says) -> Provider:
        started.append(Provider(list(answers)).__enter__())
        return started[-1]

    yield start
    for one in started:
        one.__exit__(None, None, None)


def ask(url: str, dialect: str, *, call: Call | None = None, **asked: Any) -> Reply:
    given = {"system": "Be short.", "messages": (Message("user", "Hello"),), **asked}
    return HttpModel("Acme", dialect, url, "m-1", KEY).answer(Ask(**given), call or Call())


def failure(url: str, dialect: str, **asked: Any) -> ProviderFailure:
    with pytest.raises(ProviderFailure) as raised:
        ask(url, dialect, **asked)
    assert KEY not in raised.value.message
    return raised.value


@pytest.mark.parametrize(
    ("says", "code", "goes_on"),
    [
        (refused(400, "what is this"), "provider", False),
        (refused(401, f"no such key: {KEY}"), "provider", False),
        (refused(404), "provider", False),
        (refused(302, Location="http://127.0.0.1/"), "provider", False),
        (refused(408), "provider", True),
        (refused(429), "rate_limited", True),
        (refused(500), "provider", True),
        (refused(529), "provider", True),
        (Says(body="this is no JSON"), "provider", True),
        (Says(body="[1, 2]"), "provider", True),
        (Says(["not json"]), "provider", True),
        (Says([]), "provider", True),
    ],
)
def test_what_is_no_answer_fails(
    provider: Callable[..., Provider], dialect: str, says: Says, code: str, goes_on: bool
) -> None:
    found = failure(provider(says).url, dialect)

    assert (found.code, found.goes_on) == (code, goes_on)


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(openai("Half of", finish=None), id="no finish reason, clean end"),
        pytest.param(openai("Half of", finish=None, ends="cut"), id="connection closed"),
        pytest.param(openai("Half of", finish="a-new-reason"), id="unknown reason"),
        pytest.param(
            openai(finish="tool_calls", calls=[{"index": 0, "id": "1", "function": {"name": "x", "arguments": "{"}}]),
            id="broken arguments",
        ),
        pytest.param(Says([*openai("Half").events[:1], {"error": {"message": "overloaded"}}]), id="an error inside"),
        pytest.param(Says([{"choices": [{"delta": {"tool_calls": ["x"]}}]}]), id="no object"),
    ],
)
def test_a_stream_of_completions_that_was_cut_is_no_answer(provider: Callable[..., Provider], says: Says) -> None:
    found = failure(provider(says).url, "openai")

    assert (found.code, found.goes_on) == ("provider", True)


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(anthropic("Half of", stop=None), id="no stop reason, clean end"),
        pytest.param(anthropic("Half of", stop=None, ends="cut"), id="connection closed"),
        pytest.param(Says(anthropic("Half").events[:-1]), id="no end of the message"),
        pytest.param(anthropic("Half", stop="pause_for_thought"), id="unknown reason"),
        pytest.param(Says([{"type": "error", "error": {"message": "Overloaded"}}]), id="an error inside"),
    ],
)
def test_a_stream_of_messages_that_was_cut_is_no_answer(provider: Callable[..., Provider], says: Says) -> None:
    found = failure(provider(says).url, "anthropic")

    assert (found.code, found.goes_on) == ("provider", True)


@pytest.mark.parametrize("kept", [0, 265, 270])
def test_an_error_inside_an_answer_shows_no_key_and_no_half_of_one(
    provider: Callable[..., Provider], dialect: str, kept: int
) -> None:
    error = {"message": "x" * kept + f" bad key {KEY}"}
    said: dict[str, Any] = {"error": error} if dialect == "openai" else {"type": "error", "error": error}

    message = failure(provider(Says([said])).url, dialect).message

    assert KEY[:4] not in message and len(message) <= len("The provider broke off: ") + 300


@pytest.mark.parametrize(
    ("says", "dialect"),
    [(openai("x", finish="content_filter"), "openai"), (anthropic("x", stop="refusal"), "anthropic")],
)
def test_what_a_provider_withholds_no_other_is_asked(
    provider: Callable[..., Provider], says: Says, dialect: str
) -> None:
    assert not failure(provider(says).url, dialect).goes_on


def test_an_address_that_is_not_allowed_is_not_called(
    provider: Callable[..., Provider], dialect: str, settings: Settings
) -> None:
    settings.HELIX_EGRESS_ALLOW = ()
    started = provider(openai("Hi"))

    found = failure(started.url, dialect)

    assert (found.code, found.goes_on, started.asked) == ("http_refused", False, [])
    assert "HELIX_EGRESS_ALLOW" in found.message


def test_nobody_there_is_told_as_such(dialect: str) -> None:
    found = failure("http://127.0.0.1:9/v1", dialect)

    assert (found.code, found.goes_on) == ("connection", True)


def test_a_silent_provider_is_given_up(provider: Callable[..., Provider], dialect: str) -> None:
    started = provider(Says(SPEAKS[dialect]("Half").events[:2], ends="wait"))

    found = failure(started.url, dialect, call=Call(seconds=0.3))

    assert (found.code, found.goes_on) == ("timeout", True)


def test_a_cancelled_call_ends_at_once(provider: Callable[..., Provider], dialect: str) -> None:
    started, ends, cancelled = (
        provider(SPEAKS[dialect]("Half", ends="wait")),
        list[Callable[[], None]](),
        threading.Event(),
    )
    found = list[ProviderFailure]()
    call = Call(seconds=60, cancelled=cancelled, on_cancel=ends.append)
    asking = threading.Thread(target=lambda: found.append(failure(started.url, dialect, call=call)))
    asking.start()
    assert started.waiting.wait(30)

    cancelled.set()
    ends[-1]()
    asking.join(30)

    assert [one.code for one in found] == ["cancelled"]


def test_an_answer_has_a_largest_size(provider: Callable[..., Provider], dialect: str, settings: Settings) -> None:
    from dataclasses import replace

    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, response_bytes=1_000)

    assert failure(provider(SPEAKS[dialect]("x" * 2_000)).url, dialect).code == "too_large"


def test_when_to_come_back_is_kept(provider: Callable[..., Provider], dialect: str) -> None:
    assert failure(provider(refused(429, retry_after="7")).url, dialect).retry_after == 7
    assert failure(provider(refused(429, retry_after="soon")).url, dialect).retry_after is None


def test_the_answer_comes_word_by_word(provider: Callable[..., Provider], dialect: str) -> None:
    said = list[str]()

    reply = ask(provider(SPEAKS[dialect]("Good ", "day")).url, dialect, call=Call(say=said.append))

    assert reply == Reply("Good day", (), "stop", 7, 2)
    assert said == ["Good ", "day"]


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (
            "openai",
            {
                "choices": [{"message": {"content": "Hi"}, "finish_reason": "length"}],
                "usage": {"prompt_tokens": 3, "completion_tokens": 1},
            },
        ),
        (
            "anthropic",
            {
                "content": [{"type": "text", "text": "Hi"}],
                "stop_reason": "max_tokens",
                "usage": {"input_tokens": 3, "output_tokens": 1},
            },
        ),
    ],
)
def test_an_answer_that_comes_at_once_is_one_too(
    provider: Callable[..., Provider], dialect: str, body: dict[str, Any]
) -> None:
    assert ask(provider(Says(body=body)).url, dialect) == Reply("Hi", (), "length", 3, 1)


def test_completions_are_asked_as_their_servers_expect(provider: Callable[..., Provider]) -> None:
    started = provider(openai("ok"))
    history = (Message("user", "Hello"), Message("assistant", "", (CALLED,)), Message("tool", "green", (), "c1"))

    ask(started.url, "openai", messages=history, tools=(SEARCH,), temperature=0.5, schema=SCHEMA, call=Call(key="t1"))

    assert started.paths == ["/v1/chat/completions"]
    assert started.headers[0]["authorization"] == f"Bearer {KEY}"
    assert started.headers[0]["idempotency-key"] == "t1"
    assert started.asked[0] == {
        "model": "m-1",
        "messages": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "Hello"},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"q":"tea"}'}}
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "green"},
        ],
        "max_tokens": 1024,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "tools": [
            {
                "type": "function",
                "function": {"name": "search", "description": "Search the web.", "parameters": SEARCH.schema},
            }
        ],
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}},
    }


def test_messages_are_asked_as_their_server_expects(provider: Callable[..., Provider]) -> None:
    started = provider(anthropic("ok"))
    history = (Message("user", "Hello"), Message("assistant", "", (CALLED,)), Message("tool", "green", (), "c1"))

    ask(started.url, "anthropic", messages=history, tools=(SEARCH,), temperature=0.5)

    assert started.paths == ["/v1/messages"]
    assert started.headers[0]["x-api-key"] == KEY
    assert started.asked[0] == {
        "model": "m-1",
        "system": "Be short.",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "c1", "name": "search", "input": {"q": "tea"}}],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "green"}]},
        ],
        "max_tokens": 1024,
        "stream": True,
        "temperature": 0.5,
        "tools": [{"name": "search", "description": "Search the web.", "input_schema": SEARCH.schema}],
    }


def test_an_answer_by_schema_is_the_call_of_one_tool_to_anthropic(provider: Callable[..., Provider]) -> None:
    started = provider(anthropic(calls=[{"id": "1", "name": "answer", "arguments": {"topic": "x"}}], stop="tool_use"))

    assert ask(started.url, "anthropic", schema=SCHEMA).text == '{"topic": "x"}'
    assert started.asked[0]["tool_choice"] == {"type": "tool", "name": "answer"}


@pytest.mark.parametrize(
    ("dialect", "says"),
    [
        (
            "openai",
            openai(
                finish="tool_calls",
                calls=[
                    {"index": 0, "id": "c1", "function": {"name": "search", "arguments": '{"q":'}},
                    {"index": 0, "function": {"arguments": '"tea"}'}},
                    {"index": 1, "id": "c2", "function": {"name": "search", "arguments": ""}},
                ],
            ),
        ),
        (
            "openai",
            openai(
                finish="stop",
                calls=[
                    {"index": 0, "id": "c1", "function": {"name": "search", "arguments": '{"q":"tea"}'}},
                    {"index": 0, "id": "c2", "function": {"name": "search", "arguments": "{}"}},
                ],
            ),
        ),
        (
            "anthropic",
            anthropic(
                stop="tool_use",
                calls=[
                    {"id": "c1", "name": "search", "arguments": {"q": "tea"}},
                    {"id": "c2", "name": "search", "arguments": {}},
                ],
            ),
        ),
    ],
)
def test_calls_of_tools_are_put_together(provider: Callable[..., Provider], dialect: str, says: Says) -> None:
    reply = ask(provider(says).url, dialect, tools=(SEARCH,))

    assert (reply.calls, reply.finish) == ((CALLED, ToolCall("c2", "search", {})), "tools")


def test_what_a_server_does_not_know_is_left_away(provider: Callable[..., Provider]) -> None:
    started = provider(
        refused(400, "Unsupported value: 'temperature' does not support 0.5"),
        refused(400, "Use 'max_completion_tokens' instead"),
        openai("ok"),
    )

    assert ask(started.url, "openai", temperature=0.5, call=Call(key="t1")).text == "ok"
    keys = [headers["idempotency-key"] for headers in started.headers]
    assert keys == ["t1", "t1.less", "t1.less.less"], "another body is another request"
    assert "temperature" not in started.asked[2]
    assert "max_tokens" not in started.asked[2]
    assert started.asked[2]["max_completion_tokens"] == 1024
