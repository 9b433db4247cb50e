"""Steps that ask people before they run: the question as a row, and the task waiting for its answer.

Events go to everybody who sees the flow, so they never hold what is asked: that is for those who may answer.
"""

import json
from datetime import timedelta

from runs import hooks
from runs.commands.locked_run import LockedRun, State
from runs.models import Question, Task
from runs.plan import Ask


def must_ask(task: Task) -> bool:
    """Tell whether a task that asks has no answer yet; one counts for all its tries, but for a refusal."""
    return not Question.objects.filter(task=task).exclude(answered_at=None).exclude(value="false").exists()


def ask(locked: LockedRun, task: Task, asked: Ask) -> None:
    """Ask, and wait for the answer."""
    until = None if asked.timeout_ms is None else locked.now + timedelta(milliseconds=asked.timeout_ms)
    locked.questions.append(
        Question(
            task=task,
            run=locked.run,
            flow_id=locked.run.flow_id,
            question=asked.question,
            form=json.dumps(list(asked.form)),
            who=json.dumps(asked.who),
            asked_at=locked.now,
            until=until,
        )
    )
    task.due_at = until
    locked.move(task, State.ASKING, "task_asked")
    hooks.tell(locked.run, "question.asked", task=task.key, node=task.node, question=asked.question)
