"""A client's copy of a flow, kept by the frames alone and as strictly as the protocol allows."""

from typing import Any

Frame = dict[str, Any]


class Replica:
    """Nodes and edges by id, and the version they are at. Applying what does not fit fails."""

    def __init__(self) -> None:
        self.version: int | None = None
        self.digest = ""
        self.epoch = ""
        self.title = self.description = ""
        self.nodes: dict[str, Frame] = {}
        self.edges: dict[str, Frame] = {}
        self.changes: list[Frame] = []
        self._parts: list[Frame] = []

    def take(self, frame: Frame) -> None:
        """Apply a frame, if it holds anything of the flow."""
        match frame["type"]:
            case "welcome":
                self.epoch = frame["epoch"]
            case "snapshot" if "nodes" in frame:
                self._snapshot(frame)
            case "apply_changes" if "html" not in frame:
                self._changes(frame)

    def graph(self) -> Frame:
        """Return everything, comparable with another's."""
        return {
            "title": self.title,
            "description": self.description,
            "nodes": self.nodes,
            "edges": self.edges,
        }

    def _snapshot(self, part: Frame) -> None:
        if part["part"] == 1:
            self._parts = []
        self._parts.append(part)
        assert part["part"] == len(self._parts)
        assert part["version"] == self._parts[0]["version"]
        if part["part"] == part["parts"]:
            self.version, self.digest = part["version"], part["digest"]
            self.title, self.description = part["title"], part["description"]
            self.nodes = {node["id"]: node for each in self._parts for node in each["nodes"]}
            self.edges = {edge["id"]: edge for each in self._parts for edge in each["edges"]}
            self.changes = []

    def _changes(self, frame: Frame) -> None:
        assert frame["previous"] == self.version, "a gap, or a doubled frame"
        versions = [change["version"] for change in frame["changes"]]
        assert versions == list(range(frame["previous"] + 1, frame["version"] + 1))
        remove, add, update = (frame.get(part, {}) for part in ("remove", "add", "update"))
        for id in remove.get("edges", ()):
            del self.edges[id]
        for id in remove.get("nodes", ()):
            del self.nodes[id]
        for held, part in ((self.nodes, "nodes"), (self.edges, "edges")):
            for element in add.get(part, ()):
                assert element["id"] not in held
                held[element["id"]] = element
            for element in update.get(part, ()):
                assert element["id"] in held
                held[element["id"]] = element
        if "flow" in update:
            self.title, self.description = update["flow"]["title"], update["flow"]["description"]
        for id, x, y, width, height in frame.get("move", ()):
            self.nodes[id] = self.nodes[id] | {"x": x, "y": y, "width": width, "height": height}
        self.version, self.digest = frame["version"], frame["digest"]
        self.changes += frame["changes"]
