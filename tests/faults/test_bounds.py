"""How far out things may lie: at the bound and one hundredth past it."""

import pytest

from flows.document import DEFAULT_LIMITS, Document, Rejected, apply, decode_node, decode_operation

FAR = 1_000_000
PAST = 1_000_000.01


def a_flow() -> Document:
    group = decode_node({"id": "g", "kind": "group", "x": 0, "y": 0}, DEFAULT_LIMITS)
    member = decode_node({"id": "m", "kind": "note", "x": 10, "y": -10, "parent": "g"}, DEFAULT_LIMITS)
    return Document(nodes=(group, member))


def place(operation: dict[str, object], id: str = "g") -> tuple[float, float]:
    """Return where a node is after an operation."""
    flow = a_flow()
    flow.advance(apply(flow, decode_operation(operation, DEFAULT_LIMITS), DEFAULT_LIMITS).effect)
    node = flow.node(id)
    assert node
    return node.x, node.y


@pytest.mark.parametrize("x", [PAST, -PAST])
@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize(
    "operation",
    [
        {"kind": "add_node", "node": {"id": "n", "kind": "note", "x": 0, "y": 0}},
        {"kind": "move_node", "id": "m", "x": 0, "y": 0},
        {"kind": "resize_node", "id": "m", "width": 100, "height": 100, "x": 0, "y": 0},
    ],
    ids=lambda operation: operation["kind"],
)
def test_nothing_lies_farther_out(operation: dict[str, object], axis: str, x: float) -> None:
    inner = operation.get("node")
    outside = {**operation, "node": {**inner, axis: x}} if isinstance(inner, dict) else {**operation, axis: x}
    with pytest.raises(Rejected, match="invalid"):
        place(outside)


def test_no_member_is_taken_out_by_its_group() -> None:
    with pytest.raises(Rejected, match="invalid"):
        place({"kind": "move_node", "id": "g", "x": FAR - 9.99, "y": 0})
    with pytest.raises(Rejected, match="invalid"):
        place({"kind": "move_node", "id": "g", "x": 0, "y": -FAR + 9.99})
    assert place({"kind": "move_node", "id": "g", "x": FAR - 10, "y": 10 - FAR}, "m") == (FAR, -FAR)


@pytest.mark.parametrize("x", [FAR, -FAR])
def test_the_bound_itself_is_a_place(x: float) -> None:
    assert place({"kind": "move_node", "id": "m", "x": x, "y": x}, "m") == (x, x)


@pytest.mark.parametrize(("sent", "kept"), [(0.005, 0.01), (0.004, 0), (-0.006, -0.01)])
def test_places_are_rounded_to_a_hundredth(sent: float, kept: float) -> None:
    assert place({"kind": "move_node", "id": "m", "x": sent, "y": 0}, "m")[0] == kept
