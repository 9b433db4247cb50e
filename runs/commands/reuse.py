"""Results that are taken from the earlier run which a run was made `again` of, instead of being made.

Only from there, only of the same node in the same iteration, and only where the key is equal: the kind, the settings
that matter, the executor's version, the versions of the secrets and all that was read. The node that the run begins
from, and what follows it, is made anew.
"""

from uuid import UUID

from runs.commands.locked_run import LockedRun, State
from runs.keys import task_key
from runs.models import Task
from runs.plan import Step, decode_ports
from runs.plans import made_anew
from runs.values import Stored, load_texts, reference, stored_text


def may_reuse(locked: LockedRun, step: Step) -> bool:
    """Tell whether a step's result may come from an earlier run."""
    run = locked.run
    return (
        run.again_of_id is not None
        and run.reuses
        and step.reuse
        and step.kind != "loop"
        and step.id not in made_anew(run)
    )


def reusable(locked: LockedRun, task: Task, key: str) -> tuple[Stored, frozenset[str]] | None:
    """Return the value and the ports of the equal result, if there is one."""
    run = locked.run
    if run.again_of_id is None:
        return None
    earlier = Task.objects.filter(
        key=task_key(run.again_of_id, task.node, task.path), state=State.DONE, result_key=key, error_code=""
    ).first()
    if earlier is None:
        return None
    value = _copied(run.again_of_id, earlier.output)
    return None if value is None else (value, frozenset(decode_ports(earlier.ports) or ()))


def _copied(run: UUID, output: str | None) -> Stored | None:
    """Return an earlier value as this run keeps it; None if it is gone: nobody holds the earlier run meanwhile."""
    if output is None:
        return Stored("null")
    if reference(output) is None:
        return Stored(output)
    try:
        return stored_text(load_texts(run, [output])[0])
    except KeyError:
        return None
