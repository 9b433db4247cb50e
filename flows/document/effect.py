"""The net difference that one or more changes made, element by element.

Rows are written from it, fragments and frames are made from it, and documents advance by it, so no reader needs to know
which operation it came from.
"""

from collections.abc import Mapping
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

    def then(self, other: "Effect") -> "Effect":
        """Compose with what happened next; what ends as it began drops out."""
        nodes, edges = dict(self.nodes), dict(self.edges)
        _compose(nodes, other.nodes)
        _compose(edges, other.edges)
        return Effect(nodes, edges, composed(self.flow, other.flow))


def composed(first: Pair[T] | None, second: Pair[T] | None) -> Pair[T] | None:
    """Join two differences of one element that follow each other."""
    if first is None:
        return second
    if second is None:
        return first
    return pair_of(first.before, second.after)


def _compose(pairs: dict[str, Pair[T]], later: Mapping[str, Pair[T]]) -> None:
    for key, pair in later.items():
        net = composed(pairs.get(key), pair)
        if net is None:
            pairs.pop(key, None)
        else:
            pairs[key] = net


def pair_of(before: T | None, after: T | None) -> Pair[T] | None:
    """Pair two states, or None if they are equal."""
    return None if before == after else Pair(before, after)


def moved_only(pair: Pair[Node]) -> bool:
    """Tell whether a node kept everything but its place and size."""
    before, after = pair.before, pair.after
    if before is None or after is None:
        return False
    return before == Node(
        after.id,
        after.kind,
        before.x,
        before.y,
        before.width,
        before.height,
        after.label,
        after.description,
        after.colour,
        after.parent,
        after.enabled,
        after.settings,
    )
