"""The values that an expression would have had in the last run of its flow, for its writer: read, never kept.

Only what the text mentions is read, and what comes before its node; in a loop, of the last iteration. The node may be
newer than the run: then what comes before it now counts.
"""

import json
from collections.abc import Iterable, Mapping
from uuid import UUID

from flows.document import Graph, Node
from flows.expressions import Json
from flows.expressions.references import References
from runs.models import Run, Task
from runs.values import load, load_all

MOST = 50
"""How many nodes' values are read for one text."""


def last_values(flow: UUID, graph: Graph, node: Node, mentioned: References) -> Mapping[str, Json] | None:
    """Return the names of an expression with their values, or None if the flow has not run."""
    run = Run.objects.filter(flow_id=flow).order_by("-created_at").first()
    if run is None:
        return None
    before = sorted({edge.source for edge in graph.edges_of(node.id) if edge.target == node.id})
    found = _outputs(run, [*before, *sorted(mentioned.nodes)])
    values: dict[str, Json] = {
        "input": load(run.pk, run.input),
        "nodes": {id: {"output": value} for id, value in found.items()},
        "run": {"id": str(run.pk), "version": run.version, "name": run.name, "trigger": run.trigger},
    }
    given = [found[id] for id in before if id in found]
    if given:
        values["prev"] = given[0] if len(before) == 1 else list(given)
    return values | _in_loop(run, node, before)


def _outputs(run: Run, nodes: Iterable[str]) -> dict[str, Json]:
    wanted = list(dict.fromkeys(nodes))[:MOST]
    rows = Task.objects.filter(run=run, node__in=wanted, state=Task.State.DONE, output__isnull=False)
    texts = dict(rows.order_by("ended_at").values_list("node", "output"))
    return dict(zip(texts, load_all(run.pk, texts.values()), strict=True))


def _in_loop(run: Run, node: Node, before: list[str]) -> dict[str, Json]:
    """Return the item and the index of the last iteration that the node, or one before it, ran in."""
    inside = Task.objects.filter(run=run, node__in=[node.id, *before]).exclude(path="").order_by("-started_at").first()
    if inside is None:
        return {}
    outer, _dot, number = inside.path.rpartition(".")
    loops = Task.objects.filter(run=run, kind="loop", path=outer, items__isnull=False)
    for items in loops.values_list("items", flat=True)[:MOST]:
        listed = _decoded(run, items)
        if isinstance(listed, list) and number.isdigit() and int(number) < len(listed):
            return {"item": listed[int(number)], "index": int(number)}
    return {"index": int(number)} if number.isdigit() else {}


def _decoded(run: Run, text: str | None) -> Json:
    try:
        return load(run.pk, text)
    except (json.JSONDecodeError, KeyError):
        return None
