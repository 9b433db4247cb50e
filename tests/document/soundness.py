"""An independent reading of what makes a flow sound, for tests: written from the contract, not from the rules' code."""

import re

from flows.document import DEFAULT_LIMITS, KINDS, Document, canonical_json

FIXED_PORTS = {
    "input": ([], ["out"]),
    "sensor": ([], ["out"]),
    "output": (["in"], []),
    "loop": (["in"], ["each", "out"]),
    "note": ([], []),
    "group": ([], []),
}


def check_sound(document: Document) -> None:
    """Assert everything that must hold for a flow at any version."""
    nodes = {node.id: node for node in document.nodes()}
    edges = {edge.id: edge for edge in document.edges()}
    assert document.node_count == len(nodes) <= DEFAULT_LIMITS.nodes
    assert document.edge_count == len(edges) <= DEFAULT_LIMITS.edges
    for node in nodes.values():
        _check_node(node, nodes)
        touching = {edge.id for edge in edges.values() if node.id in (edge.source, edge.target)}
        assert sorted(edge.id for edge in document.edges_of(node.id)) == sorted(touching)
        members = {other.id for other in nodes.values() if other.parent == node.id}
        assert sorted(member.id for member in document.members_of(node.id)) == sorted(members)
    taken = set()
    for edge in edges.values():
        assert edge.source != edge.target
        assert edge.source_port in _ports(nodes[edge.source])[1]
        assert edge.target_port in _ports(nodes[edge.target])[0]
        ends = (edge.source, edge.source_port, edge.target, edge.target_port)
        assert ends not in taken
        taken.add(ends)


def _check_node(node, nodes) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", node.id)
    assert node.kind in KINDS
    for number in (node.x, node.y, node.width, node.height):
        assert number == round(number, 2)
        assert isinstance(number, int) or not number.is_integer(), "whole numbers are integers"
    assert abs(node.x) <= 1_000_000 and abs(node.y) <= 1_000_000
    assert node.width >= 1 and node.height >= 1
    assert re.fullmatch(r"#[0-9a-f]{6}", node.colour)
    assert None not in node.settings.values()
    assert len(canonical_json(node.settings).encode()) <= DEFAULT_LIMITS.settings_bytes
    seen, above = {node.id}, node.parent
    while above is not None:
        assert above not in seen, "a group inside itself"
        assert nodes[above].kind == "group"
        seen.add(above)
        above = nodes[above].parent


def _ports(node) -> tuple[list[str], list[str]]:
    if node.kind == "decision":
        return ["in"], [*node.settings.get("branches", []), "default"]
    return FIXED_PORTS.get(node.kind, (["in"], ["out"]))
