"""Run `helix` and note which of our files run: SIGUSR1 begins a list, SIGUSR2 writes it to `HELIX_TRACE`.

Started by its path, so that the tree under `PYTHONPATH` is what runs; `bench.drag_path` asks for the lists.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

OURS = ("accounts", "flows", "helix", "runs", "sessions", "web")
seen: set[str] = set()


def note(frame: FrameType, event: str, _argument: object) -> None:
    """Note the file of a Python function that is entered, or resumed."""
    if event == "call":
        seen.add(frame.f_code.co_filename)


def write(*_: object) -> None:
    """Write the list of our files, relative to their tree."""
    root = Path(os.environ["PYTHONPATH"])
    ours = sorted(str(path.relative_to(root)) for name in set(seen) if (path := Path(name)).is_relative_to(root))
    target = Path(os.environ["HELIX_TRACE"])
    target.with_suffix(".part").write_text("\n".join(name for name in ours if name.startswith(OURS)))
    target.with_suffix(".part").rename(target)


if __name__ == "__main__":
    sys.path.pop(0)
    from helix.cli import main

    signal.signal(signal.SIGUSR1, lambda *_: seen.clear())
    signal.signal(signal.SIGUSR2, write)
    threading.setprofile(note)
    sys.setprofile(note)
    main()
