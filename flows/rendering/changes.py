"""Some of a flow as one string for the patcher: what an effect changed, or some elements as they are now.

A plain string, escaped already: it goes into a frame, never into a template.
"""

from collections.abc import Iterable, Iterator

from django.utils.html import format_html
from django.utils.safestring import SafeString

from flows.document import Effect, Graph, Node, Pair, moved_only
from flows.rendering.captions import has_footer
from flows.rendering.edges import edge_html, label_html
from flows.rendering.nodes import node_html


def fragments(effect: Effect, graph: Graph) -> str:
    """Render what an effect changed, as one string for the patcher; `graph` is the flow after it.

    What only moved is left out: geometry travels as numbers. A node that is now high enough for its footer, or no more,
    is rendered again, and so is a group whose members changed, for its count. What is new stands in the order in which
    it came: so the same lies on top in every page.
    """
    return "".join(_fragments(effect, graph))


def state_html(node_ids: Iterable[str], edge_ids: Iterable[str], graph: Graph) -> str:
    """Render these elements as they are now; what does not exist is marked as removed."""
    return "".join((*_nodes_now(sorted(node_ids), graph), *_edges_now(sorted(edge_ids), graph)))


def _fragments(effect: Effect, graph: Graph) -> Iterator[SafeString]:
    changed = [id for id, pair in effect.nodes.items() if not moved_only(pair) or _footer_comes_or_goes(pair)]
    parents = {
        node.parent
        for id in changed
        for node in (effect.nodes[id].before, effect.nodes[id].after)
        if node and node.parent
    }
    yield from _edges_gone(effect)
    yield from _nodes_now(changed, graph)
    yield from _nodes_now((id for id in sorted(parents.difference(changed)) if graph.node(id)), graph)
    edges = [id for id, pair in effect.edges.items() if pair.after]
    yield from _edges_now(edges, graph)
    yield from _edges_now(sorted(_edges_of_switched(effect, graph).difference(edges)), graph)
    if effect.flow and effect.flow.after:
        flow = effect.flow.after
        yield format_html(
            '<helix-flow data-title="{}" data-description="{}"></helix-flow>', flow.title, flow.description
        )


def _footer_comes_or_goes(pair: Pair[Node]) -> bool:
    before, after = pair.before, pair.after
    if before is None or after is None or before.height == after.height:
        return False
    return has_footer(before) != has_footer(after)


def _edges_of_switched(effect: Effect, graph: Graph) -> set[str]:
    """Return the edges of nodes that were turned on or off: they are drawn dotted."""
    pairs = ((id, pair.before, pair.after) for id, pair in effect.nodes.items())
    switched = [id for id, before, after in pairs if before and after and before.enabled != after.enabled]
    return {edge.id for id in switched for edge in graph.edges_of(id)}


def _edges_gone(effect: Effect) -> Iterator[SafeString]:
    for id, pair in sorted(effect.edges.items()):
        if pair.after is None:
            yield format_html('<helix-gone data-edge-id="{}"></helix-gone>', id)


def _nodes_now(ids: Iterable[str], graph: Graph) -> Iterator[SafeString]:
    for id in ids:
        if node := graph.node(id):
            yield node_html(node, len(list(graph.members_of(id))) if node.kind == "group" else 0)
        else:
            yield format_html('<helix-gone data-node-id="{}"></helix-gone>', id)


def _edges_now(ids: Iterable[str], graph: Graph) -> Iterator[SafeString]:
    for id in ids:
        edge = graph.edge(id)
        source, target = (graph.node(edge.source), graph.node(edge.target)) if edge else (None, None)
        if edge and source and target:
            yield format_html("<svg>{}</svg>{}", edge_html(edge, source, target), label_html(edge))
        else:
            yield format_html('<helix-gone data-edge-id="{}"></helix-gone>', id)
