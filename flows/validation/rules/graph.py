"""How the flow hangs together: what starts, what is reached, what leads nowhere, what goes round in a circle."""

from collections.abc import Iterator

from flows.document import Document, EditNode, Node, RemoveEdge, ports_of
from flows.validation.problem import Code, Problem, of_node
from flows.validation.scene import Scene, is_active

MOST_NAMED = 20
"""How many nodes of a cycle are named."""
MOST_LOOPS = 8
"""How many loops can be inside each other."""
ENDS_WELL = frozenset({"output", "decision", "loop", "api", "skill", "memory"})
"""Kinds that may stand at the end: they act outside, or have a rule of their own."""


def no_cycles(scene: Scene) -> Iterator[Problem]:
    """Nothing goes round in a circle, except back to a loop from its body."""
    structure = scene.structure
    for ids in scene.structure.cycles:
        inside = set(ids)
        edges = [edge for id in ids for edge in structure.outgoing.get(id, ()) if edge.target in inside]
        fix = RemoveEdge(edges[-1].id) if len(edges) == len(ids) else None
        names = tuple(structure.nodes[id].label for id in ids[:MOST_NAMED])
        yield of_node(Code.CYCLE, ids[0], fix=fix, names=names, ids=tuple(ids[:MOST_NAMED]), count=len(ids))


def bodies_do_not_leak(scene: Scene) -> Iterator[Problem]:
    """What is in a loop's body follows only what is in it too, and what is done before the loop."""
    structure = scene.structure
    on_cycles = {id for ids in structure.cycles for id in ids}
    for loop, body in structure.bodies.items():
        for id in sorted(body - on_cycles):
            leak = next((edge for edge in structure.entering(loop, id) if not structure.is_before(edge, loop)), None)
            if leak is not None:
                values = {"loop": structure.nodes[loop].label, "source": structure.nodes[leak.source].label}
                fix = RemoveEdge(leak.id)
                yield of_node(Code.LEAKING_LOOP_BODY, id, fix=fix, label=structure.nodes[id].label, **values)


def loops_do_not_cross(scene: Scene) -> Iterator[Problem]:
    """Of two loops, one is inside the other, or each is for itself."""
    structure = scene.structure
    for loop, body in structure.bodies.items():
        for other in sorted(body & structure.bodies.keys()):
            if loop < other and loop in structure.bodies[other]:
                inside = body & structure.bodies[other]
                ends = (
                    edge for id in (loop, other) for edge in structure.incoming.get(id, ()) if edge.source in inside
                )
                first = next(ends, None)
                label, second = (other, loop) if first is not None and first.target == other else (loop, other)
                yield of_node(
                    Code.LOOPS_CROSS,
                    label,
                    fix=RemoveEdge(first.id) if first is not None else None,
                    label=structure.nodes[label].label,
                    other=structure.nodes[second].label,
                )


def loops_are_not_too_deep(scene: Scene) -> Iterator[Problem]:
    """A run counts each iteration of each loop around a node."""
    structure = scene.structure
    for id, node in structure.nodes.items():
        depth = len(structure.around.get(id, ()))
        if node.kind == "loop" and (depth >= MOST_LOOPS or id not in structure.bodies):
            yield of_node(Code.LOOPS_TOO_DEEP, id, label=node.label, most=MOST_LOOPS)


def something_starts(scene: Scene) -> Iterator[Problem]:
    """There is a node to start from, and not only sensors, which wait for something to happen."""
    structure = scene.structure
    if not structure.nodes:
        return
    kinds = {structure.nodes[id].kind for id in structure.starts}
    if not kinds:
        yield Problem(code=Code.NOTHING_STARTS, path="")
    elif kinds == {"sensor"}:
        first = structure.starts[0]
        yield of_node(Code.ONLY_SENSORS, first, label=structure.nodes[first].label)


def everything_is_reached(scene: Scene) -> Iterator[Problem]:
    """Every node can be reached from a start."""
    structure = scene.structure
    for id in structure.nodes.keys() - structure.reached:
        yield of_node(Code.UNREACHABLE, id, label=structure.nodes[id].label)


def results_go_somewhere(scene: Scene) -> Iterator[Problem]:
    """What a node makes is used; the last nodes of a loop's body end an iteration."""
    structure = scene.structure
    for id, node in structure.nodes.items():
        is_end = not structure.outgoing.get(id) and node.kind not in ENDS_WELL
        if is_end and id not in structure.in_bodies:
            yield of_node(Code.DEAD_END, id, label=node.label)


def branches_lead_somewhere(node: Node, document: Document) -> Iterator[Problem]:
    """Each branch of a decision has an edge."""
    if node.kind != "decision" or not is_active(node):
        return
    used = {edge.source_port for edge in document.edges_of(node.id) if edge.source == node.id}
    names = [name for name in ports_of(node).outputs if name != "default"]
    for name in names:
        if name not in used:
            fix = EditNode(node.id, {"settings": {"branches": [other for other in names if other != name] or None}})
            has_fix = node.settings.get("default_branch") != name
            values = {"label": node.label, "branch": name}
            yield of_node(Code.BRANCH_NOWHERE, node.id, "settings", "branches", fix=fix if has_fix else None, **values)


def decision_has_a_default(node: Node, document: Document) -> Iterator[Problem]:
    """What fits no branch of a decision goes somewhere."""
    if node.kind != "decision" or not is_active(node) or node.settings.get("default_branch"):
        return
    used = [edge.source_port for edge in document.edges_of(node.id) if edge.source == node.id]
    if "default" not in used:
        first = next((name for name in ports_of(node).outputs if name in used), None)
        fix = EditNode(node.id, {"settings": {"default_branch": first}}) if first else None
        yield of_node(
            Code.NO_DEFAULT_BRANCH, node.id, "settings", "default_branch", fix=fix, label=node.label, branch=first or ""
        )


def loop_has_a_body(node: Node, document: Document) -> Iterator[Problem]:
    """Something hangs on a loop's `each`."""
    if node.kind == "loop" and is_active(node):
        ports = {edge.source_port for edge in document.edges_of(node.id) if edge.source == node.id}
        if "each" not in ports:
            yield of_node(Code.LOOP_WITHOUT_BODY, node.id, label=node.label)
