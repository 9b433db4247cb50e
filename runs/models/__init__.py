"""The rows of runs, a module for each subject. Only `runs.commands`, `runs.work` and `runs.triggers` write them."""

from runs.models.memory import MemoryEntry
from runs.models.notice import Notice
from runs.models.provider import Provider, ToolServer
from runs.models.run import (
    Attempt,
    Blob,
    Checkpoint,
    FlowRunStorage,
    Forgetting,
    PersonRunStorage,
    Plan,
    Question,
    Run,
    RunEvent,
    Task,
)
from runs.models.secret import Secret, TeamSecret
from runs.models.trigger import Trigger, TriggerEvent
from runs.models.worker import Worker, WorkerEvent

__all__ = [
    "Attempt",
    "Blob",
    "Checkpoint",
    "FlowRunStorage",
    "Forgetting",
    "MemoryEntry",
    "Notice",
    "PersonRunStorage",
    "Plan",
    "Provider",
    "Question",
    "Run",
    "RunEvent",
    "Secret",
    "Task",
    "TeamSecret",
    "ToolServer",
    "Trigger",
    "TriggerEvent",
    "Worker",
    "WorkerEvent",
]
