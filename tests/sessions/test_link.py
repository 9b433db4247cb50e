"""What is told to the other processes arrives in the order in which it was said, the farewell last."""

import asyncio
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer

from sessions.processes import link
from sessions.processes.link import Link, Message
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


async def test_the_farewell_overtakes_nothing(live: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "PATIENCE", 60.0)
    layer: Any = Sluggish()
    one = Link("flow", lambda message: None, lambda: None)
    one._layer = layer
    await layer.group_add("flow", "here")
    await layer.group_add("flow", "there")
    one.open()
    one.say({"type": "live.people"})
    await layer.begun.wait()
    one.say({"type": "live.leaving"})
    closing = asyncio.create_task(one.close())
    for _ in range(10):
        await asyncio.sleep(0)
    layer.through.set()
    await closing
    async with asyncio.timeout(PATIENCE):
        told = [(await layer.receive("here"))["type"] for _ in range(2)]
    assert told == ["live.people", "live.leaving"]


async def test_a_layer_that_hangs_keeps_nobody_from_leaving(live: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "PATIENCE", 0.01)
    layer: Any = Sluggish()
    one = Link("flow", lambda message: None, lambda: None)
    one._layer = layer
    await layer.group_add("flow", "here")
    await layer.group_add("flow", "there")
    one.open()
    one.say({"type": "live.people"})
    await layer.begun.wait()
    one.say({"type": "live.leaving"})
    await one.close()
    assert not layer.through.is_set()
