"""Random flows, run on rows by workers that fail, die and give back, by people who pause and resume, in any order.

Whatever happens, the run ends, nothing is counted wrongly, events have no gap and say what the rows say.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pytest

from accounts.models import User
from accounts.principals import Person
from flows.commands import create_flow
from flows.document import Node
from flows.models import Flow
from flows.parsing import parse_flow
from runs.commands import Again, claim_task, lose, pause_run, release, resume_run, retry_run, settle, work_id
from runs.errors import TaskFailure, WrongState
from runs.kinds.executor import Done
from runs.models import Run, RunEvent, Task
from runs.values import load
from tests.nightly import seeds
from tests.runs.hands import NOW, go
from tests.runs.random_plans import random_document

pytestmark = pytest.mark.django_db

MOST_STEPS = 3_000
LOOPS = {
    "for_each": {"iterate_over": "[1, 2, 3]"},
    "times": {"iterate_over": "2"},
    "while": {"iterate_over": "index < 2"},
    "until": {"break_condition": "index >= 1"},
}


def runnable(node: Node) -> dict[str, object]:
    """Give a loop something to go through, and let a decision take whatever comes."""
    settings = dict(node.settings)
    if node.kind == "loop":
        settings = {name: value for name, value in settings.items() if name not in ("iterate_over", "break_condition")}
        settings |= LOOPS[str(settings["type"])]
    place = {"id": node.id, "kind": node.kind, "x": 0, "y": 0, "label": node.label}
    return {**place, "enabled": node.enabled, "settings": settings}


def random_flow(owner: User, seed: int) -> Flow:
    document = random_document(seed)
    edges = [
        {
            "id": edge.id,
            "source": edge.source,
            "target": edge.target,
            "source_port": edge.source_port,
            "target_port": edge.target_port,
        }
        for edge in document.edges()
    ]
    parsed = parse_flow(title="Random", nodes=[runnable(node) for node in document.nodes()], edges=edges)
    return create_flow(Person(owner.pk), parsed, via="api")


@dataclass
class Story:
    """One run, and what becomes of it."""

    run: Run
    owner: User
    random: Random
    failing: float = 0.15
    progress: float = 0.0
    steps: int = field(default=0)

    def until_it_ends(self) -> Run:
        """Let things happen until the run has ended."""
        while self.run.state not in Run.ENDED:
            self.steps += 1
            assert self.steps < MOST_STEPS, self.run.counts
            self.step()
            self.run = Run.objects.get(pk=self.run.pk)
            assert self.run.progress >= self.progress
            self.progress = self.run.progress
        return self.run

    def step(self) -> None:
        queued = list(Task.objects.filter(run=self.run, state="queued").order_by("key"))
        if self.run.state == "paused" or not queued:
            resume_run(Person(self.owner.pk), self.run.pk, now=NOW)
            return
        if self.random.random() < 0.02:
            try:
                pause_run(Person(self.owner.pk), self.run.pk, now=NOW)
            except WrongState:
                assert self.run.halt
            return
        task = self.random.choice(queued)
        held = claim_task(work_id(task.key, task.claim), "w", now=NOW)
        if held is None:  # inline, or the run lets nothing start
            return
        chance = self.random.random()
        if chance < 0.05:
            assert lose(held.id, now=NOW)
            assert not settle(held, Done("late"), now=NOW)
        elif chance < 0.1:
            assert release(held.id, now=NOW)
        elif chance < 0.1 + self.failing:
            assert settle(held, TaskFailure("skill_error", "It broke."), now=NOW)
        else:
            assert settle(held, Done(self.random.choice(["a", "b", True, None, [1]])), now=NOW)

    def check(self) -> None:
        """Check that rows, counts and events agree."""
        rows = list(Task.objects.filter(run=self.run))
        counts = {state: count for state, count in json.loads(self.run.counts).items() if state != "loops"}
        assert counts == Counter(task.state for task in rows)
        assert self.run.made == len(rows)
        assert self.run.unfinished == sum(task.state not in Task.ENDED for task in rows)
        events = list(RunEvent.objects.filter(run=self.run).order_by("seq"))
        assert [event.seq for event in events] == list(range(1, self.run.seq + 1))
        told = {event.task: json.loads(event.data)["state"] for event in events if event.task}
        assert {task.key: task.state for task in rows if task.key in told} == told
        assert all(task.key in told for task in rows if task.state != "waiting")
        assert (self.run.progress == 1) == (self.run.state in ("done", "done_with_failures"))
        assert all(task.output is None or load(self.run.pk, task.output) is not object for task in rows)
        failed = [task for task in rows if task.state == "failed"]
        if self.run.state == "done":
            assert not failed
        else:
            assert failed


@pytest.mark.parametrize("seed", seeds(12, nightly=1_500))
def test_a_random_flow_ends_and_all_agrees(alice: User, seed: int) -> None:
    flow = random_flow(alice, seed)
    story = Story(go(alice, flow, input={"x": 1}), alice, Random(seed))
    story.until_it_ends()
    story.check()

    for _ in range(8):
        if not Task.objects.filter(run=story.run, is_dead_letter=True).exists():
            break
        story.run, story.failing, story.progress = retry_run(Person(alice.pk), story.run.pk, now=NOW), 0.05, 0.0
        story.until_it_ends()
        story.check()


@pytest.mark.parametrize("seed", seeds(4, nightly=300))
def test_a_random_flow_is_run_again_from_anywhere(alice: User, seed: int) -> None:
    flow, random = random_flow(alice, seed), Random(seed)
    first = Story(go(alice, flow, input={"x": 1}), alice, random)
    first.until_it_ends()
    nodes = sorted(set(Task.objects.filter(run=first.run).values_list("node", flat=True)))
    again = Again(first.run.pk, random.choice(nodes))
    second = Story(go(alice, flow, again=again), alice, random, failing=0.0)
    second.until_it_ends()

    second.check()
    assert second.run.state == "done"
    reused = Task.objects.filter(run=second.run, reused=True)
    assert not reused.filter(node=again.node).exists()
    for task in reused:
        earlier = Task.objects.get(run=first.run, node=task.node, path=task.path)
        assert (task.output, task.ports, task.result_key) == (earlier.output, earlier.ports, earlier.result_key)
