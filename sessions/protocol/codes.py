"""Why a socket is closed: the codes of docs/protocol.md."""

from enum import IntEnum


class Close(IntEnum):
    """A WebSocket close code. After `LOG_IN`, `REVOKED` and `NOT_FOUND` a client does not come back by itself."""

    MALFORMED = 4400
    LOG_IN = 4401
    REVOKED = 4403
    NOT_FOUND = 4404
    TOO_SLOW = 4408
    REPLACED = 4409
    ASLEEP = 4410
    RESTARTING = 4412
    TOO_BIG = 4413
    TOO_FAST = 4429
    FULL = 4503


class Closing(Exception):  # noqa: N818
    """One socket, or every socket of a session, is to be closed with a code."""

    def __init__(self, code: Close) -> None:
        super().__init__(code)
        self.code = code
