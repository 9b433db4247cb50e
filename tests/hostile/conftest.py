"""The people, in a database whose transactions are real, and an event loop without anything of an earlier test."""

from tests.sessions.conftest import cast, live

__all__ = ["cast", "live"]
