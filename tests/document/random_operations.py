"""Random edits in the wire's form: mostly such as a person would make, some that must be refused.

Shared by every test that drives a flow at random: the same seed and the same document give the same operation.
A flow grows to about 40 nodes and stays there.
"""

import random
from collections.abc import Callable

from flows.document import KINDS, Edge, Graph, Node, ports_of

Wire = dict[str, object]
FULL = 40
WORDS = ["Plan", "Fetch", "Ask twice", "Überprüfen", "判定", "🙂‍↔️", "<b>bold</b>", "مرحبا", "a\nb", "", "__proto__"]
COLOURS = ["#0ea5e9", "#22C55E", "#123abc", "#ffffff"]
BRANCHES = ["urgent", "question", "refund", "später", "default", "in"]
ODD_VALUES: list[object] = [None, "", "x", -1, 1e400, float("nan"), True, [], {}, {"a": 1}, "\x00", "\ud800", 2_000_000]


def random_operation(rng: random.Random, document: Graph) -> Wire:
    """Return an operation to try on the document: mostly one that it takes, sometimes one that it refuses."""
    make, weight = zip(*_OPERATIONS.items(), strict=True)
    operation = rng.choices(make, weight)[0](rng, document)
    if rng.random() < 0.06:
        spoil(rng, operation)
    return operation


def random_batch(rng: random.Random, document: Graph) -> Wire:
    """Return a batch whose operations refer to what is there, or was, and to what the batch itself adds."""
    operations = [_single(rng, document) for _ in range(rng.randint(0, 5))]
    if rng.random() < 0.3:
        operations.append({"kind": "move_node", "id": _fresh(rng, "gone"), "x": 0, "y": 0})
    if rng.random() < 0.4:
        node = random_node(rng, document)
        operations.append({"kind": "add_node", "node": node})
        operations.append({"kind": "move_node", "id": node["id"], "x": rng.randint(0, 500), "y": 7})
        if (other := _pick(rng, document)) is not None:
            operations.append({"kind": "add_edge", "edge": random_edge(rng, document, other.id, str(node["id"]))})
    return {"kind": "batch", "operations": operations} | rng.choice(({}, {"whole": True}, {"whole": False}))


def random_node(rng: random.Random, document: Graph) -> Wire:
    """Return a node with some of its properties given."""
    kind = rng.choice([*KINDS, "group", "group", "decision", "decision"])
    node: Wire = {"id": _fresh(rng, "n"), "kind": kind, "x": _coordinate(rng), "y": _coordinate(rng)}
    optional: Wire = {
        "width": rng.choice([80, 120.5, 200]),
        "height": rng.choice([40, 60.25, 300]),
        "label": rng.choice(WORDS),
        "description": rng.choice(WORDS),
        "colour": rng.choice(COLOURS),
        "parent": _parent(rng, document),
        "enabled": rng.random() < 0.8,
        "settings": random_settings(rng, kind),
    }
    return node | {name: value for name, value in optional.items() if rng.random() < 0.4}


def random_edge(rng: random.Random, document: Graph, source: str, target: str) -> Wire:
    """Return an edge between two nodes, mostly with ports that they have."""
    edge: Wire = {"id": _fresh(rng, "e"), "source": source, "target": target}
    begin = document.node(source)
    if begin is not None and rng.random() < 0.6:
        edge["source_port"] = rng.choice([*ports_of(begin).outputs, "out"])
    if rng.random() < 0.2:
        edge["target_port"] = "in"
    if rng.random() < 0.3:
        edge |= {"label": rng.choice(WORDS), "animated": rng.random() < 0.5}
    return edge


def random_settings(rng: random.Random, kind: str, *, edit: bool = False) -> Wire:
    """Return some settings of a kind, within its bounds; in an edit, null removes."""
    chosen = [setting for setting in KINDS[kind].settings if rng.random() < 0.5]
    settings: Wire = {}
    for setting in chosen:
        values: dict[str, Callable[[], object]] = {
            "text": lambda: rng.choice(WORDS),
            "long_text": lambda: rng.choice(WORDS) * 3,
            "choice": lambda s=setting: rng.choice(s.choices)[0],
            "integer": lambda s=setting: rng.randint(int(s.minimum or 0), min(int(s.maximum or 9), 500)),
            "number": lambda: rng.choice([0, 1, 0.5, 0.25, 1.0]),
            "boolean": lambda: rng.random() < 0.5,
            "names": lambda: rng.sample(BRANCHES, rng.randint(0, 4)),
            "json": lambda: rng.choice([[1, True, {"a": None}], {"1": 1.0, "b": -0.0}, "text", 1, True, 0.1, []]),
        }
        settings[setting.name] = None if edit and rng.random() < 0.3 else values[setting.type]()
    return settings


def spoil(rng: random.Random, operation: Wire) -> None:
    """Break an operation in one place: a key lost, a key too many, or a value that cannot be right."""
    inner = [value for value in operation.values() if isinstance(value, dict)]
    fields = rng.choice([operation, *inner])
    match rng.randrange(3):
        case 0 if fields:
            del fields[rng.choice(list(fields))]
        case 1:
            fields[rng.choice(["colour", "nope", "__proto__", "id"])] = rng.choice(ODD_VALUES)
        case _ if fields:
            fields[rng.choice(list(fields))] = rng.choice(ODD_VALUES)


def _add_node(rng: random.Random, document: Graph) -> Wire:
    if document.node_count >= FULL:
        return _remove_node(rng, document)
    return {"kind": "add_node", "node": random_node(rng, document)}


def _move_node(rng: random.Random, document: Graph) -> Wire:
    x, y = _coordinate(rng), _coordinate(rng)
    if rng.random() < 0.03:
        x = rng.choice([1_000_000, -1_000_000, 999_999.99])
    return {"kind": "move_node", "id": _id(rng, document), "x": x, "y": y}


def _resize_node(rng: random.Random, document: Graph) -> Wire:
    operation: Wire = {"kind": "resize_node", "id": _id(rng, document), "width": rng.randint(1, 400), "height": 60.129}
    if rng.random() < 0.5:
        operation["x"] = _coordinate(rng)
    if rng.random() < 0.4:
        operation["y"] = _coordinate(rng)
    return operation


def _edit_node(rng: random.Random, document: Graph) -> Wire:
    node = _pick(rng, document)
    changes: Wire = {
        "label": rng.choice(WORDS),
        "description": rng.choice(WORDS),
        "colour": rng.choice(COLOURS),
        "enabled": rng.random() < 0.5,
        "parent": _parent(rng, document),
        "settings": random_settings(rng, node.kind if node else "agent", edit=True),
    }
    chosen = rng.sample(list(changes), rng.randint(0, 3))
    return {"kind": "edit_node", "id": node.id if node else "gone", "set": {name: changes[name] for name in chosen}}


def _remove_node(rng: random.Random, document: Graph) -> Wire:
    return {"kind": "remove_node", "id": _id(rng, document)}


def _add_edge(rng: random.Random, document: Graph) -> Wire:
    source, target = _id(rng, document), _id(rng, document)
    edge = random_edge(rng, document, source, target)
    if (taken := _pick_edge(rng, document)) and rng.random() < 0.1:
        edge["id"] = taken.id
    return {"kind": "add_edge", "edge": edge}


def _edit_edge(rng: random.Random, document: Graph) -> Wire:
    changes: Wire = {"label": rng.choice(WORDS), "animated": rng.random() < 0.5}
    edge = _pick_edge(rng, document)
    chosen = rng.sample(list(changes), rng.randint(0, 2))
    if rng.random() < 0.6:
        ends = random_edge(rng, document, _id(rng, document), _id(rng, document))
        changes |= ends
        chosen += rng.sample(["source", "target"], rng.randint(1, 2))
        chosen += [name for name in ("source_port", "target_port") if name in ends]
    return {"kind": "edit_edge", "id": edge.id if edge else "gone", "set": {name: changes[name] for name in chosen}}


def _remove_edge(rng: random.Random, document: Graph) -> Wire:
    edge = _pick_edge(rng, document)
    return {"kind": "remove_edge", "id": edge.id if edge else "gone"}


def _edit_flow(rng: random.Random, document: Graph) -> Wire:
    changes: Wire = {"title": rng.choice(["Triage", "判定", "  x "]), "description": rng.choice(WORDS)}
    chosen = rng.sample(list(changes), rng.randint(0, 2))
    return {"kind": "edit_flow", "set": {name: changes[name] for name in chosen}}


_SINGLE: dict[Callable[[random.Random, Graph], Wire], int] = {
    _add_node: 22,
    _add_edge: 22,
    _move_node: 16,
    _edit_node: 20,
    _resize_node: 5,
    _remove_node: 5,
    _edit_edge: 7,
    _remove_edge: 4,
    _edit_flow: 3,
}
_OPERATIONS = _SINGLE | {random_batch: 8}


def _single(rng: random.Random, document: Graph) -> Wire:
    make, weight = zip(*_SINGLE.items(), strict=True)
    return rng.choices(make, weight)[0](rng, document)


def _coordinate(rng: random.Random) -> float:
    return rng.choice([rng.randint(-500, 1500), rng.uniform(-500, 1500), float(rng.randint(0, 100))])


def _fresh(rng: random.Random, prefix: str) -> str:
    return f"{prefix}{rng.randrange(36**6):06x}"


def _pick(rng: random.Random, document: Graph) -> Node | None:
    nodes = sorted(document.nodes(), key=lambda node: node.id)
    return rng.choice(nodes) if nodes else None


def _pick_edge(rng: random.Random, document: Graph) -> Edge | None:
    edges = sorted(document.edges(), key=lambda edge: edge.id)
    return rng.choice(edges) if edges else None


def _id(rng: random.Random, document: Graph) -> str:
    node = _pick(rng, document)
    return node.id if node is not None and rng.random() > 0.03 else "gone"


def _parent(rng: random.Random, document: Graph) -> str | None:
    groups = sorted(node.id for node in document.nodes() if node.kind == "group")
    if not groups or rng.random() < 0.3:
        return None
    return rng.choice(groups) if rng.random() < 0.95 else _id(rng, document)
