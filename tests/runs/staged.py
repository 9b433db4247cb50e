"""A run of the API tests' flow in which there is something to do for each call about runs."""

from accounts.models import User
from accounts.principals import Person
from flows.models import Flow
from runs.commands import pause_run, save_checkpoint, settle, start_run
from runs.errors import TaskFailure
from runs.models import Blob, Question, Run, Task
from tests.runs.hands import NOW, claim

HASH = "0" * 64


def staged_run(owner: User, flow: Flow, path: str) -> dict[str, str]:
    """Start a run, bring it to where the call can succeed, and return what stands in its address."""
    run = start_run(Person(owner.pk), flow.pk).run
    Blob.objects.create(run=run, hash=HASH, bytes=4, body="null")
    task = Task.objects.get(run=run, state="queued")
    if path.endswith(("/retry", "/roll_back")):
        held = claim(run, task.node)
        save_checkpoint(held, "one", 1, now=NOW)
        settle(held, TaskFailure("internal", ""), now=NOW)
    elif path.endswith("/resume"):
        pause_run(Person(owner.pk), run.pk)
    elif path.endswith("/answer"):
        _ask(run, task)
    return {"run_id": str(run.pk), "task_id": task.key, "hash": HASH}


def _ask(run: Run, task: Task) -> None:
    counts = run.counts.replace('"queued"', '"asking"')
    Run.objects.filter(pk=run.pk).update(state="waiting", counts=counts)
    Task.objects.filter(pk=task.pk).update(state="asking")
    Question.objects.create(task=task, run=run, flow_id=run.flow_id, question="Go on?", asked_at=NOW)
