"""The net difference that one or more changes made, element by element.

Rows are written from it, fragments and frames are made from it, and documents advance by it, so no reader needs to know
which operation it came from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from flows.document.elements import Edge, FlowProperties, Node

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """An element before and after; None where it did not exist."""

    before: T | None
    after: T | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What is different, by id. A pair's two sides are never equal."""

    nodes: Mapping[str, Pair[Node]] = field(default_factory=dict)
    edges: Mapping[str, Pair[Edge]] = field(default_factory=dict)
    flow: Pair[FlowProperties] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is different."""
        return not self.nodes and not self.edges and self.flow is None


def compose(effects: Iterable[Effect]) -> Effect:
    """Return the net effect of effects that follow each other; what ends as it began drops out."""
    nodes: dict[str, Pair[Node]] = {}
    edges: dict[str, Pair[Edge]] = {}
    flow: Pair[FlowProperties] | None = None
    for effect in effects:
        _lay_over(nodes, effect.nodes)
        _lay_over(edges, effect.edges)
        flow = composed(flow, effect.flow)
    return Effect(nodes, edges, flow)


def composed(first: Pair[T] | None, second: Pair[T] | None) -> Pair[T] | None:
    """Join two differences of one element that follow each other."""
    if first is None:
        return second
    if second is None:
        return first
    return pair_of(first.before, second.after)


def pair_of(before: T | None, after: T | None) -> Pair[T] | None:
    """Pair two states, or None if they are equal."""
    return None if before == after else Pair(before, after)


def moved_only(pair: Pair[Node]) -> bool:
    """Tell whether a node kept everything but its place and size."""
    before, after = pair.before, pair.after
    if before is None or after is None:
        return False
    return before is after or before.is_elsewhere(after)


def _lay_over(pairs: dict[str, Pair[T]], later: Mapping[str, Pair[T]]) -> None:
    for id, pair in later.items():
        net = composed(pairs.get(id), pair)
        if net is None:
            pairs.pop(id, None)
        else:
            pairs[id] = net
