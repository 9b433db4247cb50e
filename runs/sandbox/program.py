"""A program, its bounds, and the ends it may come to that are not its result.

What a program does to itself is a `skill_error` or a `timeout`. `sandbox` is for a sandbox that cannot be had: that is
the machine's fault, worth another try elsewhere, and counts against its health. No code may be able to come to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any, Final

from flows.expressions import Json
from runs.errors import TaskFailure
from web.deferred_translation import changed
from web.deferred_translation import kept as _

MOST_SAID: Final = 65_536
"""Characters of what a program prints that are passed on."""
LONGEST_MESSAGE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Code that defines `run`, what it is called with, and what it may use: seconds of time, bytes of memory and of
    its result as JSON. `say` gets what it prints as it comes. The safe sandbox lets it call `functions` of ours.
    """

    code: str
    prev: Json
    seconds: float
    memory: int
    result_bytes: int
    say: Callable[[str], None] = field(default=lambda _text: None)
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)


class Ended:
    """Whether and why a program was ended from outside; `end` is called once at most, and not after `over`."""

    def __init__(self) -> None:
        self._lock, self._is_over = Lock(), False
        self._end: Callable[[], None] | None = None
        self.is_late, self.is_cancelled = Event(), Event()

    def by(self, end: Callable[[], None]) -> None:
        """Say what ends the program, from when it runs on."""
        with self._lock:
            self._end = end
            is_due = self.is_late.is_set() or self.is_cancelled.is_set()
        if is_due:
            self._now()

    def late(self) -> None:
        """End it: its time is over."""
        self.is_late.set()
        self._now()

    def cancel(self) -> None:
        """End it: nobody wants its result any more."""
        self.is_cancelled.set()
        self._now()

    def over(self) -> None:
        """Say that it has ended by itself."""
        with self._lock:
            self._is_over = True

    def failure(self) -> TaskFailure | None:
        """Return why it was ended; None if it was not."""
        if self.is_cancelled.is_set():
            return TaskFailure("cancelled", _("The run was cancelled."))
        return too_slow() if self.is_late.is_set() else None

    def _now(self) -> None:
        with self._lock:
            if self._end is not None and not self._is_over:
                self._end()
                self._is_over = True


class Said:
    """Passes on what a program prints, up to a bound."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._left = say, MOST_SAID

    def __call__(self, text: str) -> None:
        """Pass on a piece."""
        if self._left > 0 and text:
            self._say(text[: self._left])
            self._left -= len(text)


def too_slow() -> TaskFailure:
    """Return the failure of a program whose time is over."""
    return TaskFailure("timeout", _("The code took too long."), is_retryable=True)


def too_much_memory(most: int) -> TaskFailure:
    """Return the failure of a program that wanted more memory than it may have."""
    return TaskFailure("skill_error", _("The code used more than %(most)s MiB of memory.") % {"most": most >> 20})


def too_long(most: int) -> TaskFailure:
    """Return the failure of a program whose result is too long."""
    return TaskFailure("too_large", _("The code’s result is longer than %(most)s bytes.") % {"most": most})


def raised(said: str, line: int | None) -> TaskFailure:
    """Return the failure of a program that raised something itself; `line` counts from 1 in its code."""
    said = changed(said, lambda text: text.strip()[:LONGEST_MESSAGE])
    message = said if line is None else _("line %(line)s: %(said)s") % {"line": line, "said": said}
    return TaskFailure("skill_error", message)


def no_json(said: str) -> TaskFailure:
    """Return the failure of a program whose result is not JSON."""
    return TaskFailure(
        "invalid_output", _("The code’s result is not JSON: %(said)s") % {"said": said[:LONGEST_MESSAGE]}
    )


def no_sandbox(said: str) -> TaskFailure:
    """Return the failure of a machine that has no sandbox to give."""
    return TaskFailure(
        "sandbox",
        _("There is no sandbox: %(said)s") % {"said": changed(said, lambda text: text[:200])},
        is_retryable=True,
    )


def crashed() -> TaskFailure:
    """Return the failure of a program that took its sandbox with it."""
    return TaskFailure("skill_error", _("The code ended its sandbox."))
