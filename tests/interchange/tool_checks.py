"""What other tools ask of a file before they take it, checked without any of our code.

n8n: the workflow that its editor imports (docs.n8n.io, "Export and import workflows") and its types' numbers of
outputs. Node-RED: nodered.org/docs/api/admin/types. React Flow: reactflow.dev, types `Node` and `Edge`, and what its
error messages 004 to 008 are about: parents before children, edges at nodes and handles that exist.
"""

from collections import Counter
from typing import Any
from uuid import UUID

STOCK = {"default", "input", "output", "group"}
NO_INPUT = {"inject", "http in", "mqtt in", "watch", "comment", "tcp in"}
NO_OUTPUT = {"debug", "comment", "http response", "mqtt out", "tcp out"}


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def check_reactflow(file: Any) -> None:
    """See that `<ReactFlow nodes edges>` draws all of it."""
    seen: dict[str, Any] = {}
    for node in file["nodes"]:
        assert isinstance(node["id"], str)
        assert node["id"] not in seen
        assert is_number(node["position"]["x"])
        assert is_number(node["position"]["y"])
        assert isinstance(node["data"], dict)
        assert node.get("parentId") is None or node["parentId"] in seen, "parents come first"
        seen[node["id"]] = node
    assert len({edge["id"] for edge in file["edges"]}) == len(file["edges"])
    for edge in file["edges"]:
        source, target = seen[edge["source"]], seen[edge["target"]]
        if source.get("type", "default") in STOCK:
            assert "sourceHandle" not in edge, "a stock node has no named handles"
            assert source.get("type", "default") in ("default", "input")
        if target.get("type", "default") in STOCK:
            assert "targetHandle" not in edge
            assert target.get("type", "default") in ("default", "output")


def check_n8n(file: Any) -> None:
    """See that n8n's editor imports it."""
    assert file["name"].strip()
    assert isinstance(file["settings"], dict)
    nodes: dict[str, Any] = {}
    for node in file["nodes"]:
        assert {"id", "name", "type", "typeVersion", "position", "parameters"} <= node.keys()
        assert str(UUID(node["id"])) == node["id"]
        assert node["name"].strip()
        assert node["name"] not in nodes, "names are keys"
        assert node["type"].strip()
        assert is_number(node["typeVersion"])
        assert node["typeVersion"] > 0
        assert len(node["position"]) == 2
        assert all(map(is_number, node["position"]))
        assert isinstance(node["parameters"], dict)
        nodes[node["name"]] = node
    assert len({node["id"] for node in file["nodes"]}) == len(nodes)
    for name, types in file["connections"].items():
        for type, outputs in types.items():
            assert len(outputs) <= n8n_outputs(nodes[name]) or type != "main"
            for end in (end for output in outputs for end in output or ()):
                assert end.keys() == {"node", "type", "index"}
                assert not nodes[end["node"]]["type"].lower().endswith(("trigger", ".webhook", "stickynote"))
                assert end["index"] >= 0


def n8n_outputs(node: Any) -> int:
    """Return how many main outputs a node has."""
    parameters, short = node["parameters"], node["type"].rpartition(".")[2]
    if short == "stickyNote":
        return 0
    if short in ("if", "splitInBatches"):
        return 2
    if short == "switch":
        extra = parameters.get("options", {}).get("fallbackOutput") == "extra"
        return len(parameters["rules"]["values"]) + extra
    return 2 if node.get("onError") == "continueErrorOutput" else 1


def check_nodered(file: Any) -> None:
    """See that Node-RED's editor imports it and deploys it."""
    by_id = {entry["id"]: entry for entry in file}
    assert len(by_id) == len(file)
    (tab,) = [entry for entry in file if entry["type"] == "tab"]
    for entry in file:
        if entry is tab:
            continue
        assert entry["type"]
        assert entry["z"] == tab["id"]
        assert is_number(entry["x"])
        assert is_number(entry["y"])
        if "g" in entry:
            assert entry["id"] in by_id[entry["g"]]["nodes"]
        if entry["type"] == "group":
            assert all(by_id[id]["g"] == entry["id"] for id in entry["nodes"])
            assert is_number(entry["w"])
            assert is_number(entry["h"])
            assert "wires" not in entry
            continue
        check_wires(entry, by_id)


def check_wires(entry: Any, by_id: dict[str, Any]) -> None:
    wires = entry["wires"]
    assert all(isinstance(output, list) for output in wires)
    assert not any(wires) or entry["type"] not in NO_OUTPUT
    for id, count in Counter(id for output in wires for id in output).items():
        assert by_id[id]["type"] not in NO_INPUT | {"group", "tab", "link in"}, count
    if entry["type"] in ("switch", "function"):
        assert len(wires) == entry["outputs"]
    if entry["type"] == "switch":
        assert len(entry["rules"]) == entry["outputs"]
    for id in entry.get("links", ()):
        assert entry["id"] in by_id[id]["links"], "both ends of a link list each other"
        assert {entry["type"], by_id[id]["type"]} <= {"link in", "link out", "link call"}
