"""The ways a delivery can take, by name. `webhook` is our own; what knows more than this room registers its own.

A channel is called on a thread of the sender, may take its time within the lease, and says how the try ended.
"""

from collections.abc import Callable
from typing import TypeAlias

from flows.webhooks.models import Delivery

Tried: TypeAlias = tuple[int | None, str]
"""The status that was answered, if there is one, and why it came to nothing, "" if it did not."""
Channel: TypeAlias = Callable[[Delivery, str, str], Tried]
"""Sends a delivery to a target, with a secret or ""."""

_channels: dict[str, Channel] = {}


def register(name: str, channel: Channel) -> None:
    """Offer a way under a name."""
    _channels[name] = channel


def channel_of(name: str) -> Channel | None:
    """Return the way of a name; None if this process has none."""
    return _channels.get(name)


def names() -> frozenset[str]:
    """Return the ways that there are."""
    return frozenset(_channels)
