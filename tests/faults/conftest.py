"""The same stage as for tests of live sessions."""

from tests.sessions.conftest import cast, elsewhere, flow, join, live

__all__ = ["cast", "elsewhere", "flow", "join", "live"]
