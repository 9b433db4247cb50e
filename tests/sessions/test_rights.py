"""Rights and logins that end while somebody is here: not one byte more, and the code says why."""

import asyncio
import threading
from importlib import import_module
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from accounts import tokens
from accounts.acting import acting_as_system
from accounts.models import User
from accounts.principals import Person
from flows.access import Role
from flows.commands import create_flow, delete_flow, remove_member, set_member
from flows.models import Flow, Membership
from flows.parsing import parse_flow
from flows.publish import hint_access, publish
from sessions import join as joining
from sessions import supervisor
from sessions.live import clock
from sessions.protocol.codes import Close
from sessions.sockets.admission import Admission, Standing, admit, recheck
from tests.sessions.client import PATIENCE, Client, connect
from tests.sessions.conftest import Join, token_of

MOVE = {"kind": "move_node", "id": "a", "x": 5, "y": 5}
HERE = "http://flows.example"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check at every tick, many times a second: what hints do not say, the check finds."""
    monkeypatch.setattr(clock, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(clock, "CHECK_SECONDS", 0.0)


@pytest.fixture
async def browser(live: None, flow: Flow, cast: dict[str, User], settings: Settings) -> tuple[Browser, Client]:
    """Alice in a browser, live in the flow."""
    settings.HELIX_ORIGINS = [HERE]
    browser = Browser()
    await sync_to_async(browser.force_login)(cast["alice"])
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    client = await connect(None, flow.pk, {"Origin": HERE, "Cookie": cookie})
    await client.hello()
    return browser, client


@sync_to_async
def give_role(flow: Flow, alice: User, bob: User, role: str) -> None:
    set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role(role))


async def test_a_new_role_is_told_and_works_at_once(join: Join, flow: Flow, cast: dict[str, User]) -> None:
    alice, vera = await join("alice"), await join("vera")
    await give_role(flow, cast["alice"], cast["vera"], "editor")
    assert (await vera.next("you"))["role"] == "editor"
    people = await alice.next("people", where=lambda frame: frame["joined"] and frame["joined"][0]["role"] == "editor")
    assert people["joined"][0]["session"] == vera.session
    assert (await vera.do(MOVE))["type"] == "acked"
    await give_role(flow, cast["alice"], cast["vera"], "viewer")
    assert (await vera.next("you"))["role"] == "viewer"
    assert (await vera.do(MOVE))["code"] == "forbidden"


async def test_a_role_taken_away_ends_it(join: Join, flow: Flow, cast: dict[str, User]) -> None:
    alice, bob = await join("alice"), await join("bob")
    await Membership.objects.filter(flow=flow, user=cast["bob"]).adelete()
    assert (await bob.do(MOVE))["code"] == "forbidden", "from the commit on, before any hint"
    await publish(hint_access(flow.pk, [cast["bob"].pk]))
    assert await bob.closed() == 4403
    assert bob.session in (await alice.next("people", where=lambda frame: bool(frame["left"])))["left"]
    assert (await alice.do(MOVE))["type"] == "acked"


async def test_who_leaves_is_out_of_this_flow_at_once_on_all_devices_and_in_no_other(
    join: Join, flow: Flow, cast: dict[str, User]
) -> None:
    other = await sync_to_async(create_flow)(Person(cast["vera"].pk), parse_flow(title="Own"), via="api")
    elsewhere = await connect(await sync_to_async(token_of)(cast["vera"]), other.pk)
    await elsewhere.hello()
    alice, here, there = await join("alice"), await join("vera"), await join("vera")
    await sync_to_async(remove_member)(Person(cast["vera"].pk), flow.pk, user_id=cast["vera"].pk)
    assert [await here.closed(), await there.closed()] == [4403, 4403]
    assert (await alice.do(MOVE))["type"] == "acked"
    await elsewhere.send("ping")
    await elsewhere.next("pong")


async def test_a_deleted_flow_ends_it_for_everybody(join: Join, flow: Flow, cast: dict[str, User]) -> None:
    alice, bob = await join("alice"), await join("bob")
    await sync_to_async(delete_flow)(Person(cast["alice"].pk), flow.pk)
    assert [await alice.closed(), await bob.closed()] == [4404, 4404]


async def test_a_flow_found_deleted_by_an_edit_ends_it(join: Join, flow: Flow, cast: dict[str, User]) -> None:
    alice = await join("alice")
    await Flow.objects.filter(pk=flow.pk).aupdate(deleted_at=timezone.now())
    await alice.operate(MOVE)
    assert await alice.closed() == 4404


async def test_without_any_hint_the_check_finds_it(
    join: Join, flow: Flow, cast: dict[str, User], impatient: None
) -> None:
    alice, bob, vera = await join("alice"), await join("bob"), await join("vera")
    await Membership.objects.filter(flow=flow, user=cast["vera"]).aupdate(role="owner")
    assert (await vera.next("you"))["role"] == "owner"
    await Membership.objects.filter(flow=flow, user=cast["bob"]).adelete()
    assert await bob.closed() == 4403
    await Session.objects.all().adelete()
    assert [await alice.closed(), await vera.closed()] == [4401, 4401]


async def test_a_check_that_the_database_did_not_answer_is_made_at_the_next_tick(
    join: Join, flow: Flow, cast: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "TICK_SECONDS", 0.01)
    bob, away, asked, loop = await join("bob"), True, asyncio.Event(), asyncio.get_running_loop()

    def unanswered(*arguments: Any) -> dict[str, Standing | Close]:
        if away:
            loop.call_soon_threadsafe(asked.set)
            raise OperationalError("the database is away")
        return recheck(*arguments)

    monkeypatch.setattr(clock, "recheck", unanswered)
    await sync_to_async(remove_member)(Person(cast["alice"].pk), flow.pk, user_id=cast["bob"].pk)
    async with asyncio.timeout(PATIENCE):
        await asked.wait()
    await bob.settle()
    away = False
    assert await bob.closed() == 4403


async def test_an_answer_that_comes_late_does_not_take_back_a_newer_one(
    join: Join, flow: Flow, cast: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    bob, loop = await join("bob"), asyncio.get_running_loop()
    (session,), read, late = supervisor.current().sessions.values(), asyncio.Event(), threading.Event()

    def held_up(*arguments: Any) -> dict[str, Standing | Close]:
        monkeypatch.undo()
        found = recheck(*arguments)
        loop.call_soon_threadsafe(read.set)
        late.wait(PATIENCE)
        return found

    monkeypatch.setattr(clock, "recheck", held_up)
    session.check_soon(lambda _: True)
    async with asyncio.timeout(PATIENCE):
        await read.wait()
    await give_role(flow, cast["alice"], cast["bob"], "viewer")
    assert (await bob.next("you"))["role"] == "viewer"
    late.set()
    await asyncio.gather(*session.clock._jobs)
    assert "you" not in {frame["type"] for frame in await bob.settle()}
    assert [socket.person.role for socket in session.broadcaster] == ["viewer"]


async def test_a_check_that_meets_a_defect_is_told_and_made_again(
    join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, impatient: None
) -> None:
    def broken(*arguments: Any) -> dict[str, Standing | Close]:
        if "clock_failed" not in caplog.text:
            raise ZeroDivisionError("a defect")
        return recheck(*arguments)

    monkeypatch.setattr(clock, "recheck", broken)
    bob = await join("bob")
    await Membership.objects.filter(flow=flow).adelete()
    assert await bob.closed() == 4403


async def test_logging_out_ends_that_browser_only(join: Join, browser: tuple[Browser, Client]) -> None:
    program = await join("alice")
    here, live = browser
    await sync_to_async(here.logout)()
    assert await live.closed() == 4401
    assert (await program.do(MOVE))["type"] == "acked"


async def test_a_refresh_token_used_again_ends_what_came_of_it(
    live: None, flow: Flow, join: Join, cast: dict[str, User]
) -> None:
    other = await join("alice")
    pair = await sync_to_async(tokens.issue)(cast["alice"])
    program = await connect(pair.access, flow.pk)
    await program.hello()
    for _ in range(2):
        await sync_to_async(tokens.refresh)(pair.refresh)
    assert await program.closed() == 4401
    assert (await other.do(MOVE))["type"] == "acked"


@pytest.mark.parametrize("way", ["page", "demo"])
async def test_a_new_login_in_the_same_browser_ends_the_old_one(
    browser: tuple[Browser, Client], cast: dict[str, User], settings: Settings, way: str
) -> None:
    settings.HELIX_DEMO = True
    here, live = browser
    before = here.cookies[settings.SESSION_COOKIE_NAME].value
    page, form = {
        "page": ("/login/", {"email": cast["alice"].email, "password": "correct horse"}),
        "demo": ("/login/demo/", {"user": "bob"}),
    }[way]
    assert (await sync_to_async(here.post)(page, form)).status_code == 302
    assert await live.closed() == 4401
    after = here.cookies[settings.SESSION_COOKIE_NAME].value
    assert after != before
    assert [key async for key in Session.objects.values_list("pk", flat=True)] == [after]


@pytest.mark.parametrize("change", ["password", "active"])
async def test_a_changed_account_ends_it(
    join: Join, browser: tuple[Browser, Client], cast: dict[str, User], change: str
) -> None:
    program, bob = await join("alice"), await join("bob")
    user = cast["alice"]

    def alter() -> None:
        if change == "password":
            user.set_password("another horse")
        else:
            user.is_active = False
        user.save()

    await sync_to_async(alter)()
    assert [await browser[1].closed(), await program.closed()] == [4401, 4401]
    assert (await bob.do(MOVE))["type"] == "acked"


async def test_somebody_else_in_the_same_browser_ends_it(
    join: Join, browser: tuple[Browser, Client], cast: dict[str, User], impatient: None
) -> None:
    here, live = browser
    key = here.cookies[settings.SESSION_COOKIE_NAME].value

    def become_bob() -> None:
        other = Browser()
        other.force_login(cast["bob"])
        store = import_module(settings.SESSION_ENGINE).SessionStore
        bobs = store(other.cookies[settings.SESSION_COOKIE_NAME].value).load()
        stolen = store(key)
        stolen.update(bobs)
        stolen.save()

    await sync_to_async(become_bob)()
    assert await live.closed() == 4401


async def test_a_right_taken_away_before_hello_is_noticed_at_hello(
    join: Join, flow: Flow, cast: dict[str, User]
) -> None:
    bob = await connect(await sync_to_async(token_of)(cast["bob"]), flow.pk)
    await bob.send("ping")
    await bob.next("error")
    await Membership.objects.filter(flow=flow, user=cast["bob"]).adelete()
    await bob.send("hello", protocol=1, client=bob.name, since=None, format="json")
    assert await bob.closed() == 4404
    assert "welcome" not in {frame["type"] for frame in bob.frames}


async def test_a_right_taken_away_between_proof_and_welcome_is_noticed(
    join: Join, flow: Flow, cast: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    await join("alice")
    (session,), loop = supervisor.current().sessions.values(), asyncio.get_running_loop()
    bob = await connect(await sync_to_async(token_of)(cast["bob"]), flow.pk)
    await bob.send("ping")
    await bob.next("error")

    def overtaken(*arguments: Any) -> Admission:
        monkeypatch.undo()
        admission = admit(*arguments)
        with acting_as_system():  # the test's doing, in the socket's context
            Membership.objects.filter(flow=flow, user=cast["bob"]).delete()
        loop.call_soon_threadsafe(session.on_message, hint_access(flow.pk, [cast["bob"].pk]).message)
        return admission

    monkeypatch.setattr(joining, "admit", overtaken)
    await bob.send("hello", protocol=1, client=bob.name, since=None, format="json")
    assert await bob.closed() == 4404
    assert "welcome" not in {frame["type"] for frame in bob.frames}


async def test_a_heartbeat_says_where_the_log_stands(join: Join, flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(clock, "HEARTBEAT_SECONDS", 0.02)
    alice = await join("alice")
    await alice.do(MOVE)
    beat = await alice.next("heartbeat", where=lambda frame: frame["version"] == 2)
    stored = await Flow.objects.aget(pk=flow.pk)
    assert beat == {"type": "heartbeat", "version": 2, "epoch": stored.epoch, "digest": stored.digest}
    assert supervisor.current().sessions
