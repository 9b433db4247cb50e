"""How long the rules take: a whole judgement, and one change of each kind in a flow that is judged already.

`python -m bench.validation` prints the median and the worst of some changes, in milliseconds, for several sizes.
"""

import random
from itertools import pairwise
from statistics import median
from time import perf_counter

from flows.document import DEFAULT_LIMITS, Document, apply, decode_graph, decode_operation
from flows.document.operations.edges import connect
from flows.validation import Validator

SIZES = (100, 1_000, 10_000)
REPEATS = 15
KINDS = ("agent", "transform", "api", "decision", "skill", "memory")
SETTINGS = {
    "agent": {"model": "small", "system_prompt": "Read {{ prev }} and answer."},
    "api": {"url": "https://example.com/{{ input.id }}", "body": {"text": "{{ prev }}"}},
    "decision": {"expression": "prev.score > 1", "branches": ["yes", "no"], "default_branch": "no"},
    "skill": {"code": "def run():\n    return 1\n", "input_schema": {"type": "object"}},
}


def document(count: int) -> Document:
    """Return a flow of chains that meet, with texts that mention each other."""
    rng = random.Random(count)
    nodes = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        settings = dict(SETTINGS.get(kind, {}))
        if kind == "transform":
            settings["transformation"] = f"{{{{ nodes.n{max(0, number - rng.randint(1, 50))}.output }}}}"
        place = {"x": 220 * (number % 100), "y": 160 * (number // 100)}
        nodes.append({"id": f"n{number}", "kind": kind, **place, "label": f"Step {number}", "settings": settings})
    ids = [(one["id"], other["id"]) for one, other in pairwise(nodes)]
    ids += [(f"n{number}", f"n{min(count - 1, number + rng.randint(2, 60))}") for number in range(0, count - 61)]
    edges = [{"id": f"e{number}", "source": one, "target": other} for number, (one, other) in enumerate(ids)]
    read = decode_graph(nodes, edges, DEFAULT_LIMITS)
    by_id = {node.id: node for node in read[0]}
    return Document(nodes=read[0], edges=[connect(edge, by_id[edge.source], by_id[edge.target]) for edge in read[1]])


def changes(count: int) -> dict[str, list[dict[str, object]]]:
    """Return some changes of each kind."""
    rng = random.Random(7)
    some = [f"n{rng.randrange(count)}" for _ in range(REPEATS)]
    texts = [f"n{6 * rng.randrange(count // 6) + 1}" for _ in range(REPEATS)]
    return {
        "move": [{"kind": "move_node", "id": id, "x": 13, "y": rng.randrange(9_000)} for id in some],
        "colour": [{"kind": "edit_node", "id": id, "set": {"colour": f"#00{n:04x}"}} for n, id in enumerate(some)],
        "label": [{"kind": "edit_node", "id": id, "set": {"label": f"New {n}"}} for n, id in enumerate(some)],
        "text": [
            {"kind": "edit_node", "id": id, "set": {"settings": {"transformation": f"{{{{ prev }}}} {n}"}}}
            for n, id in enumerate(texts)
        ],
        "edge": [{"kind": "remove_edge", "id": f"e{n}"} for n in range(REPEATS)],
        "node": [{"kind": "remove_node", "id": f"n{5 * n + 2}"} for n in range(REPEATS)],
    }


def main() -> None:
    """Measure."""
    for count in SIZES:
        flow = document(count)
        started = perf_counter()
        validator = Validator(flow.copy())
        whole = perf_counter() - started
        started = perf_counter()
        report = validator.report(500)
        told = perf_counter() - started
        print(f"{count} nodes: whole {whole * 1000:.0f} ms, report {told * 1000:.1f} ms, {dict(report.counts)}")
        for name, operations in changes(count).items():
            took = []
            for operation in operations:
                effect = apply(flow, decode_operation(operation, DEFAULT_LIMITS), DEFAULT_LIMITS).effect
                flow.advance(effect)
                started = perf_counter()
                validator.advance(effect)
                validator.report(500)
                took.append((perf_counter() - started) * 1000)
            print(f"  {name:7} median {median(took):6.1f} ms, worst {max(took):6.1f} ms")


if __name__ == "__main__":
    main()
