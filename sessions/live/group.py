"""What the flow's group says to a session: somebody wrote, a right changed, the flow is gone; the rest is about people.

Nothing is believed but that something happened: how things stand is read from the log and from the rows.
"""

from collections.abc import Callable
from typing import Protocol

from sessions.live.replica import Current
from sessions.presence.sync import Rollcall
from sessions.processes.link import Message
from sessions.sockets.socket import Socket


class Listener(Protocol):
    """Who is spoken to."""

    flow: Current
    rollcall: Rollcall

    def check_soon(self, wanted: Callable[[Socket], bool]) -> None:
        """Ask some again who they are and what they may do."""

    def look(self) -> None:
        """Compare with the log soon."""


def listening(session: Listener) -> None:
    """Begin to hear the group. Whatever was said before, we missed."""
    session.rollcall.begin()
    session.check_soon(lambda _: True)
    session.look()


def hear(session: Listener, message: Message) -> None:
    """Take one message."""
    match message["type"]:
        case "flow.changed":
            if message["version"] > session.flow.version:
                session.look()
        case "flow.access":
            users = set(message["users"])
            session.check_soon(lambda socket: socket.person.id in users)
        case "flow.deleted":
            session.look()
        case _:
            session.rollcall.hear(message)
