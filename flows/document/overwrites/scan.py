"""Find overwritten and removed work by going back through the log, property by property.

The newest write of a property says whose value stands. Going back over the writes of the same side, the first of the
other side is what was overwritten. For an element that is gone, its removal is the newest write, and the last to write
any property of it has lost something. What an addition left empty is no work, and neither is what only follows from a
decision's branches: its size, and the port of an edge.

A scan has two sides: one person, and all others. What others overwrote counts if all of it happened after version
`since`, because otherwise the person has seen it; what the person overwrote counts if both happened after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from flows.document.elements import FLOW, Edge, Element, Held, Node, properties_of
from flows.document.graph import Effect, Graph
from flows.document.json import same_json

Side: TypeAlias = Literal["mine", "theirs"]
BRANCHES = "settings.branches"


@dataclass(frozen=True, slots=True)
class Overwritten:
    """A property with another value than it had: `stands` says whose, `lost` is the other's, written at `before`."""

    element: Element
    name: str
    stands: Side
    lost: object
    version: int
    other: int | None
    before: int


@dataclass(slots=True)
class Removal:
    """An element that was removed: `stands` says by whom, `state` is what it was, `back` what the removal did.

    `is_loss` tells that it, or something of it, was the other side's work, last at `before`; `other` is who that other
    person is.
    """

    element: Element
    stands: Side
    version: int
    other: int | None
    state: Node | Edge
    back: Effect
    is_loss: bool = False
    before: int = 0
    added: int = 0
    seen: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Write:
    """What one version made of one element: from `before` to `after`; `back` is all that leads back from it."""

    version: int
    side: Side
    actor: int | None
    before: Held | None
    after: Held | None
    back: Effect


@dataclass(slots=True)
class _Run:
    """The newest writes of a property, all of one side."""

    stands: Side
    version: int
    actor: int | None


class Scan:
    """What became of one person's work, and what they made of others', since a version."""

    def __init__(self, graph: Graph, since: int, person: int) -> None:
        self._graph, self._since, self._person = graph, since, person
        self.found: list[Overwritten] = []
        self.removals: dict[Element, Removal] = {}
        self._runs: dict[tuple[Element, str], _Run] = {}
        self._closed: set[tuple[Element, str]] = set()
        self._open: dict[Element, Removal] = {}

    def may_need(self, version: int) -> bool:
        """Tell whether this version, and so any older one, may matter."""
        if version > self._since:
            return True
        # What the person replaced is found by now: it all happened since.
        self._runs = {key: run for key, run in self._runs.items() if run.stands == "theirs"}
        self._open = {element: one for element, one in self._open.items() if one.stands == "theirs"}
        return bool(self._runs or self._open)

    def see(self, version: int, actor: int | None, back: Effect) -> None:
        """Look at one version, the newest first; `back` leads from it to the one before."""
        side: Side = "mine" if actor == self._person else "theirs"
        for id, node in back.nodes.items():
            self._look(("node", id), _Write(version, side, actor, node.after, node.before, back))
        for id, edge in back.edges.items():
            self._look(("edge", id), _Write(version, side, actor, edge.after, edge.before, back))
        if back.flow is not None:
            self._look(FLOW, _Write(version, side, actor, back.flow.after, back.flow.before, back))

    def see_beginning(self, version: int, actor: int | None, graph: Graph) -> None:
        """Look at the version that brought all there was at first."""
        side: Side = "mine" if actor == self._person else "theirs"
        for element in {element for element, _name in self._runs} | self._open.keys():
            if (held := held_by(graph, element)) is not None:
                self._look(element, _Write(version, side, actor, None, held, Effect()))

    def _look(self, element: Element, write: _Write) -> None:
        if held_by(self._graph, element) is None:
            self._look_at_gone(element, write)
            return
        after = properties_of(write.after)
        for name in _chosen(write, differing(after, properties_of(write.before))):
            self._look_at(element, name, after.get(name), write)

    def _look_at(self, element: Element, name: str, value: object, write: _Write) -> None:
        """Look at a write of a property of something that there is."""
        key, run = (element, name), self._runs.get((element, name))
        if run is None:
            if write.version > self._since and key not in self._closed:
                self._runs[key] = _Run(write.side, write.version, write.actor)
        elif write.side != run.stands:
            if write.after is not None and not (write.before is None and value in ("", None)):
                other = run.actor if run.stands == "theirs" else write.actor
                self.found.append(Overwritten(element, name, run.stands, value, run.version, other, write.version))
            self._close(key)
        elif write.version <= self._since:
            self._close(key)

    def _close(self, key: tuple[Element, str]) -> None:
        del self._runs[key]
        self._closed.add(key)

    def _look_at_gone(self, element: Element, write: _Write) -> None:
        """Look at a write of something that is gone: its removal, or what came before that."""
        removal = self._open.get(element)
        if removal is None:
            self._note_removal(element, write)
        elif write.after is None:  # it was removed before, and then brought back
            if write.side != removal.stands or write.version <= self._since < removal.added:
                del self._open[element]
        elif self._is_last(removal, write) and write.side != removal.stands:
            removal.is_loss, removal.before = True, write.version
            removal.other = removal.other if removal.stands == "theirs" else write.actor
            del self._open[element]
        elif write.before is None:
            removal.added = write.version

    def _note_removal(self, element: Element, write: _Write) -> None:
        state = write.before
        if element not in self.removals and write.version > self._since and isinstance(state, Node | Edge):
            removal = Removal(element, write.side, write.version, write.actor, state, write.back)
            self.removals[element] = self._open[element] = removal

    def _is_last(self, removal: Removal, write: _Write) -> bool:
        """Tell whether a write is an addition, or that of a property that was not written since."""
        names = differing(properties_of(write.after), properties_of(write.before))
        is_last = write.before is None or not removal.seen.issuperset(names)
        removal.seen.update(names if write.before is not None else ())
        return is_last


def _chosen(write: _Write, names: list[str]) -> list[str]:
    """Leave out what only follows from a decision's branches: its size, and the port of an edge at a renamed one."""
    if write.before is None or write.after is None:
        return names
    follows = {"size"} if BRANCHES in names else set()
    if _follows_branch(write):
        follows.add("ends")
    return [name for name in names if name not in follows]


def _follows_branch(write: _Write) -> bool:
    before, after = write.before, write.after
    if not (isinstance(before, Edge) and isinstance(after, Edge)):
        return False
    pair = write.back.nodes.get(after.source)
    is_renamed = pair is not None and BRANCHES in differing(properties_of(pair.before), properties_of(pair.after))
    return is_renamed and replace(before, source_port=after.source_port).ends == after.ends


def differing(one: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    """Name the properties whose values differ, as JSON has it."""
    names = dict.fromkeys([*one, *other])
    return [name for name in names if not is_same(one.get(name), other.get(name))]


def is_same(one: object, other: object) -> bool:
    """Tell whether two values of a property read the same."""
    return one == other if isinstance(one, tuple) or isinstance(other, tuple) else same_json(one, other)


def held_by(graph: Graph, element: Element) -> Held | None:
    """Return an element as it is in a graph."""
    match element:
        case ("node", id):
            return graph.node(id)
        case ("edge", id):
            return graph.edge(id)
        case _:
            return graph.properties
