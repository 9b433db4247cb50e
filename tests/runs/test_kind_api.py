"""API calls against a real server: what is sent, what comes back, what is refused, and what becomes of secrets."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runs.errors import TaskFailure
from runs.kinds import EXECUTORS
from runs.plan import Json
from runs.work.clock import elapsed
from tests.receiver import Receiver
from tests.runs.steps import Kept, step, work_of
from tests.web.test_egress import HOSTILE, NO_ADDRESS
from web.egress import networks

LOOPBACK = networks(["127.0.0.1/32"])
Routes = dict[str, tuple[int, dict[str, str], bytes]]
SECRETS = {"KEY": "swordfish\n", "LOGIN": "vera:pa55"}


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.HELIX_EGRESS_ALLOW = LOOPBACK
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def other(settings: Any) -> Iterator[Receiver]:
    """Another host: the same machine under another port is one, too."""
    with Receiver() as receiver:
        yield receiver


def routes(receiver: Receiver, answers: Routes) -> None:
    receiver.answer = lambda path: answers.get(path, (404, {}, b"nothing here"))


def call(
    receiver: Receiver, path: str = "/", *, prev: Json = None, checkpoints: Kept | None = None, **settings: Any
) -> Any:
    one = step("api", url=f"{receiver.url}{path}", **settings)
    work, _ends = work_of(one, prev, names={"input": {"id": "a b"}}, secrets=SECRETS, checkpoints=checkpoints)
    return EXECUTORS["api"].execute(work)


def failed(*args: Any, **settings: Any) -> TaskFailure:
    with pytest.raises(TaskFailure) as failure:
        call(*args, **settings)
    assert failure.value.message
    return failure.value


def refused(url: str) -> TaskFailure:
    work, _ends = work_of(replace(step("api", url=url), timeout_ms=5_000))
    with pytest.raises(TaskFailure) as failure:
        EXECUTORS["api"].execute(work)
    return failure.value


# what may not be called


@pytest.mark.parametrize("url", HOSTILE)
def test_an_address_that_is_not_public_is_refused(url: str) -> None:
    failure = refused(url)

    assert failure.code in ("http_refused", "connection")
    assert failure.code == "http_refused" or not failure.message.count("127")


@pytest.mark.parametrize(
    "url", [url for url in NO_ADDRESS if url.strip() and "exa mple" not in url and "ｅ" not in url]
)
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    assert refused(url).code == "http_refused"


def test_the_refusal_says_what_an_operator_may_allow() -> None:
    failure = refused("http://127.0.0.1:9/")

    assert (failure.code, failure.is_retryable) == ("http_refused", False)
    assert "HELIX_EGRESS_ALLOW" in failure.message


def test_a_name_that_resolves_otherwise_a_moment_later_gains_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    import socket

    real, answers = socket.getaddrinfo, ["127.0.0.2", "127.0.0.1"]
    settings.HELIX_EGRESS_ALLOW = networks(["127.0.0.2"])
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *args, **options: real(answers.pop(0) if host == "rebinding.example" else host, *args, **options),
    )

    assert refused(f"http://rebinding.example:{receiver.port}/").code == "connection"
    assert (answers, receiver.received) == (["127.0.0.1"], [])


def test_a_redirect_is_judged_anew(receiver: Receiver) -> None:
    routes(receiver, {"/": (302, {"Location": "http://169.254.169.254/latest/meta-data/"}, b"")})

    assert failed(receiver).code == "http_refused"


@pytest.mark.parametrize("target", ["http://[", "//[x]/"])
def test_a_redirect_to_what_is_no_address_is_refused(target: str, receiver: Receiver) -> None:
    routes(receiver, {"/": (302, {"Location": target}, b"")})

    assert failed(receiver).code == "http_refused"


def test_redirects_without_end_are_refused(receiver: Receiver) -> None:
    routes(receiver, {"/": (302, {"Location": "/"}, b"")})

    assert failed(receiver).code == "http_refused"
    assert len(receiver.received) == 6


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"Host": "other"}},
        {"headers": {"Content-Length": "0"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
        {"headers": {"X-A": "b\r\nX-C: d"}},
        {"headers": {"X A": "b"}},
        {"headers": {"X-A": "ü"}},
        {"headers": "X-A: b"},
        {"params": 5},
        {"method": "TRACE"},
        {"auth": "digest", "secret": "KEY"},
    ],
)
def test_what_cannot_be_sent_is_refused_and_nothing_is_sent(receiver: Receiver, given: dict[str, Any]) -> None:
    assert failed(receiver, **given).code == "invalid_input"
    assert receiver.received == []


@pytest.mark.parametrize(
    "given", [{"auth": "bearer"}, {"auth": "bearer", "secret": "GONE"}, {"headers": {"A": {"$secret": "GONE"}}}]
)
def test_without_its_secret_nothing_is_sent(receiver: Receiver, given: dict[str, Any]) -> None:
    assert failed(receiver, **given).code == "secret_missing"
    assert receiver.received == []


# what is sent


def test_templates_are_filled_in_everywhere(receiver: Receiver) -> None:
    call(
        receiver,
        "/orders/{{ input.id }}?x=1#part",
        prev={"n": 2},
        method="POST",
        params={"q": "{{ input.id }}", "tag": ["a", "b"], "none": None, "yes": True},
        headers={"X-Which": "{{ prev.n }}"},
        body={"name": "{{ input.id }}", "n": [1, "{{ prev.n }}"], "is": None},
    )

    (got,) = receiver.received
    assert got.path == "/orders/a%20b?x=1&q=a+b&tag=a&tag=b&yes=true"
    assert got.headers["x-which"] == "2"
    assert json.loads(got.body) == {"name": "a b", "n": [1, "2"], "is": None}
    assert got.headers["content-type"] == "application/json"
    assert got.headers["idempotency-key"] == "00000000000040008000000000000001.n."


def test_a_body_is_json_text_or_a_form(receiver: Receiver) -> None:
    call(receiver, method="POST", body='{"a": 1}')
    call(receiver, method="POST", body="Hello {{ input.id }}")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    call(receiver, method="POST", body={"a": "b c", "n": 1, "none": None}, headers=form)
    call(receiver, method="DELETE")

    sent = [(got.headers.get("content-type"), got.body) for got in receiver.received]
    assert sent == [
        ("application/json", b'{"a": 1}'),
        ("text/plain; charset=utf-8", b"Hello a b"),
        ("application/x-www-form-urlencoded", b"a=b+c&n=1"),
        (None, b""),
    ]


def test_a_secret_proves_who_calls_in_each_way(receiver: Receiver) -> None:
    call(receiver, auth="bearer", secret="KEY")
    call(receiver, auth="bearer", secret={"$secret": "KEY"})
    call(receiver, auth="basic", secret="LOGIN")
    call(receiver, auth="basic", username="ada", secret="KEY")
    call(receiver, auth="api_key", secret="KEY")
    call(receiver, auth="api_key", secret="KEY", key_name="X-Mine")
    call(receiver, auth="api_key", secret="KEY", key_name="k", key_in="query")
    call(receiver, method="POST", headers={"X-K": {"$secret": "KEY"}}, body={"k": {"$secret": "KEY"}})

    got = receiver.received
    assert [one.headers.get("authorization", "") for one in got[:4]] == [
        "Bearer swordfish",
        "Bearer swordfish",
        "Basic " + base64.b64encode(b"vera:pa55").decode(),
        "Basic " + base64.b64encode(b"ada:swordfish").decode(),
    ]
    assert (got[4].headers["x-api-key"], got[5].headers["x-mine"], got[6].path) == (
        "swordfish",
        "swordfish",
        "/?k=swordfish",
    )
    assert (got[7].headers["x-k"], json.loads(got[7].body)) == ("swordfish", {"k": "swordfish\n"})


def test_a_template_sees_no_secret_and_a_reference_elsewhere_is_no_secret(receiver: Receiver) -> None:
    assert failed(receiver, headers={"A": "{{ secrets.KEY }}"}).code == "expression"
    call(receiver, method="POST", body={"$secret": "KEY", "more": 1})

    assert json.loads(receiver.received[0].body) == {"$secret": "KEY", "more": 1}


def test_what_proves_who_we_are_stays_with_the_first_host(receiver: Receiver, other: Receiver) -> None:
    routes(
        receiver,
        {
            "/here": (302, {"Location": "/there"}, b""),
            "/there": (307, {"Location": f"{other.url}/x"}, b""),
        },
    )

    call(receiver, "/here", auth="api_key", secret="KEY", headers={"X-K": {"$secret": "KEY"}, "X-Open": "yes"})

    assert receiver.received[1].headers["x-api-key"] == "swordfish"
    assert {"x-api-key", "x-k", "idempotency-key", "authorization"} & set(other.received[0].headers) == set()
    assert other.received[0].headers["x-open"] == "yes"


def test_a_body_with_a_secret_is_not_sent_on_to_another_host(receiver: Receiver, other: Receiver) -> None:
    routes(receiver, {"/": (307, {"Location": other.url}, b"")})

    assert failed(receiver, method="POST", body={"k": {"$secret": "KEY"}}).code == "http_refused"
    assert other.received == []


def test_after_a_redirect_to_see_another_place_nothing_is_posted_again(receiver: Receiver) -> None:
    routes(receiver, {"/": (303, {"Location": "/done"}, b""), "/done": (200, {}, b"ok")})

    call(receiver, method="POST", body={"a": 1})

    assert [(got.path, got.body) for got in receiver.received] == [("/", b'{"a": 1}'), ("/done", b"")]


# what comes back


@pytest.mark.parametrize(
    ("content_type", "body", "value"),
    [
        ("application/json", b'{"a": [1, null]}', {"a": [1, None]}),
        ("application/problem+json; charset=utf-8", b"[1]", [1]),
        ("application/json", b"{broken", "{broken"),
        ("text/plain; charset=latin-1", b"caf\xe9", "café"),
        ("text/html", "<p>ü</p>".encode(), "<p>ü</p>"),
        ("text/plain; charset=nonsense", b"a", "a"),
        ("application/pdf", b"%PDF\0", {"name": "report", "type": "application/pdf", "data": "JVBERgA="}),
        ("text/plain", b"\xff\0", {"name": "report", "type": "text/plain", "data": "/wA="}),
        ("application/json", b"", None),
    ],
)
def test_a_body_is_json_text_or_a_file(receiver: Receiver, content_type: str, body: bytes, value: Json) -> None:
    routes(receiver, {"/a/report": (200, {"Content-Type": content_type, "Set-Cookie": "session=1"}, body)})

    done = call(receiver, "/a/report")

    assert (done.value["status"], done.value["body"]) == (200, value)
    assert done.value["headers"]["content-type"] == content_type
    assert "set-cookie" not in done.value["headers"]
    assert done.usage == {"requests": 1, "bytes": len(body)}


@pytest.mark.parametrize(
    ("status", "code", "is_retryable"),
    [
        (400, "http_status", False),
        (401, "http_status", False),
        (404, "http_status", False),
        (408, "http_status", True),
        (425, "http_status", True),
        (429, "rate_limited", True),
        (500, "http_status", True),
        (503, "http_status", True),
    ],
)
def test_a_status_of_400_and_above_fails_and_says_whether_to_try_again(
    receiver: Receiver, status: int, code: str, is_retryable: bool
) -> None:
    routes(receiver, {"/": (status, {}, b"out of\n tea")})

    failure = failed(receiver)

    assert (failure.code, failure.is_retryable, failure.retry_after) == (code, is_retryable, None)
    assert failure.message == f"The server answered {status}: out of tea"


def test_of_a_secret_that_a_refusal_repeats_no_half_is_shown_at_the_cut(receiver: Receiver) -> None:
    routes(receiver, {"/": (500, {}, b"x" * 296 + b" swordfish")})

    message = failed(receiver, auth="bearer", secret="KEY").message

    assert "swo" not in message and message.endswith("x •••")


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("7", 7, 7),
        ("0", 0, 0),
        ("99999999", 3600, 3600),
        ("-5", None, None),
        ("soon", None, None),
        ((datetime.now(UTC) + timedelta(hours=9)).strftime("%a, %d %b %Y %H:%M:%S GMT"), 3600, 3600),
        ("Fri, 01 Jan 2021 00:00:00 GMT", 0, 0),
    ],
    ids=["seconds", "at once", "a long time", "in the past", "a word", "a late date", "a date that is over"],
)
def test_a_server_says_how_long_to_wait(receiver: Receiver, header: str, low: float | None, high: float | None) -> None:
    routes(receiver, {"/": (429, {"Retry-After": header}, b"")})

    wait = failed(receiver).retry_after

    assert wait == low if low is None or high is None else wait is not None and low <= wait <= high


def test_an_answer_may_have_so_many_bytes(receiver: Receiver, settings: Any) -> None:
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, response_bytes=1_000)
    routes(receiver, {"/most": (200, {}, b"x" * 1_000), "/more": (200, {}, b"x" * 1_001)})

    assert call(receiver, "/most").value["body"] == "x" * 1_000
    failure = failed(receiver, "/more")
    assert (failure.code, failure.is_retryable) == ("too_large", False)


def test_nobody_there_is_worth_another_try(receiver: Receiver) -> None:
    with Receiver() as gone:
        pass

    failure = failed(gone)

    assert (failure.code, failure.is_retryable) == ("connection", True)


# pages


def paged(count: int) -> Routes:
    def page(number: int) -> bytes:
        following = f"/p{number + 1}" if number < count else None
        return json.dumps({"items": [number], "next": following}).encode()

    kind = {"Content-Type": "application/json"}
    return {f"/p{number}": (200, kind, page(number)) for number in range(1, count + 1)}


def test_pages_are_asked_for_one_after_the_other_each_a_checkpoint(receiver: Receiver) -> None:
    routes(receiver, paged(3))
    kept = Kept()

    value = call(receiver, "/p1", next_page="prev.body.next", checkpoints=kept).value

    assert [body["items"] for body in value["body"]] == [[1], [2], [3]]
    assert (value["pages"], value["next"]) == (3, None)
    assert kept.saved == ["page 1", "page 2", "page 3"]


def test_a_later_try_begins_at_the_page_it_was_at(receiver: Receiver) -> None:
    answers = paged(3)
    third = answers.pop("/p3")
    routes(receiver, answers)
    kept = Kept()

    assert failed(receiver, "/p1", next_page="prev.body.next", checkpoints=kept).code == "http_status"
    routes(receiver, {"/p3": third})
    value = call(receiver, "/p1", next_page="prev.body.next", checkpoints=kept).value

    assert [body["items"] for body in value["body"]] == [[1], [2], [3]]
    assert [got.path for got in receiver.received] == ["/p1", "/p2", "/p3", "/p3"]


@pytest.mark.parametrize("headers", [None, {"idempotency-key": "order 7"}])
def test_each_page_goes_out_under_a_key_of_its_own(headers: Json, receiver: Receiver) -> None:
    """A server that knows a key gives what it gave before."""
    answers, given = paged(3), dict[str, str]()

    def once(path: str, key: str) -> tuple[int, dict[str, str], bytes]:
        return answers[given.setdefault(key, path)]

    receiver.answer_keyed = once
    kept = Kept()
    value = call(receiver, "/p1", method="POST", headers=headers, next_page="prev.body.next", checkpoints=kept).value
    del kept.values["page 3"]
    call(receiver, "/p1", method="POST", headers=headers, next_page="prev.body.next", checkpoints=kept)

    key = "order 7" if headers else "00000000000040008000000000000001.n."
    keys = [key, f"{key}.page.2", f"{key}.page.3", f"{key}.page.3"]
    assert [body["items"] for body in value["body"]] == [[1], [2], [3]]
    assert [got.headers["idempotency-key"] for got in receiver.received] == keys


def test_pages_end_at_their_most_and_say_what_was_next(receiver: Receiver) -> None:
    routes(receiver, paged(9))

    value = call(receiver, "/p1", next_page="prev.body.next", max_pages=2).value

    assert (value["pages"], value["next"]) == (2, f"{receiver.url}/p3")


def test_pages_that_are_lists_are_one_list(receiver: Receiver) -> None:
    kind = {"Content-Type": "application/json"}
    routes(receiver, {"/a": (200, {**kind, "X-Next": "/b"}, b"[1, 2]"), "/b": (200, kind, b"[3]")})

    value = call(receiver, "/a", next_page='prev.headers["x-next"] if "x-next" in prev.headers else none').value

    assert value["body"] == [1, 2, 3]


def test_a_later_try_proves_itself_anew_where_the_secret_is_in_the_address(receiver: Receiver) -> None:
    kind = {"Content-Type": "application/json"}
    second = "/p2?a=%20b&token=swordfish&api_key=swordfish"
    answers = {"/p1?token=swordfish&api_key=swordfish": (200, kind, json.dumps({"next": second}).encode())}
    routes(receiver, answers)
    kept = Kept()
    paged: dict[str, Any] = {
        "next_page": "prev.body.next if prev.body else none",
        "params": {"token": {"$secret": "KEY"}},
        "auth": "api_key",
        "key_in": "query",
        "key_name": "api_key",
        "secret": "KEY",
        "checkpoints": kept,
    }

    assert failed(receiver, "/p1", **paged).code == "http_status"
    assert isinstance(page := kept.values["page 1"], dict)
    assert page["next"] == f"{receiver.url}/p2?a=%20b"

    routes(receiver, {second: (200, kind, b"[]")})
    assert call(receiver, "/p1", **paged).value["pages"] == 2
    assert [one.path for one in receiver.received][1:] == [second, second]


def test_a_page_whose_next_cannot_be_kept_is_asked_for_again(receiver: Receiver) -> None:
    kind = {"Content-Type": "application/json"}
    routes(receiver, {"/p1": (200, kind, b'{"next": "/p2?as=swordfish"}')})
    kept = Kept()

    failed(receiver, "/p1", next_page="prev.body.next", auth="bearer", secret="KEY", checkpoints=kept)

    assert kept.values == {}


def test_a_next_page_elsewhere_gets_no_secret_from_the_address(receiver: Receiver, other: Receiver) -> None:
    kind = {"Content-Type": "application/json"}
    routes(receiver, {"/?k=swordfish": (200, kind, json.dumps({"next": f"{other.url}/?k=swordfish"}).encode())})
    routes(other, {"/": (200, kind, b"[]")})

    params = {"k": {"$secret": "KEY"}}
    call(receiver, "/", next_page="prev.body.next if prev.body else none", params=params)

    assert other.received[0].path == "/"


def test_a_next_page_elsewhere_is_judged_and_gets_no_secret(receiver: Receiver, other: Receiver) -> None:
    kind = {"Content-Type": "application/json"}
    routes(receiver, {"/a": (200, kind, json.dumps({"next": other.url}).encode())})
    routes(other, {"/": (200, kind, b'{"next": "http://10.0.0.1/"}')})

    assert failed(receiver, "/a", next_page="prev.body.next", auth="bearer", secret="KEY").code == "http_refused"
    assert "authorization" not in other.received[0].headers


# time


@pytest.fixture
def silent(settings: Any) -> Iterator[Receiver]:
    """A server that takes a request and says nothing until it is let go."""
    settings.HELIX_EGRESS_ALLOW = LOOPBACK
    let_go = threading.Event()

    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        asked.set()
        let_go.wait(60)
        return 200, {}, b"late"

    asked = threading.Event()
    with Receiver(answer) as receiver:
        receiver.asked = asked  # type: ignore[attr-defined]
        yield receiver
        let_go.set()


def test_a_call_ends_at_its_time(silent: Receiver) -> None:
    work, _ends = work_of(replace(step("api", url=silent.url), timeout_ms=300))

    began = time.monotonic()
    with pytest.raises(TaskFailure) as failure:
        EXECUTORS["api"].execute(work)

    assert (failure.value.code, failure.value.is_retryable) == ("timeout", True)
    assert time.monotonic() - began < 5


def test_a_call_ends_at_the_deadline_of_its_task(silent: Receiver) -> None:
    soon = elapsed() + 0.3
    work, _ends = work_of(replace(step("api", url=silent.url), timeout_ms=60_000), deadline=soon)

    with pytest.raises(TaskFailure) as failure:
        EXECUTORS["api"].execute(work)
    assert failure.value.code == "timeout"


def test_cancelling_ends_the_call_at_once(silent: Receiver) -> None:
    work, ends = work_of(replace(step("api", url=silent.url), timeout_ms=60_000))
    found = list[TaskFailure]()

    def run() -> None:
        try:
            EXECUTORS["api"].execute(work)
        except TaskFailure as failure:
            found.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    assert silent.asked.wait(30)  # type: ignore[attr-defined]
    work.cancelled.set()
    for end in ends:
        end()
    thread.join(10)

    assert not thread.is_alive()
    assert [failure.code for failure in found] == ["cancelled"]


def test_what_was_cancelled_before_sends_nothing(receiver: Receiver) -> None:
    work, _ends = work_of(step("api", url=receiver.url))
    work.cancelled.set()

    with pytest.raises(TaskFailure, match="cancelled"):
        EXECUTORS["api"].execute(work)
    assert receiver.received == []
