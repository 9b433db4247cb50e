"""Style: what works, and would read or run better otherwise."""

from collections.abc import Iterator

from flows.document import KINDS, Document, EditNode, MoveNode, Node, RemoveNode
from flows.document.json import COORDINATE
from flows.validation.installation import Installation
from flows.validation.problem import Code, Problem, of_node
from flows.validation.scene import PASSIVE, Scene, is_active

GAP = 24
TRIES = 3
CELL = 512
MOST_IN_CELL = 64
"""How many nodes of one cell of the canvas are compared with each other."""
MOST_CELLS = 8
"""On each side of a node: what lies further into a very large one is not compared."""
MOST_FIXES = 64
"""How many nodes are offered another place: to find one reads the whole flow."""


def node_has_a_name(node: Node, _: Installation) -> Iterator[Problem]:
    """A node that runs has a label."""
    if node.kind not in PASSIVE and not node.label.strip():
        title = KINDS[node.kind].title
        yield of_node(Code.UNNAMED, node.id, "label", fix=EditNode(node.id, {"label": title}), kind=title)


def transform_transforms(node: Node, _: Installation) -> Iterator[Problem]:
    """A transform changes something; without a transformation it hands its input on."""
    if node.kind == "transform" and is_active(node) and not str(node.settings.get("transformation", "")).strip():
        yield of_node(Code.PASSES_ON, node.id, "settings", "transformation", label=node.label)


def call_is_tried_again(node: Node, _: Installation) -> Iterator[Problem]:
    """A call that fails is tried again."""
    if (
        node.kind == "api"
        and is_active(node)
        and not (node.settings.get("retry_attempts") or node.settings.get("retries"))
    ):
        fix = EditNode(node.id, {"settings": {"retry_attempts": TRIES}})
        yield of_node(Code.NO_RETRY, node.id, "settings", "retry_attempts", fix=fix, label=node.label, count=TRIES)


def memory_is_used(node: Node, document: Document) -> Iterator[Problem]:
    """A memory is connected to something."""
    if node.kind == "memory" and is_active(node) and not document.edges_of(node.id):
        yield of_node(Code.UNUSED_MEMORY, node.id, fix=RemoveNode(node.id), label=node.label)


def labels_differ(scene: Scene) -> Iterator[Problem]:
    """Two nodes that run do not have the same label; the first keeps it."""
    taken = {node.label.strip().casefold() for node in scene.structure.nodes.values()}
    seen: set[str] = set()
    numbers: dict[str, int] = {}
    for node in sorted(scene.structure.nodes.values(), key=lambda one: one.id):
        key = node.label.strip().casefold()
        if key and key in seen:
            number = numbers.get(key, 2)
            while f"{key} {number}" in taken:
                number += 1
            numbers[key] = number + 1
            fix = EditNode(node.id, {"label": f"{node.label.strip()[:1990]} {number}"})
            yield of_node(Code.TWIN_LABELS, node.id, "label", fix=fix, label=node.label)
        seen.add(key)


def nodes_do_not_overlap(scene: Scene) -> Iterator[Problem]:
    """No node that runs covers another. A grid finds them; very large nodes and crowds are compared in part."""
    nodes = [node for node in scene.document.nodes() if node.kind not in PASSIVE]
    grid: dict[tuple[int, int], list[Node]] = {}
    told: set[str] = set()
    for node in sorted(nodes, key=lambda one: one.id):
        for cell in _cells(node):
            others = grid.setdefault(cell, [])
            if node.id not in told and (under := next((one for one in others if _meet(one, node)), None)):
                told.add(node.id)
                fix = _moved(node, scene.document) if len(told) <= MOST_FIXES else None
                yield of_node(Code.OVERLAPPING, node.id, fix=fix, label=node.label, other=under.label)
            if len(others) < MOST_IN_CELL:
                others.append(node)


def _cells(node: Node) -> Iterator[tuple[int, int]]:
    columns = range(int(node.x // CELL), int((node.x + node.width) // CELL) + 1)[:MOST_CELLS]
    rows = range(int(node.y // CELL), int((node.y + node.height) // CELL) + 1)[:MOST_CELLS]
    for column in columns:
        for row in rows:
            yield column, row


def _meet(one: Node, other: Node) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def _moved(node: Node, document: Document) -> MoveNode | None:
    """Move a node below everything that stands in its column."""
    column = [
        other.y + other.height
        for other in document.nodes()
        if other.kind not in PASSIVE
        and other.id != node.id
        and node.x < other.x + other.width
        and other.x < node.x + node.width
    ]
    y = round(max(column) + GAP, 2)
    return MoveNode(node.id, node.x, y) if y <= COORDINATE else None
