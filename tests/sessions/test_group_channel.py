"""What is told to the other processes arrives in the order in which it was said, the farewell last."""

import asyncio
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from sessions.processes import group_channel
from sessions.processes.group_channel import GroupChannel, Message
from tests.sessions.client import PATIENCE


class Sluggish(InMemoryChannelLayer):
    """A layer that takes its time for the first message."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.through = asyncio.Event(), asyncio.Event()

    async def group_send(self, group: str, message: Message) -> None:
        if not self.begun.is_set():
            self.begun.set()
            await self.through.wait()
        await super().group_send(group, message)


@pytest.fixture
async def layer(live: None) -> Any:
    """A sluggish layer with somebody in the group."""
    layer: Any = Sluggish()
    for channel in ("here", "there"):
        await layer.group_add("flow", channel)
    return layer


class Deaf:
    """Listens to nothing."""

    def on_group_joined(self) -> None: ...

    def on_message(self, message: Message) -> None: ...


def channel_over(layer: Any) -> GroupChannel:
    """Open a channel that speaks over this layer."""
    one = GroupChannel("flow", Deaf())
    one._layer = layer
    one.open()
    return one


async def received(layer: Any, count: int) -> list[str]:
    """Return the types of what arrived."""
    async with asyncio.timeout(PATIENCE):
        return [(await layer.receive("here"))["type"] for _ in range(count)]


async def test_the_farewell_overtakes_nothing(layer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_channel, "TIMEOUT_SECONDS", 60.0)
    one = channel_over(layer)
    one.send({"type": "live.people"})
    await layer.begun.wait()
    one.send({"type": "live.leaving"})
    closing = asyncio.create_task(one.close())
    for _ in range(10):
        await asyncio.sleep(0)
    layer.through.set()
    await closing
    assert await received(layer, 2) == ["live.people", "live.leaving"]


async def test_who_leaves_at_once_still_says_what_was_to_be_said(layer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_channel, "TIMEOUT_SECONDS", 60.0)
    layer.begun.set()
    one = channel_over(layer)
    for type in ("live.people", "live.leaving"):
        one.send({"type": type})
    await one.close()
    assert await received(layer, 2) == ["live.people", "live.leaving"]


async def test_a_layer_that_hangs_keeps_nobody_from_leaving(layer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_channel, "TIMEOUT_SECONDS", 0.01)
    one = channel_over(layer)
    one.send({"type": "live.people"})
    await layer.begun.wait()
    one.send({"type": "live.leaving"})
    await one.close()
    assert not layer.through.is_set()
