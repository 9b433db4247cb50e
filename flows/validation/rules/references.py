"""What texts mention: nodes that are there and upstream, and names that a text may use."""

from collections.abc import Iterator

from flows.document import Node
from flows.expressions import CONTEXT
from flows.validation.installation import Installation
from flows.validation.problem import Code, Problem, of_node
from flows.validation.scene import Scene
from flows.validation.texts import Mention, judged, texts_of


def names_exist(node: Node, installation: Installation) -> Iterator[Problem]:
    """A text uses only the names that it gets."""
    for text in texts_of(node):
        _wrong, found, strange = judged(text.text, text.language)
        for name in strange:
            if name != "secrets":
                yield of_node(Code.UNKNOWN_NAME, node.id, *text.names, setting=text.names[1], name=name, names=CONTEXT)
        if installation.secrets is not None:
            for name in sorted(found.secrets - installation.secrets):
                yield of_node(Code.UNKNOWN_SECRET, node.id, *text.names, secret=name)


def nodes_are_upstream(scene: Scene) -> Iterator[Problem]:
    """A node that a text mentions is there, and its output is ready when the text is read."""
    mentioned = [(node, one.names, id) for node, one in _mentions(scene) for id in sorted(one.references.nodes)]
    if not mentioned:
        return
    upstream = scene.structure.upstream_of(id for _node, _names, id in mentioned)
    for node, names, id in mentioned:
        other = scene.document.node(id)
        if other is None:
            yield of_node(Code.UNKNOWN_NODE, node, *names, setting=names[1], id=id)
        elif loop := scene.structure.hiding(id, node):
            label = scene.structure.nodes[loop].label
            yield of_node(Code.INSIDE_LOOP, node, *names, setting=names[1], id=id, label=other.label, loop=label)
        elif not upstream.leads(id, node) or id in scene.structure.around.get(node, ()):
            yield of_node(Code.NOT_UPSTREAM, node, *names, setting=names[1], id=id, label=other.label)


def items_are_in_loops(scene: Scene) -> Iterator[Problem]:
    """`item` and `index` are there in a loop's body, and in what the loop itself asks."""
    for node, one in _mentions(scene):
        names = one.references.names & {"item", "index"}
        if names and node not in scene.structure.in_bodies and scene.structure.nodes[node].kind != "loop":
            for name in sorted(names):
                yield of_node(Code.OUTSIDE_LOOP, node, *one.names, setting=one.names[1], name=name)


def _mentions(scene: Scene) -> Iterator[tuple[str, Mention]]:
    for node, mentions in scene.mentions.items():
        if node in scene.structure.nodes:
            for mention in mentions:
                yield node, mention
