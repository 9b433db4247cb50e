"""What an expression of a node gives, told while it is written.

From the values of the flow's last run, if whoever keeps runs said how to ask for them (`run_values_by`) and there are
any; else from the default values of the flow's forms. Evaluated like in a run, with the same bounds; nothing is kept.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from flows.document import Graph, Node
from flows.expressions import ExpressionError, Json, evaluate, find, references, render
from flows.expressions.references import NONE, References
from flows.problem_sentences import expression_sentence

Language: TypeAlias = Literal["condition", "template", "jsonpath"]
Ask: TypeAlias = Callable[[UUID, Graph, Node, References], Mapping[str, Json] | None]
"""Returns the names that an expression of a node would have had in the flow's last run, or None without a run."""
SHOWN = 2_000
"""How many characters of a value are told."""


def _no_runs(_flow: UUID, _graph: Graph, _node: Node, _mentioned: References) -> Mapping[str, Json] | None:
    return None


_ask: Ask = _no_runs


def run_values_by(ask: Ask) -> None:
    """Take the function that knows the values of runs."""
    global _ask  # noqa: PLW0603
    _ask = ask


@dataclass(frozen=True, slots=True)
class Preview:
    """What a text gives, as text, or why it gives nothing; and what from."""

    source: Literal["run", "defaults"]
    value: str = ""
    error: str = ""


def preview(
    flow_id: UUID, graph: Graph, node: Node, text: str, language: Language, *, inputs: Callable[[], Iterable[Node]]
) -> Preview:
    """Evaluate a text of a node; `inputs` returns the flow's input nodes, should they be needed."""
    mentioned = NONE if language == "jsonpath" else references(text, is_template=language == "template")
    names = _ask(flow_id, graph, node, mentioned)
    source: Literal["run", "defaults"] = "defaults" if names is None else "run"
    found = _evaluated(text, language, _defaults(graph, node, inputs()) if names is None else names)
    if isinstance(found, ExpressionError):
        return Preview(source, error=expression_sentence(found))
    said = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return Preview(source, value=said if len(said) <= SHOWN else f"{said[: SHOWN - 1]}…")


def _evaluated(text: str, language: Language, names: Mapping[str, Json]) -> Json | ExpressionError:
    match language:
        case "template":
            return render(text, names)
        case "jsonpath":
            return find(text, names.get("prev"))
        case _:
            return evaluate(text, names)


def _defaults(graph: Graph, node: Node, inputs: Iterable[Node]) -> Mapping[str, Json]:
    """Return what is known of a flow that has not run: what its forms would hold at first."""
    given: dict[str, Json] = {}
    sources = {edge.source for edge in graph.edges_of(node.id) if edge.target == node.id}
    prev: dict[str, Json] = {}
    for one in inputs:
        own = _default_values(one) if one.enabled and one.settings.get("type", "form") == "form" else {}
        given |= own
        if sources == {one.id}:
            prev = own
    return {"input": given, "nodes": {}} | ({"prev": prev} if prev else {})


def _default_values(node: Node) -> dict[str, Json]:
    """Return the default value of each field that has one."""
    apart, fields = node.settings.get("default_values"), node.settings.get("fields")
    entries = fields if isinstance(fields, (list, tuple)) else ()
    found: dict[str, Json] = {}
    for entry in entries:
        name = entry.get("name") if isinstance(entry, Mapping) else None
        if isinstance(name, str) and entry.get("default") is not None:
            found[name] = entry["default"]
    if isinstance(apart, Mapping):
        found = {**{str(name): value for name, value in apart.items()}, **found}
    return found
