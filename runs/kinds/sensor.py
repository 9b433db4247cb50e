"""The kind `sensor` in a run: its output is what the run was given, the event or, started by hand, the whole input."""

from flows.expressions import Json
from runs.kinds.executor import Done
from runs.kinds.texts import Names
from runs.plan import Step


def value_of(step: Step, names: Names, prev: Json) -> Done:
    """Return the run's input."""
    return Done(names.get("input"))
