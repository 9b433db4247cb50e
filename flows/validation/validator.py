"""Keeps the problems of one flow while the flow changes.

Rules of a node and of its surroundings are judged again for what an effect touches, wide rules only where it touches
what they read. So a move judges no node again, and the result is always that of a full judgement. One thread at a time;
the validator holds a document of its own, which shares its elements with others.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, TypeVar

from flows.document import Document, Edge, Effect, Node, Pair, moved_only
from flows.validation.installation import UNKNOWN, Installation
from flows.validation.problem import Problem, Report, report_of
from flows.validation.rules import NEAR_RULES, NODE_RULES, WIDE_RULES, Aspect, WideRule
from flows.validation.scene import Scene, Structure, is_active
from flows.validation.texts import Mention, mentions_of

T = TypeVar("T")

ALL: Final[frozenset[Aspect]] = frozenset({"structure", "texts", "labels", "places"})


class Validator:
    """The problems of one flow. `work` counts rules that were judged, for tests."""

    def __init__(self, document: Document, installation: Installation = UNKNOWN) -> None:
        self._document, self._installation = document, installation
        self._nodes: dict[str, tuple[Problem, ...]] = {}
        self._near: dict[str, tuple[Problem, ...]] = {}
        self._mentions: dict[str, tuple[Mention, ...]] = {}
        self._wide: dict[WideRule, tuple[Problem, ...]] = {}
        self._structure = Structure(document)
        self.work = 0
        for node in document.nodes():
            self._judge_node(node)
            self._judge_near(node)
        self._judge_wide(ALL)

    def advance(self, effect: Effect) -> None:
        """Take an effect that starts where the validator is, and judge again what it touches."""
        self._document.advance(effect)
        for id, pair in effect.nodes.items():
            if pair.after is None:
                self._nodes.pop(id, None)
                self._near.pop(id, None)
                self._mentions.pop(id, None)
            elif not moved_only(pair):
                self._judge_node(pair.after)
        for id in self._touched(effect):
            if (node := self._document.node(id)) is not None:
                self._judge_near(node)
        if changed := _aspects(effect):
            self._structure = Structure(self._document) if "structure" in changed else self._renewed(effect)
            self._judge_wide(changed)

    def problems(self) -> Iterator[Problem]:
        """Yield every problem, in no order."""
        for problems in chain(self._nodes.values(), self._near.values(), self._wide.values()):
            yield from problems

    def report(self, most: int) -> Report:
        """Return the first `most` problems in order, and how many there are."""
        return report_of(self.problems(), most)

    def _judge_node(self, node: Node) -> None:
        self.work += len(NODE_RULES)
        found = tuple(problem for rule in NODE_RULES for problem in rule(node, self._installation))
        _keep(self._nodes, node.id, found)
        _keep(self._mentions, node.id, mentions_of(node))

    def _judge_near(self, node: Node) -> None:
        self.work += len(NEAR_RULES)
        _keep(self._near, node.id, tuple(problem for rule in NEAR_RULES for problem in rule(node, self._document)))

    def _judge_wide(self, changed: frozenset[Aspect]) -> None:
        scene = Scene(self._document, self._installation, self._structure, self._mentions)
        for rule, reads in WIDE_RULES.items():
            if reads & changed:
                self.work += 1
                self._wide[rule] = tuple(rule(scene))

    def _touched(self, effect: Effect) -> set[str]:
        """Return the nodes whose surroundings changed."""
        edges = [edge for pair in effect.edges.values() for edge in (pair.before, pair.after) if edge is not None]
        found = {id for edge in edges for id in (edge.source, edge.target)}
        for id, pair in effect.nodes.items():
            if not moved_only(pair):
                found.add(id)
                found |= _ends(self._document.edges_of(id))
        return found

    def _renewed(self, effect: Effect) -> Structure:
        """Put the nodes as they are now into a structure that is still right."""
        for id, pair in effect.nodes.items():
            if pair.after is not None and id in self._structure.nodes:
                self._structure.nodes[id] = pair.after
        return self._structure


def judge(document: Document, most: int, installation: Installation = UNKNOWN) -> Report:
    """Return the problems of a flow."""
    return Validator(document, installation).report(most)


def _keep(kept: dict[str, tuple[T, ...]], id: str, found: tuple[T, ...]) -> None:
    if found:
        kept[id] = found
    else:
        kept.pop(id, None)


def _ends(edges: Iterable[Edge]) -> set[str]:
    return {id for edge in edges for id in (edge.source, edge.target)}


def _aspects(effect: Effect) -> frozenset[Aspect]:
    """Return what of the whole flow an effect changes."""
    found: set[Aspect] = {"structure"} if any(_reconnects(pair) for pair in effect.edges.values()) else set()
    for pair in effect.nodes.values():
        found |= _aspects_of(pair)
    return frozenset(found)


def _reconnects(pair: Pair[Edge]) -> bool:
    return pair.before is None or pair.after is None or pair.before.ends != pair.after.ends


def _aspects_of(pair: Pair[Node]) -> frozenset[Aspect]:
    before, after = pair.before, pair.after
    if before is None or after is None or before.kind != after.kind or is_active(before) != is_active(after):
        return ALL
    found: set[Aspect] = set()
    if (before.x, before.y, before.width, before.height) != (after.x, after.y, after.width, after.height):
        found.add("places")
    if before.settings is not after.settings:
        found.add("texts")
    if before.label != after.label:
        found.add("labels")
    return frozenset(found)
