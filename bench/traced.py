"""Run `helix` and note which functions of our files run: SIGUSR1 begins a list, SIGUSR2 writes it to `HELIX_TRACE`.

Started by its path, so that the tree under `PYTHONPATH` is what runs; `bench.drag_path` asks for the lists.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

OURS = ("accounts", "flows", "helix", "runs", "sessions", "web")
seen: set[tuple[str, str]] = set()


def note(frame: FrameType, event: str, _argument: object) -> None:
    """Note a Python function that is entered, or resumed."""
    if event == "call":
        seen.add((frame.f_code.co_filename, frame.f_code.co_qualname))


def write(*_: object) -> None:
    """Write the list: a file of ours, relative to its tree, and a function in each line."""
    root = Path(os.environ["PYTHONPATH"])
    ran = [(Path(name), function) for name, function in set(seen)]
    ours = [(str(path.relative_to(root)), function) for path, function in ran if path.is_relative_to(root)]
    lines = [f"{name} {function}" for name, function in sorted(ours) if name.startswith(OURS)]
    target = Path(os.environ["HELIX_TRACE"])
    target.with_suffix(".part").write_text("\n".join(lines))
    target.with_suffix(".part").rename(target)


if __name__ == "__main__":
    sys.path.pop(0)
    from helix.cli import main

    signal.signal(signal.SIGUSR1, lambda *_: seen.clear())
    signal.signal(signal.SIGUSR2, write)
    threading.setprofile(note)
    sys.setprofile(note)
    main()
