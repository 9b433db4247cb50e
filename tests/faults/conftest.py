"""The same stage as for tests of live sessions."""

from tests.sessions.conftest import cast, elsewhere, everybody_parts, flow, join, live

__all__ = ["cast", "elsewhere", "everybody_parts", "flow", "join", "live"]
