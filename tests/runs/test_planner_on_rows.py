"""The same laws on rows: random flows, run by the real commands in any order, end as the contract says."""

import json
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from django.conf import LazySettings

from accounts.models import User
from accounts.principals import Person
from flows.commands import create_flow
from flows.document import Document, Node, encode_edge, encode_node
from flows.models import Flow
from flows.parsing import parse_flow
from runs.commands import claim_task, retry_run, settle, work_id
from runs.errors import TaskFailure
from runs.kinds.executor import Done
from runs.models import Run, Task
from runs.plan import DONE, FAILED, End, Key, Plan, compile_plan, decode_ports
from runs.plan.moves import halt_of
from tests.nightly import seeds
from tests.runs.driver import Fate
from tests.runs.hands import NOW, Hands, go, make_flow, node, task_of
from tests.runs.oracle import Oracle
from tests.runs.random_plans import MIXED, STRICT, Style, random_document

pytestmark = pytest.mark.django_db


class Written(Fate):
    """What tasks do, as far as the flow's own texts say it: a step's branch and number are the same at every path."""

    def end(self, plan: Plan, key: Key) -> End:
        step = plan.steps[key[0]]
        if step.kind == "decision":
            return End("done", frozenset({self.branch(step.id, step.outputs)}))
        is_spared = key in self.mended or not (self.stops or not halt_of(plan, step))
        return DONE if is_spared or self._random(key).random() >= self.fails else FAILED

    def branch(self, node: str, ports: tuple[str, ...]) -> str:
        return self._random("branch", node).choice(ports)

    def iterations(self, key: Key) -> int:
        return self._random("iterations", key[0]).randint(0, self.most)


def written(document: Document, fate: Written) -> Document:
    """Write into a flow's texts what its decisions and loops do."""
    return Document(nodes=[_written(node, fate) for node in document.nodes()], edges=document.edges())


def _written(node: Node, fate: Written) -> Node:
    if node.kind == "decision":
        return node.edited({"settings": {"expression": f"'{fate.branch(node.id, ('a', 'b', 'default'))}'"}})
    if node.kind != "loop":
        return node
    count = fate.iterations((node.id, ""))
    asked = {"for_each": list(range(count)), "times": count, "while": f"index < {count}", "until": ""}
    until = f"index >= {count - 1}"
    return node.edited({"settings": {"iterate_over": str(asked[str(node.settings["type"])]), "break_condition": until}})


@dataclass
class Work:
    """A run on rows, whose queued tasks are executed in any order."""

    fate: Written
    plan: Plan
    run: Run
    order: Random
    failed: list[Task] = field(default_factory=list)

    def on(self) -> None:
        """Go on until nothing is queued."""
        while queued := list(Task.objects.filter(run=self.run, state="queued").order_by("priority")):
            task = self.order.choice(queued)
            claimed = claim_task(work_id(task.key, task.claim), "w", now=NOW)
            if claimed is not None:
                ended = self.fate.end(self.plan, (task.node, task.path))
                value = Done(f"{task.node}/{task.path}")
                assert settle(claimed, TaskFailure("skill_error", "") if ended is FAILED else value, now=NOW)
        self.run = Run.objects.get(pk=self.run.pk)


def begun(seed: int, alice: User, style: Style = MIXED, *, fails: float, stops: bool = False) -> Work:
    fate = Written(seed, fails=fails, most=3, stops=stops)
    document = written(random_document(seed, style), fate)
    plan = compile_plan(document)
    assert isinstance(plan, Plan)
    return Work(fate, plan, go(alice, stored(document, alice)), Random(seed))


def stored(document: Document, alice: User) -> Flow:
    nodes, edges = map(encode_node, document.nodes()), map(encode_edge, document.edges())
    return create_flow(Person(alice.pk), parse_flow(title="Flow", nodes=list(nodes), edges=list(edges)), via="api")


def expect(work: Work) -> None:
    """The rows are as the contract says, and so is the run."""
    expected = Oracle(work.plan, work.fate)
    expected.all()
    rows = {(task.node, task.path): task for task in Task.objects.filter(run=work.run)}
    missing = expected.ends.keys() - rows.keys()
    assert missing <= expected.optional
    found = {key: (task.state, decode_ports(task.ports)) for key, task in rows.items()}
    assert found == {key: end for key, end in expected.ends.items() if key not in missing}
    kinds = {step.kind for step in work.plan.steps.values() if step.enabled}
    for key, value in expected.values.items():
        if key not in missing and "decision" not in kinds and rows[key].state == "done":
            assert json.loads(rows[key].output or "") == value
    assert work.run.unfinished == 0
    assert work.run.progress == 1
    has_failed = any(state == "failed" for state, _ports in found.values())
    assert work.run.state == ("done_with_failures" if has_failed else "done")


@pytest.mark.parametrize("seed", seeds(8, nightly=400))
def test_a_run_ends_as_the_contract_says(seed: int, alice: User) -> None:
    work = begun(seed, alice, fails=0.2)
    work.on()
    expect(work)


@pytest.mark.parametrize("seed", seeds(6, nightly=400))
def test_what_stopped_a_run_leaves_no_trace_once_it_is_retried(seed: int, alice: User) -> None:
    work = begun(seed, alice, fails=0.3, stops=True)
    work.on()
    while work.run.state == "failed":
        stopped = Task.objects.filter(run=work.run, state="failed", ports="")
        work.fate.mended |= set(stopped.values_list("node", "path"))
        retry_run(Person(alice.pk), work.run.pk, tasks=[task.key for task in stopped], now=NOW)
        work.on()
    expect(work)


@pytest.mark.parametrize("seed", seeds(8, nightly=400))
def test_dead_letters_leave_no_trace_once_they_are_retried_where_nothing_ran_without_them(
    seed: int, alice: User
) -> None:
    work = begun(seed, alice, STRICT, fails=0.3)
    work.on()
    while letters := list(Task.objects.filter(run=work.run, is_dead_letter=True).order_by("priority")):
        some = work.order.sample(letters, work.order.randint(1, len(letters)))
        work.fate.mended |= {(task.node, task.path) for task in some}
        retry_run(Person(alice.pk), work.run.pk, tasks=[task.key for task in some], now=NOW)
        work.on()
    expect(work)


@pytest.mark.parametrize(("most", "is_enough"), [(602, True), (601, False)])
def test_loops_side_by_side_share_what_a_run_may_have(
    most: int, is_enough: bool, alice: User, settings: LazySettings
) -> None:
    """Each opens 200 iterations at once and promises the others, so that the second knows that there is no room."""
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, tasks_per_run=most)
    loops = [node(id, "loop", type="for_each", iterate_over="range(300)") for id in "ab"]
    flow = make_flow(alice, [*loops, node("x"), node("y")], "a.each>x", "b.each>y")
    run = go(alice, flow)

    assert (task_of(run, "b").error_code == "") is is_enough
    if is_enough:
        assert Hands().work(run).made == most
