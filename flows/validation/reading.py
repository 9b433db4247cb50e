"""Takes a graph as values, such as a program or a file has them, and tells what is wrong with each element.

The document refuses a graph at the first fault; this goes on. What can be read is judged like any flow; what cannot is
told, with the element left out or, where that is enough, without the part that is wrong. An edge whose node could not
be read is not told: the node was.
"""

from collections.abc import Iterator
from dataclasses import replace

from flows.document import (
    KINDS,
    Document,
    DocumentLimits,
    Edge,
    EditNode,
    Node,
    Reason,
    Rejected,
    RemoveEdge,
    decode_edge,
    decode_node,
)
from flows.document.elements import FlowProperties
from flows.document.json import read_id
from flows.document.kinds.settings import check_setting
from flows.document.operations.edges import connect
from flows.validation.installation import UNKNOWN, Installation
from flows.validation.problem import Code, Problem, Report, of_edge, of_node, pointer, report_of
from flows.validation.rules.schema import IMPORTED, required
from flows.validation.validator import Validator

_EDGE_CODES = {
    Reason.SELF_LOOP: Code.SELF_LOOP,
    Reason.NO_INPUT: Code.UNKNOWN_PORT,
    Reason.NO_OUTPUT: Code.UNKNOWN_PORT,
}


def judge_values(
    nodes: list[object],
    edges: list[object],
    limits: DocumentLimits,
    most: int,
    installation: Installation = UNKNOWN,
) -> Report:
    """Return the problems of a graph of JSON values. Never refuses; reads at most as many as a flow may hold."""
    reading = _Reading(limits)
    reading.read(nodes, edges)
    document = Document(FlowProperties(), reading.nodes.values(), reading.edges.values())
    return report_of([*reading.problems, *Validator(document, installation).problems()], most)


class _Reading:
    def __init__(self, limits: DocumentLimits) -> None:
        self.nodes: dict[str, Node] = {}
        self.edges: dict[str, Edge] = {}
        self.problems: list[Problem] = []
        self._unread: set[str] = set()
        self._limits = limits

    def read(self, nodes: list[object], edges: list[object]) -> None:
        """Read all."""
        for name, values, limit in (("nodes", nodes, self._limits.nodes), ("edges", edges, self._limits.edges)):
            if len(values) > limit:
                self._tell(
                    Problem(code=Code.TOO_MANY_ELEMENTS, path=pointer(name), values={"what": name, "most": limit})
                )
        for number, value in enumerate(nodes[: self._limits.nodes]):
            self._read_node(value, str(number))
        self._check_parents()
        taken: set[object] = set()
        for number, value in enumerate(edges[: self._limits.edges]):
            self._read_edge(value, str(number), taken)

    def _read_node(self, value: object, number: str) -> None:
        id = _id_of(value)
        if id is not None and (id in self.nodes or id in self._unread):
            self._tell(of_node(Code.DUPLICATE_ID, id, id=id))
            return
        node = self._decoded(value, number, id)
        if node is not None:
            self.nodes[node.id] = node
        elif id is not None:
            self._unread.add(id)

    def _decoded(self, value: object, number: str, id: str | None) -> Node | None:
        try:
            return decode_node(value, self._limits)
        except Rejected as refusal:
            first = refusal
        sound, problems = _without_bad_settings(value, id or number)
        try:
            node = decode_node(sound, self._limits) if problems else None
        except Rejected as refusal:
            first, node = refusal, None
        for problem in problems:
            self._tell(problem)
        if node is None:
            code = Code.UNKNOWN_KIND if first.reason is Reason.UNKNOWN_KIND else Code.INVALID_NODE
            self._tell(of_node(code, id or number, why=first))
        return node

    def _read_edge(self, value: object, number: str, taken: set[object]) -> None:
        id = _id_of(value)
        if id is not None and id in self.edges:
            self._tell(of_edge(Code.DUPLICATE_ID, id, id=id))
            return
        try:
            edge = decode_edge(value, self._limits)
        except Rejected as refusal:
            self._tell(of_edge(Code.INVALID_EDGE, id or number, why=refusal))
            return
        fix = RemoveEdge(edge.id)
        missing = [end for end in (edge.source, edge.target) if end not in self.nodes]
        if missing:
            if unknown := [end for end in missing if end not in self._unread]:
                name = "source" if edge.source in unknown else "target"
                self._tell(of_edge(Code.DANGLING_EDGE, edge.id, name, fix=fix, id=unknown[0]))
            return
        try:
            complete = connect(edge, self.nodes[edge.source], self.nodes[edge.target])
        except Rejected as refusal:
            self._tell(of_edge(_EDGE_CODES[Reason(refusal.reason)], edge.id, fix=fix, why=refusal))
            return
        if complete.ends in taken:
            values = {"source": self.nodes[edge.source].label, "target": self.nodes[edge.target].label}
            self._tell(of_edge(Code.DUPLICATE_EDGE, edge.id, fix=fix, **values))
            return
        taken.add(complete.ends)
        self.edges[edge.id] = complete

    def _check_parents(self) -> None:
        for node in list(self.nodes.values()):
            if node.parent is None:
                continue
            parent = self.nodes.get(node.parent)
            if parent is None and node.parent not in self._unread:
                self._free(node, Code.MISSING_PARENT)
            elif parent is None:
                self.nodes[node.id] = replace(node, parent=None)
            elif parent.kind != "group":
                self._free(node, Code.NOT_A_GROUP)
        self._check_nesting()

    def _check_nesting(self) -> None:
        depths: dict[str, int] = {}
        for id in list(self.nodes):
            path = list[str]()
            step: str | None = id
            on_path = set[str]()
            while step is not None and step not in depths and step not in on_path:
                path.append(step)
                on_path.add(step)
                step = self.nodes[step].parent
            if step is not None and step in on_path:
                self._free(self.nodes[step], Code.GROUP_IN_ITSELF)
                at = path.index(step)
                path = [*path[:at], *path[at + 1 :], step]
            for inner in reversed(path):
                parent = self.nodes[inner].parent
                depth = (depths.get(parent, 0) if parent else 0) + (self.nodes[inner].kind == "group")
                if depth > self._limits.nesting and self.nodes[inner].kind == "group":
                    self._free(self.nodes[inner], Code.NESTED_TOO_DEEP)
                    depth = 1
                depths[inner] = depth

    def _free(self, node: Node, code: Code) -> None:
        fix = EditNode(node.id, {"parent": None})
        values = {"id": node.id, "parent": node.parent, "most": self._limits.nesting}
        self._tell(of_node(code, node.id, "parent", fix=fix, **values))
        self.nodes[node.id] = replace(node, parent=None)

    def _tell(self, problem: Problem) -> None:
        self.problems.append(problem)


def _without_bad_settings(value: object, id: str) -> tuple[object, list[Problem]]:
    """Return a node without the settings that do not fit its kind, and a problem for each of those."""
    kind = KINDS.get(str(value.get("kind"))) if isinstance(value, dict) else None
    settings = value.get("settings") if isinstance(value, dict) else None
    if kind is None or not isinstance(value, dict) or not isinstance(settings, dict):
        return value, []
    sound, problems = dict[str, object](), list[Problem]()
    for name, item in settings.items():
        setting = kind.by_name.get(str(name))
        if setting is None and name != IMPORTED:
            fix = EditNode(id, {"settings": {str(name): None}})
            problems.append(of_node(Code.UNKNOWN_SETTING, id, "settings", str(name), fix=fix, setting=str(name)))
            continue
        why = _why_unfit(setting, item)
        if why is None:
            sound[name] = item
        else:
            needed = set(_required_by(kind.name, settings))
            fix_or_none = None if name in needed else EditNode(id, {"settings": {str(name): None}})
            problems.append(
                of_node(Code.BAD_SETTING, id, "settings", str(name), fix=fix_or_none, setting=str(name), why=why)
            )
    return value | {"settings": sound}, problems


def _why_unfit(setting: object, item: object) -> Rejected | None:
    if setting is None or item is None:
        return None
    try:
        check_setting(setting, item)  # type: ignore[arg-type]
    except Rejected as refusal:
        return refusal
    return None


def _required_by(kind: str, settings: dict[str, object]) -> Iterator[str]:
    return required(Node("", kind, 0, 0, 1, 1, "", "", "", None, True, settings))


def _id_of(value: object) -> str | None:
    try:
        return read_id(value.get("id"), "id") if isinstance(value, dict) else None
    except Rejected:
        return None
