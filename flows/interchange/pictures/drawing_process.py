"""Draw pictures in a separate process, so that no request waits, its time is bounded and its memory is freed."""

import json
import signal
import subprocess
import sys
from pathlib import Path

from flows.interchange.budget import TooMuchError

PROGRAM = Path(__file__).with_name("program.py")
SECONDS = 30
"""Of a processor. A flow of 10,000 nodes takes about four."""
PATIENCE = 50.0
"""Seconds by the clock: less than others wait for their turn (`flows.commands.exports`)."""


def drawn_in_process(kind: str, **order: object) -> bytes:
    """Draw a `png` or a `pdf`. Raises `TooMuchError` if that takes too long."""
    text = json.dumps({"kind": kind, "seconds": SECONDS, **order}).encode()
    command = [sys.executable, "-I", str(PROGRAM)]
    try:
        done = subprocess.run(  # noqa: S603  (a program of ours)
            command, input=text, capture_output=True, timeout=PATIENCE, env={}, check=False
        )
    except subprocess.TimeoutExpired:
        raise TooMuchError("drawing", SECONDS) from None
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise TooMuchError("drawing", SECONDS)
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace")[-1_000:])
    return done.stdout
