"""Run `helix` and note, a thousand times a second of processor time, where its main thread is.

`bench.profiling` starts it, begins a list by SIGUSR1 and has it written to `HELIX_PROFILE` by SIGUSR2.
"""

import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

SECONDS = 0.001
FOLDERS = ("accounts", "flows", "helix", "runs", "sessions", "web")
ROOT = Path(__file__).parent.parent
seen: Counter[str] = Counter()


def note(_number: int, frame: FrameType | None) -> None:
    """Note the innermost function of ours, or that none of ours runs."""
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(str(ROOT)) and name[len(str(ROOT)) + 1 :].startswith(FOLDERS):
            seen[f"{name[len(str(ROOT)) + 1 :]} {frame.f_code.co_qualname}"] += 1
            return
        frame = frame.f_back
    seen["servers, libraries and the loop"] += 1


def write(*_: object) -> None:
    """Write what was noted."""
    target = Path(os.environ["HELIX_PROFILE"])
    target.with_suffix(".part").write_text(json.dumps(seen))
    target.with_suffix(".part").rename(target)


def main() -> None:
    """Serve, and note."""
    from helix.cli import main as serve

    signal.signal(signal.SIGPROF, note)
    signal.signal(signal.SIGUSR1, lambda *_: seen.clear())
    signal.signal(signal.SIGUSR2, write)
    signal.setitimer(signal.ITIMER_PROF, SECONDS, SECONDS)
    serve()


if __name__ == "__main__":
    sys.exit(main())
