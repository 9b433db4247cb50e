"""From a version of a flow to its plan, or to the problems for which it cannot run.

What is wrong with a flow is said by `flows.validation` alone; here only those of its problems count that stop runs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import cast

from flows.document import Document, Edge, Graph, Node, ports_of
from flows.expressions import Json
from flows.validation import UNKNOWN, Installation, Problem, judge, stops_runs
from flows.validation.scene import PASSIVE, Structure
from runs.plan.plan import Plan
from runs.plan.settings import run_settings
from runs.plan.steps import Step, Wire

MOST = 500
"""How many problems are named."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a flow cannot run: its problems that stop runs, in their order."""

    problems: tuple[Problem, ...]


def compile_plan(graph: Graph, installation: Installation = UNKNOWN, *, most: int = MOST) -> Plan | Refused:
    """Compile a flow as it is, or name at most `most` problems."""
    document = graph if isinstance(graph, Document) else Document(graph.properties, graph.nodes(), graph.edges())
    stopping = tuple(problem for problem in judge(document, most, installation).items if stops_runs(problem.code))
    return Refused(stopping) if stopping else plan_of(document)


def plan_of(document: Document) -> Plan:
    """Return the plan of a flow without problems that stop runs."""
    loops = _innermost_loops(Structure(document).bodies)
    nodes = {node.id: node for node in document.nodes() if node.kind not in PASSIVE}
    edges = sorted((one for one in document.edges() if one.source in nodes and one.target in nodes), key=_ends)
    steps = {id: step_of(nodes[id], loops.get(id)) for id in _ordered(nodes, edges, loops)}
    wires = tuple(Wire(one.id, one.source, one.source_port, one.target, one.target_port) for one in edges)
    return Plan(steps, wires)


def step_of(node: Node, loop: str | None = None) -> Step:
    """Return the step that a node is."""
    ports, settings = ports_of(node), cast("Mapping[str, Json]", dict(node.settings))
    return Step(
        id=node.id,
        kind=node.kind,
        label=node.label,
        settings=settings,
        inputs=ports.inputs,
        outputs=ports.outputs,
        enabled=node.enabled,
        loop=loop,
        **run_settings(node.kind, settings),
    )


def _innermost_loops(bodies: Mapping[str, set[str]]) -> dict[str, str]:
    """Return the innermost loop around each node. One loop's body is in another's, or has nothing in common with it."""
    found: dict[str, str] = {}
    for loop, body in sorted(bodies.items(), key=lambda one: -len(one[1])):
        found.update(dict.fromkeys(body, loop))
    return found


def _ordered(nodes: Mapping[str, Node], edges: Iterable[Edge], loops: Mapping[str, str]) -> list[str]:
    """Order nodes so that each comes after those before it, otherwise by id; those that are disabled at the end."""
    onward: dict[str, list[str]] = {id: [] for id, node in nodes.items() if node.enabled}
    waiting_for = dict.fromkeys(onward, 0)
    for edge in edges:
        if edge.source in onward and edge.target in onward and not _is_inside(edge.source, edge.target, loops):
            onward[edge.source].append(edge.target)
            waiting_for[edge.target] += 1
    free, found = [id for id, count in waiting_for.items() if not count], list[str]()
    heapify(free)
    while free:
        found.append(heappop(free))
        for target in onward[found[-1]]:
            waiting_for[target] -= 1
            if not waiting_for[target]:
                heappush(free, target)
    return found + sorted(nodes.keys() - onward.keys())


def _is_inside(id: str, loop: str, loops: Mapping[str, str]) -> bool:
    around = loops.get(id)
    while around is not None and around != loop:
        around = loops.get(around)
    return around is not None


def _ends(edge: Edge) -> tuple[str, ...]:
    return (*edge.ends, edge.id)
