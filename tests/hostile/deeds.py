"""What a person does next: mostly anything, often just what others do too."""

import random

from flows.document import Document
from tests.document.random_operations import random_operation
from tests.hostile.device import Frame, as_json
from tests.hostile.page import Page


def may_edit(page: Page) -> bool:
    """Whether somebody looks at a flow here that they can edit."""
    return page.device.format == "json" and page.copy.version is not None


def edit(rng: random.Random, page: Page) -> Frame:
    """Return an edit of what the page shows; now and then it is part of a gesture."""
    document = page.document
    contends = document.node_count > 0 and rng.random() < 0.4
    operation = contended_operation(rng, document) if contends else random_operation(rng, document)
    gesture = {"step": f"{page.name}-{rng.randrange(2)}"} if rng.random() < 0.4 else {}
    return {"type": "operate", "operation": as_json(operation), **gesture}


def taking_back(rng: random.Random, page: Page) -> Frame:
    """Return an undo, or sometimes a redo; mostly of no more than the page knows of."""
    known = {"at": page.copy.version} if rng.random() < 0.7 else {}
    return {"type": rng.choice(("undo", "undo", "redo")), **known}


def contended_operation(rng: random.Random, document: Document) -> Frame:
    """Return an edit of what others edit too, to a value that others choose too."""
    nodes, edges = sorted(node.id for node in document.nodes()), sorted(edge.id for edge in document.edges())
    groups = sorted(node.id for node in document.nodes() if node.kind == "group")
    match rng.randrange(6):
        case 0 if edges:
            return {"kind": "edit_edge", "id": edges[0], "set": {"label": rng.choice(("", "so"))}}
        case 1 if groups:
            return {"kind": "edit_node", "id": nodes[-1], "set": {"parent": rng.choice((None, groups[0]))}}
        case 2:
            return {"kind": "move_node", "id": nodes[0], "x": rng.choice((0, 100)), "y": 0}
        case _:
            return {"kind": "edit_node", "id": nodes[0], "set": {"label": rng.choice(("One", "Two"))}}
