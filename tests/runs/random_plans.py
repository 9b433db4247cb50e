"""Random flows that can run: loops in loops, decisions, joins of every kind, steps that fail, steps that are disabled.

Built from the inside of each loop outwards, so that nothing leaks. What a task does is drawn from the seed, its step
and its path, never from the order in which it runs.
"""

from dataclasses import dataclass, field
from random import Random

from flows.document import Document, Edge, Node
from runs.plan import Plan, compile_plan

PORTS = {"loop": ("each", "out"), "decision": ("a", "b", "default"), "skill": ("out",), "transform": ("out",)}


@dataclass(frozen=True)
class Style:
    """What steps may say; each is drawn from these."""

    joins: tuple[object, ...] = ("arrived", "arrived", "arrived", "every", "any", 2, 3)
    on_error: tuple[str, ...] = ("stop", "stop", "null", "go_on")
    of_loops: tuple[str, ...] = ("throw", "continue", "break")
    criticality: tuple[str, ...] = ("normal", "optional")
    of_outer_loops: tuple[str, ...] = ("normal", "optional")
    """The criticality of loops that are in no other."""
    disabled: float = 0.06
    inward: float = 0.15
    """How often a step in a body follows one from before its loop."""
    mentions: bool = False
    """Whether texts mention other nodes."""


MIXED = Style()
PATIENT = Style(joins=("arrived",), mentions=True)
"""Nothing starts before all that lead to it have ended."""
STRICT = Style(("every",), ("stop",), ("throw",), ("normal",), ("optional",), inward=0)
"""Nothing runs without all before it, so a failure that is mended leaves no trace."""


@dataclass
class Sketch:
    """A flow in the making."""

    random: Random
    style: Style
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def node(self, kind: str, **settings: object) -> Node:
        """Add a node."""
        enabled = self.random.random() >= self.style.disabled
        made = Node(
            f"n{len(self.nodes):02}", kind, 0, 0, 100, 50, f"n{len(self.nodes)}", "", "#123456", None, enabled, settings
        )
        self.nodes.append(made)
        return made

    def edge(self, source: Node, target: Node, port: str) -> None:
        """Add an edge, unless there is one with these ends."""
        made = Edge(f"e{len(self.edges):03}", source.id, target.id, port, "in")
        if all(one.ends != made.ends for one in self.edges):
            self.edges.append(made)


def random_document(seed: int, style: Style = MIXED) -> Document:
    """Return a random flow; the same for the same seed."""
    sketch = Sketch(Random(seed), style)
    _block(sketch, [], sketch.random.randint(1, 12), 0)
    return Document(nodes=[_with_fitting_join(sketch, node) for node in sketch.nodes], edges=sketch.edges)


def arbitrary_document(seed: int, style: Style = MIXED) -> Document:
    """Return a few nodes with edges between any of them, some mentioning any: mostly a flow that cannot run."""
    sketch = Sketch(Random(seed), style)
    random, count = sketch.random, sketch.random.randint(2, 9)
    for _ in range(count):
        kind = random.choices(("skill", "decision", "loop", "transform"), (3, 1, 3, 2 * style.mentions))[0]
        sketch.node(kind, **_settings(random, kind, style, 0))
        if kind == "transform":
            other = random.randrange(count if random.random() < 0.2 else len(sketch.nodes))
            text = f"{{{{ nodes['n{other:02}'].output }}}}"
            sketch.nodes[-1] = sketch.nodes[-1].edited({"settings": {"transformation": text}})
    for _ in range(random.randint(count - 1, 2 * count)):
        source, target = random.sample(range(count), 2)
        if random.random() < 0.75:
            source, target = sorted((source, target))
        port = random.choice(PORTS[sketch.nodes[source].kind])
        sketch.edge(sketch.nodes[source], sketch.nodes[target], port)
    return Document(nodes=[_with_fitting_join(sketch, node) for node in sketch.nodes], edges=sketch.edges)


def random_plan(seed: int, style: Style = MIXED) -> Plan:
    """Return the plan of a random flow."""
    plan = compile_plan(random_document(seed, style))
    assert isinstance(plan, Plan), plan
    return plan


def _block(sketch: Sketch, outside: list[Node], size: int, depth: int) -> list[Node]:
    """Add steps that follow each other in some way, and loops with their bodies; return them without the bodies."""
    random, found = sketch.random, list[Node]()
    for _ in range(size):
        kind = random.choices(("skill", "decision", "loop"), (6, 2, 2 if depth < 3 else 0))[0]
        made = sketch.node(kind, **_settings(random, kind, sketch.style, depth))
        for source in random.sample(found, min(len(found), random.choice((0, 1, 1, 2, 3)))):
            _connect(sketch, source, made)
        found.append(made)
        if kind == "loop":
            _body(sketch, made, [*outside, *found[:-1]] if made.enabled else [], depth)
    return found


def _body(sketch: Sketch, loop: Node, outside: list[Node], depth: int) -> None:
    random = sketch.random
    first = len(sketch.edges)
    body = _block(sketch, outside, random.randint(0, 4), depth + 1)
    inside = {made.id for made in body if made.enabled}
    led_to = {edge.target for edge in sketch.edges[first:] if edge.source in inside}
    for made in body:
        if made.id not in led_to or random.random() < 0.15:
            sketch.edge(loop, made, "each")
        if outside and random.random() < sketch.style.inward:
            _connect(sketch, random.choice(outside), made)
        if random.random() < 0.25:
            _connect(sketch, made, loop)


def _connect(sketch: Sketch, source: Node, target: Node) -> None:
    ports = ("out",) if source.kind == "loop" else PORTS[source.kind]
    sketch.edge(source, target, sketch.random.choice(ports))


def _with_fitting_join(sketch: Sketch, node: Node) -> Node:
    count = sum(edge.target == node.id for edge in sketch.edges)
    join = node.settings["join"]
    return node.edited({"settings": {"join": "any"}}) if isinstance(join, int) and join > count else node


def _settings(random: Random, kind: str, style: Style, depth: int) -> dict[str, object]:
    settings: dict[str, object] = {"join": random.choice(style.joins)}
    if kind == "decision":
        settings |= {"branches": ["a", "b"], "expression": "prev"}
    if kind == "loop":
        settings["type"] = random.choice(("for_each", "for_each", "times", "while", "until"))
        settings |= {"iterate_over": "input.x", "break_condition": "prev"}
    if kind == "skill":
        settings["code"] = "def run(): return 1"
    settings["on_error"] = random.choice(style.of_loops if kind == "loop" else style.on_error)
    settings["criticality"] = random.choice(style.of_outer_loops if kind == "loop" and not depth else style.criticality)
    return settings
