"""The short way between a connection and its live session, beneath ASGI; each server has an adapter of its own.

Nearly all that clients send are whole, masked text frames of less than 64 KB: each is unmasked in C and given to the
session right where it was read, without a queue, a task or a turn of the event loop. Everything else goes to the
server's own WebSocket library, one whole frame at a time, so that the two never disagree about where a frame ends:
fragments, control frames, text that is no UTF-8. With the first frame that the library should see as early as
possible (too long, not masked, an unknown opcode) the connection is handed over to it for good.

The adapters know the insides of their servers. They are used with the versions they were tested with; with another
one, or with HELIX_SHORT_WAY=0, every frame goes the ordinary way.
"""

import os
from collections.abc import Callable, Mapping
from importlib.metadata import version

from websockets.speedups import apply_mask

EXTENSION = "helix.wire"
"""The adapter's name among the `extensions` of an ASGI scope."""

TEXT, CONTINUATION, LAST = 0x81, 0x00, 0x80
FIRST = frozenset({0x01, 0x02})
CONTROL = frozenset({0x88, 0x89, 0x8A})
KNOWN = FIRST | CONTROL | {TEXT, 0x82, CONTINUATION, LAST}
OnText = Callable[[str], object]


def has_short_way(tested: Mapping[str, str]) -> bool:
    """Tell whether the short way may be used: these are the versions it was tested with, and nobody forbids it."""
    return os.environ.get("HELIX_SHORT_WAY", "1") != "0" and all(
        version(name) == number for name, number in tested.items()
    )


class FrameSplitter:
    """Splits what one client sends into frames, and gives each to whom it belongs.

    `receiver` is asked before each text frame what takes it now; None: `other` does. `other` takes bytes as
    they came: whole frames, and after the hand-over everything.
    """

    __slots__ = ("_in_message", "_is_over", "_other", "_receiver", "_rest")

    def __init__(self, receiver: Callable[[], OnText | None], other: Callable[[bytes], object]) -> None:
        self._receiver, self._other = receiver, other
        self._rest = b""
        self._in_message = self._is_over = False

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        if self._is_over:
            self._other(data)
            return
        if self._rest:
            data = self._rest + data
        at = 0
        while (stop := _end_of_frame(data, at)) is not None and stop:
            self._give(data, at, stop)
            at = stop
        self._rest = data[at:]
        if stop is None:
            self._is_over, rest, self._rest = True, self._rest, b""
            self._other(rest)

    def _give(self, data: bytes, at: int, stop: int) -> None:
        first = data[at]
        on_text = self._receiver() if first == TEXT and not self._in_message else None
        if on_text is not None:
            body = at + (6 if data[at + 1] & 127 < 126 else 8)
            try:
                text = apply_mask(data[body:stop], data[body - 4 : body]).decode()
            except UnicodeDecodeError:
                pass  # the library knows how to refuse it
            else:
                on_text(text)
                return
        if first in FIRST:
            self._in_message = True
        elif first == LAST:
            self._in_message = False
        self._other(data[at:stop])


def _end_of_frame(data: bytes, at: int) -> int | None:
    """Return where the frame at `at` ends, 0 if it is not all there yet, None if it is not for us."""
    there = len(data) - at
    if there < 2:
        return 0
    first, size, body = data[at], data[at + 1] - 128, at + 6
    if first not in KNOWN or size < 0 or size > 126 or (size == 126 and first in CONTROL):
        return None
    if size == 126:
        if there < 4:
            return 0
        size, body = int.from_bytes(data[at + 2 : at + 4]), at + 8
        if size < 126:
            return None
    stop = body + size
    return stop if stop <= len(data) else 0
