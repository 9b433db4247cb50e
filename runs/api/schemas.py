"""Bodies and answers of the calls about runs. Values of runs are any JSON, and pass through as they stand in rows."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field

from accounts.schemas import storable
from runs.models import Run, Task
from web.errors import In

LARGEST = 2**53 - 1
MOST_RUNS, MOST_TASKS, MOST_EVENTS, MOST_NAMED = 100, 10_000, 1_000, 1_000
MOST_LETTERS = 1_000
NODE = r"^[A-Za-z0-9_-]{1,64}$"
RUN_STATES = tuple(state.value for state in Run.State)
TASK_STATES = tuple(state.value for state in Task.State)

Version = Annotated[int, Field(ge=1, le=LARGEST)]
NodeId = Annotated[str, Field(pattern=NODE)]
TaskKey = Annotated[str, Field(max_length=200), AfterValidator(storable)]
Name = Annotated[str, Field(max_length=200), AfterValidator(storable)]
Cursor = Annotated[str, Field(max_length=400), AfterValidator(storable)]


class FromIn(In):
    run: Annotated[UUID, Field(strict=False)]
    node: NodeId


class RunIn(In):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=False)

    version: Version | None = None
    input: Any = None
    from_: FromIn | None = Field(None, alias="from")
    reuse: bool = True
    name: Name = ""


class AgainIn(In):
    version: Version | None = None
    from_: NodeId | None = Field(None, alias="from")
    reuse: bool = True


class RetryIn(In):
    tasks: Annotated[list[TaskKey], Field(min_length=1, max_length=MOST_NAMED)] | None = None


class TasksIn(In):
    tasks: Annotated[list[TaskKey], Field(min_length=1, max_length=MOST_NAMED)]


class RollBackIn(In):
    checkpoint: Annotated[int, Field(ge=1, le=2**31 - 1)]


class AnswerIn(In):
    value: Any


class RunsQuery(Schema):
    """Which runs of a flow to list; `state` is one of a run's states, or "" for all."""

    state: Annotated[str, Field(max_length=24), AfterValidator(storable)] = ""
    limit: Annotated[int, Field(ge=1, le=MOST_RUNS)] = 50
    cursor: Cursor = ""


class TasksQuery(Schema):
    """Which tasks of a run to list, in the order in which they were made; `cursor` is what `next` said."""

    node: Annotated[str, Field(max_length=64), AfterValidator(storable)] = ""
    state: Annotated[str, Field(max_length=16), AfterValidator(storable)] = ""
    limit: Annotated[int, Field(ge=1, le=MOST_TASKS)] = MOST_TASKS
    cursor: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


class EventsQuery(Schema):
    """Which events to list: those after number `since`."""

    since: Annotated[int, Field(ge=0, le=LARGEST)] = 0
    limit: Annotated[int, Field(ge=1, le=MOST_EVENTS)] = 500


class QuestionsQuery(Schema):
    """Which questions to list."""

    state: Literal["open", "answered"] = "open"


class DeadLettersQuery(Schema):
    """Of which flow; of all without one."""

    flow: Annotated[str, Field(max_length=64), AfterValidator(storable)] = ""
    limit: Annotated[int, Field(ge=1, le=MOST_LETTERS)] = MOST_LETTERS
    cursor: Cursor = ""


class ActorOut(Schema):
    """A guest of a link has no id."""

    id: int | None
    name: str
    guest: bool | None = None


class RunOut(Schema):
    id: UUID
    flow: UUID
    version: int
    name: str
    state: str
    reason: str
    trigger: str
    actor: ActorOut | None
    input: Any
    output: Any
    progress: float
    counts: dict[str, int]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    again_of: UUID | None
    seq: int


class RunsOut(Schema):
    items: list[RunOut]
    next: str | None


class ErrorOut(Schema):
    code: str
    message: str


class CheckpointOut(Schema):
    name: str
    number: int
    at: datetime


class TaskOut(Schema):
    id: str
    node: str
    path: str
    kind: str
    label: str
    state: str
    reason: str
    attempt: int
    worker: str | None
    progress: float
    reused: bool
    input: Any
    output: Any
    error: ErrorOut | None
    checkpoints: list[CheckpointOut]
    usage: dict[str, Any]
    started_at: datetime | None
    ended_at: datetime | None


class TasksOut(Schema):
    items: list[TaskOut]
    next: int | None


class AttemptOut(Schema):
    number: int
    worker: str | None
    state: str
    error: ErrorOut | None
    usage: dict[str, Any]
    started_at: datetime
    ended_at: datetime | None


class AttemptsOut(Schema):
    items: list[AttemptOut]


class EventOut(Schema):
    seq: int
    kind: str
    task: str | None
    node: str | None
    data: dict[str, Any]
    at: datetime


class EventsOut(Schema):
    items: list[EventOut]
    seq: int


class QuestionOut(Schema):
    id: UUID
    run: UUID
    task: str
    node: str
    flow: UUID
    question: str
    form: list[dict[str, Any]]
    asked_at: datetime
    until: datetime | None
    answered_at: datetime | None


class QuestionsOut(Schema):
    items: list[QuestionOut]


class DeadLetterOut(TaskOut):
    run: UUID
    flow: UUID


class DeadLettersOut(Schema):
    items: list[DeadLetterOut]
    next: str | None


class RetriedOut(Schema):
    items: list[RunOut]
