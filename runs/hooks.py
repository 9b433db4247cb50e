"""What wants to hear of runs, called inside the transaction in which it happens: so what is rolled back is not told.

`told` hears `run.done`, `run.failed`, `question.asked` and `worker.lost`, `made` the value of every output that was
executed. A hook writes rows and does nothing slow. It is registered once, when its app is ready.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from flows.expressions import Json
from runs.models import Run, Task
from runs.plan import Step

Told: TypeAlias = Callable[[Run, str, Mapping[str, Json]], None]
Made: TypeAlias = Callable[[Run, Task, Step, Mapping[str, Json], Json], None]

_told: list[Told] = []
_made: list[Made] = []


def hear(told: Told) -> None:
    """Register a hook for events of runs: `told(run, event, fields)`."""
    if told not in _told:
        _told.append(told)


def hear_outputs(made: Made) -> None:
    """Register a hook for outputs: `made(run, task, step, names, value)`."""
    if made not in _made:
        _made.append(made)


def tell(run: Run, event: str, **fields: Json) -> None:
    """Tell of an event."""
    for told in _told:
        told(run, event, fields)


def tell_output(run: Run, task: Task, step: Step, names: Mapping[str, Json], value: Json) -> None:
    """Tell of an output. A hook may raise `TaskFailure`: then the output has failed."""
    for made in _made:
        made(run, task, step, names, value)
