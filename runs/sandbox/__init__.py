"""Where code that people wrote is run: never in our own process, never without bounds.

`run_safe` takes a subset of Python in a worker process of its own kind, everywhere; `run_full` takes all of Python
under bubblewrap, where `has_full_python()` says that this machine can, which `offered` makes a worker's label. Both
take a `Program` and give its result.
"""

from runs.sandbox.full import has_full_python, offered, run_full
from runs.sandbox.program import Ended, Program
from runs.sandbox.safe import run_safe

__all__ = ["Ended", "Program", "has_full_python", "offered", "run_full", "run_safe"]
