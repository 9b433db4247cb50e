"""Hints go out after the commit, on the server's own loop, and a layer that is down holds nothing up."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers, get_channel_layer
from django.db import connection, transaction
from django.test import override_settings

from accounts.models import User
from flows import publish
from flows.commands import submit
from flows.models import Flow
from flows.publish import group_name, hint_access, hint_changed, hint_deleted, publish_after_commit
from tests.flows.conftest import Ask, move
from tests.ports import free_port
from tests.redis import Redis

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def layer() -> Iterator[Any]:
    channel_layers.backends.clear()
    yield get_channel_layer()
    channel_layers.backends.clear()


async def in_thread(write: Callable[..., None], *, thread_sensitive: bool = True, **given: bool) -> None:
    """Run synchronous code as Django does under the server, and close its connection."""

    def bounded() -> None:
        try:
            write(**given)
        finally:
            connection.close()

    await sync_to_async(bounded, thread_sensitive=thread_sensitive)()


async def received(layer: Any, channel: str) -> Any:
    return await asyncio.wait_for(layer.receive(channel), timeout=5)


@pytest.mark.parametrize("thread_sensitive", [True, False])
async def test_a_receiver_on_the_servers_loop_is_woken(
    flow: Flow, alice: User, ask: Ask, layer: Any, thread_sensitive: bool
) -> None:
    await layer.group_add(group_name(flow.pk), "here")
    waiting = asyncio.create_task(received(layer, "here"))

    def write() -> None:
        submit(flow.pk, [ask(alice, move("plan", 1))])

    await in_thread(write, thread_sensitive=thread_sensitive)
    assert await waiting == {"type": "flow.changed", "flow": str(flow.pk), "previous": 1, "version": 2}


async def test_what_changed_nothing_says_nothing(flow: Flow, alice: User, ask: Ask, layer: Any) -> None:
    await layer.group_add(group_name(flow.pk), "here")
    await in_thread(lambda: submit(flow.pk, [ask(alice, move("plan", 0))]))
    await publish.publish(hint_deleted(flow.pk))
    assert (await received(layer, "here"))["type"] == "flow.deleted"


async def test_nothing_is_said_before_the_commit(flow: Flow, alice: User, ask: Ask, layer: Any) -> None:
    await layer.group_add(group_name(flow.pk), "here")

    def write(*, commit: bool) -> None:
        with transaction.atomic():
            submit(flow.pk, [ask(alice, move("plan", 1))])
            assert "here" not in layer.channels
            transaction.set_rollback(not commit)

    await in_thread(write, commit=False)
    assert "here" not in layer.channels
    await in_thread(write, commit=True)
    assert (await received(layer, "here"))["version"] == 2


def test_without_a_loop_nothing_breaks(flow: Flow, alice: User, ask: Ask, layer: Any) -> None:
    submit(flow.pk, [ask(alice, move("plan", 1))])
    publish_after_commit(hint_access(flow.pk, [3, 1]))
    assert hint_changed(flow.pk, previous=1, version=2).message["version"] == 2
    assert hint_access(flow.pk, [3, 1]).message["users"] == [1, 3]


def on_redis(url: str) -> Any:
    config = {"hosts": [{"address": url, "socket_timeout": None}]}
    return override_settings(
        CHANNEL_LAYERS={"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": config}}
    )


def said(caplog: pytest.LogCaptureFixture) -> list[Any]:
    """Return what was logged of publishing."""
    return [record for record in caplog.records if record.name == publish.__name__]


def test_redis_that_is_not_there_holds_nothing_up(
    flow: Flow, alice: User, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    with on_redis(f"redis://127.0.0.1:{free_port()}/0"):
        submit(flow.pk, [ask(alice, move("plan", 1))])
    assert [record.msg for record in said(caplog)] == ["hint_lost"]


def test_redis_that_hangs_holds_nothing_up(
    flow: Flow, alice: User, ask: Ask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "PATIENCE", 0.05)
    redis = Redis()
    try:
        redis.pause()
        with on_redis(redis.url):
            submit(flow.pk, [ask(alice, move("plan", 1))])
        assert [(record.msg, record.reason) for record in said(caplog)] == [("hint_lost", "TimeoutError()")]
        redis.resume()
    finally:
        redis.stop()


async def test_over_redis(flow: Flow, alice: User, ask: Ask, redis: Redis) -> None:
    with on_redis(redis.url):
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(group_name(flow.pk), channel)
        await in_thread(lambda: submit(flow.pk, [ask(alice, move("plan", 1))]))
        assert (await received(layer, channel))["version"] == 2
        await layer.flush()
