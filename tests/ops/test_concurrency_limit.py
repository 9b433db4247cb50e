"""Of one caller few requests are worked on at a time, and the others' are not behind them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from allauth.headless.tokens.strategies.jwt.internal import create_token, session_key_to_sid
from django.core.handlers.asgi import ASGIRequest

from accounts.authentication import credentials_in
from accounts.guests import issue_guest_token
from accounts.personal_tokens import new_token
from accounts.principals import Guest
from accounts.session_store import SessionStore
from flows.limits import Limits
from helix.concurrency_limit import CALLERS, STRANGERS, ConcurrencyLimit

LIMITS = replace(Limits(), requests_at_once=2, requests_waiting=3)
Header = tuple[bytes, bytes]


class UnusedKeys(SessionStore):
    """Makes keys without asking the database whether there is one like it."""

    def exists(self, session_key: str) -> bool:
        return False


def key() -> str:
    return UnusedKeys()._get_new_session_key()


def cookie(*pairs: str) -> Header:
    return b"cookie", "; ".join(pairs).encode()


def bearer(token: str) -> Header:
    return b"authorization", f"Bearer {token}".encode()


def access(session_key: str) -> str:
    return str(create_token("access", sub="1", sid=session_key_to_sid(session_key), expires_in=60)[0])


KEY = key()
ALICE, BOB = bearer(new_token()), cookie("csrftoken=a", f"helix={KEY}")
GUEST = Guest(7, 8)


class Slow:
    """An application whose requests wait, once their body is here, until they are let go."""

    def __init__(self) -> None:
        self.working = self.most = 0
        self.may_answer, self.may_end = asyncio.Event(), asyncio.Event()
        self.may_end.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        self.working += 1
        self.most = max(self.most, self.working)
        await self.may_answer.wait()
        self.working -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.may_end.wait()


class Caller:
    """Makes requests, whose statuses come to `statuses`."""

    def __init__(self, turns: ConcurrencyLimit, *headers: Header, peer: str = "192.0.2.1", path: str = "/") -> None:
        self.turns, self.headers, self.peer, self.path = turns, headers, peer, path
        self.statuses: list[int] = []

    async def ask(self, number: int, *, is_complete: bool = True) -> Sequence["asyncio.Task[None]"]:
        asked = [asyncio.create_task(self._one(is_complete)) for _ in range(number)]
        for _ in range(10):
            await asyncio.sleep(0)
        return asked

    async def _one(self, is_complete: bool) -> None:
        async def receive() -> dict[str, object]:
            if not is_complete:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(event: Any) -> None:
            if event["type"] == "http.response.start":
                self.statuses.append(event["status"])

        scope = {"type": "http", "path": self.path, "method": "GET", "headers": self.headers, "client": (self.peer, 1)}
        await self.turns(scope, receive, send)  # type: ignore[arg-type]


@pytest.mark.parametrize("header", [ALICE, BOB, bearer(access(KEY)), (b"accept", b"*/*")])
async def test_so_many_at_once_so_many_wait_and_the_next_is_refused(header: Header) -> None:
    slow = Slow()
    turns = ConcurrencyLimit(slow, LIMITS, credentials_in)
    caller = Caller(turns, header)
    await caller.ask(5)
    assert (slow.working, caller.statuses) == (2, [])
    await caller.ask(1)
    assert caller.statuses == [429]
    slow.may_answer.set()
    await caller.ask(1)
    assert caller.statuses.count(200) == 6 and slow.most == 2
    assert turns.lines == {}


INVENTED = {
    "a cookie and something else": lambda number: (BOB, (b"authorization", b"Basic %d" % number)),
    "a cookie and an invented token": lambda number: (BOB, bearer(f"hlx_{number}")),
    "a cookie of the same name before": lambda number: (cookie(f"helix=x{number}", f"helix={KEY}"),),
    "a cookie of another name": lambda number: (cookie(f"other={number}", f"helix={KEY}"),),
    "white space and quotes": lambda number: (cookie(" " * number + f'helix ="{KEY}"'),),
    "an access token made anew": lambda _: (bearer(access(KEY)),),
    "an access token and the cookie": lambda number: (bearer(access(KEY)), *((BOB,) if number % 2 else ())),
    "another word for bearer": lambda number: ((ALICE[0], b"bEARER" + b" " * (number + 1) + ALICE[1][7:]),),
    "a guest's token made anew": lambda _: (bearer(issue_guest_token(GUEST)),),
    "no credential": lambda number: ((b"authorization", b"x%d" % number),),
    "an invented token": lambda number: (bearer(f"hlx_{number}"),),
    "an invented guest's token": lambda number: (bearer(f"hlxg_{number}"),),
    "a token signed by another": lambda number: (bearer(access(KEY)[:-2] + f"{number}A"),),
    "an invented session": lambda number: (cookie(f"helix={number:032}"),),
    "a session that is not the last": lambda number: (cookie(f"helix={key()}", f"helix={number}"),),
}


@pytest.mark.parametrize("invented", INVENTED.values(), ids=INVENTED)
async def test_nothing_made_up_gives_another_line(invented: Callable[[int], tuple[Header, ...]]) -> None:
    slow = Slow()
    turns = ConcurrencyLimit(slow, LIMITS, credentials_in)
    statuses = list[int]()
    for number in range(6):
        caller = Caller(turns, *invented(number))
        await caller.ask(1)
        statuses += caller.statuses
    assert (slow.working, statuses) == (2, [429])


@pytest.mark.parametrize(
    "headers",
    [
        [cookie(f"helix={KEY}")],
        [cookie("helix=x", f"helix={KEY}")],
        [cookie(f"helix={KEY}", "helix=x")],
        [cookie(f"helix={KEY}"), cookie("other=x")],
        [cookie("other=x"), cookie(f"helix={KEY}")],
        [cookie(f' helix = "{KEY}" ')],
        [cookie(f"helix={KEY},other=x")],
    ],
)
def test_the_session_is_the_one_that_django_takes(headers: list[Header]) -> None:
    request = ASGIRequest({"type": "http", "path": "/", "method": "GET", "headers": headers}, BytesIO())
    taken = request.COOKIES.get("helix") == KEY
    assert bool(credentials_in(headers)) is taken


async def test_many_people_behind_an_address_have_a_line_each_and_one_together() -> None:
    slow = Slow()
    turns = ConcurrencyLimit(slow, LIMITS, credentials_in)
    for _ in range(CALLERS):
        await Caller(turns, cookie(f"helix={key()}")).ask(LIMITS.requests_at_once)
    assert slow.working == CALLERS * LIMITS.requests_at_once
    more = [Caller(turns, cookie(f"helix={key()}")) for _ in range(CALLERS + 1)]
    for caller in more:
        await caller.ask(LIMITS.requests_waiting)
    assert slow.most == CALLERS * LIMITS.requests_at_once
    assert [caller.statuses for caller in more] == [[]] * CALLERS + [[429] * LIMITS.requests_waiting]
    elsewhere = Caller(turns, BOB, peer="192.0.2.2")
    await elsewhere.ask(1)
    assert slow.working == CALLERS * LIMITS.requests_at_once + 1
    slow.may_answer.set()
    for _ in range(CALLERS):
        await elsewhere.ask(1)
    assert [caller.statuses for caller in more[:-1]] == [[200] * LIMITS.requests_waiting] * CALLERS
    assert turns.lines == {}


async def test_strangers_of_all_addresses_have_one_line_together() -> None:
    slow = Slow()
    turns = ConcurrencyLimit(slow, LIMITS, credentials_in)
    for number in range(STRANGERS + 1):
        await Caller(turns, peer=f"192.0.2.{number}").ask(LIMITS.requests_at_once)
    assert slow.working == STRANGERS * LIMITS.requests_at_once
    known = Caller(turns, BOB, peer="198.51.100.1")
    apart = [Caller(turns, peer="198.51.100.2", path=path) for path in ("/readyz", "/hooks/a-token")]
    for caller in (known, *apart):
        await caller.ask(1)
    assert slow.working == STRANGERS * LIMITS.requests_at_once + 3
    slow.may_answer.set()
    await known.ask(1)
    assert slow.working == 0 and turns.lines == {}


async def test_addresses_that_are_full_shut_out_no_other_stranger() -> None:
    slow = Slow()
    turns = ConcurrencyLimit(slow, LIMITS, credentials_in)
    full = [Caller(turns, peer=f"192.0.2.{number}") for number in range(2 * STRANGERS)]
    for caller in full:
        await caller.ask(LIMITS.requests_at_once + LIMITS.requests_waiting + 1)
    assert [caller.statuses for caller in full] == [[429]] * len(full)
    late = Caller(turns, peer="198.51.100.1")
    await late.ask(1)
    assert late.statuses == []
    slow.may_answer.set()
    while not late.statuses:
        await asyncio.sleep(0)
    assert late.statuses == [200]


async def test_one_who_hangs_up_while_waiting_gives_all_places_back() -> None:
    slow = Slow()
    turns = ConcurrencyLimit(slow, LIMITS, credentials_in)
    both = Caller(turns, ALICE, BOB)
    asked = [*await Caller(turns, BOB).ask(2), *await both.ask(2)]
    assert slow.working == 2
    for task in asked:
        task.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    assert turns.lines == {}


async def test_others_are_not_behind() -> None:
    slow = Slow()
    turns = ConcurrencyLimit(slow, LIMITS, credentials_in)
    await Caller(turns, ALICE).ask(5)
    others = [Caller(turns, BOB), Caller(turns), Caller(turns, peer="192.0.2.2")]
    for caller in others:
        await caller.ask(1)
    assert slow.working == 5


async def test_behind_a_proxy_it_is_the_address_that_the_proxy_names() -> None:
    slow = Slow()
    turns = ConcurrencyLimit(slow, LIMITS, credentials_in, trusted_proxies=1)
    for number in range(5):
        await Caller(turns, (b"x-forwarded-for", b"192.0.2.%d" % number)).ask(1)
    await Caller(turns, (b"x-forwarded-for", b"sham, 192.0.2.9")).ask(3)
    assert slow.working == 7


async def test_a_slow_body_holds_up_nobody() -> None:
    slow = Slow()
    caller = Caller(ConcurrencyLimit(slow, LIMITS, credentials_in))
    waiting = await caller.ask(3, is_complete=False)
    await caller.ask(1)
    assert slow.working == 1
    for task in waiting:
        task.cancel()


async def test_a_slow_reader_holds_up_nobody() -> None:
    slow = Slow()
    slow.may_end.clear()
    slow.may_answer.set()
    caller = Caller(ConcurrencyLimit(slow, LIMITS, credentials_in))
    await caller.ask(5)
    assert caller.statuses == [200] * 5
    slow.may_end.set()
