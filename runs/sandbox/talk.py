"""The talk with a sandboxed process: its input goes in, what it prints is passed on, its answer comes back; in bounds.

It ends when the answer's descriptor is closed, the answer is longer than it may be, the time is over, or all processes
below together hold more memory than they may.
"""

import os
import selectors
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from runs.sandbox.program import Ended, Said

WATCH_SECONDS: Final = 0.2
PIECE: Final = 65_536
COMPLAINT: Final = 1_000
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Talk:
    """One talk. Afterwards `told` is the answer, `complaint` the end of what came on the error stream, and
    `is_too_large` says that it was ended for its memory."""

    def __init__(self, process: "subprocess.Popen[bytes]", answer: int, given: bytes, ended: Ended) -> None:
        self._process, self._answer, self._ended = process, answer, ended
        self._given = memoryview(given)
        self._selector = selectors.DefaultSelector()
        self.told, self.complaint, self.is_too_large = bytearray(), bytearray(), False

    def hold(self, *, seconds: float, memory: int, most: int, said: Said) -> None:
        """Talk until it ends."""
        deadline, looked = time.monotonic() + seconds, 0.0
        with self._selector:
            self._listen()
            while self._answer in {key.fd for key in self._selector.get_map().values()}:
                now = time.monotonic()
                if now >= deadline:
                    self._ended.late()
                    return
                if now >= looked + WATCH_SECONDS:
                    looked, self.is_too_large = now, memory_of(self._process.pid) > memory
                if self.is_too_large or len(self.told) > most:
                    return
                for key, _mask in self._selector.select(min(WATCH_SECONDS, deadline - now)):
                    self._serve(key, said)

    def _listen(self) -> None:
        process = self._process
        assert process.stdin and process.stdout and process.stderr  # noqa: S101  (they are pipes)
        os.set_blocking(process.stdin.fileno(), False)
        self._selector.register(process.stdin, selectors.EVENT_WRITE)
        for readable in (process.stdout, process.stderr, self._answer):
            self._selector.register(readable, selectors.EVENT_READ)

    def _serve(self, key: selectors.SelectorKey, said: Said) -> None:
        if key.fileobj is self._process.stdin:
            self._give(key)
            return
        piece = os.read(key.fd, PIECE)
        if not piece:
            self._selector.unregister(key.fileobj)
        elif key.fd == self._answer:
            self.told += piece
        else:
            if key.fileobj is self._process.stderr:
                self.complaint = (self.complaint + piece)[-COMPLAINT:]
            said(piece.decode(errors="replace"))

    def _give(self, key: selectors.SelectorKey) -> None:
        try:
            self._given = self._given[os.write(key.fd, self._given[:PIECE]) :]
        except BrokenPipeError:
            self._given = self._given[:0]
        if not self._given and self._process.stdin:
            self._selector.unregister(key.fileobj)
            self._process.stdin.close()


def memory_of(pid: int) -> int:
    """Return the bytes of memory that a process and all below it have for themselves."""
    held, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        with suppress(OSError, ValueError, IndexError):
            resident, shared = Path(f"/proc/{one}/statm").read_text().split()[1:3]
            held += (int(resident) - int(shared)) * _PAGE
            for thread in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
    return held
