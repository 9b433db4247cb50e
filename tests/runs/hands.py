"""Flows to run, and hands that do what a worker does, in the test's own thread: claim, execute, settle."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import User
from accounts.principals import Person
from flows.access import Role
from flows.commands import create_flow, set_member
from flows.expressions import Json
from flows.models import Flow
from flows.parsing import parse_flow
from runs.commands import Claimed, Started, claim_task, settle, start_run, work_id
from runs.errors import TaskFailure
from runs.kinds.executor import Done
from runs.models import Run, RunEvent, Task

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)
Act = Callable[[Claimed], Json]


def node(id: str, kind: str = "skill", **settings: object) -> dict[str, object]:
    """A node; skills have a code that nothing here executes."""
    if kind == "skill":
        settings.setdefault("code", "def run(**given):\n    return given")
    return {"id": id, "kind": kind, "x": 0, "y": 0, "label": id.title(), "settings": settings}


def wires(*ends: str) -> list[dict[str, object]]:
    """`wires("a>b", "b.yes>c")`: edges, from a port if one is named."""
    made: list[dict[str, object]] = []
    for number, text in enumerate(ends):
        source, target = text.split(">")
        source, _dot, port = source.partition(".")
        target, _dot, into = target.partition(".")
        ports = {name: value for name, value in (("source_port", port), ("target_port", into)) if value}
        made.append({"id": f"e{number}", "source": source, "target": target, **ports})
    return made


def make_flow(owner: User, nodes: Sequence[Mapping[str, object]], *ends: str, **members: User) -> Flow:
    """Make a flow of these nodes; `editor=` and `viewer=` are its other people."""
    flow = create_flow(Person(owner.pk), parse_flow(title="Flow", nodes=list(nodes), edges=wires(*ends)), via="api")
    for role, person in members.items():
        set_member(Person(owner.pk), flow.pk, person=person.email, role=Role(role))
    return flow


def go(person: User, flow: Flow, **given: Any) -> Run:
    """Start a run."""
    return started(person, flow, **given).run


def started(person: User, flow: Flow, **given: Any) -> Started:
    return start_run(Person(person.pk), flow.pk, **{"now": NOW, **given})


@dataclass
class Hands:
    """Do what is queued, in order of priority; `acts` says what each node gives, or raises. Others give `prev`."""

    acts: Mapping[str, Act | Json] = field(default_factory=dict)
    worker: str = "hands"
    now: datetime = NOW
    did: list[str] = field(default_factory=list)
    """Nodes that were executed, with the path of those in loops."""

    def work(self, run: Run | UUID, most: int = 10_000) -> Run:
        """Execute what is queued until nothing is, and return the run as it is then."""
        run_id = run if isinstance(run, UUID) else run.pk
        for _ in range(most):
            if not self.one(run_id):
                break
        return Run.objects.get(pk=run_id)

    def one(self, run_id: UUID) -> bool:
        """Execute one task; False if nothing is queued."""
        task = Task.objects.filter(run=run_id, state="queued").order_by("priority").first()
        if task is None:
            return False
        claimed = claim_task(work_id(task.key, task.claim), self.worker, now=self.now)
        if claimed is not None:
            self.did.append(claimed.step.id + (f":{claimed.path}" if claimed.path else ""))
            settle(claimed, self.act(claimed), now=self.now)
        return True

    def act(self, claimed: Claimed) -> Done | TaskFailure:
        act = self.acts.get(claimed.step.id, claimed.prev)
        try:
            value = act(claimed) if callable(act) else act
        except TaskFailure as failure:
            return failure
        return value if isinstance(value, Done) else Done(value)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


def claim(run: Run, node: str, path: str = "", *, worker: str = "w1", now: datetime = NOW) -> Claimed:
    """Claim one queued task."""
    task = task_of(run, node, path)
    claimed = claim_task(work_id(task.key, task.claim), worker, now=now)
    assert claimed is not None
    return claimed


def task_of(run: Run, node: str, path: str = "") -> Task:
    return Task.objects.get(run=run, node=node, path=path)


def states(run: Run) -> dict[str, str]:
    """Return the state of every task, by node and path."""
    rows = Task.objects.filter(run=run).values_list("node", "path", "state")
    return {f"{node}:{path}" if path else node: state for node, path, state in rows}


def kinds(run: Run) -> list[str]:
    """Return the kinds of all events, in order."""
    return list(RunEvent.objects.filter(run=run).order_by("seq").values_list("kind", flat=True))
