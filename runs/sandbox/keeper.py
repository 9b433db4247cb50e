"""Who ends the sandboxes of a process that was killed: it could not do so itself.

A shell reads the ids of the workers that run something, and when its input ends, which it does however we end, it kills
those that are still among them. It has a session of its own, so what ends us does not end it.
"""

import os
import subprocess
from contextlib import suppress
from threading import Lock
from typing import Final

_SCRIPT: Final = """trap '' INT TERM HUP
held=' '
while read -r what pid; do
  case $what in
    +) held="$held$pid " ;;
    -) case $held in *" $pid "*) held="${held%%" $pid "*} ${held#*" $pid "}" ;; esac ;;
  esac
done
for pid in $held; do kill -9 "$pid" 2>/dev/null; done"""


class Keeper:
    """Knows which processes are to end with this one; begun when first needed, and again after a fork."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._shell: subprocess.Popen[str] | None = None
        self._of = 0

    def keep(self, pid: int) -> None:
        """Let a process end with us."""
        self._tell(f"+ {pid}\n")

    def let_go(self, pid: int) -> None:
        """Let a process live on: it does nothing now, and ends by itself when we do."""
        self._tell(f"- {pid}\n")

    def _tell(self, line: str) -> None:
        with self._lock, suppress(OSError, ValueError):
            shell = self._begun()
            assert shell.stdin  # noqa: S101  (it is a pipe)
            shell.stdin.write(line)
            shell.stdin.flush()

    def _begun(self) -> "subprocess.Popen[str]":
        if self._shell is None or self._of != os.getpid() or self._shell.poll() is not None:
            self._of = os.getpid()
            self._shell = subprocess.Popen(  # noqa: S603  (a text of ours)
                ["/bin/sh", "-c", _SCRIPT],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
                env={},
                cwd="/",
                start_new_session=True,
            )
        return self._shell


keeper: Final = Keeper()
