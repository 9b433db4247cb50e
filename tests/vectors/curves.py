"""Write `curves.json`: what the server's geometry answers, for the browser's to be compared with.

Run `python -m tests.vectors.curves` after the design's measures changed, and read the difference: `tests/document/
test_geometry.py` holds the file to the code, and a few of its figures to hand-made ones.
"""

import json
from pathlib import Path
from typing import Literal

from flows.document import DEFAULT_LIMITS, Curve, Node, curve_between, decode_node, edge_path, port_point, ports_of

FILE = Path(__file__).with_name("curves.json")
STARTS = [(0, 0), (100.25, 40.5), (-1_000_000, 999_999.99), (12.34, -7.05)]
STEPS = [
    (200, 0),
    (200, 80),
    (40, -60),
    (56, 10),
    (9, 0),
    (0, 0),
    (0.05, 0.15),
    (-0.05, 300),
    (-300, 40.33),
    (-5000, -1),
]
STEPS += [(240, 1), (240.2, 1), (1_000_000, 2)]


def shape(node: Node) -> dict[str, object]:
    """Return a node as the browser's geometry takes it."""
    place = {"x": node.x, "y": node.y, "width": node.width, "height": node.height}
    return {**place, "kind": node.kind, "outputs": list(ports_of(node).outputs)}


def nodes() -> list[Node]:
    """Return nodes with every arrangement of ports."""
    decision = {"settings": {"branches": ["urgent", "question", "refund"]}}
    wires: list[dict[str, object]] = [
        {"kind": "agent"},
        {"kind": "agent", "height": 333.33, "x": 1.5},
        {"kind": "loop"},
        {"kind": "loop", "height": 9},
        {"kind": "decision"},
        {"kind": "decision", **decision},
        {"kind": "decision", **decision, "height": 400},
        {"kind": "decision", **decision, "height": 98},
        {"kind": "decision", **decision, "height": 44},
        {"kind": "decision", **decision, "height": 20.2},
    ]
    return [decode_node({"id": "n", "x": 10, "y": -20.05} | wire, DEFAULT_LIMITS) for wire in wires]


def vectors() -> dict[str, list[dict[str, object]]]:
    """Return the file's content."""
    ends = [(start, (round(start[0] + dx, 2), round(start[1] + dy, 2))) for start in STARTS for dx, dy in STEPS]
    target = decode_node({"id": "t", "kind": "output", "x": 400, "y": 100}, DEFAULT_LIMITS)
    outputs = [(node, port) for node in nodes() for port in ports_of(node).outputs]
    return {
        "curves": [{"start": start, "end": end, "curve": as_json(curve_between(start, end))} for start, end in ends],
        "ports": [port_vector(node, port, "out") for node, port in outputs]
        + [port_vector(node, "in", "in") for node in nodes()],
        "edges": [
            {
                "source": shape(node),
                "source_port": port,
                "target": shape(target),
                "target_port": "in",
                "curve": as_json(edge_path(node, port, target, "in")),
            }
            for node, port in outputs
        ],
    }


def port_vector(node: Node, port: str, direction: Literal["in", "out"]) -> dict[str, object]:
    """Return one port's place."""
    return {"node": shape(node), "port": port, "direction": direction, "point": port_point(node, port, direction)}


def as_json(curve: Curve) -> dict[str, object]:
    """Return a curve as the browser's geometry does."""
    return {"d": curve.d, "arrow": curve.arrow, "middle": curve.middle}


def text() -> str:
    """Return the file's text, one vector a line, for readable differences."""
    parts = [
        f'"{name}": [\n' + ",\n".join(json.dumps(vector) for vector in items) + "\n]"
        for name, items in vectors().items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
